"""The checkers: quiet over honest data, loud over what is planted."""

import pytest
from sqlalchemy import text

from tests.delivery.conftest import Delivery
from tests.delivery.market import Person

# Triggers are switched off first, as whoever tampers with the database would.
PLANTED = {
    "X11": "UPDATE consents SET state = 'WITHDRAWN', withdrawn_at = given_at - interval '1 second'",
    "X8": "UPDATE entitlements SET purpose = 'marketing'",
    "X10": "DELETE FROM outbox WHERE type = 'yaosu.delivery.v1.UseMetered'",
    "Q3": "UPDATE cohort_populations SET persons = 19",
    "Q4": """INSERT INTO cohort_populations
             SELECT use_id, buyer_party_id, dataset_id, population, persons + 1, version_digest
             FROM cohort_populations""",
    "X7": """INSERT INTO file_links
             SELECT id, 'x', buyer_party_id, 'f', now(), now() FROM uses WHERE state = 'REFUSED' LIMIT 1""",
    "M8": "UPDATE uses SET abandon_at = now() WHERE state = 'REFUSED'",
}  # fmt: skip
PLANTED["X6"] = """
    DROP INDEX one_use_of_a_single_consent;
    UPDATE consents SET use = 'single';
    INSERT INTO uses SELECT (jsonb_populate_record(u, '{"id": "use_planted", "key": "planted"}')).* FROM uses u
    WHERE state = 'METERED' AND mode = 'underwriting'"""


@pytest.mark.parametrize("promise", PLANTED)
async def test_each_checker_reports_what_was_planted(delivery: Delivery, ann: Person, promise: str) -> None:
    consent_id = await delivery.consent(ann)
    assert (await delivery.ask(ann, consent_id)).status_code == 200
    assert (await delivery.ask(ann, None)).status_code == 403
    async with delivery.running.given.database.transaction() as conn:
        await conn.execute(
            text("""
            INSERT INTO cohort_populations
            SELECT id, buyer_party_id, 'dst', '{}', 25, version_digest FROM uses WHERE state = 'METERED'""")
        )
    assert await delivery.running.violations() == []
    async with delivery.running.given.database.transaction() as conn:
        await conn.execute(text("ALTER TABLE uses DISABLE TRIGGER uses_stay"))
        for statement in PLANTED[promise].split(";"):
            await conn.execute(text(statement))
    found = await delivery.running.violations()
    assert any(line.startswith(f"{promise}: ") for line in found), found


async def test_a_settled_use_cannot_be_changed_or_deleted(delivery: Delivery, ann: Person) -> None:
    await delivery.ask(ann, await delivery.consent(ann))
    for statement in (
        "DELETE FROM uses",
        "UPDATE uses SET policy_case = 'other'",
        "UPDATE uses SET state = 'INTENDED'",
    ):
        with pytest.raises(Exception, match="stays"):
            async with delivery.running.given.database.transaction() as conn:
                await conn.execute(text(statement))


def test_there_is_a_plant_for_each_checker() -> None:
    from delivery.outbound.audit import CHECKERS  # noqa: PLC0415 - used here only

    assert {checker.promise for checker in CHECKERS} == set(PLANTED)
