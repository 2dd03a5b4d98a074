"""Orders and contracts over HTTP."""

from datetime import datetime
from typing import Any, Self

from kernel.callers import Caller
from kernel.web import CallerOf, Code, Flag, Jws, OnceKey, Page, PageOf, Router, Shape, View, allow
from trading.domain.contracts import Contract, ContractState, Order, OrderState
from trading.inbound.http.listings import Id, Ports, Purpose
from trading.ports import Wanted
from trading.use_cases import contracts, orders

router = Router()
BUYING = allow("buyer", "bank")
DEALING = allow("buyer", "bank", "provider", "authorised_operator")
READING = allow()


class OrderPlacing(Shape):
    """What a buyer orders, and what for."""

    listing_id: Code
    purpose: Purpose


class Signing(Shape):
    """A party's signature over the exact text, or its click."""

    signature: Jws | None = None
    click: Flag = False


class SignatureView(View):
    """Who signed, and which way."""

    party_id: str
    way: str
    key_id: str
    subject_id: str
    signed_at: str


class ContractView(View):
    """A contract; ``agreement`` is the exact text to sign."""

    contract_id: str
    order_id: str
    listing_id: str
    product_id: str
    product_name: str
    provider_party_id: str
    supplier_party_id: str
    buyer_party_id: str
    purpose: str
    billing: str
    price_fen: int
    exclusive: bool
    version_selector: str
    specification_digest: str
    deliveries: list[str]
    agreement: str
    agreement_digest: str
    state: ContractState
    signatures: list[SignatureView]
    consents: list[str]
    refusal: dict[str, Any] | None  # JSON: reason, detail, detail_zh
    starts_at: datetime
    ends_at: datetime

    @classmethod
    def of(cls, contract: Contract) -> Self:
        """From the contract."""
        why = contract.refusal
        return cls(
            contract_id=contract.contract_id, order_id=contract.order_id, listing_id=contract.listing_id,
            product_id=contract.product_id, product_name=contract.product_name,
            provider_party_id=contract.provider_party_id, supplier_party_id=contract.supplier_party_id,
            buyer_party_id=contract.buyer_party_id, purpose=contract.purpose, billing=contract.billing,
            price_fen=contract.price_fen, exclusive=contract.exclusive, version_selector=contract.version_selector,
            specification_digest=contract.specification_digest, deliveries=list(contract.deliveries),
            agreement=contract.agreement, agreement_digest=contract.agreement_digest, state=contract.state,
            signatures=[SignatureView.model_validate(each) for each in contract.signatures],
            consents=list(contract.consents),
            refusal={name: why[name] for name in ("reason", "detail", "detail_zh")} if why else None,
            starts_at=contract.starts_at, ends_at=contract.ends_at,
        )  # fmt: skip


class ContractsView(View):
    """A page of contracts."""

    items: list[ContractView]
    next: str | None


class OrderView(View):
    """An order; with its contract where that was asked for."""

    order_id: str
    listing_id: str
    contract_id: str
    buyer_party_id: str
    provider_party_id: str
    billing: str
    price_fen: int
    state: OrderState
    placed_at: datetime
    contract: ContractView | None = None

    @classmethod
    def of(cls, placed: Order | orders.Placed) -> Self:
        """From the order."""
        order = placed if isinstance(placed, Order) else placed.order
        return cls(
            order_id=order.order_id, listing_id=order.listing_id, contract_id=order.contract_id,
            buyer_party_id=order.buyer_party_id, provider_party_id=order.provider_party_id, billing=order.billing,
            price_fen=order.price_fen, state=order.state, placed_at=order.placed_at,
            contract=None if isinstance(placed, Order) else ContractView.of(placed.contract),
        )  # fmt: skip


class OrdersView(View):
    """A page of orders."""

    items: list[OrderView]
    next: str | None


