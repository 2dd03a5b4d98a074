"""Why an asset may not secure a loan: one refusal for each rule of eligibility."""

from kernel.refusals import Conflict


class PublicInstitutionMayNotPledge(Conflict):
    """Public institutions may not give data assets as security (财资〔2024〕1号). Borrow in another way."""

    zh = "行政事业单位不得以数据资产提供担保（财资〔2024〕1号）。请采用其他方式融资。"


class CertificateNotInForce(Conflict):
    """No certificate for this asset is in force. Register the right, or have the certificate put in order."""

    zh = "该资产没有有效的登记证书。请先办理登记或恢复证书效力。"


class OperateRightNotHeld(Conflict):
    """The borrower does not hold the right to operate this asset. Only its holder may pledge it."""

    zh = "借款人不持有该资产的经营权。只有持有人可以出质。"


class CertificateEndsBeforeLoan(Conflict):
    """The certificate ends before the loan would. Renew it, or ask for a shorter term."""

    zh = "登记证书在贷款到期前失效。请续期或缩短贷款期限。"


class RightAlreadyPledged(Conflict):
    """This right already secures another loan. Ask the pledgee to release it, or offer another right."""

    zh = "该权利已为另一笔贷款设定质押。请先由质权人解除，或改用其他权利。"


class RightSeized(Conflict):
    """The right is seized. Have the seizure lifted first."""

    zh = "该权利已被查封。请先解除查封。"


class ObjectionOpen(Conflict):
    """An objection or dispute on this asset is open. Wait until it is decided."""

    zh = "该资产存在未决异议或争议。请待其处理完毕。"


class LevelNotPledgeable(Conflict):
    """Important and core data may not be pledged. Offer another asset."""

    zh = "重要数据、核心数据不得质押。请改用其他资产。"


class ComplianceNotPassed(Conflict):
    """There is no passed compliance opinion in date. Have the asset reviewed."""

    zh = "没有有效且通过的合规意见。请先完成合规评估。"


class ValueReportMissing(Conflict):
    """There is no value report for this asset, or not the one named. Have it appraised."""

    zh = "该资产没有价值评估报告，或没有所指明的报告。请先评估。"


class ValueReportExpired(Conflict):
    """The value report is out of date. Have the asset appraised again."""

    zh = "价值评估报告已过有效期。请重新评估。"


class ValueReportWrongPurpose(Conflict):
    """The value report was not made for a pledge. Have one made for this purpose."""

    zh = "价值评估报告的评估目的不是质押。请出具以质押为目的的报告。"


class AppraiserNotAccepted(Conflict):
    """The appraiser is not on the bank's list. Choose one that the bank accepts."""

    zh = "评估机构不在银行认可名单内。请选择银行认可的机构。"


class AssetNotBooked(Conflict):
    """The borrower has not booked the asset on its balance sheet. Book it first."""

    zh = "借款人尚未将该资产入表。请先完成入表。"


class CoHolderConsentMissing(Conflict):
    """A co-holder has not agreed to the pledge. Add the consent of each party named, signed with its registered key."""

    zh = "有共有人未同意质押。请补充各共有人以登记密钥签署的同意书。"


class LoanOverLimit(Conflict):
    """The loan is more than the bank may lend on this value. Ask for at most `limit_fen`."""

    zh = "贷款金额超过质押限额。申请金额请不超过 limit_fen。"
