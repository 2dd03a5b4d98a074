"""What delivery needs of the outside."""
# long: the one list of all that the service needs

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol, TypeVar

from delivery.domain.answer import PersonFacts
from delivery.domain.cohort import Cell, CohortQuery, Earlier, Group, Population
from delivery.domain.consent import Consent
from delivery.domain.entitlement import Entitlement, Mode
from delivery.domain.files import FileLink, Manifest
from delivery.domain.use import Asked, Use
from kernel.once import Once

Result = TypeVar("Result")


@dataclass(frozen=True)
class Standing:
    """What decides on a use, read in one statement: the terms, the consent shown, an earlier attempt under the key."""

    entitlement: Entitlement
    consent: Consent | None
    use: Use | None


class Entitlements(Protocol):
    """The entitlements, by contract."""

    async def add(self, entitlement: Entitlement) -> None:
        """Keep a new one; one that is there stays as it is."""

    async def find(self, contract_id: str) -> Entitlement | None:
        """That of a contract, with what stands against it now."""

    async def seen_by(self, party_id: str | None, limit: int, after: str) -> list[Entitlement]:
        """Those in which the party has a part (all of them without a party), by contract id."""

    async def end(self, contract_id: str, at: datetime, reason: str) -> None:
        """Ended for good; a second time changes nothing."""

    async def end_authorised(self, authorisation_id: str, at: datetime) -> None:
        """End those that rest on an authorisation."""

    async def impede(self, about: str, source: str, reason: str) -> None:
        """From now on this stands against all that rest on the lineage or authorisation named."""

    async def clear(self, about: str, source: str, reason: str) -> None:
        """What this source put against it, or whatever was put there for this reason, stands no more."""

    async def following(self, dataset_id: str) -> list[Entitlement]:
        """Those that take the latest version of a dataset."""

    async def serve(self, contract_id: str, version_id: str) -> None:
        """Answer from this version from now on."""


class Consents(Protocol):
    """Consents of persons."""

    async def add(self, consent: Consent, payload_sha256: str) -> None:
        """Keep a new one; refused when its payload was handed in before."""

    async def hold(self, consent_id: str, person_party_id: str) -> Consent:
        """The person's own consent, locked: no use is metered under it meanwhile."""

    async def last_used_at(self, consent_id: str) -> datetime | None:
        """When a use under it was metered last."""

    async def save_withdrawn(self, consent: Consent) -> None:
        """Keep that it was taken back."""

    async def of_person(self, person_party_id: str, limit: int, after: str) -> list[Consent]:
        """A person's consents, newest first."""


class Uses(Protocol):
    """Uses on record."""

    async def standing(self, asked: Asked) -> Standing | None:
        """Entitlement of the buyer, consent shown and earlier attempt under the same key, in one statement."""

    async def standing_of(self, use_id: str) -> Standing:
        """The same for a use on record, as it is now; that it is still so, ``settle`` makes sure."""

    async def intend(self, use: Use, abandon_after_seconds: float) -> None:
        """Keep a new one; refused when its single-use consent is taken, or another attempt of the key was faster."""

    async def add_refused(self, use: Use) -> None:
        """Keep one that was refused before anything was held."""

    async def settle(self, use: Use) -> None:
        """Keep the outcome of an intended use.

        The transaction fails with ``StateChanged`` when the use is intended no more, or the consent of a metered one
        was withdrawn meanwhile; until its commit nobody can withdraw it.
        """

    async def answered_again(self, use_id: str) -> None:
        """Count that the same answer left once more."""

    async def abandoned(self, limit: int) -> list[Use]:
        """Intended ones whose time is over."""

    async def of_contract(self, contract_id: str, limit: int, after: str) -> list[Use]:
        """The uses under a contract, newest first."""

    async def of_person(self, person_party_id: str, limit: int, after: str) -> list[tuple[Use, Consent]]:
        """The uses that named a consent of the person, newest first."""


class Cohorts(Protocol):
    """The ledger of populations released to a buyer."""

    async def earlier(self, buyer_party_id: str, dataset_id: str) -> list[Earlier]:
        """Those released before; whoever else asks for the same buyer and dataset waits."""

    async def add(self, use: Use, dataset_id: str, released: Sequence[tuple[Population, int]]) -> None:
        """Keep those of one answer."""


