"""What trading needs of the outside: its collections, the other services, the payer."""

# long: one page says all that trading needs of the outside

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol, TypeVar

from kernel.once import Once
from trading.domain.certificates import TradeCertificate
from trading.domain.contracts import Contract, Order
from trading.domain.holds import Held, Metered, Usage, Use
from trading.domain.ledger import Transaction
from trading.domain.listings import Asset, Listing, Product
from trading.domain.payments import BankLine, Instruction, Notice, TopUp
from trading.domain.settlements import Settlement
from trading.domain.statements import Day, Statement

Aggregate = TypeVar("Aggregate")


@dataclass(frozen=True)
class Wanted:
    """Which part of a list: so many, older than the one named; columns that must be equal; words in the name."""

    limit: int = 50
    after: str = ""
    equal: Mapping[str, str] | None = None
    party_id: str = ""  # provider or buyer; empty: anyone's
    words: str = ""


class Rows(Protocol[Aggregate]):
    """A collection of aggregates by id."""

    async def add(self, aggregate: Aggregate) -> None:
        """Keep a new one."""

    async def get(self, identity: str, *, lock: bool = False) -> Aggregate:
        """The one of this id, locked until the end of the transaction if asked; refused when there is none."""

    async def save(self, aggregate: Aggregate) -> None:
        """Keep its changes; refused when somebody else changed it meanwhile."""

    async def list(self, wanted: Wanted) -> Sequence[Aggregate]:
        """The newest first."""

    async def lying(self, states: Sequence[str], seconds: float, limit: int = 50) -> Sequence[str]:
        """Ids of those that have been in one of the states, untouched, for so many seconds of machine time."""


class Contracts(Rows[Contract], Protocol):
    """Contracts, and those that want something done by themselves."""

    async def to_end(self, at: datetime) -> Sequence[str]:
        """Ids of some that stand and whose term is over."""

    async def to_give_back(self) -> Sequence[str]:
        """Ids of some that ended while their exclusive grant is still out."""


class Ledger(Protocol):
    """Accounts and what was posted to them."""

    async def open(self, *accounts: str) -> None:
        """Have these accounts, with nothing in them unless they exist."""

    async def post(self, transaction: Transaction, at: datetime) -> bool:
        """Post it, unless its source was posted before; whether it was posted now."""

    async def balance(self, account: str) -> tuple[int, int]:
        """Posted and held, in fen."""

    async def posted_for(self, source_type: str, source_id: str, step: str) -> int:
        """How much one step moved, in fen; zero when it was not posted."""

    async def tell_exhausted(self, account: str) -> bool:
        """Mark the account as short; whether it was not so marked since money last came in."""


class Uses(Protocol):
    """Holds and what became of them."""

    async def hold_price(self, use_id: str, contract: Contract, at: datetime) -> None:
        """Hold a contract's price in one sum; refused with DepositExhausted."""

    async def charge(self, metered: Sequence[Metered], at: datetime) -> int:
        """Turn open holds into charges (or covered uses); how many were open."""

    async def release(self, use_id: str, at: datetime) -> bool:
        """Give an open hold back, or hand it on to the earliest use it covered; whether it was open."""

    async def unknown(self, use_ids: Sequence[str]) -> Sequence[str]:
        """Which of the uses were never held for."""

    async def unbilled_days(self, statement: Statement, statement_id: str) -> Sequence[Day]:
        """Put the period's unbilled uses onto the statement; the sums of each day."""

    async def open_in(self, contract_id: str, first: date, last: date) -> int:
        """How many holds made in these days are open."""

    async def usage(self, contract_id: str, statement_id: str = "") -> Usage:
        """All uses of a contract, or those of one statement, added up."""


class Certificates(Rows[TradeCertificate], Protocol):
    """Trade certificates, numbered without a gap."""

    async def next_number(self, year: int) -> str:
        """The next number of the year; taken when this transaction commits."""


class IssuerKeys(Protocol):
    """The keys that sign trade certificates, sealed at rest."""

    async def published(self) -> Sequence[dict[str, Any]]:
        """kid, jwk, valid_from, valid_until of every key; the first key is made when there is none. JSON."""

    async def sign(self, payload: bytes, typ: str) -> str:
        """A compact JWS by the key in use."""


