"""What catalog needs of the outside."""
# long: the ports of one service, read as a whole

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

from catalog.domain.authorisation import Authorisation, CeilingPrice
from catalog.domain.dataset import Dataset, Supply
from catalog.domain.derivation import Derivation
from catalog.domain.manifest import File
from catalog.domain.product import Product
from catalog.domain.upload import Upload
from catalog.domain.version import Version
from kernel.objects import Invitation, Watch
from kernel.once import Once
from kernel.work import Ticket

Result = TypeVar("Result")
Json = dict[str, Any]  # Any: JSON values


@dataclass(frozen=True)
class Look:
    """What a look at a version's bytes gave."""

    profile: Json
    sketch: Json
    sample: list[Json]


@dataclass(frozen=True)
class Entry:
    """One thing that can be found."""

    id: str
    kind: str
    title: str
    title_en: str
    description: str
    description_en: str
    theme: str
    form: str
    lineage_root: str
    published_at: datetime
    badges: tuple[Json, ...] = ()


@dataclass(frozen=True)
class Question:
    """What is searched for; empty fields do not matter."""

    words: str
    theme: str
    form: str
    kind: str


class Authorisations(Protocol):
    """Authorisations and their ceiling prices."""

    async def add(self, authorisation: Authorisation) -> None:
        """Keep a new one."""

    async def get(self, authorisation_id: str) -> Authorisation:
        """One; refused when there is none."""

    async def save(self, authorisation: Authorisation) -> None:
        """Keep its new state; refused when somebody changed it meanwhile."""

    async def page(self, limit: int, after: str) -> list[Authorisation]:
        """Newest first."""

    async def add_ceiling(self, ceiling: CeilingPrice) -> None:
        """Keep a ceiling price; the newest of a product counts."""

    async def ceilings(self, authorisation_id: str, limit: int, after: str) -> list[CeilingPrice]:
        """Newest first."""


class Datasets(Protocol):
    """Datasets and to whom they are supplied."""

    async def add(self, dataset: Dataset) -> None:
        """Keep a new one."""

    async def get(self, dataset_id: str, *, hold: bool = False) -> Dataset:
        """One, with its row locked if it is to be held; refused when there is none."""

    async def save(self, dataset: Dataset) -> None:
        """Keep its newest version; refused when somebody changed it meanwhile."""

    async def page(self, party_id: str, limit: int, after: str) -> list[Dataset]:
        """Published ones and the party's own, newest first."""

    async def supply(self, supply: Supply) -> None:
        """Keep a supply; refused when it stands already."""

    async def supplies(self, dataset_id: str, operator_party_id: str) -> list[Supply]:
        """To this operator."""


class Versions(Protocol):
    """Versions and their files."""

    async def add(self, version: Version) -> None:
        """Keep a new one."""

    async def get(self, version_id: str, *, hold: bool = False) -> Version:
        """One with its files; refused when there is none."""

    async def add_file(self, version_id: str, file: File) -> None:
        """Keep a file, in the place of one of the same name."""

    async def save(self, version: Version) -> None:
        """Keep its new state; refused when somebody changed it meanwhile."""

    async def keep_look(self, version_id: str, look: Look) -> None:
        """Keep what was seen in its bytes."""

    async def look(self, version_id: str) -> Look:
        """What was seen."""

    async def page(self, dataset_id: str, limit: int, after: str, *, published_only: bool) -> list[Version]:
        """Newest first."""

    async def count_published(self, dataset_id: str) -> int:
        """How many stand."""

    async def unfinished(self, limit: int) -> list[Version]:
        """Those being derived or looked at, oldest first."""


class Uploads(Protocol):
    """Tickets for files that are brought straight to the object store."""

    async def add(self, upload: Upload) -> None:
        """Keep a new one."""

    async def get(self, upload_id: str) -> Upload | None:
        """One, if there is one."""

    async def older_than(self, seconds: int, limit: int) -> list[Upload]:
        """Those opened longer ago than that, oldest first."""

    async def remove(self, upload_ids: Sequence[str]) -> None:
        """Forget them."""


class Derivations(Protocol):
    """Recipes carried out."""

    async def add(self, derivation: Derivation) -> None:
        """Keep a new one."""

    async def get(self, derivation_id: str) -> Derivation:
        """One; refused when there is none."""

    async def of_version(self, version_id: str) -> Derivation | None:
        """The one that made a version."""


class Products(Protocol):
    """Products with their ceiling prices."""

    async def add(self, product: Product) -> None:
        """Keep a new one."""

    async def get(self, product_id: str) -> Product:
        """One; refused when there is none."""

    async def save(self, product: Product) -> None:
        """Keep its new state."""

    async def page(self, party_id: str, limit: int, after: str) -> list[Product]:
        """Published ones and the party's own, newest first."""


