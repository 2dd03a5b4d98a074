"""Why a use, a consent or a file may be refused."""

from kernel.refusals import Conflict, Exhausted, Forbidden, Malformed, NotFound, Unavailable


class EntitlementNotFound(NotFound):
    """No entitlement of this contract may be seen by you. Check the contract id; it comes once both have signed."""

    zh = "没有您可见的该合同的使用授权。请核对合同编号；双方签署后才会产生使用授权。"


class EntitlementNotInForce(Conflict):
    """The entitlement allows no use now, for `because`. Wait until it begins or resumes, or conclude a new contract."""

    zh = "该使用授权目前不可用，原因见 because：未开始、已到期、已终止或被中止。"


class DeliveryNotAgreed(Forbidden):
    """The contract does not agree on this way of delivery. Use one of those named in `deliveries`."""

    zh = "合同未约定此种交付方式。请使用 deliveries 所列方式。"


class PurposeNotAgreed(Forbidden):
    """The contract is for another purpose. Ask for the purpose agreed, or conclude a contract for this one."""

    zh = "合同约定的用途与此不同。请按约定用途使用，或另行签订合同。"


class ConsentMissing(Forbidden):
    """No consent of the insured person is shown for this contract. Ask the person for a consent receipt first."""

    zh = "未出示被保险人就该合同作出的同意。请先取得本人的同意回执。"


class ConsentWithdrawn(Forbidden):
    """The person has withdrawn this consent. Nothing may be asked under it; ask the person whether to consent anew."""

    zh = "本人已撤回该同意，不得再据此查询。如有需要请重新征得同意。"


class ConsentExpired(Forbidden):
    """The consent's time is over. Ask the person for a new one."""

    zh = "该同意已过有效期。请重新征得本人同意。"


class ConsentForOtherPurpose(Forbidden):
    """The person consented to another purpose. Keep to that purpose, or ask for a consent to this one."""

    zh = "本人同意的用途与此不同。只能按同意的用途使用，或就此用途另行征得同意。"


class ConsentForOtherCase(Forbidden):
    """The person consented for another policy case. Ask for a consent for this case."""

    zh = "本人同意的是另一投保案件。请就本案件另行征得同意。"


class ConsentForOtherSubject(Forbidden):
    """The consent is about another person than the one asked for. Show that person's own consent."""

    zh = "该同意针对的是另一人。请出示被查询人本人的同意。"


class ConsentAlreadyUsed(Conflict):
    """This consent was for a single use and has been used. Ask the person for another."""

    zh = "该同意仅限使用一次且已使用。请重新征得本人同意。"


class ConsentNotFound(NotFound):
    """You have given no consent of this id. See the list of your consents."""

    zh = "您没有此编号的同意。请查看您的同意列表。"


class ConsentAlreadyGiven(Conflict):
    """This very receipt was handed in before; it counts once. Make a new receipt for a new consent."""

    zh = "该同意回执此前已提交，只计一次。新的同意请重新制作回执。"


class ConsentNotByThePerson(Forbidden):
    """The receipt is not signed with a key registered for you in person. Nobody else can consent in your place."""

    zh = "该回执未使用您本人登记的密钥签名。同意只能由本人作出，他人不得代为同意。"


class ConsentForOtherContract(Malformed):
    """The receipt names another party or product than the contract; `member` says which. Keep to the contract."""

    zh = "回执所列主体或产品与合同不一致，见 member。请与合同保持一致。"


class ConsentPurposeNotAgreed(Malformed):
    """The contract does not serve the purpose in the receipt. Consent to the purpose that the contract agrees on."""

    zh = "回执中的用途不是合同约定的用途。请填写合同约定的用途。"


class ConsentTermInvalid(Malformed):
    """The receipt's `valid_until` is over already, or more than five years away. Choose a moment in between."""

    zh = "回执的有效期已过，或超过五年。请选择合理的期限。"


