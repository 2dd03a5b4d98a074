"""What evidence needs of the outside."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from evidence.domain.checkpoint import Checkpoint
from evidence.domain.deposit import Deposit
from evidence.domain.log import Log
from evidence.domain.tree import Node
from kernel.work import Ticket


class Logs(Protocol):
    """The one log that this service keeps."""

    async def find(self) -> Log | None:
        """The log, once it was opened."""

    async def hold(self) -> Log:
        """The log, with its row locked until the end of the transaction: positions are given one holder at a time."""

    async def add(self, log: Log) -> None:
        """Open the log; when another opened it meanwhile, that one stays."""

    async def grow(self, old: Log, new: Log) -> None:
        """Keep the new size; refused when the old one is no longer so."""


class Deposits(Protocol):
    """Deposits by the SHA-256 of their bytes."""

    async def add(self, deposits: Sequence[Deposit]) -> None:
        """Keep them as waiting, in this order; bytes that are there already stay as they are."""

    async def get(self, sha256: str) -> Deposit:
        """The deposit of these bytes; refused when there is none."""

    async def wait(self) -> bool:
        """Whether any waits for a position."""

    async def waiting(self, limit: int) -> list[Deposit]:
        """Those that wait, in order of arrival."""

    async def place(self, deposits: Sequence[Deposit]) -> None:
        """Keep the positions given."""

    async def entries(self, after: int, limit: int) -> list[Deposit]:
        """Those in the log behind a position, in its order."""


class Nodes(Protocol):
    """The complete subtrees' hashes."""

    async def get(self, wanted: Iterable[Node]) -> Mapping[Node, bytes]:
        """The hashes of these."""

    async def add(self, nodes: Mapping[Node, bytes]) -> None:
        """Keep what was completed."""


class Checkpoints(Protocol):
    """What was signed."""

    async def add(self, checkpoint: Checkpoint) -> None:
        """Keep one."""

    async def newest(self) -> Checkpoint | None:
        """The one of the largest size."""

    async def at(self, size: int) -> Checkpoint | None:
        """The one that was signed at this size."""


class Work(Protocol):
    """One transaction of this service."""

    @property
    def now(self) -> datetime:
        """Business time."""

    @property
    def logs(self) -> Logs:
        """The log."""

    @property
    def deposits(self) -> Deposits:
        """The deposits."""

    @property
    def nodes(self) -> Nodes:
        """The tree's complete subtrees."""

    @property
    def checkpoints(self) -> Checkpoints:
        """What was signed."""

    def tell(self, event: object, *, about: str, deposit: bytes | None = None) -> None:
        """Let the others know, once this is committed."""


class Seal(Protocol):
    """Keeps secrets at rest."""

    def seal(self, data: bytes) -> bytes:
        """Encrypt."""

    def unseal(self, sealed: bytes) -> bytes:
        """Decrypt."""


@dataclass(frozen=True)
class Recording:
    """All that evidence needs; ``origin`` names a log that is opened for the first time."""

    work: Callable[[Ticket], AbstractAsyncContextManager[Work]]
    sealer: Seal
    origin: str
