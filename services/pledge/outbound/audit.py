"""Pledge's checkers: what an auditor finds in the stored loans, pledges and proofs."""

from dataclasses import dataclass

from sqlalchemy import text

from kernel.audit import VIOLATIONS_SHOWN_MAX, Checker, none_of
from kernel.connection import Connection
from pledge.domain.states import ENDED, LOAN_ORDER, PLEDGE_ORDER

_TESTS = "tests/pledge/test_pledge_checkers.py::"

# A loan that was paid out has behind it everything that comes before in the order.
_LENT_OUT_OF_ORDER = """
    SELECT l.loan_id, l.state,
           CASE WHEN p.pledge_id IS NULL OR p.confirmed_at IS NULL THEN 'lent without a confirmed pledge'
                WHEN p.registration IS NULL THEN 'lent without an outside registration'
                WHEN NOT EXISTS (SELECT FROM jsonb_array_elements(p.searches) s
                                 WHERE s->>'round' = '2' AND s->>'outcome' = 'clean')
                    THEN 'lent without a second search'
                WHEN d.payment_id IS NULL THEN 'lent without a proof of payment'
                WHEN d.amount_fen <> l.principal_fen THEN 'the payment is not the principal'
                WHEN d.paid_at < p.confirmed_at THEN 'paid before the pledge was confirmed'
                WHEN (SELECT count(DISTINCT a->>'subject_id') FROM jsonb_array_elements(l.approvals) a) < 2
                    THEN 'approved by fewer than two people'
                WHEN (SELECT count(DISTINCT s->>'party_id') FROM jsonb_array_elements(l.contract->'signatures') s) < 2
                    THEN 'the contract lacks a signature'
           END AS fault
    FROM loans l LEFT JOIN pledges p ON p.pledge_id = l.pledge_id
    LEFT JOIN payments d ON d.loan_id = l.loan_id AND d.kind = 'disbursement'
    WHERE l.disbursed_at IS NOT NULL OR l.state IN ('PERFORMING', 'OVERDUE', 'DEFAULTED', 'REPAID')"""
_RELEASED_OUT_OF_ORDER = """
    SELECT p.pledge_id,
           CASE WHEN p.registration->>'cancelled_at' IS NULL THEN 'released while registered outside'
                WHEN (SELECT count(DISTINCT r->>'subject_id') FROM jsonb_array_elements(p.releasers) r) < 2
                    THEN 'released by fewer than two people'
                WHEN l.state NOT IN ('REPAID', 'WITHDRAWN') THEN 'released while the loan is ' || l.state
           END AS fault
    FROM pledges p JOIN loans l ON l.loan_id = p.loan_id
    WHERE p.state IN ('LIFTING', 'RELEASING', 'RELEASED') OR p.released_at IS NOT NULL"""
_SUMS_DIFFER = """
    SELECT l.loan_id, l.repaid_fen, COALESCE(sum(r.amount_fen), 0) AS proved_fen, l.principal_fen
    FROM loans l LEFT JOIN payments r ON r.loan_id = l.loan_id AND r.kind = 'repayment'
    GROUP BY l.loan_id
    HAVING l.repaid_fen <> COALESCE(sum(r.amount_fen), 0) OR COALESCE(sum(r.amount_fen), 0) > l.principal_fen
        OR (l.state = 'REPAID') <> (l.repaid_fen = l.principal_fen)"""
_TWO_PLEDGES = """
    SELECT lineage_root, count(*) AS pledges FROM pledges
    WHERE state NOT IN ('RESERVING', 'RELEASED', 'REFUSED', 'CANCELLED') GROUP BY lineage_root HAVING count(*) > 1"""
_BOOKED_WRONG = """
    SELECT b.booking_id, b.cost_fen, COALESCE(sum(v.amount_fen) FILTER (WHERE v.capitalise), 0) AS vouchers_fen
    FROM bookings b LEFT JOIN vouchers v ON v.booking_id = b.booking_id
    GROUP BY b.booking_id
    HAVING (b.measurement = 'cost' AND b.cost_fen <> COALESCE(sum(v.amount_fen) FILTER (WHERE v.capitalise), 0))
        OR count(*) FILTER (WHERE v.capitalise AND v.stage = 'research') > 0"""
_LEFT_HALF_WAY = """
    SELECT pledge_id, state, changed_at FROM pledges
    WHERE state IN ('RESERVING', 'REGISTERING', 'ANNOTATING', 'CONFIRMING', 'DEREGISTERING', 'LIFTING', 'RELEASING',
                    'CANCELLING') AND changed_at < now() - interval '10 minutes'"""
_HISTORY = text("""
    SELECT aggregate_id, version, from_state, to_state,
           lag(to_state) OVER (PARTITION BY aggregate_id ORDER BY version) AS before,
           lag(version) OVER (PARTITION BY aggregate_id ORDER BY version) AS version_before
    FROM history ORDER BY aggregate_id, version""")
