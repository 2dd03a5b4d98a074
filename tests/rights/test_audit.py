"""Each rights checker sees the violation it is there for."""

import pytest
from sqlalchemy import text

from kernel.refusals import Refusal
from rights.domain.encumbrance import EncumbranceKind
from rights.outbound.audit import ACTIVE_PLEDGE_ENCUMBRANCES, CHECKERS, PLANTED
from rights.use_cases import encumbrances
from tests.rights.conftest import Centre, done
from tests.rights.fakes import OTHER
from tests.rights.test_registry import taken, wanted
from tests.rights.test_transfers import applied, submit

# What a broken program, or a hand in the database, might leave behind.
_COPY = """
    INSERT INTO encumbrances (encumbrance_id, lineage_root, kind, state, "right", holder_party_id,
        beneficiary_party_id, owner_service, reference, request_sha256, fencing_version, placed_at, licence_policy,
        control_account, court, order_number, confirmed_at, note, version{columns})
    SELECT 'enc_planted', lineage_root, 'PLEDGE', 'ACTIVE', "right", {holder}, beneficiary_party_id, 'pledge',
        'planted', '', nextval('fencing_versions'), placed_at, '', '', '', '', {confirmed}, '', 1{values}
    FROM encumbrances WHERE kind = 'PLEDGE' LIMIT 1"""
_UNITS = """
    INSERT INTO encumbrance_units (encumbrance_id, unit_id, kind, state)
    SELECT 'enc_planted', unit_id, 'PLEDGE', 'ACTIVE' FROM encumbrance_units u JOIN encumbrances USING (encumbrance_id)
    WHERE encumbrances.kind = 'PLEDGE' AND encumbrance_id <> 'enc_planted'"""


def copied(holder: str = "holder_party_id", confirmed: str = "confirmed_at", searchable: str = "") -> str:
    """A second pledge beside the one there is."""
    columns, values = (", searchable_at", f", {searchable}") if searchable else ("", "")
    return _COPY.format(holder=holder, confirmed=confirmed, columns=columns, values=values)


PLANTS = {
    "R1": ["DROP INDEX one_live_encumbrance", copied(), _UNITS],
    "R2": ["DROP INDEX one_live_encumbrance", copied(confirmed="'2026-09-01'"), _UNITS],
    "R4": [copied(holder="'pty_nobody'")],
    "R5": [copied(searchable="'2020-01-01'")],
    "R8": ["""UPDATE contents SET file_sha256s = (SELECT file_sha256s FROM contents ORDER BY version_id LIMIT 1)"""],
    "R9": ["ALTER TABLE certificates DISABLE TRIGGER certificates_stay",
           "UPDATE certificates SET record_sha256 = repeat('0', 64)"],
}  # fmt: skip


async def lively(centre: Centre) -> None:
    """A registry in which rights were certified, pledged and passed on."""
    subject, old = await centre.certified()
    await centre.certified(centre.catalog.publish(OTHER))
    pledged = wanted(subject)
    held = await taken(centre, pledged)
    with pytest.raises(Refusal):
        await encumbrances.reserve(centre.running.ports, wanted(subject, EncumbranceKind.EXCLUSIVE_GRANT))
    await encumbrances.release(centre.running.ports, "pledge", pledged.reference, held.encumbrance_id)
    new = await centre.finish(done(await submit(centre, await applied(centre, old["number"]))))
    assert new["state"] == "CERTIFIED"


@pytest.mark.parametrize("promise", list(PLANTS))
async def test_each_checker_reports_what_was_planted(centre: Centre, promise: str) -> None:
    await lively(centre)
    checker = next(each for each in CHECKERS if each.promise == promise)
    assert checker.planted_by == f"{PLANTED}[{promise}]"
    async with centre.running.given.database.transaction() as conn:
        for each in CHECKERS:
            assert await each.find(conn) == []
        for statement in PLANTS[promise]:
            await conn.execute(text(statement))
        assert await checker.find(conn) != []
        await conn.rollback()


async def test_the_market_compares_the_pledges_that_stand(centre: Centre) -> None:
    subject, _ = await centre.certified()
    held = await taken(centre, wanted(subject))
    async with centre.running.given.database.transaction() as conn:
        assert list(await conn.scalars(text(ACTIVE_PLEDGE_ENCUMBRANCES))) == [held.encumbrance_id]
