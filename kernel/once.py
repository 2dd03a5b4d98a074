"""Idempotency keys: what was done under a key is done once, and answered the same ever after."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from kernel.connection import Connection
from kernel.refusals import Conflict, Malformed
from kernel.statements import Said


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

    @property
    def place(self) -> tuple[str, str, str]:
        """Under what it is kept."""
        return self.party_id, self.route, self.key

    async def recall(self, conn: Connection) -> None:
        """Leave with what the key led to before, if it led to anything; takes nothing.

        For an operation that asks others before its one transaction, so that a stop in between leaves no key behind
        that nobody will finish.
        """
        row = await conn.ask(_READ, *self.place)
        if row[0] is not None:
            self.leave(Known(*row))

    def leave(self, known: "Known") -> NoReturn:
        """Leave with what the key led to before."""
        if known.request_sha256 != self.request_sha256:
            raise KeyReused
        if known.status is None:
            raise KeyUnfinished(**({"resource": known.resource} if known.resource else {}))
        if known.body is None:
            raise OutcomeShownOnce
        raise Replayed(known.status, known.body, known.media_type)

    def kept(self, result: object, *, settles: bool) -> list[Said]:
        """What a transaction writes down: the key when it is new, its outcome when there is one.

        A key that somebody else took meanwhile breaks the index, and with it the whole transaction.
        """
        status, body = self.render(result) if settles else (None, None)
        if self.secret:
            body = None
        media_type = "application/json" if settles else None
        values = (*self.place, self.request_sha256, self.resource, status, body, media_type)
        if not self.claimed:
            return [Said(_TAKE, values, touches=True)]
        if settles:
            return [Said(f"{_TAKE} {_OR_SETTLE}", values, touches=True)]
        if self.resource is not None:
            return [Said(_PROMISE, (*self.place, self.resource), touches=True)]
        return []

    async def store(
        self, conn: Connection, status: int, body: bytes | None, media_type: str = "application/json"
    ) -> None:
        """Keep the outcome; a key that has one keeps it."""
        values = (*self.place, self.request_sha256, self.resource, status, body, media_type)
        await conn.send(Said(f"{_TAKE} {_OR_SETTLE}", values, touches=True))


@dataclass(frozen=True)
class Known:
    """What is kept under a key."""

    request_sha256: str
    resource: str | None
    status: int | None
    body: bytes | None
    media_type: str


_TAKE = """
    INSERT INTO idempotency_keys (party_id, route, key, request_sha256, resource, status, body, media_type)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"""
_OR_SETTLE = """
    ON CONFLICT (party_id, route, key) DO UPDATE
    SET status = COALESCE(excluded.status, idempotency_keys.status), body = excluded.body,
        media_type = excluded.media_type, resource = COALESCE(excluded.resource, idempotency_keys.resource)
    WHERE idempotency_keys.status IS NULL"""
_READ = """
    SELECT k.request_sha256, k.resource, k.status, k.body, k.media_type
    FROM (SELECT 1) AS one LEFT JOIN idempotency_keys k ON k.party_id = $1 AND k.route = $2 AND k.key = $3"""
_PROMISE = "UPDATE idempotency_keys SET resource = $4 WHERE party_id = $1 AND route = $2 AND key = $3"