_STATES = text("""
    SELECT a.id, a.state, a.version, h.to_state
    FROM (SELECT loan_id AS id, state, version FROM loans UNION ALL SELECT pledge_id, state, version FROM pledges) a
    LEFT JOIN history h ON h.aggregate_id = a.id AND h.version = a.version
    WHERE h.to_state IS DISTINCT FROM a.state""")
_LIVE = text("""
    SELECT pledge_id, lineage_root, encumbrance_id, fencing_version, state, bank_party_id, borrower_party_id
    FROM pledges WHERE state <> ALL(CAST(:ended AS text[])) ORDER BY pledge_id""")
# The encumbrances that must stand at the registry: those of pledges confirmed and not yet on the way out of it.
LIVE_PLEDGES = """
    SELECT encumbrance_id FROM pledges
    WHERE state IN ('CONFIRMED', 'DISCHARGED', 'DEREGISTERING', 'DEREGISTERED', 'LIFTING')"""
_BEFORE_CONFIRMATION = {"HELD", "SEARCHED", "REGISTERING", "REGISTERED", "ANNOTATING"}


def _faults(named_by: str, sql: str) -> str:
    return f"WITH looked AS ({sql}) SELECT {named_by}, fault FROM looked WHERE fault IS NOT NULL"  # noqa: S608 - the queries above


async def states_off_the_table(conn: Connection) -> list[str]:
    """Every state kept is the last of its history, and each change in the history is one that the tables allow."""
    orders = {"plg": _written(PLEDGE_ORDER), "loan": _written(LOAN_ORDER)}
    found = [
        f"{row.id}: is {row.state}, its history says {row.to_state}"
        for row in (await conn.execute(_STATES)).fetchmany(VIOLATIONS_SHOWN_MAX)
    ]
    for row in await conn.execute(_HISTORY):
        order = orders[row.aggregate_id.split("_")[0]]
        follows = row.from_state == row.before and row.version == (row.version_before or 0) + 1
        allowed = row.before is None or row.to_state == row.before or row.to_state in order[row.before]
        if not follows or not allowed:
            found.append(f"{row.aggregate_id}: {row.from_state} → {row.to_state} in version {row.version}")
    return found[:VIOLATIONS_SHOWN_MAX]


def _written(order: object) -> dict[str, set[str]]:
    return {str(state): {str(s) for s in following} for state, following in dict(order).items()}  # type: ignore[call-overload] # both tables map states to states


@dataclass(frozen=True)
class LivePledge:
    """A live pledge as the registry should show it: no encumbrance yet while it is being reserved."""

    pledge_id: str
    lineage_root: str
    encumbrance_id: str | None
    fencing_version: int | None
    state: str
    bank_party_id: str
    borrower_party_id: str

    @property
    def registry_state(self) -> str | None:
        """RESERVED before the confirmation, ACTIVE after it; none while a call may be under way."""
        if self.state in {"RESERVING", "CONFIRMING", "RELEASING", "CANCELLING"}:
            return None
        return "RESERVED" if self.state in _BEFORE_CONFIRMATION else "ACTIVE"


async def live_pledges(conn: Connection) -> list[LivePledge]:
    """All pledges not ended, for whoever compares them with the registry's encumbrances."""
    rows = await conn.execute(_LIVE, {"ended": sorted(str(state) for state in ENDED)})
    return [LivePledge(*row) for row in rows]


CHECKERS = [
    Checker(
        "R3.2", "No loan is paid out before two approvals, both signatures, both searches, the outside registration "
        "and the confirmed pledge", _TESTS + "test_a_loan_lent_without_the_order_is_seen",
        none_of(_faults("loan_id", _LENT_OUT_OF_ORDER)),
    ),
    Checker(
        "R6", "A pledge is released by two people of the pledgee, after the debt is gone and the outside registration "
        "cancelled", _TESTS + "test_a_release_by_one_person_is_seen",
        none_of(_faults("pledge_id", _RELEASED_OUT_OF_ORDER)),
    ),
    Checker(
        "R1.pledge", "An asset's lineage secures one loan at a time",
        _TESTS + "test_two_pledges_on_one_lineage_are_seen", none_of(_TWO_PLEDGES),
    ),
    Checker(
        "P1", "What a loan counts as repaid is what the bank's proofs sum to, and never more than its principal",
        _TESTS + "test_a_repayment_without_proof_is_seen", none_of(_SUMS_DIFFER),
    ),
    Checker(
        "P2", "Every loan and pledge came to its state by the tables of transitions",
        _TESTS + "test_a_state_set_by_hand_is_seen", states_off_the_table,
    ),
    Checker(
        "P3", "A booked cost is the sum of its capitalised vouchers, and no research is among them",
        _TESTS + "test_a_booking_beside_its_vouchers_is_seen", none_of(_BOOKED_WRONG),
    ),
    Checker(
        "E5.pledge", "No pledge waits for another service for more than 10 minutes",
        _TESTS + "test_a_pledge_left_half_way_is_seen", none_of(_LEFT_HALF_WAY),
    ),
]  # fmt: skip
