"""What rights refuse in registration, certificates and reports."""

from kernel.refusals import Conflict, Forbidden, Malformed, NotFound


class AssetUnknown(NotFound):
    """There is no published dataset or product of that id. Publish a version in the catalog first."""

    zh = "没有该编号的已发布数据集或产品。请先在目录服务中发布版本。"


class RegistrationNotFound(NotFound):
    """There is no registration of that id, or none that you may see. Look at the list of your own."""

    zh = "没有该编号的登记，或您无权查看。请查看您自己的登记列表。"


class AttachmentNotFound(NotFound):
    """The registration has no such attachment. Its `attachments` name those that were handed in."""

    zh = "该登记没有此附件。已提交的附件见 attachments。"


class CertificateNotFound(NotFound):
    """There is no certificate of that number, or nothing of it that you may see. Check the number."""

    zh = "没有该编号的证书，或您无权查看。请核对证书编号。"


class ObjectionNotFound(NotFound):
    """The registration has no objection of that id. Look at its list of objections."""

    zh = "该登记没有此编号的异议。请查看其异议列表。"


class ReportNotFound(NotFound):
    """There is no report of that id, or none that you may see. Look at the asset's list of reports."""

    zh = "没有该编号的报告，或您无权查看。请查看该资产的报告列表。"


class AttachmentKindUnknown(Malformed):
    """No profile knows this kind of attachment. Use one of the kinds that GET /profiles lists."""

    zh = "没有此种附件。请使用 GET /profiles 所列的附件种类。"


class AttachmentEmpty(Malformed):
    """The attachment has no bytes. Send the document itself as the request body."""

    zh = "附件为空。请将文件本身作为请求正文发送。"


class RegistrationTypeNotOffered(Malformed):
    """This type of registration cannot be applied for here. Use initial or transfer; cancel at the certificate."""

    zh = "此处不受理该登记类型。请选择首次登记或转移登记；注销请在证书处办理。"


class ProfileUnknown(Malformed):
    """There is no profile of that name. Use one that GET /profiles lists."""

    zh = "没有此登记规则。请使用 GET /profiles 所列的规则。"


class RawPublicDataNotRegistrable(Forbidden):
    """Data that public bodies collect in their duties is not registered as property. Register a product made of it."""

    zh = "党政机关履职中采集产生的原始公共数据不予产权登记。请登记经授权运营形成的产品。"


class PublicRegistrationFirst(Conflict):
    """A product of public data goes into the public-data register first. Have it certified under `public-2025`."""

    zh = "公共数据产品须先在公共数据资源登记平台登记。请先按 public-2025 取得证书。"


class RegistrarOwnData(Forbidden):
    """Whoever registers may not register, hold or judge data of its own. Let another registrar do it."""

    zh = "登记机构不得登记、持有或审核自己的数据。请由其他登记机构办理。"


class HolderNotApproved(Conflict):
    """A party named as holder or transferee is not an approved party of the market. Have it approved first."""

    zh = "所列权利人或受让人尚未获准入市。请先完成该主体的审核。"


class AuthorisationNotInForce(Conflict):
    """The authorisation under which this public data is operated is not in force. Have it renewed first."""

    zh = "该公共数据的运营授权已失效。请先续期授权。"


class PreCheckNotClean(Conflict):
    """Items are missing or do not agree. Put each of `items` right, look at the pre-check, and submit again."""

    zh = "材料缺失或不一致。请按 items 逐项补正，查看预检结果后再提交。"


class DuplicateRegistration(Conflict):
    """The same bytes are registered in another lineage. If the data is yours, object to that registration."""

    zh = "完全相同的文件已在另一谱系中登记。如数据属于您，请对该登记提出异议。"


class NearCopyOfEncumbered(Conflict):
    """The content is nearly that of data on which a pledge or other burden lies. Turn to its holder."""

    zh = "内容与一项负有质押等权利负担的数据近乎相同。请与其权利人联系。"


class AlreadyRegistered(Conflict):
    """This version's rights are registered or being registered under this profile. Use that registration."""

    zh = "该版本的相应权利已按此规则登记或正在登记。请使用原登记。"


class StepNotAllowed(Conflict):
    """The registration or certificate is not in a state for this step. Read it: `state` says where it stands."""

    zh = "当前状态不允许此操作。请读取该对象，state 说明其所处阶段。"


class ReviewAlreadyExtended(Conflict):
    """A review is extended once only. Decide, or request the evidence that is missing."""

    zh = "审核期限只能延长一次。请作出决定，或要求补充证据。"


class ObjectionNotPossible(Conflict):
    """Objections are taken during the notice or while a certificate stands. Turn to the registrar or a court."""

    zh = "只能在公示期或证书有效期内提出异议。请联系登记机构或向法院主张。"


class ObjectionDecided(Conflict):
    """The objection was decided before. Read its decision."""

    zh = "该异议已作出决定。请查看其结论。"


class ReportNotConsistent(Malformed):
    """The six heads, the conclusion or the dates do not agree. `why` says what to put right."""

    zh = "六项审查、结论或日期互相矛盾。请按 why 所述更正。"


class SigningKeyNotRegistered(Conflict):
    """The key that signed is not registered by your party, or no longer in use. Register it at onboarding first."""

    zh = "签名所用密钥未由本单位登记或已停用。请先在入驻服务登记密钥。"


class SignedOtherWords(Malformed):
    """The signature covers other words than this body. Sign the RFC 8785 bytes of the body without `signature`."""

    zh = "签名内容与请求正文不一致。请对去除 signature 后正文的 RFC 8785 字节签名。"


class WeightsUnbalanced(Malformed):
    """The weights name an unknown dimension or do not sum to 1,000,000. Give each measured dimension its share."""

    zh = "权重包含未知维度或总和不为 1000000。请为每个已测维度给出份额。"


class NothingToMeasure(Conflict):
    """The version has no profile with counted rules. Publish a version whose bytes could be profiled."""

    zh = "该版本没有可用于评价的检测计数。请发布可被检测的版本。"


class ParametersNotOfMethod(Malformed):
    """The parameters are not those of the method, or out of range. `why` says which to put right."""

    zh = "参数与评估方法不符或超出范围。请按 why 所述更正。"


class ValueNotPositive(Malformed):
    """The result is not a positive amount of at most 10^15 fen. Check the parameters."""

    zh = "评估结果不是合理的正数金额。请检查参数。"


class AppraiserNotIndependent(Forbidden):
    """An appraiser may not judge data in which it holds a right. Have another appraiser do it."""

    zh = "评估机构不得评价自己享有权利的数据。请委托其他机构。"
