"""Evidence over HTTP: public reading only."""

from base64 import b64encode
from datetime import datetime
from typing import Annotated, Self

from fastapi import Depends, Path, Query, Request
from fastapi.responses import PlainTextResponse

from evidence.domain.deposit import Deposit, DepositState
from evidence.domain.log import Log
from evidence.ports import Recording
from evidence.use_cases import deposits, logs, proofs
from evidence.use_cases.proofs import Consistency
from kernel.web import PUBLIC, Digest, Router, View

ENTRIES_MAX = 1000
SIZE_MAX = 2**62

router = Router(tags=["evidence"])


async def ports_of(request: Request) -> Recording:
    """This service's ports."""
    ports: Recording = request.app.state.ports
    return ports


Ports = Annotated[Recording, Depends(ports_of)]
Sha256 = Annotated[Digest, Path(description="SHA-256 of the deposited bytes, lower-case hex.")]
Size = Annotated[int, Query(ge=0, le=SIZE_MAX)]


class KeyView(View):
    """The log's name, and the key to pin."""

    origin: str
    vkey: str
    created_at: datetime

    @classmethod
    def of(cls, log: Log) -> Self:
        """From the log."""
        return cls(origin=log.origin, vkey=log.vkey, created_at=log.created_at)


class DepositView(View):
    """A deposit and where it stands."""

    sha256: str
    sm3: str
    size_bytes: int
    leaf_hash: str
    state: DepositState
    index: int | None
    topic: str
    event_id: str
    aggregate_id: str
    recorded_at: datetime
    deposited_at: datetime | None

    @classmethod
    def of(cls, deposit: Deposit) -> Self:
        """From the deposit."""
        return cls(
            sha256=deposit.sha256, sm3=deposit.sm3, size_bytes=deposit.size_bytes, leaf_hash=deposit.leaf_hash.hex(),
            state=deposit.state, index=deposit.index, topic=deposit.topic, event_id=deposit.event_id,
            aggregate_id=deposit.aggregate_id, recorded_at=deposit.recorded_at, deposited_at=deposit.deposited_at,
        )  # fmt: skip


class EntryView(View):
    """One entry, as a monitor needs it."""

    index: int
    sha256: str
    leaf_hash: str


class EntriesView(View):
    """A page of the log, in its order; ``next`` is null on the last page."""

    items: list[EntryView]
    next: int | None

    @classmethod
    def of(cls, page: list[Deposit], limit: int) -> Self:
        """From the deposits of the page."""
        items = [
            EntryView(index=entry.index, sha256=entry.sha256, leaf_hash=entry.leaf_hash.hex())
            for entry in page
            if entry.index is not None
        ]
        return cls(items=items, next=items[-1].index if len(items) == limit else None)


class ConsistencyView(View):
    """Two sizes, their roots (hex), and the proof (base64) that the first tree is the beginning of the second."""

    from_size: int
    to_size: int
    from_root: str
    to_root: str
    proof: list[str]

    @classmethod
    def of(cls, proved: Consistency) -> Self:
        """From the proof."""
        return cls(
            from_size=proved.from_size, to_size=proved.to_size,
            from_root=proved.from_root.hex(), to_root=proved.to_root.hex(),
            proof=[b64encode(value).decode() for value in proved.path],
        )  # fmt: skip


@router.get("/key", dependencies=[PUBLIC])
async def read_key(recording: Ports) -> KeyView:
    """The key that signs checkpoints. Pin it; do not take it from where a proof came from."""
    return KeyView.of(await logs.open_log(recording))


@router.get("/checkpoint", dependencies=[PUBLIC], response_class=PlainTextResponse)
async def read_newest_checkpoint(recording: Ports) -> PlainTextResponse:
    """The newest C2SP checkpoint."""
    return PlainTextResponse((await logs.read_newest_checkpoint(recording)).note)


@router.get("/checkpoints/{size}", dependencies=[PUBLIC], response_class=PlainTextResponse)
async def read_checkpoint(size: Annotated[int, Path(ge=0, le=SIZE_MAX)], recording: Ports) -> PlainTextResponse:
    """The checkpoint that was signed at this size."""
    return PlainTextResponse((await logs.read_checkpoint(recording, size)).note)


@router.get("/deposits/{sha256}", dependencies=[PUBLIC])
async def read_deposit(sha256: Sha256, recording: Ports) -> DepositView:
    """A deposit by the digest of its bytes."""
    return DepositView.of(await deposits.read_deposit(recording, sha256))


@router.get("/deposits/{sha256}/proof", dependencies=[PUBLIC], response_class=PlainTextResponse)
async def read_proof(sha256: Sha256, recording: Ports) -> PlainTextResponse:
    """The proof that the bytes stand in the log, as a c2sp.org/tlog-proof@v1 file."""
    return PlainTextResponse((await proofs.prove_inclusion(recording, sha256)).text)


@router.get("/consistency", dependencies=[PUBLIC])
async def read_consistency(from_size: Size, to_size: Size, recording: Ports) -> ConsistencyView:
    """The proof that the log only grew between two sizes (RFC 6962 2.1.2)."""
    return ConsistencyView.of(await proofs.prove_consistency(recording, from_size, to_size))


@router.get("/entries", dependencies=[PUBLIC])
async def read_entries(
    recording: Ports,
    after: Annotated[int, Query(ge=-1, le=SIZE_MAX)] = -1,
    limit: Annotated[int, Query(ge=1, le=ENTRIES_MAX)] = 100,
) -> EntriesView:
    """The log's entries behind a position, so that anybody can recompute the tree."""
    return EntriesView.of(await deposits.read_entries(recording, after, limit), limit)
