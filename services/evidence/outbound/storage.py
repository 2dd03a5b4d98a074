"""Evidence's collections in PostgreSQL."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Row, exists, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as insert_unless_there

from evidence.domain.checkpoint import Checkpoint
from evidence.domain.deposit import Deposit, DepositState
from evidence.domain.log import Log
from evidence.domain.refusals import DepositNotFound
from evidence.domain.tree import Node
from evidence.outbound import tables
from kernel.connection import Connection
from kernel.refusals import StateChanged
from kernel.work import UnitOfWork


class SqlLogs:
    """The log's one row."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def find(self) -> Log | None:
        """See ``Logs``."""
        row = (await self._conn.execute(select(tables.logs))).one_or_none()
        return _log(row) if row else None

    async def hold(self) -> Log:
        """See ``Logs``."""
        return _log((await self._conn.execute(select(tables.logs).with_for_update())).one())

    async def add(self, log: Log) -> None:
        """See ``Logs``."""
        values = {"origin": log.origin, "vkey": log.vkey, "sealed_seed": log.sealed_seed,
                  "created_at": log.created_at, "size": log.size}  # fmt: skip
        await self._conn.execute(insert_unless_there(tables.logs).values(values).on_conflict_do_nothing())

    async def grow(self, old: Log, new: Log) -> None:
        """See ``Logs``."""
        place = (tables.logs.c.origin == old.origin, tables.logs.c.size == old.size)
        changed = await self._conn.execute(update(tables.logs).where(*place).values(size=new.size))
        if changed.rowcount != 1:
            raise StateChanged


class SqlDeposits:
    """Deposits by digest."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def add(self, deposits: Sequence[Deposit]) -> None:
        """See ``Deposits``."""
        self._conn.later(_WAIT, {
            "digests": [deposit.sha256 for deposit in deposits],
            "sm3": [deposit.sm3 for deposit in deposits],
            "sizes": [deposit.size_bytes for deposit in deposits],
            "leaves": [deposit.leaf_hash for deposit in deposits],
            "topics": [deposit.topic for deposit in deposits],
            "events": [deposit.event_id for deposit in deposits],
            "aggregates": [deposit.aggregate_id for deposit in deposits],
            "moments": [deposit.recorded_at for deposit in deposits],
            "state": DepositState.PENDING,
        })  # fmt: skip

    async def get(self, sha256: str) -> Deposit:
        """See ``Deposits``."""
        row = (
            await self._conn.execute(select(tables.deposits).where(tables.deposits.c.sha256 == sha256))
        ).one_or_none()
        if row is None:
            raise DepositNotFound(sha256=sha256)
        return _deposit(row)

    async def wait(self) -> bool:
        """See ``Deposits``."""
        return bool(await self._conn.scalar(select(exists().where(tables.deposits.c.state == DepositState.PENDING))))

    async def waiting(self, limit: int) -> list[Deposit]:
        """See ``Deposits``."""
        waiting = select(tables.deposits).where(tables.deposits.c.state == DepositState.PENDING)
        rows = (await self._conn.execute(waiting.order_by(tables.deposits.c.arrival).limit(limit))).all()
        return [_deposit(row) for row in rows]

    async def place(self, deposits: Sequence[Deposit]) -> None:
        """See ``Deposits``."""
        values = {
            "digests": [deposit.sha256 for deposit in deposits],
            "indexes": [deposit.index for deposit in deposits],
            "moments": [deposit.deposited_at for deposit in deposits],
        }
        if (await self._conn.execute(_PLACE, values)).rowcount != len(deposits):
            raise StateChanged

    async def entries(self, after: int, limit: int) -> list[Deposit]:
        """See ``Deposits``."""
        behind = select(tables.deposits).where(tables.deposits.c.log_index > after)
        rows = (await self._conn.execute(behind.order_by(tables.deposits.c.log_index).limit(limit))).all()
        return [_deposit(row) for row in rows]


class SqlNodes:
    """The complete subtrees' hashes."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def get(self, wanted: Iterable[Node]) -> Mapping[Node, bytes]:
        """See ``Nodes``; a hash that is missing is a fault of the log, not of the caller."""
        places = list(wanted)
        values = {"levels": [node.level for node in places], "places": [node.place for node in places]}
        return {Node(row.level, row.place): row.hash for row in await self._conn.execute(_NODES, values)}

    async def add(self, nodes: Mapping[Node, bytes]) -> None:
        """See ``Nodes``."""
        rows = [{"level": node.level, "place": node.place, "hash": value} for node, value in nodes.items()]
        await self._conn.execute(insert(tables.nodes), rows)


