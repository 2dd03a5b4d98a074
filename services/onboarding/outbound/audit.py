"""Onboarding's checkers: what must hold of parties, doors and keys, looked for in the live rows."""

from sqlalchemy import text

from kernel.audit import VIOLATIONS_SHOWN_MAX, Checker, none_of
from kernel.connection import Connection
from kernel.refusals import Refusal
from onboarding.domain.credit_code import checked_credit_code, issued_to_institutions
from onboarding.domain.keys import checked_public_jwk, thumbprint_of
from onboarding.domain.roles import EntityKind, check_roles

_TESTS = "tests/onboarding/test_audit.py::"


async def _misfits(conn: Connection) -> list[str]:
    rows = await conn.execute(text("SELECT id, entity_kind, roles FROM party ORDER BY id"))
    found = []
    for row in rows:
        try:
            check_roles(EntityKind(row.entity_kind), row.roles)
        except Refusal as refusal:
            found.append(f"id={row.id}, entity_kind={row.entity_kind}, roles={row.roles}: {refusal.reason}")
    return found[:VIOLATIONS_SHOWN_MAX]


async def _wrong_codes(conn: Connection) -> list[str]:
    query = "SELECT id, entity_kind, credit_code FROM party WHERE entity_kind <> 'natural_person' ORDER BY id"
    found = []
    for row in await conn.execute(text(query)):
        try:
            code = checked_credit_code(row.credit_code)
        except Refusal as refusal:
            found.append(f"id={row.id}, credit_code={row.credit_code}: {refusal.facts['problem']}")
            continue
        if issued_to_institutions(code) != (row.entity_kind == EntityKind.PUBLIC_INSTITUTION):
            found.append(f"id={row.id}, credit_code={code}: not of a {row.entity_kind}")
    return found[:VIOLATIONS_SHOWN_MAX]


async def _wrong_keys(conn: Connection) -> list[str]:
    found = []
    for row in await conn.execute(text("SELECT id, jwk, thumbprint FROM party_key ORDER BY id")):
        try:
            public = checked_public_jwk(row.jwk)
        except Refusal as refusal:
            found.append(f"id={row.id}: {refusal.reason}")
            continue
        if thumbprint_of(public) != row.thumbprint:
            found.append(f"id={row.id}: the thumbprint is another key's")
    return found[:VIOLATIONS_SHOWN_MAX]


_TWO_OF_A_CODE = none_of("""
    SELECT credit_code, count(*) AS parties FROM party
    WHERE credit_code <> '' AND state <> 'REFUSED' GROUP BY credit_code HAVING count(*) > 1""")
_LIVE_SESSIONS = none_of("""
    SELECT s.id, s.party_id, p.state, m.state AS member_state FROM session s
    JOIN party p ON p.id = s.party_id JOIN member m ON m.id = s.member_id
    WHERE s.ended_at IS NULL AND s.ends_at > now() AND (p.state = 'SUSPENDED' OR m.state <> 'ACTIVE')""")
_ROLES_BEYOND = none_of("""
    SELECT a.id, a.party_id, a.roles, p.roles AS party_roles
    FROM (SELECT id, party_id, roles FROM member UNION ALL SELECT id, party_id, roles FROM client) a
    JOIN party p ON p.id = a.party_id
    WHERE p.state IN ('APPROVED', 'SUSPENDED') AND NOT a.roles <@ (p.roles || 'admin'::text)""")
_BARS = none_of("""
    SELECT COALESCE(p.id, b.party_id) AS party_id, p.state, b.party_id IS NOT NULL AS barred
    FROM (SELECT id, state FROM party WHERE state = 'SUSPENDED') p
    FULL JOIN barred_parties b ON b.party_id = p.id WHERE p.id IS NULL OR b.party_id IS NULL""")
_SIGNING = none_of("""
    SELECT kid, retired_at, octet_length(private_sealed) AS private_bytes FROM signing_key
    WHERE retired_at IS NOT NULL AND octet_length(private_sealed) > 0
       OR retired_at IS NULL AND (SELECT count(*) FROM signing_key WHERE retired_at IS NULL) > 1""")
_ONE_KEY = none_of("""
    SELECT p.id, count(k.id) AS keys_in_use FROM party p
    LEFT JOIN party_key k ON k.party_id = p.id AND k.valid_until_at IS NULL
    WHERE p.entity_kind = 'natural_person' GROUP BY p.id HAVING count(k.id) <> 1""")
_CLOCK = none_of("""
    SELECT revision, business_at, machine_at FROM (
        SELECT revision, business_at, machine_at, lag(business_at - machine_at) OVER (ORDER BY revision) AS earlier,
               lead(revision) OVER (ORDER BY revision) IS NULL AS newest FROM clock_setting) s
    WHERE business_at - machine_at < earlier
       OR newest AND NOT EXISTS (
            SELECT FROM clock c WHERE c.business_at - c.machine_at = s.business_at - s.machine_at)""")

CHECKERS = (
    Checker("I1", "No credit code belongs to two parties, refused ones aside.",
            _TESTS + "test_two_parties_of_one_credit_code_are_found", _TWO_OF_A_CODE),
    Checker("I2", "No session of a suspended party or a disabled member is live.",
            _TESTS + "test_a_live_session_of_a_suspended_party_is_found", _LIVE_SESSIONS),
    Checker("I3", "Every party holds only roles open to its entity kind, and none that checks another of its own.",
            _TESTS + "test_a_role_that_does_not_fit_the_kind_is_found", _misfits),
    Checker("I4", "Members and clients hold only roles of their party, and admin.",
            _TESTS + "test_a_member_with_a_role_beyond_its_party_is_found", _ROLES_BEYOND),
    Checker("I5", "Exactly the suspended parties are barred.",
            _TESTS + "test_a_suspended_party_that_is_not_barred_is_found", _BARS),
    Checker("I6", "One key at most signs tokens, and a retired key's private half is gone.",
            _TESTS + "test_a_retired_signing_key_that_was_kept_is_found", _SIGNING),
    Checker("I7", "Every organisation has a valid credit code of its kind (GB 32100).",
            _TESTS + "test_a_wrong_credit_code_is_found", _wrong_codes),
    Checker("I8", "Every natural person has exactly one key in use.",
            _TESTS + "test_a_person_with_two_keys_in_use_is_found", _ONE_KEY),
    Checker("I9", "Every registered key is public and stands under its own thumbprint.",
            _TESTS + "test_a_private_key_among_the_registered_ones_is_found", _wrong_keys),
    Checker("I10", "Business time never went back, and this service keeps the time set last.",
            _TESTS + "test_a_clock_that_went_back_is_found", _CLOCK),
)  # fmt: skip
