"""What is refused about cost vouchers and entries on the balance sheet, and what to do then."""

from kernel.refusals import Conflict, Malformed, NotFound


class ResearchCostCapitalised(Conflict):
    """Costs of the research phase are expensed (财会〔2023〕11号). Record it with `capitalise: false`."""

    zh = "研究阶段支出应费用化（财会〔2023〕11号）。请以 capitalise: false 登记。"


class CostBeforeRule(Conflict):
    """Costs from before 2024 are not put on the balance sheet afterwards. Record it with `capitalise: false`."""

    zh = "2024 年以前已费用化的支出不再调整。请以 capitalise: false 登记。"


class PeriodNotBegun(Malformed):
    """The voucher's month has not begun, or is no month. Give the month in which the cost arose, as YYYY-MM."""

    zh = "凭证期间尚未开始或格式有误。请按 YYYY-MM 填写费用发生的月份。"


class VoucherAlreadyRecorded(Conflict):
    """Your party has recorded a voucher of this number. Check the number."""

    zh = "本单位已登记该号凭证。请核对凭证号。"


class VoucherNotFound(NotFound):
    """One of the vouchers is not among yours. Check the ids."""

    zh = "在您的凭证中找不到其中一张。请核对编号。"


class VoucherOfOtherDataset(Conflict):
    """A voucher is for another dataset. Name only vouchers of the dataset that is booked."""

    zh = "其中有凭证属于其他数据集。请只列出本数据集的凭证。"


class VoucherAlreadyBooked(Conflict):
    """A voucher is part of another booking. A cost is booked once."""

    zh = "其中有凭证已计入其他入表记录。同一支出只能入表一次。"


class AssetAlreadyBooked(Conflict):
    """Your party has booked this asset. See the booking that there is."""

    zh = "本单位已将该资产入表。请查看已有记录。"


class DevelopmentConditionsNotMet(Conflict):
    """Development costs are capitalised only when all five conditions are shown. Give evidence for those `missing`."""

    zh = "开发阶段支出须同时满足五项条件方可资本化。请补充 missing 所列条件的依据。"


class NothingToCapitalise(Conflict):
    """No cost among the vouchers is capitalised. Expense them and disclose the asset voluntarily."""

    zh = "凭证中没有可资本化的支出。请费用化并自愿披露。"


class LifeMissing(Malformed):
    """An intangible asset needs a useful life. Give `life_months`."""

    zh = "确认为无形资产须估计使用寿命。请填写 life_months。"


class LifeNotForInventory(Malformed):
    """Inventory is not amortised. Leave `life_months` out."""

    zh = "存货不进行摊销。请勿填写 life_months。"


class AssetNotControlled(Conflict):
    """Your party holds no certified right in this asset. Only what is lawfully owned or controlled is booked."""

    zh = "本单位不持有该资产的登记权利。只有合法拥有或控制的数据资源可以入表。"


class BookingNotFound(NotFound):
    """There is no booking of this id among yours. Check the id."""

    zh = "在您的入表记录中没有该编号。请核对编号。"
