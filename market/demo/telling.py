"""Both cases as a story over HTTP, whoever runs the market."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console

from kernel.calendar import SHANGHAI
from market.demo.bim import BimCase
from market.demo.client import Door
from market.demo.medical import MedicalCase
from market.demo.persons import applicants_of
from market.demo.story import Between, Story
from market.demo.world import STARTS_AT, World

HTTP_TIMEOUT_SECONDS = 120
CONNECTIONS = 40


@dataclass(frozen=True)
class Inputs:
    """The files that the cases start from."""

    patients: Path
    conditions: Path
    bim: Path


async def tell(
    url: str, operator: dict[str, str], data: Path, inputs: Inputs, console: Console, between: Between | None = None
) -> dict[str, Any]:
    """Both cases over HTTP; ``between`` is awaited before each step."""
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    async with httpx.AsyncClient(base_url=url, timeout=HTTP_TIMEOUT_SECONDS, limits=limits) as http:
        with Story(console, between) if between else Story(console) as story:
            world = World(Door(http), story, data, operator)
            story.chapter("市场开放 The market opens", 2)
            async with story.step(f"业务时间从 {STARTS_AT:%Y-%m-%d} 开始 business time begins"):
                await world.go_to(STARTS_AT)
            async with story.step("各主体入驻并登记密钥 parties are admitted and register their keys"):
                await world.gather_cast()
            medical = await _medical(world, inputs)
            bim = await _bim(world, inputs)
            async with story.step("业务时间回到现在 business time is the present again"):
                await _to_the_present(world)
    return {"medical": medical, "bim": bim}


async def _medical(world: World, inputs: Inputs) -> dict[str, Any]:
    story, case = world.story, MedicalCase(world, inputs.patients, inputs.conditions)
    applicants = applicants_of(inputs.patients)
    story.chapter("医疗数据产品：从医院到保险公司 medical data, from hospital to insurer", 9)
    async with story.step("授权运营 authorised operation"):
        await case.authorise()
    async with story.step("医院上传并供数 the hospital uploads and supplies"):
        await case.supply()
    await case.refuse_raw_registration()
    async with story.step("按声明的规则治理，形成产品 governed by a declared recipe, made a product"):
        await case.govern()
    async with story.step("公共数据登记、产权登记、定上限价 registered twice, ceiling price set"):
        await case.register()
    async with story.step("挂牌、下单、双方签约 listed, ordered, signed by both"):
        await case.list_and_contract()
    async with story.step("不该回答的都被拒绝 what must not be answered is refused"):
        await case.refusals(applicants)
    async with story.step(f"{len(applicants)} 人逐一授权、查询 one consent and one answer each"):
        await case.underwrite(applicants)
    async with story.step("群体统计 cohorts of at least 20 persons"):
        await case.ask_cohorts()
    async with story.step("对账单、清结算、交易凭证 statement, settlement, trade certificate"):
        await case.settle()
    return {**case.report, "answers": case.answers_file(), "refused": world.refused["medical"]}


async def _bim(world: World, inputs: Inputs) -> dict[str, Any]:
    story, case = world.story, BimCase(world, inputs.bim)
    story.chapter("BIM 数据资产质押 200 万元 a building model secures 2,000,000 yuan", 11)
    async with story.step("上传模型 the model is uploaded"):
        await case.collect()
    async with story.step("合规与确权 compliance and rights"):
        await case.confirm_rights()
    async with story.step("质量、估值、入表 quality, value, booking"):
        await case.evaluate_and_book()
    await case.refuse_low_value()
    async with story.step("凭许可合同重新评估 appraised again on licence contracts"):
        await case.appraise_again()
    async with story.step("申请、双人审批、签约 applied, approved by two, contracted"):
        await case.borrow()
    async with story.step("占用、查询、登记、再查、确认、放款 reserved, searched, registered, confirmed, paid out"):
        await case.pledge_the_right()
    async with story.step("质押期间被禁止的行为 what the pledge forbids"):
        await case.refusals()
    async with story.step("普通许可照常，收入进监管账户 licences go on, income to the control account"):
        await case.license_goes_on()
    async with story.step("还款、注销、双人解除 repaid, cancelled, released by two"):
        await case.repay_and_release()
    async with story.step("解除后可再质押 pledged again once free"):
        await case.pledge_again()
    case.papers()
    return {**case.report, "refused": world.refused["bim"]}


async def _to_the_present(world: World) -> None:
    await world.go_to(datetime.now(SHANGHAI))
