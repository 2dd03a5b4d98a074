"""Orders 订单: placed, paid and accepted; each has its contract."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from kernel.callers import Caller
from kernel.ids import new_id
from kernel.once import Once
from trading.domain import policy, refusals
from trading.domain.contracts import Contract, Order, OrderState
from trading.domain.holds import Metered
from trading.domain.listings import Listing, ListingState
from trading.ports import Trading, Wanted, Work
from trading.use_cases import statements


@dataclass(frozen=True)
class Placed:
    """An order with its contract."""

    order: Order
    contract: Contract


async def place_order(app: Trading, caller: Caller, once: Once, listing_id: str, purpose: str) -> Placed:
    """Order a listing for one purpose; the contract is drawn up for both to sign."""
    async with app.work(once, reads_first=True) as work:
        listing = await work.listings.get(listing_id)
        if listing.state is not ListingState.PUBLISHED:
            raise refusals.ListingNotOpen(state=listing.state, suspended_for=list(listing.suspended_for))
        if purpose not in listing.purposes:
            raise refusals.PurposeNotOffered(purposes=list(listing.purposes))
        if listing.provider_party_id == caller.party_id:
            raise refusals.OwnProduct(product_id=listing.product.product_id)
        contract = _draw(listing, caller.party_id, purpose, work)
        order = Order(
            contract.order_id, listing_id, contract.contract_id, caller.party_id, listing.provider_party_id,
            listing.billing, listing.price_fen, work.now,
        )  # fmt: skip
        await work.orders.add(order)
        await work.contracts.add(contract)
        return work.settle(Placed(order, contract))


def _draw(listing: Listing, buyer: str, purpose: str, work: Work) -> Contract:
    contract_id, order_id = new_id("ctr"), new_id("ord")
    starts_at = work.now.replace(microsecond=0)
    ends_at = starts_at + timedelta(days=listing.term_days)
    product = listing.product
    agreed = policy.agreement(
        listing.policy, contract_id, buyer, purpose, starts_at.isoformat(), ends_at.isoformat(),
        order_id=order_id, dataset_id=product.dataset_id, lineage_root=product.lineage_root,
        product_name=product.name, deliveries=list(product.deliveries),
    )  # fmt: skip
    policy.check_policy(agreed)
    text, digest = policy.digest_of(agreed)
    return Contract(
        contract_id, order_id, listing.listing_id, product.product_id, product.name, product.dataset_id,
        product.lineage_root, listing.provider_party_id, product.supplier_party_id, buyer,
        product.specification_digest, listing.version_selector, listing.billing.value, listing.price_fen,
        listing.exclusive, text, digest, starts_at, ends_at, purpose, product.deliveries,
        tuple(listing.policy["yaosu:terms"]["split"]), work.now,
    )  # fmt: skip


async def pay_order(app: Trading, caller: Caller, once: Once, order_id: str) -> Order:
    """Hold the fixed price of an order; it is charged when the buyer accepts what was delivered."""
    async with app.work(once) as work:
        order = await work.orders.get(order_id, lock=True)
        if order.buyer_party_id != caller.party_id:
            raise refusals.OrderNotFound(order_id=order_id)
        contract = await work.contracts.get(order.contract_id)
        if order.billing != "fixed":
            raise refusals.StepNotAllowed(state=order.state, billing=order.billing)
        if not contract.is_in_force(work.now):
            raise refusals.ContractNotInForce(contract_id=order.contract_id)
        order.go(OrderState.PAID)
        await work.uses.hold_price(order_id, contract, work.now)
        await work.orders.save(order)
        return work.settle(order)


async def accept_order(app: Trading, caller: Caller, once: Once, order_id: str) -> Order:
    """The buyer accepts the delivery: the price is charged, and settling begins on what both signed."""
    async with app.work(once) as work:
        order = await work.orders.get(order_id, lock=True)
        if order.buyer_party_id != caller.party_id:
            raise refusals.OrderNotFound(order_id=order_id)
        order.go(OrderState.ACCEPTED)
        contract = await work.contracts.get(order.contract_id)
        await work.uses.charge([Metered(order_id, work.now, "")], work.now)
        settlement_id = await statements.draw_accepted(work, contract)
        await work.orders.save(order)
        work.settle(order)
    await statements.settle_now(app, settlement_id)
    return order


async def read_order(app: Trading, caller: Caller, order_id: str) -> Order:
    """One's own order; operator and regulator see all."""
    async with app.work() as work:
        order = await work.orders.get(order_id)
    mine = caller.party_id in {order.buyer_party_id, order.provider_party_id}
    if not mine and not caller.has("operator", "regulator"):
        raise refusals.OrderNotFound(order_id=order_id)
    return order


async def list_orders(app: Trading, wanted: Wanted) -> Sequence[Order]:
    """One's own orders, the newest first."""
    async with app.work() as work:
        return await work.orders.list(wanted)