class FileLinks(Protocol):
    """Links for one download."""

    async def put(self, link: FileLink, lives_seconds: float) -> datetime:
        """Keep a link of a use, in the place of one that was not opened; refused when it was. When it expires."""

    async def find(self, token_sha256: str, buyer_party_id: str) -> FileLink | None:
        """The buyer's own link."""

    async def open(self, token_sha256: str) -> None:
        """Mark it as used; refused when it was, or when its time is over."""


class Work(Protocol):
    """One transaction of this service."""

    now: datetime
    machine_now: datetime
    entitlements: Entitlements
    consents: Consents
    uses: Uses
    cohorts: Cohorts
    file_links: FileLinks

    def tell(self, event: object, *, about: str, deposit: bytes | None = None) -> None:
        """Let the others know, once this is committed."""

    def settle(self, result: Result) -> Result:
        """Keep this as the outcome of the request's key."""

    async def recall(self, once: Once) -> None:
        """Leave with what the key led to before, if it led to anything."""


@dataclass(frozen=True)
class VersionAnswering:
    """The version that a room answers from."""

    version_id: str
    version_digest: str
    data_as_of: date
    records_from: date
    records_to: date


class Rooms(Protocol):
    """Where questions are answered: one room for each contract and version."""

    async def person(
        self, entitlement: Entitlement, version_id: str, subject_token: str
    ) -> tuple[VersionAnswering, PersonFacts | None]:
        """What is known of one person; ``None``: not in the data."""

    async def cohort(
        self, entitlement: Entitlement, version_id: str, query: CohortQuery
    ) -> tuple[VersionAnswering, list[Group], list[Cell]]:
        """The groups counted, and the finest cells of the data."""

    async def warm(self, entitlement: Entitlement, version_id: str) -> bool:
        """Make a room ready before anybody asks; whether one was made."""


@dataclass(frozen=True)
class ProductOffered:
    """What catalog says of a product."""

    product_id: str
    dataset_id: str
    name: str
    specification: str
    specification_digest: str
    authorisation_id: str
    latest_version_id: str


class Catalog(Protocol):
    """What is on offer, and its bytes."""

    async def product(self, product_id: str) -> ProductOffered:
        """A product as it stands."""

    async def authorised_until(self, authorisation_id: str) -> datetime:
        """When the authorisation's term is over."""

    async def manifest(self, version_id: str) -> Manifest:
        """The files of a version, checked against its digest."""

    def read_file(self, version_id: str, file_name: str) -> AsyncIterator[bytes]:
        """The bytes of a file as they come, not yet verified."""

    def index_subjects(self, version_id: str, contract_key: bytes) -> AsyncIterator[Sequence[tuple[str, str, str]]]:
        """Row token, subject token and identity pseudonym of each person, in batches."""


class Trade(Protocol):
    """Where a use's price is held."""

    async def hold_for_use(self, use: Use) -> int:
        """The fen held; zero when the case is charged already. Idempotent by use id."""


@dataclass(frozen=True)
class PartyKnown:
    """A party as onboarding knows it: its name, its keys (id → JWK) in use, and a person's pseudonym."""

    party_id: str
    name: str
    keys: Mapping[str, Mapping[str, Any]]  # Any: a JWK's members
    identity_pseudonym: str


class Parties(Protocol):
    """Who takes part."""

    async def party(self, party_id: str, at: datetime) -> PartyKnown:
        """A party, with the keys that are in use at the moment."""


class Seal(Protocol):
    """Keeps secrets at rest."""

    def seal(self, data: bytes) -> bytes:
        """Encrypt."""

    def unseal(self, sealed: bytes) -> bytes:
        """Decrypt."""

    def derived(self, label: str) -> bytes:
        """A further key for one stated purpose."""


@dataclass(frozen=True)
class Limits:
    """What an operator may set."""

    abandon_after_seconds: float = 60.0
    link_seconds: float = 60.0
    cohort_populations_max: int = 2000


@dataclass(frozen=True)
class Delivering:
    """All that delivery needs."""

    work: Callable[..., AbstractAsyncContextManager[Work]]
    catalog: Catalog
    trade: Trade
    parties: Parties
    rooms: Rooms
    sealer: Seal
    limits: Limits = field(default_factory=Limits)


MODES_ON_ROWS = frozenset({Mode.UNDERWRITING, Mode.COHORT})
