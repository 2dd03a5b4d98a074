"""What trading refuses, each with what to do about it."""

# long: one table of facts, which is easier to look through whole

from kernel.refusals import Conflict, Forbidden, Malformed, NotFound, Unpaid


class ProductNotFound(NotFound):
    """There is no product of that id among yours. List a product that your own party has published."""

    zh = "未找到贵方名下的该产品。请使用本单位已发布产品的编号。"


class ProductNotPublished(Conflict):
    """The product is not published. Publish it in the catalog first."""

    zh = "该产品尚未发布。请先在目录中发布。"


class VersionNotOffered(Conflict):
    """The version selector names no version of this product. Use `latest_conforming`, or `pinned:` and its id."""

    zh = "版本选择不属于该产品。请使用 latest_conforming，或 pinned: 加该产品的版本编号。"


class CeilingPriceMissing(Conflict):
    """A product of authorised public data needs a ceiling price first. Ask the implementing body to set one."""

    zh = "授权运营的公共数据产品须先核定最高限价。请由实施机构核定。"


class PriceOverCeiling(Conflict):
    """The price is above the ceiling set for this product. List it at or below `ceiling_price_fen`."""

    zh = "挂牌价高于该产品的最高限价。请按 ceiling_price_fen 或更低价格挂牌。"


class OperateRightNotCertified(Conflict):
    """Your party holds no certified right to operate this data. Register it and have that right certified first."""

    zh = "贵方未持有该数据经确认的经营权。请先登记并取得经营权证书。"


class ComplianceNotPassed(Conflict):
    """There is no passed compliance review in date. Have one made, or renew it, before listing."""

    zh = "没有处于有效期内且通过的合规评估。请先完成或更新合规评估再挂牌。"


class LevelNotTradable(Conflict):
    """Data of the levels IMPORTANT and CORE is not traded here. It cannot be listed."""

    zh = "重要数据和核心数据不得在此交易，不能挂牌。"


class RightAlreadyPledged(Conflict):
    """The right secures a loan and cannot be sold exclusively. Sell it non-exclusively, or have it released first."""

    zh = "该权利已为贷款设定质押，不能独占转让。请改为非独占许可，或请质权人先行解除。"


class RightExclusivelyGranted(Conflict):
    """The right is granted exclusively to another buyer. Wait until that grant ends."""

    zh = "该权利已独占授予其他需方。请待其到期或终止。"


class RightInTransfer(Conflict):
    """The right is being transferred. Wait until the transfer is done; the new holder can then sell."""

    zh = "该权利正在转让。请待转让完成后由新权利人交易。"


class RightSeized(Conflict):
    """The right is seized by an authority. Nothing can be sold until the seizure is lifted."""

    zh = "该权利已被查封。解除前不得交易。"


class RightDisputed(Conflict):
    """The right is disputed. Nothing can be sold until the dispute is settled."""

    zh = "该权利存在争议。争议解决前不得交易。"


class PolicyTermUnknown(Malformed):
    """A policy term is not in the vocabulary of this market. Use the terms in `known`; nothing is dropped silently."""

    zh = "策略中有本市场词表之外的用语。请使用 known 中列出的用语；未知条款不会被忽略。"


class SplitUnbalanced(Malformed):
    """The shares do not make a whole. They sum to 1000000 ppm, each above 0, one the provider's own."""

    zh = "分成比例不完整。各项须大于 0、合计 1000000 ppm，且须包含供方自身的份额。"


class TermMalformed(Malformed):
    """A listing's term is 1 to 1826 days, with at least one purpose. Correct the fields named."""

    zh = "挂牌期限应为 1 至 1826 天，且至少有一个用途。请更正所列字段。"


class ListingNotFound(NotFound):
    """There is no listing of that id. Search the listings again."""

    zh = "未找到该挂牌。请重新检索。"


class ListingNotOpen(Conflict):
    """The listing is suspended or withdrawn. Order another, or wait until it is resumed."""

    zh = "该挂牌已暂停或撤回。请选择其他挂牌，或等待恢复。"


class PurposeNotOffered(Conflict):
    """The listing is not offered for this purpose. Choose one of `purposes`."""

    zh = "该挂牌不提供此用途。请选择 purposes 中的用途。"


class OwnProduct(Conflict):
    """You cannot buy your own product. Use it directly."""

    zh = "不能购买本单位自己的产品。"


