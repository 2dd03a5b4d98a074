"""What pledge needs of the outside."""
# long: one record of everything outside, read from top to bottom; divided, each half would need the other

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, TypeVar

from kernel.work import Ticket
from pledge.domain.asset import AssetFacts
from pledge.domain.bank_policy import BankPolicy
from pledge.domain.booking import Booking, Voucher
from pledge.domain.loan import Loan
from pledge.domain.party import PartyFacts
from pledge.domain.payment import Payment
from pledge.domain.pledge import Pledge
from pledge.domain.registration import OutsideEntry
from pledge.domain.states import LoanState
from pledge.domain.watch import Income, Watch

Result = TypeVar("Result")


@dataclass(frozen=True)
class Part:
    """Which part of a list is wanted: so many, after the id named (newest first)."""

    limit: int
    after: str = ""


@dataclass(frozen=True)
class Change:
    """One change of state, as history keeps it."""

    version: int
    from_state: str | None
    to_state: str
    subject_id: str
    at: datetime


@dataclass(frozen=True)
class Standing:
    """A loan with what its bank watches."""

    loan: Loan
    pledge_state: str | None
    watches_open: int
    income_fen: int


class Vouchers(Protocol):
    """Cost lines by their party."""

    async def add(self, voucher: Voucher) -> None:
        """Keep it; refused when the party has one of this number."""

    async def lock(self, party_id: str, voucher_ids: Sequence[str]) -> list[Voucher]:
        """These, held until the end of the transaction; refused unless all are the party's."""

    async def booked(self, vouchers: Sequence[Voucher]) -> None:
        """Keep of which booking they are part."""

    async def page(self, party_id: str, dataset_id: str | None, part: Part) -> list[Voucher]:
        """The party's."""


class Bookings(Protocol):
    """Entries on balance sheets."""

    async def add(self, booking: Booking) -> None:
        """Keep it; refused when the party has booked the asset."""

    async def get(self, booking_id: str, party_id: str) -> Booking:
        """The party's booking; refused when there is none."""

    async def stands(self, party_id: str, lineage_root: str) -> bool:
        """Whether the party has booked something of this lineage."""

    async def page(self, party_id: str, dataset_id: str | None, part: Part) -> list[Booking]:
        """The party's."""


class BankPolicies(Protocol):
    """What banks lend on."""

    async def of(self, bank_party_id: str) -> BankPolicy:
        """The bank's policy; the default where it chose none."""

    async def put(self, policy: BankPolicy) -> None:
        """Keep it in the place of the one before."""


class Loans(Protocol):
    """Loans by id; ``lock`` holds the row until the end of the transaction."""

    async def add(self, loan: Loan) -> None:
        """Keep a new one."""

    async def get(self, loan_id: str) -> Loan:
        """Read it; refused when there is none."""

    async def lock(self, loan_id: str) -> Loan:
        """Read it, to change it."""

    async def save(self, loan: Loan) -> None:
        """Keep the change, and its state in the history; refused when it was changed meanwhile."""

    async def page(self, party_id: str | None, state: LoanState | None, part: Part) -> list[Loan]:
        """Those of a party, or all."""

    async def on_lineage(self, lineage_root: str) -> list[Loan]:
        """Those approved and not ended on this lineage, held until the end of the transaction."""

    async def due(self, today: date, limit: int) -> list[str]:
        """The ids of debts that were to be repaid before today and are not defaulted yet."""

    async def standings(self, bank_party_id: str, part: Part) -> list[Standing]:
        """A bank's running loans."""


class Pledges(Protocol):
    """Pledges by id; ``lock`` holds the row until the end of the transaction."""

    async def add(self, pledge: Pledge) -> None:
        """Keep a new one; refused when the loan has one that is not ended."""

    async def get(self, pledge_id: str) -> Pledge:
        """Read it; refused when there is none."""

    async def lock(self, pledge_id: str) -> Pledge:
        """Read it, to change it."""

    async def save(self, pledge: Pledge) -> None:
        """Keep the change, and its state in the history; refused when it was changed meanwhile."""

    async def page(self, party_id: str | None, part: Part) -> list[Pledge]:
        """Those of a party, or all."""

    async def live_on(self, lineage_root: str, part: Part) -> list[Pledge]:
        """Those not ended on this lineage."""

    async def passing(self, limit: int) -> list[Pledge]:
        """Those that wait for somebody outside, the longest waiting first."""

    async def history(self, pledge_id: str, part: Part) -> list[Change]:
        """Its states, oldest first."""

    async def keep_code(self, pledge_id: str, sealed: bytes) -> None:
        """Keep the sealed modification code of its registration."""

    async def code(self, pledge_id: str) -> bytes | None:
        """The sealed modification code."""


