"""Every use of data: its price is held before, charged when it is metered, given back when it was refused."""

from collections.abc import Sequence
from dataclasses import dataclass

from kernel.refusals import PartyBarred
from kernel.told import Told, ToldTogether
from trading.domain import events, refusals
from trading.domain.contracts import OrderState
from trading.domain.holds import Held, Metered, Use
from trading.domain.ledger import deposit_of
from trading.ports import Trading, Work

FILE = "file"


@dataclass(frozen=True)
class Charging:
    """A use that happened, under which contract and in which way."""

    metered: Metered
    contract_id: str
    mode: str


async def hold_for_use(app: Trading, use: Use) -> int:
    """Hold the price of one use against the buyer's deposit; the fen held, zero for a case charged within 24 hours."""
    held = await app.holds.hold(use)
    if held.amount_fen is not None:
        if held.contract_id not in {None, use.contract_id}:
            raise refusals.UseIdTaken(use_id=use.use_id)
        return held.amount_fen
    if held.short:
        await _tell_exhausted(app, use.contract_id)
        raise refusals.DepositExhausted(contract_id=use.contract_id)
    raise _why(held, use.contract_id)


def _why(held: Held, contract_id: str) -> Exception:
    if not held.found:
        return refusals.ContractNotFound(contract_id=contract_id)
    if held.barred:
        return PartyBarred()
    if not held.in_force:
        return refusals.ContractNotInForce(contract_id=contract_id)
    return refusals.OrderUnpaid(contract_id=contract_id)


async def _tell_exhausted(app: Trading, contract_id: str) -> None:
    async with app.work() as work:
        contract = await work.contracts.get(contract_id)
        if await work.ledger.tell_exhausted(deposit_of(contract.buyer_party_id)):
            work.tell(events.DepositExhausted(contract_id, contract.buyer_party_id), about=contract_id)


async def charge_uses(app: Trading, together: ToldTogether, charging: Sequence[Charging]) -> None:
    """The uses happened: their holds become charges. A delivered file moves a fixed-price order on."""
    metered = [each.metered for each in charging]
    async with app.work(together) as work:
        if await work.uses.charge(metered, work.now) < len(metered):
            for use_id in await work.uses.unknown([each.use_id for each in metered]):
                raise refusals.UseUnknown(use_id=use_id)
        for each in charging:
            if each.mode == FILE:
                await _delivered(work, each.contract_id)


async def _delivered(work: Work, contract_id: str) -> None:
    contract = await work.contracts.get(contract_id)
    order = await work.orders.get(contract.order_id, lock=True)
    if order.state is OrderState.PAID:
        order.go(OrderState.DELIVERED)
        await work.orders.save(order)


async def release_use(app: Trading, told: Told, use_id: str) -> None:
    """The use was refused: what was held for it goes back."""
    async with app.work(told) as work:
        await work.uses.release(use_id, work.now)