def wanted_by(caller: Caller, page: Page, **equal: str) -> Wanted:
    """A page of what is the caller's own; operator and regulator see all."""
    return Wanted(page.limit, page.after, equal, "" if caller.has(*contracts.SEES_ALL) else caller.party_id)


@router.post("/orders", status_code=201, dependencies=[BUYING], tags=["orders 订单"])
async def place_order(placing: OrderPlacing, trading: Ports, caller: CallerOf, once: OnceKey) -> OrderView:
    """Order a listing for one purpose."""
    return OrderView.of(await orders.place_order(trading, caller, once, placing.listing_id, placing.purpose))


@router.get("/orders", dependencies=[READING], tags=["orders 订单"])
async def list_orders(trading: Ports, caller: CallerOf, page: PageOf) -> OrdersView:
    """One's own orders, the newest first."""
    found = await orders.list_orders(trading, wanted_by(caller, page))
    last = found[-1].order_id if len(found) == page.limit else None
    return OrdersView(items=[OrderView.of(each) for each in found], next=last)


@router.get("/orders/{order_id}", dependencies=[READING], tags=["orders 订单"])
async def read_order(order_id: Id, trading: Ports, caller: CallerOf) -> OrderView:
    """One order."""
    return OrderView.of(await orders.read_order(trading, caller, order_id))


@router.post("/orders/{order_id}:pay", dependencies=[BUYING], tags=["orders 订单"])
async def pay_order(order_id: Id, trading: Ports, caller: CallerOf, once: OnceKey) -> OrderView:
    """Hold the fixed price from the deposit."""
    return OrderView.of(await orders.pay_order(trading, caller, once, order_id))


@router.post("/orders/{order_id}:accept", dependencies=[BUYING], tags=["orders 订单"])
async def accept_order(order_id: Id, trading: Ports, caller: CallerOf, once: OnceKey) -> OrderView:
    """Accept the delivery; the price is charged and settled."""
    return OrderView.of(await orders.accept_order(trading, caller, once, order_id))


@router.get("/contracts", dependencies=[READING], tags=["contracts 合同"])
async def list_contracts(trading: Ports, caller: CallerOf, page: PageOf) -> ContractsView:
    """One's own contracts, the newest first."""
    found = await contracts.list_contracts(trading, wanted_by(caller, page))
    last = found[-1].contract_id if len(found) == page.limit else None
    return ContractsView(items=[ContractView.of(each) for each in found], next=last)


@router.get("/contracts/{contract_id}", dependencies=[READING], tags=["contracts 合同"])
async def read_contract(contract_id: Id, trading: Ports, caller: CallerOf) -> ContractView:
    """One contract."""
    return ContractView.of(await contracts.read_contract(trading, caller, contract_id))


@router.post("/contracts/{contract_id}:sign", dependencies=[DEALING], tags=["contracts 合同"])
async def sign_contract(
    contract_id: Id, signing: Signing, trading: Ports, caller: CallerOf, once: OnceKey
) -> ContractView:
    """Sign the agreement's exact text by a registered key, or by the click of a logged-in person."""
    return ContractView.of(
        await contracts.sign_contract(trading, caller, once, contract_id, signing.signature, click=signing.click)
    )


@router.post("/contracts/{contract_id}:consent", dependencies=[allow("bank")], tags=["contracts 合同"])
async def consent_to_contract(contract_id: Id, trading: Ports, caller: CallerOf, once: OnceKey) -> ContractView:
    """The pledgee bank agrees to this licence of a pledged right."""
    return ContractView.of(await contracts.consent_to_contract(trading, caller, once, contract_id))


@router.post("/contracts/{contract_id}:end", dependencies=[DEALING], tags=["contracts 合同"])
async def end_contract(contract_id: Id, trading: Ports, caller: CallerOf, once: OnceKey) -> ContractView:
    """End it before its term."""
    return ContractView.of(await contracts.end_contract(trading, caller, once, contract_id))