class OrderNotFound(NotFound):
    """There is no order of that id among yours. Look it up in your list of orders."""

    zh = "未找到贵方的该订单。请在订单列表中查找。"


class ContractNotFound(NotFound):
    """There is no contract of that id among yours. Look it up in your list of contracts."""

    zh = "未找到贵方的该合同。请在合同列表中查找。"


class ContractNotInForce(Conflict):
    """The contract is not in force now. Sign it, or conclude a new one when its term has ended."""

    zh = "该合同当前未生效。请完成签署；如已到期，请另订合同。"


class StepNotAllowed(Conflict):
    """This step is not possible in the present state. Read `state` to see what may follow."""

    zh = "当前状态不允许此操作。请查看 state 了解可行步骤。"


class AlreadySigned(Conflict):
    """Your party has signed this contract. Nothing more is needed from you."""

    zh = "贵方已签署该合同，无需再次签署。"


class SignatureNotOurs(Malformed):
    """The signature is not by a key of your party in use, or not over this text. Sign `agreement` exactly as shown."""

    zh = "签名不是贵方在用密钥所签，或签署内容不是本合同原文。请对 agreement 原文逐字签名。"


class SignatureMissing(Malformed):
    """Neither a signature nor a click was sent. Send exactly one: `signature`, or `click` true."""

    zh = "未提交签名或点击确认。请提交 signature 或 click: true 之一。"


class ClickNeedsPerson(Forbidden):
    """A machine cannot sign by click. Log in as a person, or sign with a registered key."""

    zh = "机器身份不能点击签署。请以个人身份登录，或用已登记密钥签名。"


class PledgeeConsentMissing(Conflict):
    """The pledge on this right asks for the bank's consent to each licence. Have the bank consent first."""

    zh = "该权利上的质押要求银行逐笔同意许可。请先由银行对本合同作出同意。"


class AmountTooLarge(Malformed):
    """A top-up is at least 1 fen and at most 100 billion yuan. Send a smaller amount."""

    zh = "充值金额须不少于 1 分且不超过一千亿元。请减小金额。"


class TopUpNotFound(NotFound):
    """There is no top-up of that id among yours. Look at the answer that created it."""

    zh = "未找到贵方的该笔充值。请核对创建时返回的编号。"


class NoticeUnknown(NotFound):
    """The payer's notice names no instruction of ours. It was kept out of the ledger; check it with the payer."""

    zh = "支付机构通知所指的指令不存在。该通知未入账，请与支付机构核对。"


class DepositExhausted(Unpaid):
    """The deposit does not cover the price. Top it up, then call again."""

    zh = "预存款余额不足以支付价款。请充值后重试。"


class OrderUnpaid(Unpaid):
    """The fixed price of this order is not paid. Pay the order first."""

    zh = "该订单的一次性价款尚未支付。请先付款。"


class UseIdTaken(Conflict):
    """This use id belongs to a use of another contract. Take a new one."""

    zh = "该使用编号已属于另一合同。请使用新的编号。"


class UseUnknown(NotFound):
    """No hold was made for this use. A use must be held for before it is metered."""

    zh = "该次使用没有预占记录。计量之前须先预占。"


class PeriodMalformed(Malformed):
    """A statement's period must not end before it begins. Correct the dates."""

    zh = "对账期间的止日不得早于起日。请更正日期。"


class NothingToBill(Conflict):
    """There is no unbilled use of this contract in the period. Choose another period."""

    zh = "该期间没有未出账的使用。请选择其他期间。"


class UsesStillOpen(Conflict):
    """Uses of this period are still open: held and not yet charged or given back. Try again when they are through."""

    zh = "该期间仍有未了结的使用（已预占、未计费或释放）。请稍后再确认。"


class StatementNotFound(NotFound):
    """There is no statement of that id among yours. Look it up in your list of statements."""

    zh = "未找到贵方的该对账单。请在对账单列表中查找。"


class SettlementNotFound(NotFound):
    """There is no settlement of that id among yours. Look it up in your list of settlements."""

    zh = "未找到贵方的该清结算。请在列表中查找。"


class CertificateNotFound(NotFound):
    """There is no trade certificate of that number among yours. Check the number."""

    zh = "未找到贵方的该交易凭证。请核对凭证编号。"


class CertificateNotReady(Conflict):
    """The trade certificate is still being deposited. Ask again in a few seconds."""

    zh = "交易凭证正在存证。请几秒后再取。"
