"""Listings 挂牌: what may be offered, at which price, with which split."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from kernel.money import PPM
from trading.domain import refusals

TERM_DAYS_MAX = 1826  # five years: the longest term of an authorised operation (发改数据规〔2025〕27号)
LATEST = "latest_conforming"
PINNED = "pinned:"


class ListingState(StrEnum):
    """Where a listing stands."""

    PUBLISHED = "PUBLISHED"
    SUSPENDED = "SUSPENDED"
    WITHDRAWN = "WITHDRAWN"


NEXT: Mapping[ListingState, frozenset[ListingState]] = {
    ListingState.PUBLISHED: frozenset({ListingState.SUSPENDED, ListingState.WITHDRAWN}),
    ListingState.SUSPENDED: frozenset({ListingState.PUBLISHED, ListingState.WITHDRAWN}),
    ListingState.WITHDRAWN: frozenset(),
}


class Billing(StrEnum):
    """How a price is meant."""

    PER_CALL = "per_call"
    FIXED = "fixed"


class ShareRole(StrEnum):
    """As what a party takes a share."""

    OPERATOR = "operator"
    TREASURY = "treasury"
    EXCHANGE = "exchange"
    TAX = "tax"
    PROVIDER = "provider"


OWN_ROLES = frozenset({ShareRole.PROVIDER, ShareRole.OPERATOR})


@dataclass(frozen=True)
class SplitShare:
    """One line of a split, in parts per million."""

    role: ShareRole
    party_id: str
    account: str
    share_ppm: int


@dataclass(frozen=True)
class Product:
    """What catalog says of a product at the time of listing."""

    product_id: str
    dataset_id: str
    owner_party_id: str
    name: str
    specification_digest: str
    lineage_root: str
    authorisation_id: str
    supplier_party_id: str
    state: str
    ceiling_price_fen: int | None
    deliveries: tuple[str, ...]


@dataclass(frozen=True)
class Encumbrance:
    """What lies upon a right, in the registry's words."""

    encumbrance_id: str
    kind: str  # PLEDGE, EXCLUSIVE_GRANT, TRANSFER, SEIZURE, DISPUTE_HOLD
    state: str  # RESERVED, ACTIVE, CANCELLED, RELEASED
    beneficiary_party_id: str
    licence_policy: str  # FREE, NOTIFY, CONSENT or empty
    control_account: str
    reference: str = ""

    @property
    def live(self) -> bool:
        """Whether it binds now."""
        return self.state in {"RESERVED", "ACTIVE"}


@dataclass(frozen=True)
class Asset:
    """What the registry says of an asset's rights."""

    lineage_root: str
    operators: frozenset[str]  # parties whose OPERATE right is certified and in date
    certificate_numbers: tuple[str, ...]
    encumbrances: tuple[Encumbrance, ...]
    compliance_conclusion: str
    level: str
    compliance_until: datetime | None
    objection_open: bool

    def live(self, kind: str) -> list[Encumbrance]:
        """The encumbrances of a kind that bind now."""
        return [each for each in self.encumbrances if each.kind == kind and each.live]


_ALWAYS_BARS = (("SEIZURE", refusals.RightSeized), ("DISPUTE_HOLD", refusals.RightDisputed))
_BARS_OTHERS = (
    ("EXCLUSIVE_GRANT", refusals.RightExclusivelyGranted),
    ("TRANSFER", refusals.RightInTransfer),
)


def check_rights(asset: Asset, provider: str, *, exclusive: bool, at: datetime) -> None:
    """Refuse unless the provider may sell this asset so: OPERATE certified, compliant, and free enough."""
    if provider not in asset.operators:
        raise refusals.OperateRightNotCertified(lineage_root=asset.lineage_root)
    if asset.level in {"IMPORTANT", "CORE"}:
        raise refusals.LevelNotTradable(level=asset.level)
    in_date = asset.compliance_until is None or asset.compliance_until > at
    if asset.compliance_conclusion not in {"PASSED", "CONDITIONAL"} or not in_date:
        raise refusals.ComplianceNotPassed(conclusion=asset.compliance_conclusion or None)
    check_encumbrances(asset, exclusive=exclusive)


def check_encumbrances(asset: Asset, *, exclusive: bool, own_reference: str = "") -> None:
    """Refuse when something that lies upon the asset forbids such a sale; one's own grant does not."""
    for kind, refusal in _ALWAYS_BARS + _BARS_OTHERS:
        if any(each.reference != own_reference or not own_reference for each in asset.live(kind)):
            raise refusal(lineage_root=asset.lineage_root)
    if asset.objection_open:
        raise refusals.RightDisputed(lineage_root=asset.lineage_root)
    if exclusive and asset.live("PLEDGE"):
        raise refusals.RightAlreadyPledged(lineage_root=asset.lineage_root)


def check_price(product: Product, price_fen: int) -> None:
    """Public data goes at or below its ceiling, and not at all before one is set (发改价格〔2025〕65号)."""
    if product.ceiling_price_fen is None:
        if product.authorisation_id:
            raise refusals.CeilingPriceMissing(product_id=product.product_id)
        return
    if price_fen > product.ceiling_price_fen:
        raise refusals.PriceOverCeiling(price_fen=price_fen, ceiling_price_fen=product.ceiling_price_fen)


def check_split(split: Sequence[SplitShare], provider: str) -> None:
    """The shares make a whole, each goes somewhere, and the provider has one of its own."""
    own = [share for share in split if share.party_id == provider and share.role in OWN_ROLES]
    somewhere = all(share.party_id or share.account for share in split)
    if not own or not somewhere or min(share.share_ppm for share in split) <= 0:
        raise refusals.SplitUnbalanced(provider_party_id=provider)
    if sum(share.share_ppm for share in split) != PPM:
        raise refusals.SplitUnbalanced(sum_ppm=sum(share.share_ppm for share in split))


@dataclass
class Listing:
    """An offer that stands until it is withdrawn; suspended while anything suspends it."""

    listing_id: str
    product: Product
    billing: Billing
    price_fen: int
    exclusive: bool
    term_days: int
    purposes: tuple[str, ...]
    version_selector: str
    split: tuple[SplitShare, ...]
    policy: dict[str, Any]  # an ODRL offer: JSON
    policy_digest: str
    published_at: datetime
    state: ListingState = ListingState.PUBLISHED
    suspended_for: tuple[str, ...] = field(default=())
    version: int = 1

    @property
    def provider_party_id(self) -> str:
        """Who offers it."""
        return self.product.owner_party_id

    def _go(self, to: ListingState) -> None:
        if to not in NEXT[self.state]:
            raise refusals.StepNotAllowed(state=self.state)
        self.state = to

    def withdraw(self) -> None:
        """Take it off the market."""
        self._go(ListingState.WITHDRAWN)

    def suspend(self, cause: str) -> bool:
        """Stop selling for a cause; whether this cause newly stopped it."""
        if self.state is ListingState.WITHDRAWN or cause in self.suspended_for:
            return False
        self.suspended_for = (*self.suspended_for, cause)
        if self.state is ListingState.SUSPENDED:
            return False
        self._go(ListingState.SUSPENDED)
        return True

    def lift(self, cause: str) -> bool:
        """The cause is gone; whether it can be sold again."""
        if cause not in self.suspended_for:
            return False
        self.suspended_for = tuple(each for each in self.suspended_for if each != cause)
        if self.suspended_for or self.state is not ListingState.SUSPENDED:
            return False
        self._go(ListingState.PUBLISHED)
        return True