class SqlCheckpoints:
    """What was signed."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def add(self, checkpoint: Checkpoint) -> None:
        """See ``Checkpoints``."""
        values = {"size": checkpoint.size, "origin": checkpoint.origin, "root": checkpoint.root,
                  "note": checkpoint.note, "signed_at": checkpoint.signed_at}  # fmt: skip
        await self._conn.execute(insert(tables.checkpoints).values(values))

    async def newest(self) -> Checkpoint | None:
        """See ``Checkpoints``."""
        query = select(tables.checkpoints).order_by(tables.checkpoints.c.size.desc()).limit(1)
        row = (await self._conn.execute(query)).one_or_none()
        return _checkpoint(row) if row else None

    async def at(self, size: int) -> Checkpoint | None:
        """See ``Checkpoints``."""
        query = select(tables.checkpoints).where(tables.checkpoints.c.size == size)
        row = (await self._conn.execute(query)).one_or_none()
        return _checkpoint(row) if row else None


class SqlWork(UnitOfWork):
    """One transaction of evidence."""

    logs: SqlLogs
    deposits: SqlDeposits
    nodes: SqlNodes
    checkpoints: SqlCheckpoints

    async def opened(self) -> None:
        """Hang the collections on the transaction."""
        self.logs, self.deposits = SqlLogs(self.conn), SqlDeposits(self.conn)
        self.nodes, self.checkpoints = SqlNodes(self.conn), SqlCheckpoints(self.conn)


# Any in the rows: a table's columns are typed by the table, not by the row.
def _log(row: Row[tuple[object, ...]]) -> Log:
    return Log(row.origin, row.vkey, row.sealed_seed, row.created_at, row.size)


def _deposit(row: Row[tuple[object, ...]]) -> Deposit:
    return Deposit(
        sha256=row.sha256, sm3=row.sm3, size_bytes=row.size_bytes, leaf_hash=row.leaf_hash,
        topic=row.topic, event_id=row.event_id, aggregate_id=row.aggregate_id, recorded_at=row.recorded_at,
        state=DepositState(row.state), index=row.log_index, deposited_at=row.deposited_at,
    )  # fmt: skip


def _checkpoint(row: Row[tuple[object, ...]]) -> Checkpoint:
    return Checkpoint(row.origin, row.size, row.root, row.note, row.signed_at)


_NODES = text("""
    SELECT nodes.level, nodes.place, nodes.hash
    FROM unnest(CAST(:levels AS smallint[]), CAST(:places AS bigint[])) AS wanted(level, place)
    JOIN nodes ON nodes.level = wanted.level AND nodes.place = wanted.place""")
_WAIT = text("""
    INSERT INTO deposits (sha256, sm3, size_bytes, leaf_hash, topic, event_id, aggregate_id, recorded_at, state)
    SELECT d.sha256, d.sm3, d.size_bytes, d.leaf_hash, d.topic, d.event_id, d.aggregate_id, d.recorded_at,
           CAST(:state AS text)
    FROM unnest(CAST(:digests AS text[]), CAST(:sm3 AS text[]), CAST(:sizes AS bigint[]), CAST(:leaves AS bytea[]),
                CAST(:topics AS text[]), CAST(:events AS text[]), CAST(:aggregates AS text[]),
                CAST(:moments AS timestamptz[]))
         WITH ORDINALITY AS d(sha256, sm3, size_bytes, leaf_hash, topic, event_id, aggregate_id, recorded_at, turn)
    ORDER BY d.turn
    ON CONFLICT (sha256) DO NOTHING""")
_PLACE = text("""
    UPDATE deposits SET state = 'DEPOSITED', log_index = placed.log_index, deposited_at = placed.deposited_at
    FROM unnest(CAST(:digests AS text[]), CAST(:indexes AS bigint[]), CAST(:moments AS timestamptz[]))
         AS placed(sha256, log_index, deposited_at)
    WHERE deposits.sha256 = placed.sha256 AND deposits.state = 'PENDING'""")
