"""Units and encumbrances: everything is decided under the lineage's lock, and the index stands behind it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from kernel.connection import Connection
from kernel.ids import new_id
from kernel.refusals import Refusal
from kernel.storage import change
from rights.domain.encumbrance import Encumbrance, EncumbranceKind, EncumbranceState, Unit, refuse_for
from rights.domain.registry_refusals import RightAlreadyPledged
from rights.domain.source_rights import Right
from rights.outbound import tables
from rights.outbound.storage.rows import in_shanghai
from rights.ports import Remark


class SqlRegistry:
    """See ``ports.Registry``."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def lock(self, lineage_root: str, at: datetime) -> Sequence[Unit]:
        """The lineage's row first, then its units in the order of their ids."""
        await self._conn.execute(_HAVE_LINEAGE, {"lineage_root": lineage_root})
        await self._conn.execute(_LOCK_LINEAGE, {"lineage_root": lineage_root})
        await self._conn.execute(_LOCK_UNITS, {"lineage_root": lineage_root})
        return await self.units(lineage_root, at)

    async def units(self, lineage_root: str, at: datetime) -> Sequence[Unit]:
        """All units of the lineage, each with whether a certificate of it is in force."""
        rows = await self._conn.execute(_UNITS, {"lineage_root": lineage_root, "at": at})
        return [
            Unit(
                row.unit_id, lineage_root, Right(row.right), row.holder_party_id, row.number is not None,
                row.number or "",
            )
            for row in rows
        ]  # fmt: skip

    async def have_units(self, lineage_root: str, wanted: Collection[tuple[Right, str]]) -> Sequence[Unit]:
        """The units of these rights and holders, made when there are none."""
        units = []
        for right, holder in sorted(wanted):
            values = {"unit_id": new_id("unt"), "lineage_root": lineage_root, "right": right, "holder": holder}
            await self._conn.execute(_HAVE_UNIT, values)
            unit_id = str(await self._conn.scalar(_UNIT_ID, values))
            units.append(Unit(unit_id, lineage_root, right, holder))
        return units

    async def live(self, lineage_root: str) -> Sequence[Encumbrance]:
        """What lies upon the lineage now, in the order in which it was placed."""
        return [_encumbrance(row) for row in (await self._conn.execute(_LIVE, {"it": lineage_root})).mappings()]

    async def all_of(self, lineage_root: str) -> Sequence[Encumbrance]:
        """What ever lay upon it, the newest first."""
        return [_encumbrance(row) for row in (await self._conn.execute(_ALL, {"it": lineage_root})).mappings()]

    async def find(self, owner_service: str, reference: str, *, lock: bool = False) -> Encumbrance | None:
        """What a service placed under a reference, if anything."""
        values = {"owner_service": owner_service, "reference": reference}
        if lock:
            await self._conn.execute(_LOCK_REFERENCE, values)
        row = (await self._conn.execute(_BY_REFERENCE, values)).mappings().one_or_none()
        return None if row is None else _encumbrance(row)

    async def get(self, encumbrance_id: str) -> Encumbrance | None:
        """By id."""
        row = (await self._conn.execute(_BY_ID, {"it": encumbrance_id})).mappings().one_or_none()
        return None if row is None else _encumbrance(row)

    async def place(self, encumbrance: Encumbrance) -> None:
        """Put it upon its units. Whoever loses to the index is told by what."""
        values = {column.name: getattr(encumbrance, column.name) for column in tables.encumbrances.columns}
        try:
            async with self._conn.begin_nested():
                await self._conn.execute(tables.encumbrances.insert().values(values))
                for unit_id in sorted(encumbrance.unit_ids):
                    await self._conn.execute(_PLACE, {
                        "encumbrance_id": encumbrance.encumbrance_id, "unit_id": unit_id, "kind": encumbrance.kind,
                        "state": encumbrance.state,
                    })  # fmt: skip
        except IntegrityError as error:
            name = str(getattr(getattr(error.orig, "__cause__", None), "constraint_name", ""))
            if name != "one_live_encumbrance":
                raise
            raise await self._lost_to(encumbrance) from error

    async def _lost_to(self, encumbrance: Encumbrance) -> Refusal:
        for lying in await self.live(encumbrance.lineage_root):
            if set(lying.unit_ids) & set(encumbrance.unit_ids):
                return refuse_for(lying)
        return RightAlreadyPledged(lineage_root=encumbrance.lineage_root)

    async def save(self, encumbrance: Encumbrance) -> None:
        """Keep its new state; the units' copies of it follow by the foreign key."""
        values = {
            "state": encumbrance.state, "confirmed_at": encumbrance.confirmed_at, "ended_at": encumbrance.ended_at,
            "note": encumbrance.note,
        }  # fmt: skip
        key = {"encumbrance_id": encumbrance.encumbrance_id}
        await change(self._conn, tables.encumbrances, key=key, version=encumbrance.version, values=values)
        encumbrance.version += 1

    async def next_fence(self) -> int:
        """Higher than every one before; taken under the lineage's lock, so in the order of placing."""
        return int(await self._conn.scalar(_FENCE) or 0)

    async def bar_reference(self, owner_service: str, reference: str) -> None:
        """Nothing can be reserved under it any more."""
        values = {"owner_service": owner_service, "reference": reference}
        await self._conn.execute(_REFERENCE_TURN, values)
        await self._conn.execute(_BAR, values)

    async def is_barred(self, owner_service: str, reference: str) -> bool:
        """Whether that was done."""
        values = {"owner_service": owner_service, "reference": reference}
        await self._conn.execute(_REFERENCE_TURN, values)
        return bool(await self._conn.scalar(_BARRED, values))

    async def annotate(self, remark: Remark) -> None:
        """Put a remark on, or take it off when it is empty."""
        await self._conn.execute(_ANNOTATE if remark.remark else _TAKE_OFF, vars(remark))

    async def remarks(self, lineage_root: str) -> Sequence[str]:
        """The remarks on the lineage's certificates."""
        return list((await self._conn.scalars(_REMARKS, {"lineage_root": lineage_root})).all())


