"""Runs the two cases on a market of their own and writes the report."""

import json
import os
import shutil
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console

from kernel.calendar import SHANGHAI
from market.audit import audit, show
from market.complaints import Complaint
from market.demo.bim import BimCase
from market.demo.client import Door
from market.demo.medical import MedicalCase
from market.demo.persons import applicants_of
from market.demo.story import Between, Story
from market.demo.world import STARTS_AT, World
from market.embedded import TRUST_FILE, Market, open_market, stop_leftovers
from market.verify.certificate import verify_file
from market.verify.command import pin_trust
from market.verify.trust import Trust, pinned_path

MARKER = "demo.json"
HTTP_TIMEOUT_SECONDS = 120
CONNECTIONS = 40


@dataclass(frozen=True)
class Inputs:
    """The files that the cases start from."""

    patients: Path
    conditions: Path
    bim: Path


async def run_demo(data: Path, inputs: Inputs, report: Path, console: Console) -> int:
    """Tell both cases on a fresh market in the folder; returns how many promises were found broken."""
    began = time.monotonic()
    _make_way(data)
    os.environ["YAOSU_MOVABLE_CLOCK"] = "1"
    async with open_market(data, movable_clock=True) as market:
        pin_trust(json.loads(market.trust_path.read_bytes()), say=console.print)
        (data / MARKER).write_text(json.dumps({"began_at": time.time()}))
        told = await tell(market.url, market.operator, data, inputs, console)
        await market.settle()
        told["evidence"] = await _evidence(market, told)
        findings = await audit(market.ground.server, market.ground.objects)
    violations = show(findings, console)
    told["audit"] = {"promises": len(findings), "violations": violations}
    told["seconds"] = round(time.monotonic() - began, 1)
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(json.dumps(told, ensure_ascii=False, indent=2))
    _say_the_end(told, report, data, console)
    return violations


def _make_way(data: Path) -> None:
    """An earlier demo's market is replaced; any other market is left alone."""
    if not data.exists() or not any(data.iterdir()):
        return
    if not (data / MARKER).exists():
        message = f"{data} holds something that no demo made; give another folder with --data"
        raise Complaint(message)
    stop_leftovers(data)
    _unpin(data / TRUST_FILE)
    shutil.rmtree(data)


def _unpin(replaced: Path) -> None:
    """When the market that is replaced is the one that is pinned, its pin goes with it."""
    pinned = pinned_path()
    if replaced.exists() and pinned.exists() and pinned.read_bytes() == replaced.read_bytes():
        pinned.unlink()


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


async def _evidence(market: Market, told: dict[str, Any]) -> dict[str, Any]:
    """How much was deposited; and every certificate of the report, verified offline."""
    async with httpx.AsyncClient(base_url=market.url, timeout=60) as http:
        checkpoint = (await http.get("/evidence/v1/checkpoint")).raise_for_status().text
    trust = Trust.from_file(market.trust_path)
    paths = [told["medical"]["certificate"], told["medical"]["trade_certificate"], told["bim"]["certificate"],
             told["bim"]["licence"]["trade_certificate"]]  # fmt: skip
    for path in paths:
        verify_file(market.ground.data / path, trust)
    return {"deposits": int(checkpoint.splitlines()[1]), "checkpoint": checkpoint, "verified": len(paths)}


def _say_the_end(told: dict[str, Any], report: Path, data: Path, console: Console) -> None:
    medical, bim = told["medical"], told["bim"]
    console.print(
        f"\n[bold]医疗[/bold] {medical['calls']} 次 × {medical['price_fen']} 分 = {medical['charged_fen']} 分 = 清算 "
        f"{medical['settled_fen']} = 银行 {medical['bank_statement_fen']}"
    )
    console.print(f"[bold]BIM[/bold] 贷款 {bim['loan_fen']} 分，已解除 released: {bim['released']}")
    console.print(f"报告 report: {report}   用时 {told['seconds']} s")
    console.print(f"证书可离线核验 verify offline: yaosu verify {data / medical['certificate']}")
    console.print("[bold green]make up[/bold green] 打开带有这些数据的市场 opens the market with that data")
