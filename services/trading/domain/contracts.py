"""Contracts 合同 and the orders they come from: who signed what, and what may follow."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from kernel.canonical import canonical
from trading.domain import refusals


class ContractState(StrEnum):
    """Where a contract stands."""

    DRAFT = "DRAFT"
    SIGNING = "SIGNING"
    RESERVING = "RESERVING"
    IN_FORCE = "IN_FORCE"
    ENDED = "ENDED"
    REFUSED = "REFUSED"


NEXT: Mapping[ContractState, frozenset[ContractState]] = {
    ContractState.DRAFT: frozenset({ContractState.SIGNING, ContractState.ENDED}),
    ContractState.SIGNING: frozenset({ContractState.RESERVING, ContractState.ENDED}),
    ContractState.RESERVING: frozenset({ContractState.IN_FORCE, ContractState.REFUSED}),
    ContractState.IN_FORCE: frozenset({ContractState.ENDED}),
    ContractState.ENDED: frozenset(),
    ContractState.REFUSED: frozenset(),
}


class GrantState(StrEnum):
    """How far the exclusive grant at the registry is."""

    NONE = "NONE"
    RESERVED = "RESERVED"
    CONFIRMED = "CONFIRMED"
    RELEASED = "RELEASED"


@dataclass(frozen=True)
class Signature:
    """A party's will to be bound: a JWS over the text, or the attested click of a logged-in person."""

    party_id: str
    way: str  # jws | click
    key_id: str
    subject_id: str
    signed_at: str
    signature: str


@dataclass
class Contract:
    """One buyer's right to use one product; its text says all of it."""

    contract_id: str
    order_id: str
    listing_id: str
    product_id: str
    product_name: str
    dataset_id: str
    lineage_root: str
    provider_party_id: str
    supplier_party_id: str
    buyer_party_id: str
    specification_digest: str
    version_selector: str
    billing: str
    price_fen: int
    exclusive: bool
    agreement: str
    agreement_digest: str
    starts_at: datetime
    ends_at: datetime
    purpose: str
    deliveries: tuple[str, ...]
    split: tuple[dict[str, Any], ...]  # JSON: role, party_id, account, share_ppm
    drawn_at: datetime
    state: ContractState = ContractState.DRAFT
    signatures: tuple[Signature, ...] = field(default=())
    consents: tuple[str, ...] = field(default=())
    grant_state: GrantState = GrantState.NONE
    fencing_version: int = 0
    encumbrance_id: str = ""
    refusal: dict[str, Any] | None = None  # JSON: kind, reason, detail, detail_zh, facts
    version: int = 1

    @property
    def parties(self) -> tuple[str, str]:
        """Provider and buyer."""
        return (self.provider_party_id, self.buyer_party_id)

    def go(self, to: ContractState) -> None:
        """Pass on to a state that may follow."""
        if to not in NEXT[self.state]:
            raise refusals.StepNotAllowed(state=self.state)
        self.state = to

    def is_in_force(self, at: datetime) -> bool:
        """Whether it stands at a moment; its end is computed."""
        return self.state is ContractState.IN_FORCE and self.starts_at <= at < self.ends_at

    def would_complete(self, party_id: str) -> bool:
        """Whether this party's signature is the last one missing."""
        return {each.party_id for each in self.signatures} | {party_id} == set(self.parties)

    def sign(self, signature: Signature) -> None:
        """Add a party's signature; with both the contract goes to be reserved."""
        if any(each.party_id == signature.party_id for each in self.signatures):
            raise refusals.AlreadySigned(contract_id=self.contract_id)
        if self.state is ContractState.DRAFT:
            self.go(ContractState.SIGNING)
        elif self.state is not ContractState.SIGNING:
            raise refusals.StepNotAllowed(state=self.state)
        self.signatures = (*self.signatures, signature)
        if {each.party_id for each in self.signatures} == set(self.parties):
            self.go(ContractState.RESERVING)

    def deposit(self) -> bytes:
        """What evidence shall keep of it: the text's digest, the text, and every signature."""
        return canonical({
            "type": "contract",
            "contract_id": self.contract_id,
            "agreement": self.agreement,
            "agreement_digest": self.agreement_digest,
            "signatures": [
                {"party_id": each.party_id, "way": each.way, "key_id": each.key_id, "subject_id": each.subject_id,
                 "signed_at": each.signed_at, "signature": each.signature}
                for each in self.signatures
            ],
        })  # fmt: skip


class OrderState(StrEnum):
    """Where an order stands."""

    PLACED = "PLACED"
    CONTRACTED = "CONTRACTED"
    PAID = "PAID"
    DELIVERED = "DELIVERED"
    ACCEPTED = "ACCEPTED"
    SETTLED = "SETTLED"
    CANCELLED = "CANCELLED"


ORDER_NEXT: Mapping[OrderState, frozenset[OrderState]] = {
    OrderState.PLACED: frozenset({OrderState.CONTRACTED, OrderState.CANCELLED}),
    OrderState.CONTRACTED: frozenset({OrderState.PAID, OrderState.CANCELLED}),
    OrderState.PAID: frozenset({OrderState.DELIVERED}),
    OrderState.DELIVERED: frozenset({OrderState.ACCEPTED}),
    OrderState.ACCEPTED: frozenset({OrderState.SETTLED}),
    OrderState.SETTLED: frozenset(),
    OrderState.CANCELLED: frozenset(),
}


@dataclass
class Order:
    """A buyer's wish to buy one listing for one purpose."""

    order_id: str
    listing_id: str
    contract_id: str
    buyer_party_id: str
    provider_party_id: str
    billing: str
    price_fen: int
    placed_at: datetime
    state: OrderState = OrderState.PLACED
    version: int = 1

    def go(self, to: OrderState) -> None:
        """Pass on to a state that may follow."""
        if to not in ORDER_NEXT[self.state]:
            raise refusals.StepNotAllowed(state=self.state)
        self.state = to
