"""The watch over running loans: what is heard becomes alerts, values, income and states."""

from dataclasses import dataclass

from kernel.callers import Caller
from kernel.once import Once
from kernel.told import Told
from pledge.domain.eligibility import PURPOSE_PLEDGE
from pledge.domain.events import PledgeStepTaken
from pledge.domain.loan import Loan
from pledge.domain.refusals import WatchNotFound
from pledge.domain.states import OWING
from pledge.domain.watch import REPAYMENT, REPORT, Alarm, Income, Watch, alarm_of_value, raise_watch
from pledge.ports import Part, Pledging, Standing, Work
from pledge.use_cases.loans import visible_loan
from pledge.use_cases.pledges import visible_pledge


@dataclass(frozen=True)
class IncomeAccount:
    """A pledge's control account and what came in."""

    pledge_id: str
    control_account: str
    total_fen: int
    items: list[Income]


@dataclass(frozen=True)
class Settled:
    """What a settlement paid to whom, as trading told it."""

    settlement_id: str
    contract_id: str
    lineage_root: str
    trade_certificate_number: str
    paid_fen: dict[str, int]  # by account


async def alert(app: Pledging, told: Told, lineage_root: str, alarm: Alarm) -> None:
    """Raise the alarm for each running loan on the lineage."""
    async with app.work(told) as work:
        for loan in await work.loans.on_lineage(lineage_root):
            await _raise(work, loan, alarm)


async def revalue(app: Pledging, told: Told, report_id: str, dataset_id: str, product_id: str) -> None:
    """A value report was issued: where the bank takes it, the loan is measured against it."""
    asset = await app.registry.asset(dataset_id or None, product_id or None)
    value = next((value for value in asset.values if value.report_id == report_id), None)
    async with app.work(told) as work:
        for loan in await work.loans.on_lineage(asset.lineage_root):
            policy = await work.policies.of(loan.bank_party_id)
            accepted = value is not None and value.appraiser_party_id in policy.appraisers
            if value is None or value.purpose != PURPOSE_PLEDGE or not accepted or loan.state not in OWING:
                continue
            loan.revalue(value.value_fen)
            await work.loans.save(loan)
            await _raise(work, loan, Alarm(REPORT, f"value report {report_id}: {value.value_fen} fen", report_id))
            alarm = alarm_of_value(loan, f"ltv:{report_id}")
            if alarm is not None:
                await _raise(work, loan, alarm)


async def take_income(app: Pledging, told: Told, settled: Settled) -> None:
    """Keep what a settlement paid into the control account of a pledge on this lineage."""
    async with app.work(told) as work:
        for pledge in await work.pledges.live_on(settled.lineage_root, Part(100)):
            amount_fen = settled.paid_fen.get(pledge.control_account, 0)
            if amount_fen == 0:
                continue
            income = Income(
                pledge.pledge_id, settled.settlement_id, settled.contract_id, amount_fen,
                settled.trade_certificate_number, told.occurred_at,
            )  # fmt: skip
            if await work.incomes.add(income):
                work.tell(PledgeStepTaken(pledge.pledge_id, "income received"), about=pledge.pledge_id)


async def alert_of_product(app: Pledging, told: Told, product_id: str, alarm: Alarm) -> None:
    """As ``alert``, for what is known by a product."""
    asset = await app.registry.asset(None, product_id)
    await alert(app, told, asset.lineage_root, alarm)


async def age_loans(app: Pledging, limit: int) -> int:
    """What the calendar makes of debts; returns how many moved."""
    async with app.work(None) as work:
        due = await work.loans.due(work.now.date(), limit)
    moved = 0
    for loan_id in due:
        async with app.work(None) as work:
            loan = await work.loans.lock(loan_id)
            step = loan.age(work.now.date(), app.default_after_days)
            if step is None:
                continue
            await work.loans.save(loan)
            work.tell(step, about=loan_id)
            await _raise(work, loan, Alarm(REPAYMENT, f"{step.step}: was due on {loan.matures_on}", step.step))
            moved += 1
    return moved


async def _raise(work: Work, loan: Loan, alarm: Alarm) -> None:
    watch, raised = raise_watch(loan, alarm, work.now)
    if await work.watches.add(watch):
        work.tell(raised, about=loan.loan_id)


async def resolve_watch(app: Pledging, caller: Caller, once: Once, watch_id: str, note: str) -> Watch:
    """The bank says what it did about an alert."""
    async with app.work(once) as work:
        watch = await work.watches.lock(watch_id)
        loan = await work.loans.get(watch.loan_id)
        if loan.bank_party_id != caller.party_id:
            raise WatchNotFound
        work.tell(watch.resolve(note, work.now), about=loan.loan_id)
        await work.watches.save(watch)
        return work.settle(watch)


async def list_watches(
    app: Pledging, caller: Caller, part: Part, *, loan_id: str | None, is_open: bool | None
) -> list[Watch]:
    """The alerts on the caller's loans."""
    async with app.work(None) as work:
        if loan_id is not None:
            await visible_loan(work, caller, loan_id)
        return await work.watches.page(caller.party_id, part, loan_id=loan_id, is_open=is_open)


async def read_portfolio(app: Pledging, caller: Caller, part: Part) -> list[Standing]:
    """The bank's running loans with what it watches."""
    async with app.work(None) as work:
        return await work.loans.standings(caller.party_id, part)


async def read_income(app: Pledging, caller: Caller, pledge_id: str, part: Part) -> IncomeAccount:
    """What came into the control account."""
    async with app.work(None) as work:
        pledge = await visible_pledge(work, caller, pledge_id)
        items = await work.incomes.page(pledge_id, part)
        return IncomeAccount(pledge_id, pledge.control_account, await work.incomes.total_fen(pledge_id), items)
