"""What rights needs of the outside: its collections, the catalog, the parties, the log, the store of papers."""
# long: what a service needs of the outside is read in one place

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol, TypeVar

from kernel.objects import ObjectStore
from kernel.once import Once
from rights.domain.certificate import Certificate
from rights.domain.encumbrance import Encumbrance, Unit
from rights.domain.filing import Subject
from rights.domain.objection import Objection
from rights.domain.registration import Registration
from rights.domain.reports import Report
from rights.domain.source_rights import Right
from rights.domain.states import RegistrationState

Result = TypeVar("Result")
Aggregate = TypeVar("Aggregate")


@dataclass(frozen=True)
class Wanted:
    """Which part of a list: so many, after the one named; columns that must be equal; a party; words in the name."""

    limit: int = 50
    after: str = ""
    equal: Mapping[str, str] | None = None
    party_id: str = ""
    words: str = ""
    submitted_only: bool = False


@dataclass(frozen=True)
class Content:
    """What a version consists of: digests of its files, its sketch and the marks by which copies are found."""

    version_id: str
    dataset_id: str
    lineage_root: str
    file_sha256s: Sequence[str]
    sketch: Mapping[str, Any]  # Any: JSON, the catalog's sketch
    marks: Sequence[str]


@dataclass(frozen=True)
class Likeness:
    """A version of another lineage that may be a copy; ``registered``: that very version is."""

    version_id: str
    lineage_root: str
    registration_id: str
    registered: bool
    same_bytes: bool
    encumbered: bool
    sketch: Mapping[str, Any]  # Any: JSON


@dataclass(frozen=True)
class Asset:
    """A dataset or product and its lineage; neither ever changes."""

    dataset_id: str
    product_id: str
    lineage_root: str
    owner_party_id: str


@dataclass(frozen=True)
class Remark:
    """What a service asked to have put on the certificates of an asset."""

    owner_service: str
    reference: str
    lineage_root: str
    remark: str


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


class Registrations(Rows[Registration], Protocol):
    """Registrations and their papers."""

    async def take_turn(self) -> None:
        """Submissions look at each other, so they come one after the other."""

    async def overdue(self, today: date, limit: int = 200) -> Sequence[str]:
        """Ids of those for which a day has passed that may bring something about, the oldest first."""

    async def in_states(self, states: Sequence[RegistrationState], limit: int = 200) -> Sequence[str]:
        """Ids of those in one of the states, the oldest first."""


class Objections(Rows[Objection], Protocol):
    """Objections."""

    async def of(self, registration_id: str) -> Sequence[Objection]:
        """All of a registration, the oldest first."""

    async def any_open(self, lineage_root: str) -> bool:
        """Whether one against a registration of this lineage is open."""


class Certificates(Rows[Certificate], Protocol):
    """Certificates and which units they carry."""

    async def next_number(self, year: int) -> str:
        """The next number of the year, without a gap; taken when this transaction commits."""

    async def carry(self, certificate: Certificate, units: Sequence[Unit], terms: Mapping[str, datetime]) -> None:
        """Let the certificate carry the units, each until its own term."""

    async def drop(self, number: str) -> None:
        """It carries nothing any more."""

    async def drop_units(self, unit_ids: Collection[str]) -> None:
        """No certificate carries these units any more."""

    async def of_lineage(self, lineage_root: str) -> Sequence[Certificate]:
        """All of a lineage, the newest first."""

    async def carried(self, numbers: Collection[str], at: datetime) -> Mapping[str, Sequence[Unit]]:
        """The units that each certificate carries at a moment."""

    async def stands(self, profile: str, asset_ids: Collection[str], at: datetime) -> bool:
        """Whether one of these has a certificate in force under the profile."""

    async def run_out(self, at: datetime) -> Sequence[str]:
        """Numbers of some that ran out and were not told of."""

    async def under(self, authorisation_id: str) -> Sequence[str]:
        """Numbers of those in force under an authorisation."""


class IssuerKeys(Protocol):
    """The keys that sign certificates, sealed at rest."""

    async def published(self) -> Sequence[dict[str, Any]]:
        """kid, jwk, valid_from, valid_until of every key; the first key is made when there is none. JSON."""

    async def sign(self, payload: bytes, typ: str) -> str:
        """A compact JWS by the key in use."""


