"""Trade certificates and the keys that sign them."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text

from kernel.calendar import SHANGHAI
from kernel.connection import Connection
from kernel.ids import new_id
from kernel.sealing import Sealer
from kernel.signatures import key_from, new_key, private_bytes, public_jwk, sign_compact
from trading.domain.certificates import TradeCertificate, number_of
from trading.domain.refusals import CertificateNotFound
from trading.outbound import tables
from trading.outbound.storage.rows import SqlRows

# Dates of keys tell apart which of several signed; the first has no predecessor, so it is valid from the beginning.
FIRST_KEY_VALID_FROM = datetime(2020, 1, 1, tzinfo=SHANGHAI)


class SqlCertificates(SqlRows[TradeCertificate]):
    """See ``ports.Certificates``."""

    def __init__(self, conn: Connection) -> None:
        super().__init__(conn, tables.certificates, TradeCertificate, CertificateNotFound)

    async def next_number(self, year: int) -> str:
        """The next number of the year; gap-free, since the counter's row is locked until the commit."""
        return number_of(year, int(await self._conn.scalar(_COUNT, {"year": year}) or 0))


class SqlIssuerKeys:
    """See ``ports.IssuerKeys``."""

    def __init__(self, conn: Connection, sealer: Sealer) -> None:
        self._conn, self._sealer = conn, sealer

    async def published(self) -> Sequence[dict[str, Any]]:
        """Every key with its dates; JSON."""
        await self._have_one()
        rows = await self._conn.execute(_KEYS)
        return [
            {
                "kid": row.kid, "jwk": row.jwk if isinstance(row.jwk, dict) else json.loads(row.jwk),
                "valid_from": row.valid_from.astimezone(SHANGHAI).isoformat(),
                "valid_until": row.valid_until.astimezone(SHANGHAI).isoformat() if row.valid_until else None,
            }
            for row in rows
        ]  # fmt: skip

    async def sign(self, payload: bytes, typ: str) -> str:
        """A compact JWS by the key in use."""
        await self._have_one()
        row = (await self._conn.execute(_IN_USE)).one()
        return sign_compact(payload, key_from(self._sealer.unseal(row.sealed_private)), row.kid, typ)

    async def _have_one(self) -> None:
        if await self._conn.scalar(_HAS_KEY):
            return
        key = new_key()
        await self._conn.execute(_ADD_KEY, {
            "kid": new_id("tky"), "jwk": json.dumps(public_jwk(key)),
            "valid_from": FIRST_KEY_VALID_FROM.astimezone(UTC), "sealed": self._sealer.seal(private_bytes(key)),
        })  # fmt: skip


_COUNT = text("""
    INSERT INTO certificate_counters AS c (year, last) VALUES (:year, 1)
    ON CONFLICT (year) DO UPDATE SET last = c.last + 1 RETURNING last""")
_HAS_KEY = text("SELECT EXISTS (SELECT FROM issuer_keys WHERE valid_until IS NULL)")
_IN_USE = text("SELECT kid, sealed_private FROM issuer_keys WHERE valid_until IS NULL")
_KEYS = text("SELECT kid, jwk, valid_from, valid_until FROM issuer_keys ORDER BY valid_from, kid")
_ADD_KEY = text("""
    INSERT INTO issuer_keys (kid, jwk, sealed_private, valid_from)
    VALUES (:kid, CAST(:jwk AS jsonb), :sealed, :valid_from) ON CONFLICT DO NOTHING""")