def _encumbrance(row: Mapping[Any, Any]) -> Encumbrance:  # Any: a row
    values: dict[str, Any] = {name: in_shanghai(value) for name, value in row.items()}
    values["kind"], values["state"] = EncumbranceKind(values["kind"]), EncumbranceState(values["state"])
    values["right"] = Right(values["right"]) if values["right"] else None
    return Encumbrance(**values)


_COLUMNS = """
    SELECT e.encumbrance_id, e.lineage_root, e.kind, e.state, e."right", e.holder_party_id, e.beneficiary_party_id,
           e.owner_service, e.reference, e.request_sha256, e.fencing_version, e.placed_at, e.licence_policy,
           e.control_account, e.court, e.order_number, e.confirmed_at, e.ended_at, e.note, e.version,
           ARRAY(SELECT u.unit_id FROM encumbrance_units u WHERE u.encumbrance_id = e.encumbrance_id
                 ORDER BY u.unit_id) AS unit_ids
    FROM encumbrances e"""
_LIVE = text(f"{_COLUMNS} WHERE e.lineage_root = :it AND e.state IN ('RESERVED', 'ACTIVE') ORDER BY e.fencing_version")
_ALL = text(f"{_COLUMNS} WHERE e.lineage_root = :it ORDER BY e.fencing_version DESC LIMIT 200")
_BY_REFERENCE = text(f"{_COLUMNS} WHERE e.owner_service = :owner_service AND e.reference = :reference")
_BY_ID = text(f"{_COLUMNS} WHERE e.encumbrance_id = :it")
_HAVE_LINEAGE = text("INSERT INTO lineages (lineage_root) VALUES (:lineage_root) ON CONFLICT DO NOTHING")
_LOCK_LINEAGE = text("SELECT lineage_root FROM lineages WHERE lineage_root = :lineage_root FOR UPDATE")
_LOCK_UNITS = text("SELECT unit_id FROM right_units WHERE lineage_root = :lineage_root ORDER BY unit_id FOR UPDATE")
_LOCK_REFERENCE = text("""
    SELECT encumbrance_id FROM encumbrances WHERE owner_service = :owner_service AND reference = :reference
    FOR UPDATE""")
_UNITS = text("""
    SELECT u.unit_id, u."right", u.holder_party_id,
           (SELECT max(c.number) FROM certificate_units carried JOIN certificates c USING (number)
            WHERE carried.unit_id = u.unit_id AND carried.live AND carried.expires_at > :at
              AND c.state = 'CERTIFIED' AND c.expires_at > :at) AS number
    FROM right_units u WHERE u.lineage_root = :lineage_root ORDER BY u.unit_id""")
_HAVE_UNIT = text("""
    INSERT INTO right_units (unit_id, lineage_root, "right", holder_party_id)
    VALUES (:unit_id, :lineage_root, :right, :holder) ON CONFLICT DO NOTHING""")
_UNIT_ID = text("""
    SELECT unit_id FROM right_units
    WHERE lineage_root = :lineage_root AND "right" = :right AND holder_party_id = :holder""")
_PLACE = text("""
    INSERT INTO encumbrance_units (encumbrance_id, unit_id, kind, state)
    VALUES (:encumbrance_id, :unit_id, :kind, :state)""")
_FENCE = text("SELECT nextval('fencing_versions')")
_REFERENCE_TURN = text("SELECT pg_advisory_xact_lock(hashtext(:owner_service), hashtext(:reference))")
_BAR = text("""
    INSERT INTO barred_references (owner_service, reference) VALUES (:owner_service, :reference)
    ON CONFLICT DO NOTHING""")
_BARRED = text("""
    SELECT EXISTS (SELECT FROM barred_references WHERE owner_service = :owner_service AND reference = :reference)""")
_ANNOTATE = text("""
    INSERT INTO annotations (owner_service, reference, lineage_root, remark)
    VALUES (:owner_service, :reference, :lineage_root, :remark)
    ON CONFLICT (owner_service, reference) DO UPDATE SET remark = excluded.remark""")
_TAKE_OFF = text("DELETE FROM annotations WHERE owner_service = :owner_service AND reference = :reference")
_REMARKS = text("""
    SELECT remark FROM annotations WHERE lineage_root = :lineage_root ORDER BY owner_service, reference""")
