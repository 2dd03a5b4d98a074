"""What a person is told before consenting (PIPL articles 17, 23, 29 and 30)."""

from dataclasses import dataclass
from datetime import datetime

from kernel.calendar import SHANGHAI


@dataclass(frozen=True)
class NoticeFacts:
    """Who gives what to whom, and why."""

    contract_id: str
    product_id: str
    product_name: str
    insurer: str
    supplier: str
    operator: str
    purpose: str
    disease_groups: tuple[str, ...]
    ends_at: datetime


def notice_text(facts: NoticeFacts) -> str:
    """The notice, Chinese first; its SHA-256 stands in the consent receipt."""
    groups = ", ".join(facts.disease_groups)
    until = facts.ends_at.astimezone(SHANGHAI).date().isoformat()
    return f"""个人信息告知书
合同编号:{facts.contract_id}
产品:{facts.product_name}({facts.product_id})
接收方(保险人):{facts.insurer}
数据来源(供数单位):{facts.supplier}
处理方(运营机构):{facts.operator}
处理目的:{facts.purpose}
处理方式:经您本人签名同意后,就您一人查询一次或多次,仅返回所列疾病组是否有记录,不返回病历,不作核保结论。
信息种类(敏感个人信息:医疗健康):{groups}
合同期限至:{until}
您的权利:您可以拒绝;可以随时撤回同意,撤回后不得再查询;可以查看谁曾为哪一保单查询过您。

Notice on personal information
Contract: {facts.contract_id}
Product: {facts.product_name} ({facts.product_id})
Receiver (insurer): {facts.insurer}
Source (supplier): {facts.supplier}
Handled by (authorised operator): {facts.operator}
Purpose: {facts.purpose}
How: once you consent under your own signature, you alone are asked about, once or several times as you state. The
answer says whether there is a record in each disease group; no medical record and no underwriting verdict leaves.
Kinds (sensitive personal information: health): {groups}
The contract ends on: {until}
Your rights: you may decline; you may withdraw at any time, and nothing can be asked after that; you can see who asked
about you for which policy.
"""