class Payments(Protocol):
    """The bank's proofs."""

    async def add(self, payment: Payment) -> None:
        """Keep it; refused when the bank used the reference before."""

    async def page(self, loan_id: str, part: Part) -> list[Payment]:
        """A loan's."""


class Watches(Protocol):
    """Alerts."""

    async def add(self, watch: Watch) -> bool:
        """Keep it; false when the same source raised it before."""

    async def lock(self, watch_id: str) -> Watch:
        """Read it, to change it; refused when there is none."""

    async def save(self, watch: Watch) -> None:
        """Keep how it was resolved."""

    async def page(self, party_id: str, part: Part, *, loan_id: str | None, is_open: bool | None) -> list[Watch]:
        """Those of a party's loans."""


class Incomes(Protocol):
    """Income into control accounts."""

    async def add(self, income: Income) -> bool:
        """Keep it; false when the settlement was kept before."""

    async def page(self, pledge_id: str, part: Part) -> list[Income]:
        """A pledge's."""

    async def total_fen(self, pledge_id: str) -> int:
        """All of a pledge's income."""


class OutsideEntries(Protocol):
    """The manual register's lines."""

    async def add(self, entry: OutsideEntry) -> None:
        """Keep it; the same line again changes nothing; refused when the number stands for another."""

    async def page(self, debtor_credit_code: str, asset: str | None, part: Part) -> list[OutsideEntry]:
        """A debtor's, cancelled ones too."""

    async def live(self, debtor_credit_code: str, asset: str) -> list[OutsideEntry]:
        """Those on a debtor and asset that are not cancelled."""

    async def cancel(self, registry: str, registration_number: str, at: datetime) -> None:
        """Mark it as cancelled; again changes nothing."""


class Work(Protocol):
    """One transaction of this service."""

    now: datetime
    vouchers: Vouchers
    bookings: Bookings
    policies: BankPolicies
    loans: Loans
    pledges: Pledges
    payments: Payments
    watches: Watches
    incomes: Incomes
    outside: OutsideEntries

    def tell(self, event: object, *, about: str, deposit: bytes | None = None) -> None:
        """Let the others know, once this is committed."""

    def settle(self, result: Result) -> Result:
        """Keep this as the outcome of the request's key."""

    def promise(self, resource: str) -> None:
        """Where an interrupted caller can read how it ended."""


@dataclass(frozen=True)
class Hold:
    """The registry's answer to a reservation."""

    encumbrance_id: str
    lineage_root: str
    fencing_version: int


class Registry(Protocol):
    """The rights registry: it decides, we ask. Every call may be repeated; the pledge's id is our reference."""

    async def asset(self, dataset_id: str | None, product_id: str | None) -> AssetFacts:
        """What is known of an asset; empty facts when nothing is."""

    async def reserve(self, pledge: Pledge) -> Hold:
        """Take the right to operate for the pledge."""

    async def annotate(self, pledge: Pledge, remark: str) -> None:
        """Put the remark on the certificates; an empty one takes it off."""

    async def confirm(self, pledge: Pledge) -> None:
        """Make the reservation stand, showing its fencing version."""

    async def cancel(self, pledge: Pledge) -> None:
        """Give the reservation up."""

    async def release(self, pledge: Pledge) -> None:
        """End the encumbrance, named by its id."""


class Parties(Protocol):
    """Onboarding's parties."""

    async def find(self, party_id: str) -> PartyFacts | None:
        """A party; none when there is none of this id."""


class OutsideRegistry(Protocol):
    """A registry outside this market, such as 中登网. Every call may be repeated."""

    async def search(self, debtor_credit_code: str, asset: str) -> list[OutsideEntry]:
        """The live entries on a debtor and an asset."""

    async def record(self, entry: OutsideEntry) -> None:
        """Our own registration stands there now."""

    async def cancel(self, registry: str, registration_number: str, at: datetime) -> None:
        """Our own registration was cancelled there."""


class Seal(Protocol):
    """Keeps secrets at rest."""

    def seal(self, data: bytes) -> bytes:
        """Encrypt."""

    def unseal(self, sealed: bytes) -> bytes:
        """Decrypt."""


@dataclass(frozen=True)
class Pledging:
    """All that pledge needs."""

    work: Callable[[Ticket], AbstractAsyncContextManager[Work]]
    registry: Registry
    parties: Parties
    outside: OutsideRegistry
    sealer: Seal
    default_after_days: int
