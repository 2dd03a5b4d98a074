"""Checkers of the rights promises over live data; each names the test that plants a violation of it."""

from kernel.audit import Checker, none_of

PLANTED = "tests/rights/test_audit.py::test_each_checker_reports_what_was_planted"
# The market compares these with the pledges that stand.
ACTIVE_PLEDGE_ENCUMBRANCES = "SELECT encumbrance_id FROM encumbrances WHERE kind = 'PLEDGE' AND state = 'ACTIVE'"

CHECKERS = [
    Checker(
        "R1", "At most one reserved or active pledge, exclusive grant or transfer lies upon a right unit",
        f"{PLANTED}[R1]",
        none_of("""
            SELECT unit_id, count(*) AS burdens, string_agg(encumbrance_id, ' ') AS encumbrances
            FROM encumbrance_units JOIN encumbrances USING (encumbrance_id)
            WHERE encumbrances.state IN ('RESERVED', 'ACTIVE')
              AND encumbrances.kind IN ('PLEDGE', 'EXCLUSIVE_GRANT', 'TRANSFER')
            GROUP BY unit_id HAVING count(*) > 1
            UNION ALL
            SELECT 'index', 0, 'one_live_encumbrance is missing or not valid'
            WHERE NOT EXISTS (SELECT FROM pg_index JOIN pg_class ON oid = indexrelid
                WHERE relname = 'one_live_encumbrance' AND indisunique AND indisvalid)"""),
    ),
    Checker(
        "R2", "No right passed on while a pledge or an exclusive grant lay upon it", f"{PLANTED}[R2]",
        none_of("""
            SELECT r.registration_id, r.previous_certificate, e.encumbrance_id, e.kind
            FROM registrations r
            JOIN encumbrances e ON e.lineage_root = r.lineage_root AND e.kind IN ('PLEDGE', 'EXCLUSIVE_GRANT')
                AND e.state IN ('ACTIVE', 'RELEASED')
            WHERE r.type = 'transfer' AND r.state = 'CERTIFIED'
              AND EXISTS (SELECT FROM encumbrance_units eu JOIN right_units u USING (unit_id)
                  WHERE eu.encumbrance_id = e.encumbrance_id AND u.holder_party_id = r.applicant_party_id
                    AND r.rights @> to_jsonb(u."right"))
              AND e.confirmed_at < r.deposited_at AND COALESCE(e.ended_at, 'infinity') > r.deposited_at"""),
    ),
    Checker(
        "R4", "Whatever lies upon a right took units that its giver held: a pledge or grant has its holder's own unit",
        f"{PLANTED}[R4]",
        none_of("""
            SELECT e.encumbrance_id, e.kind, e.holder_party_id, e."right" FROM encumbrances e
            WHERE e.kind IN ('PLEDGE', 'EXCLUSIVE_GRANT', 'TRANSFER') AND e.state IN ('RESERVED', 'ACTIVE')
              AND NOT EXISTS (SELECT FROM encumbrance_units eu JOIN right_units u USING (unit_id)
                  JOIN certificate_units c USING (unit_id)
                  WHERE eu.encumbrance_id = e.encumbrance_id AND u.holder_party_id = e.holder_party_id
                    AND (e."right" IS NULL OR u."right" = e."right") AND u.lineage_root = e.lineage_root)"""),
    ),
    Checker(
        "R5", "In each lineage burdens rank in the order in which they became searchable", f"{PLANTED}[R5]",
        none_of("""
            SELECT earlier.encumbrance_id AS earlier, later.encumbrance_id AS later, earlier.lineage_root
            FROM encumbrances earlier JOIN encumbrances later USING (lineage_root)
            WHERE earlier.fencing_version < later.fencing_version AND earlier.searchable_at > later.searchable_at"""),
    ),
    Checker(
        "R8", "The same bytes are registered in one lineage only", f"{PLANTED}[R8]",
        none_of("""
            WITH registered AS (
                SELECT DISTINCT c.version_id, c.lineage_root, unnest(c.file_sha256s) AS sha256
                FROM contents c JOIN registrations r USING (version_id)
                WHERE r.state NOT IN ('DRAFT', 'REFUSED', 'WITHDRAWN', 'LAPSED')
                  AND NOT EXISTS (SELECT FROM certificates k WHERE k.registration_id = r.registration_id
                                  AND k.state IN ('CANCELLED', 'TRANSFERRED')))
            SELECT sha256, string_agg(DISTINCT lineage_root, ' ') AS lineages FROM registered
            GROUP BY sha256 HAVING count(DISTINCT lineage_root) > 1"""),
    ),
    Checker(
        "R9", "A certificate is what was recorded and signed, numbered without a gap, and the one live one of its kind",
        f"{PLANTED}[R9]",
        none_of("""
            SELECT c.number AS found, 'differs from its registration' AS why FROM certificates c
            JOIN registrations r USING (registration_id)
            WHERE c.record_sha256 <> encode(sha256(convert_to(r.record, 'UTF8')), 'hex')
               OR c.jwt_sha256 <> encode(sha256(convert_to(r.jwt, 'UTF8')), 'hex')
               OR c.number <> r.certificate_number
            UNION ALL
            SELECT unit_id, 'is carried by several live certificates' FROM certificate_units WHERE live
            GROUP BY unit_id, asset_id, version_id HAVING count(*) > 1
            UNION ALL
            SELECT year::text, 'numbers have a gap' FROM certificate_counters
            WHERE last <> (SELECT count(*) FROM registrations
                           WHERE certificate_number LIKE 'YS-' || year || '-%')
            UNION ALL
            SELECT 'certificates_stay', 'the trigger that keeps certificates is off'
            WHERE NOT EXISTS (SELECT FROM pg_trigger
                              WHERE tgname = 'certificates_stay' AND tgenabled IN ('O', 'A'))"""),
    ),
]  # fmt: skip