class Registry(Protocol):
    """Units and what lies upon them: the one place where exclusive facts are decided."""

    async def lock(self, lineage_root: str, at: datetime) -> Sequence[Unit]:
        """All units of the lineage, locked in the order of their ids, behind the lock of the lineage itself."""

    async def units(self, lineage_root: str, at: datetime) -> Sequence[Unit]:
        """The same, for reading."""

    async def have_units(self, lineage_root: str, wanted: Collection[tuple[Right, str]]) -> Sequence[Unit]:
        """The units of these rights and holders, made when there are none."""

    async def live(self, lineage_root: str) -> Sequence[Encumbrance]:
        """What lies upon the lineage now, in the order in which it was placed."""

    async def all_of(self, lineage_root: str) -> Sequence[Encumbrance]:
        """What ever lay upon it, the newest first."""

    async def find(self, owner_service: str, reference: str, *, lock: bool = False) -> Encumbrance | None:
        """What a service placed under a reference, if anything."""

    async def get(self, encumbrance_id: str) -> Encumbrance | None:
        """By id."""

    async def place(self, encumbrance: Encumbrance) -> None:
        """Put it upon its units; refused when one of them was taken meanwhile."""

    async def save(self, encumbrance: Encumbrance) -> None:
        """Keep its new state."""

    async def next_fence(self) -> int:
        """A fencing version higher than every one before."""

    async def bar_reference(self, owner_service: str, reference: str) -> None:
        """Nothing can be reserved under it any more; takes the reference's lock."""

    async def is_barred(self, owner_service: str, reference: str) -> bool:
        """Whether that was done; takes the reference's lock, which comes before the lineage's."""

    async def annotate(self, remark: Remark) -> None:
        """Put a remark on, or take it off when it is empty."""

    async def remarks(self, lineage_root: str) -> Sequence[str]:
        """The remarks on the lineage's certificates."""


class Contents(Protocol):
    """What versions consist of, to find copies."""

    async def keep(self, content: Content) -> None:
        """Remember a version; once."""

    async def is_registered(self, lineage_root: str) -> bool:
        """Whether something of this lineage is registered or being registered."""

    async def like(self, content: Content) -> Sequence[Likeness]:
        """Versions in registered lineages other than its own that share bytes or marks with it."""


class Assets(Protocol):
    """The lineage of each dataset and product that was ever asked for."""

    async def find(self, asset_id: str) -> Asset | None:
        """By dataset or product id."""

    async def keep(self, asset: Asset) -> None:
        """Remember it."""


class Reports(Rows[Report], Protocol):
    """Reports."""

    async def of(self, dataset_id: str, product_id: str, kind: str = "") -> Sequence[Report]:
        """The reports on a product and on its dataset, the newest first."""


class Work(Protocol):
    """One transaction of rights."""

    now: datetime
    clock_moved: bool
    registrations: Registrations
    objections: Objections
    certificates: Certificates
    issuer_keys: IssuerKeys
    registry: Registry
    contents: Contents
    assets: Assets
    reports: Reports

    def tell(self, event: object, *, about: str, deposit: bytes | None = None) -> None:
        """Let the others know, once this is committed."""

    def settle(self, result: Result) -> Result:
        """Keep this as the outcome of the request's Idempotency-Key."""

    async def recall(self, once: Once) -> None:
        """Leave with what the key led to before, if it led to anything."""


@dataclass(frozen=True)
class Measured:
    """A version as the catalog profiled it; JSON."""

    subject: Subject
    content: Content
    quality: Sequence[Mapping[str, Any]]  # Any: JSON, the counted rules
    profile_sha256: str


class Catalog(Protocol):
    """What is on offer."""

    async def asset(self, dataset_id: str, product_id: str) -> Asset | None:
        """A dataset or product and its lineage, or nothing."""

    async def version(self, version_id: str, product_id: str = "") -> Measured | None:
        """A published version, as what it would be registered; nothing when there is none."""

    async def owners(self, dataset_ids: Sequence[str]) -> Collection[str]:
        """Who owns these datasets."""


@dataclass(frozen=True)
class PartyFacts:
    """What onboarding says of a party."""

    party_id: str
    approved: bool
    roles: frozenset[str]


class Parties(Protocol):
    """Who takes part, with which keys."""

    async def facts(self, party_id: str) -> PartyFacts:
        """A party as it stands; an unknown one is not approved."""

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


Papers = AsyncIterator[bytes]


@dataclass(frozen=True)
class Rules:
    """What an operator sets."""

    near_copy_ppm: int = 800_000
    grade_bands: Sequence[tuple[str, int]] = (("A", 900_000), ("B", 800_000), ("C", 600_000), ("D", 0))
    attachment_bytes_max: int = 50 * 1024 * 1024
    value_valid_months: int = 12


@dataclass(frozen=True)
class Registering:
    """All ports of rights."""

    work: Callable[..., AbstractAsyncContextManager[Work]]
    catalog: Catalog
    parties: Parties
    evidence: Evidence
    objects: ObjectStore
    rules: Rules = Rules()