class NoticeNotShown(Malformed):
    """The receipt's `notice_sha256` is not that of this contract's notice. Show the notice, then name its digest."""

    zh = "回执中的告知书摘要与本合同的告知书不符。请先向本人出示告知书，再填写其摘要。"


class ReceiptMalformed(Malformed):
    """This is not in the form of a consent receipt; `problem` says what is wrong. See the page of the service."""

    zh = "同意回执格式不正确，见 problem。格式要求见服务说明。"


class SubjectIsAnotherPerson(Forbidden):
    """The subject token belongs to another person than the one who consents. Make the token from your own ID number."""

    zh = "该主体标识属于他人，不是作出同意的本人。请用本人的身份证件号码生成。"


class SubjectDeceased(Conflict):
    """The person is recorded as deceased. No answer is given, and nothing is charged."""

    zh = "该被保险人已被登记为身故。不予回答，也不收费。"


class UseAbandoned(Conflict):
    """This use was interrupted and closed without an answer, free of charge. Ask again under a new Idempotency-Key."""

    zh = "该次使用被中断并已关闭，未作回答，也不收费。请用新的 Idempotency-Key 重新查询。"


class CohortTooSmall(Conflict):
    """No group of this query holds enough persons to be shown; `k` is the least. Ask for a wider population."""

    zh = "该查询的所有分组人数均不足，最少人数见 k。请扩大人群范围。"


class CohortTooClose(Conflict):
    """This differs too little from a population answered to you before. Ask for one that differs by `k` persons."""

    zh = "该人群与此前已回答过的人群相差人数过少，可能暴露个人。请改用差异更大的人群。"


class CohortBudgetSpent(Exhausted):
    """No more populations of this data may be answered to you. Use earlier answers, or ask for a report."""

    zh = "就该数据已向您回答的人群数量已达上限，继续回答可能暴露个人。"


class DimensionNotOffered(Malformed):
    """The data does not tell this of its persons. Filter and group by what `offered` lists."""

    zh = "数据不含该维度。可用于筛选和分组的维度见 offered。"


class RowsStayInside(Forbidden):
    """These files hold rows of persons and never leave; only underwriting answers and cohorts do. Use the query API."""

    zh = "这些文件含有个人记录，不得离开本域，只能使用查询接口获得核保回答或汇总结果。"


class FileNotFound(NotFound):
    """The version holds no file of this name, or several. Name one of those that `file_names` lists."""

    zh = "该版本没有此名称的文件，或有多个文件而未指明，见 file_names。"


class LinkNotFound(NotFound):
    """There is no such link of yours. Ask for a new one."""

    zh = "没有属于您的此链接。请重新申请。"


class LinkExpired(Conflict):
    """The link was good for one minute and is over. Ask for a new one."""

    zh = "链接有效期为一分钟，现已过期。请重新申请。"


class LinkAlreadyUsed(Conflict):
    """The link was good for one download and was used. Ask for a new one."""

    zh = "链接仅限下载一次且已使用。请重新申请。"


class RangeNotOnPart(Malformed):
    """Bytes are verified by parts; this range starts on none. Ask for one span from a multiple of `part_bytes`."""

    zh = "Range 必须为单个区间，且起点为 part_bytes 的整数倍，因为数据按分块校验。"


class SpecificationDiffers(Conflict):
    """The product's specification is not the one that the contract names. Turn to the provider."""

    zh = "产品说明书与合同所载的不一致。请联系供方。"


class VersionNotConforming(Conflict):
    """The version does not hold the files and columns that the specification promises. Turn to the provider."""

    zh = "该版本不含产品说明书承诺的文件或字段。请联系供方。"


class BytesNotAsPublished(Unavailable):
    """The bytes received are not those that were published. Nothing is handed out; the operator has been told."""

    zh = "收到的数据与发布时不一致，未予交付，已通知运营方。"


class RoomUnavailable(Unavailable):
    """The room that answers is being made ready or was lost. Try again in a moment under the same Idempotency-Key."""

    zh = "查询环境正在准备或已中断。请稍后使用同一 Idempotency-Key 重试。"
