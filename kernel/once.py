"""Idempotency keys: what was done under a key is done once, and answered the same ever after."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from kernel.refusals import Conflict, Malformed


class KeyReused(Malformed):
    """This Idempotency-Key was used with another request. Send a new key for a new request."""

    zh = "该 Idempotency-Key 已用于另一请求。新的请求请使用新的键。"


class KeyUnfinished(Conflict):
    """The first attempt under this key is not finished. It goes on by itself: read `resource`, or ask again shortly."""

    zh = "该键下的首次请求尚未完成，系统会自动继续。请读取 resource 所示资源，或稍后再试。"


class OutcomeShownOnce(Conflict):
    """This was done, and its secret answer was shown once and is not kept. Use a new key to have a new one made."""

    zh = "该操作已完成，其保密结果只显示一次且不予保存。如需重新生成，请使用新的键。"


class Replayed(Exception):  # noqa: N818 - not an error: the way out to the edge with the kept answer
    """The key is known and its outcome kept."""

    def __init__(self, status: int, body: bytes, media_type: str) -> None:
        super().__init__("replayed")
        self.status, self.body, self.media_type = status, body, media_type


@dataclass
class Once:
    """A key as it came in, with how the edge writes an outcome down."""

    party_id: str
    route: str
    key: str
    request_sha256: str
    render: Callable[[object], tuple[int, bytes]]
    secret: bool = False
    claimed: bool = False
    settled: bool = False
    resource: str | None = None

    def __post_init__(self) -> None:
        self._place = {"party_id": self.party_id, "route": self.route, "key": self.key}

    async def claim(self, conn: AsyncConnection) -> None:
        """Take the key in this transaction, or leave with what it led to before."""
        if self.claimed:
            return
        taken = await conn.scalar(_CLAIM, {**self._place, "request_sha256": self.request_sha256})
        if taken is None:
            await self._leave(conn)
        self.claimed = True

    async def recall(self, conn: AsyncConnection) -> None:
        """Leave with what the key led to before, if it led to anything; takes nothing.

        For an operation that asks others before its one transaction, so that a stop in between leaves no key behind
        that nobody will finish.
        """
        if await conn.scalar(_KNOWN, self._place):
            await self._leave(conn)

    async def _leave(self, conn: AsyncConnection) -> None:
        row = (await conn.execute(_READ, self._place)).one()
        if row.request_sha256 != self.request_sha256:
            raise KeyReused
        if row.status is None:
            raise KeyUnfinished(**({"resource": row.resource} if row.resource else {}))
        if row.body is None:
            raise OutcomeShownOnce
        raise Replayed(row.status, row.body, row.media_type)

    async def store(
        self, conn: AsyncConnection, status: int, body: bytes | None, media_type: str = "application/json"
    ) -> None:
        """Keep the outcome; a key that has one keeps it."""
        values = {
            **self._place, "request_sha256": self.request_sha256, "status": status,
            "body": body, "media_type": media_type, "resource": self.resource,
        }  # fmt: skip
        await conn.execute(_STORE, values)

    async def store_result(self, conn: AsyncConnection, result: object) -> None:
        """Keep the outcome that the edge will write for this result."""
        status, body = self.render(result)
        await self.store(conn, status, None if self.secret else body)


_CLAIM = text("""
    INSERT INTO idempotency_keys (party_id, route, key, request_sha256)
    VALUES (:party_id, :route, :key, :request_sha256)
    ON CONFLICT DO NOTHING RETURNING 1""")
_KNOWN = text(
    "SELECT EXISTS (SELECT FROM idempotency_keys WHERE party_id = :party_id AND route = :route AND key = :key)"
)
_READ = text("""
    SELECT request_sha256, resource, status, body, media_type FROM idempotency_keys
    WHERE party_id = :party_id AND route = :route AND key = :key""")
_STORE = text("""
    INSERT INTO idempotency_keys (party_id, route, key, request_sha256, resource, status, body, media_type)
    VALUES (:party_id, :route, :key, :request_sha256, :resource, :status, :body, :media_type)
    ON CONFLICT (party_id, route, key) DO UPDATE
    SET status = COALESCE(excluded.status, idempotency_keys.status), body = excluded.body,
        media_type = excluded.media_type, resource = COALESCE(excluded.resource, idempotency_keys.resource)
    WHERE idempotency_keys.status IS NULL""")
PROMISE = text("""
    UPDATE idempotency_keys SET resource = :resource WHERE party_id = :party_id AND route = :route AND key = :key""")
