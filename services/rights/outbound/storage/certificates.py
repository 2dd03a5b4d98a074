"""Certificates, the units they carry, and the keys that sign them."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, or_, select, text

from kernel.calendar import SHANGHAI
from kernel.connection import Connection
from kernel.ids import new_id
from kernel.sealing import Sealer
from kernel.signatures import key_from, new_key, private_bytes, public_jwk, sign_compact
from kernel.storage import refusing
from rights.domain.certificate import Certificate, number_of
from rights.domain.encumbrance import Unit
from rights.domain.refusals import AlreadyRegistered, CertificateNotFound
from rights.domain.source_rights import Right
from rights.outbound import tables
from rights.outbound.storage.rows import SqlRows
from rights.ports import Wanted

# Dates of keys tell apart which of several signed; the first has no predecessor, so it is valid from the beginning.
FIRST_KEY_VALID_FROM = datetime(2020, 1, 1, tzinfo=SHANGHAI)


class SqlCertificates(SqlRows[Certificate]):
    """See ``ports.Certificates``."""

    def __init__(self, conn: Connection) -> None:
        super().__init__(conn, tables.certificates, Certificate, CertificateNotFound)

    def _narrowed(self, query: Select[Any], wanted: Wanted) -> Select[Any]:
        columns = self._table.c
        if wanted.party_id:
            query = query.where(columns.allocations.contains([{"party_id": wanted.party_id}]))
        if wanted.words:
            words = wanted.words
            query = query.where(or_(columns.name.icontains(words, autoescape=True), columns.number == words))
        return query

    async def next_number(self, year: int) -> str:
        """The next number of the year; gap-free, since the counter's row is locked until the commit."""
        return number_of(year, int(await self._conn.scalar(_COUNT, {"year": year}) or 0))

    async def carry(self, certificate: Certificate, units: Sequence[Unit], terms: Mapping[str, datetime]) -> None:
        """Let the certificate carry the units; what an earlier one carried until its term is over."""
        asset_id = certificate.product_id or certificate.dataset_id
        for unit in units:
            values = {
                "number": certificate.number, "unit_id": unit.unit_id, "asset_id": asset_id,
                "version_id": certificate.version_id, "until": terms[unit.unit_id],
                "at": certificate.effective_at,
            }  # fmt: skip
            await self._conn.execute(_OVER, values)
            async with refusing({"one_live_certificate": AlreadyRegistered}):
                await self._conn.execute(_CARRY, values)

    async def drop(self, number: str) -> None:
        """It carries nothing any more."""
        await self._conn.execute(_DROP, {"number": number})

    async def drop_units(self, unit_ids: Collection[str]) -> None:
        """No certificate carries these units any more."""
        await self._conn.execute(_DROP_UNITS, {"unit_ids": list(unit_ids)})

    async def of_lineage(self, lineage_root: str) -> Sequence[Certificate]:
        """All of a lineage, the newest first."""
        query = (
            select(self._table)
            .where(self._table.c.lineage_root == lineage_root)
            .order_by(self._table.c.effective_at.desc(), self._id.desc())
        )
        return [self._aggregate(dict(row)) for row in (await self._conn.execute(query)).mappings()]

    async def carried(self, numbers: Collection[str], at: datetime) -> Mapping[str, Sequence[Unit]]:
        """The units that each certificate carries at a moment."""
        found: dict[str, list[Unit]] = {number: [] for number in numbers}
        for row in await self._conn.execute(_CARRIED, {"numbers": list(numbers), "at": at}):
            unit = Unit(
                row.unit_id, row.lineage_root, Right(row.right), row.holder_party_id, certificate_number=row.number
            )
            found[row.number].append(unit)
        return found

    async def stands(self, profile: str, asset_ids: Collection[str], at: datetime) -> bool:
        """Whether one of these has a certificate in force under the profile."""
        values = {"profile": profile, "asset_ids": [each for each in asset_ids if each], "at": at}
        return bool(await self._conn.scalar(_STANDS, values))

    async def run_out(self, at: datetime) -> Sequence[str]:
        """Numbers of some that ran out and were not told of."""
        return list((await self._conn.scalars(_RUN_OUT, {"at": at})).all())

    async def under(self, authorisation_id: str) -> Sequence[str]:
        """Numbers of those in force under an authorisation."""
        return list((await self._conn.scalars(_UNDER, {"authorisation_id": authorisation_id})).all())