class Work(Protocol):
    """One transaction of trading."""

    now: datetime
    clock_moved: bool
    listings: Rows[Listing]
    orders: Rows[Order]
    contracts: Contracts
    top_ups: Rows[TopUp]
    statements: Rows[Statement]
    settlements: Rows[Settlement]
    certificates: Certificates
    issuer_keys: IssuerKeys
    ledger: Ledger
    uses: Uses

    def tell(self, event: object, *, about: str, deposit: bytes | None = None) -> None:
        """Let the others know, once this is committed."""

    def settle(self, result: Aggregate) -> Aggregate:
        """Keep this as the outcome of the request's Idempotency-Key."""

    async def recall(self, once: Once) -> None:
        """Leave with what the key led to before, if it led to anything."""

    def promise(self, resource: str) -> None:
        """Where an interrupted caller can read how it ended."""


class Catalog(Protocol):
    """What is on offer."""

    async def product(self, product_id: str) -> Product | None:
        """A product, or nothing."""

    async def dataset_of_version(self, version_id: str) -> str | None:
        """The dataset a version belongs to, or nothing."""


@dataclass(frozen=True)
class Grant:
    """An exclusive grant as the registry holds it."""

    encumbrance_id: str
    fencing_version: int


class Rights(Protocol):
    """The registry: the one owner of every exclusive fact."""

    async def asset(self, product_id: str, at: datetime) -> Asset:
        """All that is known of a product's rights."""

    async def reserve(self, reference: str, product_id: str, holder: str, beneficiary: str) -> Grant:
        """Reserve the exclusive grant of the OPERATE right. Idempotent by reference."""

    async def confirm(self, reference: str, fencing_version: int) -> None:
        """Make the reservation stand."""

    async def cancel(self, reference: str) -> None:
        """Give the reservation up."""

    async def release(self, reference: str, encumbrance_id: str) -> None:
        """End the grant."""


class Parties(Protocol):
    """Who takes part, with which keys."""

    async def key_in_use(self, party_id: str, key_id: str, at: datetime) -> dict[str, Any] | None:
        """The public JWK of a party's key, when it was in use at the moment. JSON."""


@dataclass(frozen=True)
class Proof:
    """That some bytes stand in the log."""

    tlog_proof: str
    deposited_at: datetime


class Evidence(Protocol):
    """The log of deposits."""

    async def proof(self, sha256: str, extra: bytes = b"") -> Proof | None:
        """The proof, or nothing while no checkpoint covers the bytes."""


class Payer(Protocol):
    """A licensed payer with the supervised account."""

    async def instruct(self, instruction: Instruction) -> None:
        """Ask for it; idempotent by our reference."""

    async def ask(self, reference: str) -> Notice | None:
        """What became of it, or nothing when the payer does not know the reference."""

    async def read(self, notice: str) -> Notice:
        """A notice as it came in, its signature checked; refused when it is not the payer's."""

    async def due(self, limit: int) -> Sequence[tuple[int, str]]:
        """Notices to be delivered now, for a payer that runs in this process."""

    async def delivered(self, callback_id: int) -> None:
        """One of them was taken in."""

    async def lines(self, after: int, limit: int) -> Sequence[BankLine]:
        """The statement of the supervised account, oldest first."""

    async def lines_of(self, references: Sequence[str]) -> Sequence[BankLine]:
        """The lines that carry these references."""

    async def totals(self) -> tuple[int, int]:
        """All that came in and all that went out, in fen."""


class HotHolds(Protocol):
    """Holding for a use outside any unit of work: one statement, since every call of data waits for it."""

    async def hold(self, use: Use) -> Held:
        """Hold the price of one use. Idempotent by use id."""


@dataclass(frozen=True)
class Trading:
    """All ports of trading."""

    work: Callable[..., AbstractAsyncContextManager[Work]]
    holds: HotHolds
    catalog: Catalog
    rights: Rights
    parties: Parties
    evidence: Evidence
    payer: Payer
    resume_after_seconds: float = 2.0
    ask_payer_after_seconds: float = 3.0
