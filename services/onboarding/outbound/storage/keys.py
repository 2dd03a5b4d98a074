"""Parties' public keys, and the market's own signing keys."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Row, func, insert, or_, select, text, update

from kernel.calendar import SHANGHAI
from kernel.connection import Connection
from kernel.refusals import StateChanged
from kernel.sealing import Sealer
from onboarding.domain.doors import KeyAlreadyRegistered
from onboarding.domain.keys import PartyKey
from onboarding.domain.signing import PUBLISHED_AFTER_RETIREMENT, SigningKey
from onboarding.outbound.tables import party_key as keys
from onboarding.outbound.tables import signing_key as signing_keys

KEY_CONSTRAINTS = {"a_key_is_registered_once": KeyAlreadyRegistered}


class SqlPartyKeys:
    """The public keys of all parties."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def add(self, key: PartyKey) -> None:
        """Keep a new one; refused when it was registered before."""
        values = {
            "id": key.id, "party_id": key.party_id, "jwk": key.jwk, "thumbprint": key.thumbprint,
            "valid_from_at": key.valid_from_at, "valid_until_at": key.valid_until_at,
        }  # fmt: skip
        self._conn.later(insert(keys), values, KEY_CONSTRAINTS)

    async def find(self, key_id: str) -> PartyKey | None:
        """The key of this id, whosever it is."""
        row = (await self._conn.execute(select(keys).where(keys.c.id == key_id))).one_or_none()
        return _key(row) if row else None

    async def in_use(self, party_id: str) -> Sequence[PartyKey]:
        """The party's keys that were not replaced."""
        statement = select(keys).where(keys.c.party_id == party_id, keys.c.valid_until_at.is_(None))
        return [_key(row) for row in await self._conn.execute(statement.order_by(keys.c.id))]

    async def newest(self, party_id: str, limit: int) -> Sequence[PartyKey]:
        """The party's keys, newest first, the replaced ones too."""
        statement = select(keys).where(keys.c.party_id == party_id).order_by(keys.c.id.desc()).limit(limit)
        return [_key(row) for row in await self._conn.execute(statement)]

    async def end(self, key: PartyKey) -> None:
        """Keep that it was replaced, unless somebody else replaced it meanwhile."""
        statement = update(keys).where(keys.c.id == key.id, keys.c.valid_until_at.is_(None))
        if (await self._conn.execute(statement.values(valid_until_at=key.valid_until_at))).rowcount != 1:
            raise StateChanged

    async def page(self, party_id: str, limit: int, after: str) -> Sequence[PartyKey]:
        """The party's keys, oldest first, the replaced ones too."""
        statement = select(keys).where(keys.c.party_id == party_id, keys.c.id > after)
        return [_key(row) for row in await self._conn.execute(statement.order_by(keys.c.id).limit(limit))]


def _key(row: Row[tuple[object, ...]]) -> PartyKey:
    return PartyKey(
        id=row.id, party_id=row.party_id, jwk=row.jwk, thumbprint=row.thumbprint,
        valid_from_at=row.valid_from_at.astimezone(SHANGHAI),
        valid_until_at=row.valid_until_at.astimezone(SHANGHAI) if row.valid_until_at else None,
    )  # fmt: skip


class SqlSigningKeys:
    """The pairs that sign market tokens; private halves are sealed, and opened only for the active one."""

    def __init__(self, conn: Connection, sealer: Sealer) -> None:
        self._conn, self._sealer = conn, sealer

    async def active(self) -> SigningKey | None:
        """The one that signs now."""
        row = (await self._conn.execute(select(signing_keys).where(signing_keys.c.retired_at.is_(None)))).one_or_none()
        if row is None:
            return None
        return SigningKey(row.kid, row.public, self._sealer.unseal(row.private_sealed), row.active_from_at)

    async def take_turn(self) -> None:
        """Nobody else makes or retires a key until this transaction ends."""
        await self._conn.execute(text("SELECT pg_advisory_xact_lock(hashtext('signing_key'))"))

    async def add(self, key: SigningKey) -> None:
        """Keep a new one."""
        values = {
            "kid": key.kid, "public": key.public, "private_sealed": self._sealer.seal(key.private),
            "active_from_at": key.active_from_at,
        }  # fmt: skip
        await self._conn.execute(insert(signing_keys).values(values))

    async def retire(self, kid: str, at: datetime) -> None:
        """It signs no more, and its private half is gone for good."""
        values = {"retired_at": at, "private_sealed": b""}
        await self._conn.execute(update(signing_keys).where(signing_keys.c.kid == kid).values(values))

    async def published(self) -> Sequence[SigningKey]:
        """The active one and those whose last token may not have ended; without private halves."""
        recent = signing_keys.c.retired_at > func.now() - PUBLISHED_AFTER_RETIREMENT
        statement = select(signing_keys).where(or_(signing_keys.c.retired_at.is_(None), recent))
        rows = await self._conn.execute(statement.order_by(signing_keys.c.active_from_at.desc()))
        return [SigningKey(row.kid, row.public, b"", row.active_from_at, row.retired_at) for row in rows]
