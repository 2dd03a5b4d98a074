"""What is refused about loans, pledges and payments, and what to do then."""

from kernel.refusals import Conflict, Malformed, NotFound


class LoanNotFound(NotFound):
    """There is no loan of this id among yours. Check the id."""

    zh = "在您的贷款中没有该编号。请核对编号。"


class PledgeNotFound(NotFound):
    """There is no pledge of this id among yours. Check the id."""

    zh = "在您的质押中没有该编号。请核对编号。"


class WatchNotFound(NotFound):
    """There is no alert of this id among yours. Check the id."""

    zh = "在您的盯市预警中没有该编号。请核对编号。"


class RegistrationMissing(NotFound):
    """The pledge is not registered outside yet. Register it first."""

    zh = "该质押尚未在外部登记系统登记。请先办理登记。"


class AssetNotNamed(Malformed):
    """Exactly one of dataset_id and product_id names the asset. Send one of them."""

    zh = "须且只能用 dataset_id 或 product_id 之一指明资产。请只提交其中一个。"


class BankNotFound(NotFound):
    """There is no approved bank of this party id. Choose a bank that takes part in the market."""

    zh = "没有该编号的已准入银行。请选择市场内的银行。"


class ConsentInvalid(Malformed):
    """A consent is not signed by a co-holder's registered key over this very application. Have it signed again."""

    zh = "同意书不是由共有人以其登记密钥对本申请签署的。请重新签署。"


class SecondPersonNeeded(Conflict):
    """You have agreed already; it takes a second person of your bank. Ask a colleague."""

    zh = "您已经同意，须由本行另一名人员复核。请同事办理。"


class PledgeUnderWay(Conflict):
    """A pledge for this loan is under way. Go on with it, or cancel it first."""

    zh = "该贷款已有质押在办理中。请继续办理或先行撤销。"


class SignatureNotGiven(Malformed):
    """The contract was signed in no way, or in two. Sign by exactly one of `signature` and `click: true`."""

    zh = "未签署或以两种方式签署。请以 signature 或 click: true 二者之一签署。"


class SignatureNotOurs(Malformed):
    """The signature is not by a key of your party in use, or not over this text. Sign the exact text shown."""

    zh = "签名不是本单位在用密钥所签，或签署内容不是该原文。请以已登记的密钥对原文签署。"


class AlreadySigned(Conflict):
    """Your party has signed this contract. Wait for the other side."""

    zh = "本单位已签署该合同。请等待对方签署。"


class ContractDiffers(Conflict):
    """The digests are not those that the other side signed. Compare the documents and agree on one text."""

    zh = "文件摘要与对方所签不一致。请核对文件，双方签署同一文本。"


class PledgeNotConfirmed(Conflict):
    """The pledge is not confirmed yet; lending comes after it. Finish the pledge first."""

    zh = "质押尚未确认，放款须在其后。请先办完质押。"


class AmountNotPrincipal(Conflict):
    """The amount paid is not the loan's principal. Pay and record the principal in full."""

    zh = "放款金额与贷款本金不符。请按本金全额放款并登记。"


class PaidBeforeConfirmation(Conflict):
    """The payment is dated before the pledge was confirmed. Correct the date if it is wrong; lending comes after."""

    zh = "付款时间早于质押确认时间。如有误请更正；放款须在质押确认之后。"


class PaidBeforeDisbursement(Conflict):
    """The repayment is dated before the loan was paid out. Correct the date."""

    zh = "还款时间早于放款时间。请更正。"


class PaidInFuture(Malformed):
    """The payment is dated in the future. Record it once it is made."""

    zh = "付款时间在将来。请在付款完成后登记。"


class ProofAlreadyUsed(Conflict):
    """This bank reference is recorded for another payment. Give the reference of this payment."""

    zh = "该银行流水号已用于另一笔付款。请填写本笔付款的流水号。"


class RepaymentOverOutstanding(Conflict):
    """The repayment is more than what is outstanding. Record the principal part up to `outstanding_fen`."""

    zh = "还款本金超过未偿本金。请按不超过 outstanding_fen 的金额登记。"


class OutsidePledgeFound(Conflict):
    """The outside registry shows another entry on this debtor and asset. Clear it up, then search again, or cancel."""

    zh = "外部登记系统显示该债务人和资产上另有登记。请查清后重新查询，或撤销质押。"


class OwnRegistrationNotFound(Conflict):
    """The search does not show our own registration. Check its number at the registry, then search again."""

    zh = "查询结果中没有本笔登记。请在登记系统核对登记编号后重新查询。"


class RegistrationTermTooShort(Conflict):
    """The registration would end before the loan. Register for at least `term_months_min` months."""

    zh = "登记期限短于贷款期限。请按不少于 term_months_min 个月登记。"


class RegistrationNumberTaken(Conflict):
    """This registration number is on record already. Check the number."""

    zh = "该登记编号已有记录。请核对编号。"


class RegistrationStillLive(Conflict):
    """The outside registration stands. Cancel it there and give the proof."""

    zh = "外部登记仍然有效。请先在外部系统注销，并提交注销证明。"


class ReleaseMismatch(Conflict):
    """What was typed is not this pledge, its principal and its borrower. Look again at what would be freed."""

    zh = "所填内容与该质押、本金、出质人不一致。请再次核对拟解除的质押。"


class WatchResolved(Conflict):
    """The alert is resolved already. Read its note to see what was done."""

    zh = "该预警已处理。请查看处理说明。"
