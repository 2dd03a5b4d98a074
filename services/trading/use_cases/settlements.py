"""Settling a confirmed statement: split, pay every share, and record the trade for its certificate."""

from collections.abc import Sequence

from kernel.callers import Caller
from kernel.crash_points import reached
from trading.domain import certificates, events, ledger, refusals
from trading.domain.contracts import Contract, OrderState
from trading.domain.payments import Notice
from trading.domain.settlements import Settlement, SettlementState, ShareState, split_shares
from trading.domain.statements import StatementState
from trading.ports import Trading, Wanted, Work


async def settle(app: Trading, settlement_id: str) -> None:
    """Idempotent: each step looks at what is done. Also what the job calls for a settlement left half-way."""
    async with app.work() as work:
        settlement, at = await work.settlements.get(settlement_id), work.now
        contract = await work.contracts.get(settlement.contract_id)
    if settlement.state is SettlementState.SPLITTING:
        asset = await app.rights.asset(contract.product_id, at)
        pledged = [each.control_account for each in asset.live("PLEDGE") if each.control_account]
        settlement = await _split(app, settlement_id, pledged[0] if pledged else "", asset.certificate_numbers)
    for share in settlement.shares:
        if share.state is ShareState.INSTRUCTING:
            await app.payer.instruct(share.instruction())
            reached("settlement.after_bank_call")
            await _mark_instructed(app, settlement_id, share.share_id)


async def _split(app: Trading, settlement_id: str, control_account: str, registrations: tuple[str, ...]) -> Settlement:
    async with app.work() as work:
        settlement = await work.settlements.get(settlement_id, lock=True)
        if settlement.state is not SettlementState.SPLITTING:
            return settlement
        contract = await work.contracts.get(settlement.contract_id)
        settlement.shares = split_shares(
            settlement_id, settlement.amount_fen, contract.split, contract.provider_party_id, control_account
        )
        settlement.registrations = registrations
        settlement.go(SettlementState.PAYING)
        await work.ledger.open(ledger.payable_of(settlement_id))
        await work.ledger.post(
            ledger.settlement_split(settlement_id, settlement.contract_id, settlement.amount_fen), work.now
        )
        await work.settlements.save(settlement)
        return settlement


async def _mark_instructed(app: Trading, settlement_id: str, share_id: str) -> None:
    async with app.work() as work:
        settlement = await work.settlements.get(settlement_id, lock=True)
        share = next(each for each in settlement.shares if each.share_id == share_id)
        if share.state is ShareState.INSTRUCTING:  # the callback may have been faster
            settlement.marked(share_id, ShareState.INSTRUCTED)
            await work.settlements.save(settlement)


async def take_notice(app: Trading, notice: Notice) -> None:
    """The payer paid a share out; with the last one the trade is settled."""
    settlement_id = notice.reference.partition(".")[0]
    async with app.work() as work:
        try:
            settlement = await work.settlements.get(settlement_id, lock=True)
        except refusals.SettlementNotFound as error:
            raise refusals.NoticeUnknown(reference=notice.reference) from error
        asked = {(each.share_id, each.amount_fen) for each in settlement.shares}
        if (notice.reference, notice.amount_fen) not in asked:
            raise refusals.NoticeUnknown(reference=notice.reference)
        if notice.outcome != "DONE" or (share := settlement.marked(notice.reference, ShareState.PAID)) is None:
            return
        await work.ledger.open(ledger.SUPERVISED)
        await work.ledger.post(ledger.share_paid(share.share_id, settlement_id, share.amount_fen), work.now)
        if settlement.all_paid:
            await _finish(work, settlement)
        await work.settlements.save(settlement)


async def _finish(work: Work, settlement: Settlement) -> None:
    """Money is final: record the trade, number its certificate, and tell."""
    settlement.go(SettlementState.SETTLED)
    settlement.settled_at = work.now
    contract = await work.contracts.get(settlement.contract_id)
    statement = await work.statements.get(settlement.statement_id, lock=True)
    statement.go(StatementState.SETTLED)
    await work.statements.save(statement)
    await _close_order(work, contract)
    settlement.trade_certificate_number = await work.certificates.next_number(work.now.year)
    usage = await work.uses.usage(contract.contract_id, statement.statement_id)
    note = certificates.NOTE + (certificates.CLOCK_NOTE if work.clock_moved else "")
    record = certificates.record_of(
        settlement.trade_certificate_number, contract, statement, settlement, usage.version_digests, note
    )
    certificate = certificates.recorded(settlement, record, work.now)
    await work.certificates.add(certificate)
    told = events.OrderSettled(
        settlement.settlement_id, contract.contract_id, settlement.lineage_root, settlement.provider_party_id,
        settlement.amount_fen, settlement.shares, certificate.number, work.now,
    )  # fmt: skip
    work.tell(told, about=settlement.settlement_id, deposit=certificate.record.encode())


async def _close_order(work: Work, contract: Contract) -> None:
    if contract.billing != "fixed":
        return
    order = await work.orders.get(contract.order_id, lock=True)
    order.go(OrderState.SETTLED)
    await work.orders.save(order)


async def read_settlement(app: Trading, caller: Caller, settlement_id: str) -> Settlement:
    """One's own settlement, also of those who only take a share; operator and regulator see all."""
    async with app.work() as work:
        settlement = await work.settlements.get(settlement_id)
    concerned = {settlement.provider_party_id, settlement.buyer_party_id}
    concerned |= {share.party_id for share in settlement.shares}
    if caller.party_id not in concerned and not caller.has("operator", "regulator"):
        raise refusals.SettlementNotFound(settlement_id=settlement_id)
    return settlement


async def list_settlements(app: Trading, wanted: Wanted) -> Sequence[Settlement]:
    """One's own settlements, the newest first."""
    async with app.work() as work:
        return await work.settlements.list(wanted)