class SqlIssuerKeys:
    """See ``ports.IssuerKeys``."""

    def __init__(self, conn: Connection, sealer: Sealer) -> None:
        self._conn, self._sealer = conn, sealer

    async def published(self) -> Sequence[dict[str, Any]]:
        """Every key with its dates; JSON."""
        await self._have_one()
        return [
            {
                "kid": row.kid, "jwk": row.jwk if isinstance(row.jwk, dict) else json.loads(row.jwk),
                "valid_from": row.valid_from.astimezone(SHANGHAI).isoformat(),
                "valid_until": row.valid_until.astimezone(SHANGHAI).isoformat() if row.valid_until else None,
            }
            for row in await self._conn.execute(_KEYS)
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
            "kid": new_id("rky"), "jwk": json.dumps(public_jwk(key)),
            "valid_from": FIRST_KEY_VALID_FROM.astimezone(UTC), "sealed": self._sealer.seal(private_bytes(key)),
        })  # fmt: skip


_COUNT = text("""
    INSERT INTO certificate_counters AS c (year, last) VALUES (:year, 1)
    ON CONFLICT (year) DO UPDATE SET last = c.last + 1 RETURNING last""")
_OVER = text("""
    UPDATE certificate_units SET live = false WHERE unit_id = :unit_id AND live AND expires_at <= :at""")
_CARRY = text("""
    INSERT INTO certificate_units (number, unit_id, asset_id, version_id, expires_at, live)
    VALUES (:number, :unit_id, :asset_id, :version_id, :until, true)""")
_DROP = text("UPDATE certificate_units SET live = false WHERE number = :number AND live")
_DROP_UNITS = text("UPDATE certificate_units SET live = false WHERE unit_id = ANY(CAST(:unit_ids AS text[])) AND live")
_CARRIED = text("""
    SELECT c.number, u.unit_id, u.lineage_root, u."right", u.holder_party_id
    FROM certificate_units c JOIN right_units u USING (unit_id)
    WHERE c.number = ANY(CAST(:numbers AS text[])) AND c.live AND c.expires_at > :at
    ORDER BY c.number, u."right", u.holder_party_id""")
_STANDS = text("""
    SELECT EXISTS (
        SELECT FROM certificates
        WHERE profile = :profile AND state = 'CERTIFIED' AND expires_at > :at
          AND (product_id = ANY(CAST(:asset_ids AS text[])) OR dataset_id = ANY(CAST(:asset_ids AS text[]))))""")
_RUN_OUT = text("""
    SELECT number FROM certificates
    WHERE NOT expiry_told AND expires_at <= :at AND state IN ('CERTIFIED', 'CONTESTED') ORDER BY expires_at LIMIT 50""")
_UNDER = text("""
    SELECT number FROM certificates WHERE authorisation_id = :authorisation_id AND state = 'CERTIFIED'
    ORDER BY number""")
_HAS_KEY = text("SELECT EXISTS (SELECT FROM issuer_keys WHERE valid_until IS NULL)")
_IN_USE = text("SELECT kid, sealed_private FROM issuer_keys WHERE valid_until IS NULL")
_KEYS = text("SELECT kid, jwk, valid_from, valid_until FROM issuer_keys ORDER BY valid_from, kid")
_ADD_KEY = text("""
    INSERT INTO issuer_keys (kid, jwk, sealed_private, valid_from)
    VALUES (:kid, CAST(:jwk AS jsonb), :sealed, :valid_from) ON CONFLICT DO NOTHING""")
