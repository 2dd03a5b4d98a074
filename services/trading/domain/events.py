"""What trading tells the others."""

from dataclasses import dataclass
from datetime import datetime

from trading.domain.contracts import Contract
from trading.domain.listings import Listing
from trading.domain.settlements import Share


@dataclass(frozen=True)
class ListingPublished:
    """A product can be bought."""

    listing: Listing


@dataclass(frozen=True)
class ListingSuspended:
    """A product cannot be bought for now."""

    listing_id: str
    product_id: str
    reason: str


@dataclass(frozen=True)
class ListingResumed:
    """A product can be bought again."""

    listing_id: str
    product_id: str


@dataclass(frozen=True)
class ListingWithdrawn:
    """Its provider took it off the market."""

    listing_id: str
    product_id: str


@dataclass(frozen=True)
class ContractSigned:
    """Both signed, and it stands."""

    contract: Contract
    signed_at: datetime


@dataclass(frozen=True)
class ContractRefused:
    """Both signed, and it cannot stand."""

    contract_id: str
    reason: str


@dataclass(frozen=True)
class ContractEnded:
    """It stands no more."""

    contract_id: str
    ended_at: datetime
    reason: str


@dataclass(frozen=True)
class StatementConfirmed:
    """Both agree to what was used and what it costs."""

    statement_id: str
    contract_id: str
    amount_fen: int
    confirmed_at: datetime


@dataclass(frozen=True)
class OrderSettled:
    """Every share was paid out."""

    settlement_id: str
    contract_id: str
    lineage_root: str
    provider_party_id: str
    amount_fen: int
    shares: tuple[Share, ...]
    trade_certificate_number: str
    settled_at: datetime


@dataclass(frozen=True)
class TradeCertificateSigned:
    """The exact bytes of a trade certificate go to evidence."""

    settlement_id: str
    number: str


@dataclass(frozen=True)
class DepositExhausted:
    """A buyer's deposit did not cover a call; told once until money comes in."""

    contract_id: str
    buyer_party_id: str