class Entries(Protocol):
    """What search finds."""

    async def put(self, entry: Entry) -> None:
        """Let it be found, in the place of what stood there."""

    async def put_badge(self, subject_id: str, badge: Json) -> None:
        """Show a badge (by its `reference`) on a dataset, a product or a whole lineage."""

    async def drop_badge(self, reference: str) -> None:
        """Show it no more."""

    async def find(
        self, question: Question, limit: int, after: str
    ) -> tuple[list[Entry], dict[str, dict[str, int]], int]:
        """A page of what fits, counts by theme, form and kind, and how many fit in all."""


class IdentityKeys(Protocol):
    """The identity verifier's key, sealed."""

    async def get(self) -> tuple[bytes, datetime] | None:
        """The sealed key and when it came."""

    async def add(self, party_id: str, sealed: bytes, at: datetime) -> None:
        """Keep it."""


@dataclass(frozen=True)
class Invited:
    """A ticket, and where to bring its bytes until when."""

    upload: Upload
    invitation: Invitation
    begin_before: datetime


class Work(Protocol):
    """One transaction of this service."""

    @property
    def now(self) -> datetime:
        """Business time."""

    @property
    def machine_now(self) -> datetime:
        """The database's own clock, for tickets and leases."""

    @property
    def authorisations(self) -> Authorisations:
        """Authorisations and ceilings."""

    @property
    def datasets(self) -> Datasets:
        """Datasets and supplies."""

    @property
    def versions(self) -> Versions:
        """Versions."""

    @property
    def uploads(self) -> Uploads:
        """Tickets."""

    @property
    def derivations(self) -> Derivations:
        """Derivations."""

    @property
    def products(self) -> Products:
        """Products."""

    @property
    def entries(self) -> Entries:
        """What search finds."""

    @property
    def identity_keys(self) -> IdentityKeys:
        """The identity verifier's key."""

    def tell(self, event: object, *, about: str, deposit: bytes | None = None) -> None:
        """Let the others know, once this is committed."""

    def settle(self, result: Result) -> Result:
        """Keep this as the outcome of the request's key."""

    async def recall(self, once: Once) -> None:
        """Leave with what the key led to before."""


class ByteStore(Protocol):
    """The bytes of files, by their SHA-256."""

    async def keep(self, stream: AsyncIterator[bytes], name: str, *, limit_bytes: int) -> File:
        """Keep the bytes of a file; nothing stays behind when the stream fails."""

    def need_direct(self) -> None:
        """Refuse where clients cannot reach the store."""

    def invite(self, upload: Upload, seconds: int) -> Invited:
        """Where the bytes of the ticket may be brought, begun within so many seconds of its opening."""

    async def admit(self, upload: Upload, watch: Watch) -> File:
        """Keep what was brought by the ticket, once it has passed the watch; ``ObjectMissing`` when nothing was."""

    async def discard(self, upload: Upload) -> None:
        """Remove what was brought by the ticket, if anything was."""

    def read(self, sha256: str) -> AsyncIterator[bytes]:
        """The bytes in pieces of at most 1 MiB."""

    def at_hand(self, digests: Mapping[str, str]) -> AbstractAsyncContextManager[Mapping[str, Path]]:
        """``{name: sha256}`` as files to read, while the block lasts."""

    def folder(self) -> AbstractAsyncContextManager[Path]:
        """An empty folder, gone after the block."""

    def pieces(self, path: Path) -> AsyncIterator[bytes]:
        """A file of that folder, as a stream."""


class WorkerFailed(Exception):  # noqa: N818 - so far as is known not the data's fault: the saga tries again some times
    """A worker broke down, or was late and killed."""


class Workers(Protocol):
    """Looks at bytes in processes of their own."""

    async def look(
        self, form: str, files: Mapping[str, Path], as_of: date, *, subject: Mapping[str, str] | None,
        persons: bool, governed: bool,
    ) -> Look:  # fmt: skip
        """Profile, sketch and sample; ``governed``: refuse when direct identifiers are found."""

    async def derive(
        self, files: Mapping[str, Path], recipe: Mapping[str, Any], key: bytes, as_of: date, to: Path
    ) -> Mapping[str, Path]:
        """Carry a recipe out into a folder."""

    def index(
        self, name: str, path: Path, columns: tuple[str, str], keys: Sequence[bytes]
    ) -> AsyncIterator[list[tuple[str, str, str]]]:
        """Batches of (row token, subject token, identity pseudonym)."""


class Seal(Protocol):
    """Keeps secrets at rest."""

    def seal(self, data: bytes) -> bytes:
        """Encrypt."""

    def unseal(self, sealed: bytes) -> bytes:
        """Decrypt."""


@dataclass(frozen=True)
class Cataloguing:
    """All that catalog needs."""

    work: Callable[[Ticket], AbstractAsyncContextManager[Work]]
    bytes: ByteStore
    workers: Workers
    sealer: Seal
    file_bytes_max: int
    upload_seconds: int
    attempts_max: int
