"""Checkers of delivery's promises over live data; each names the test that plants a violation of it."""

from kernel.audit import Checker, none_of

PLANTED = "tests/delivery/test_audit.py::test_each_checker_reports_what_was_planted"

CHECKERS = [
    Checker(
        "X11", "Every underwriting use was metered under a consent of that person, purpose and case, valid at its time",
        f"{PLANTED}[X11]",
        none_of("""
            SELECT u.id AS use, u.consent_id AS consent, u.settled_at AS used_at FROM uses u
            LEFT JOIN consents c ON c.id = u.consent_id AND c.contract_id = u.contract_id
                 AND c.subject_token = u.subject_token AND c.purpose = u.purpose AND c.policy_case = u.policy_case
                 AND c.insurer_party_id = u.buyer_party_id
            WHERE u.mode = 'underwriting' AND u.state = 'METERED'
              AND (c.id IS NULL OR u.settled_at < c.given_at OR u.settled_at >= c.valid_until
                   OR u.settled_at > c.withdrawn_at)"""),
    ),
    Checker(
        "X8", "Every use was metered within the entitlement's term, for its purpose, by its buyer, in a way agreed",
        f"{PLANTED}[X8]",
        none_of("""
            SELECT u.id AS use, u.contract_id AS contract, u.settled_at AS used_at FROM uses u
            JOIN entitlements e USING (contract_id)
            WHERE u.state = 'METERED'
              AND (u.settled_at < e.starts_at OR u.settled_at >= LEAST(e.ends_at, e.authorised_until)
                   OR u.purpose <> e.purpose OR u.buyer_party_id <> e.buyer_party_id
                   OR u.mode <> ALL (e.deliveries))"""),
    ),
    Checker(
        "X10", "Every use is on record with who, why, version and answer's digest, and told before the answer left",
        f"{PLANTED}[X10]",
        none_of("""
            SELECT u.id AS use, u.mode FROM uses u
            WHERE u.state = 'METERED'
              AND (u.caller_subject_id = '' OR u.purpose = '' OR u.version_digest = '' OR u.answer_digest = ''
                   OR (u.mode = 'underwriting' AND (u.subject_token = '' OR u.policy_case = ''))
                   OR NOT EXISTS (SELECT FROM outbox o WHERE o.aggregate_id = u.id
                                  AND o.type = 'yaosu.delivery.v1.UseMetered'))"""),
    ),
    Checker(
        "X6", "A consent for a single use was used at most once", f"{PLANTED}[X6]",
        none_of("""
            SELECT c.id AS consent, count(*) AS uses FROM consents c
            JOIN uses u ON u.consent_id = c.id AND u.contract_id = c.contract_id
            WHERE c.use = 'single' AND u.state = 'METERED' GROUP BY c.id HAVING count(*) > 1"""),
    ),
    Checker(
        "Q3", "No population of fewer than 20 persons was released", f"{PLANTED}[Q3]",
        none_of("SELECT use_id AS use, persons FROM cohort_populations WHERE persons < 20"),
    ),
    Checker(
        "Q4", "No two populations of the same make and version were released to a buyer with different sizes",
        f"{PLANTED}[Q4]",
        none_of("""
            SELECT buyer_party_id AS buyer, dataset_id AS dataset, min(use_id) AS use FROM cohort_populations
            GROUP BY buyer_party_id, dataset_id, version_digest, population HAVING count(DISTINCT persons) > 1"""),
    ),
    Checker(
        "X7", "A link was opened within its time, and its use is metered", f"{PLANTED}[X7]",
        none_of("""
            SELECT l.use_id AS use, l.opened_at, u.state FROM file_links l JOIN uses u ON u.id = l.use_id
            WHERE l.opened_at IS NOT NULL AND (l.opened_at > l.expires_at OR u.state <> 'METERED')"""),
    ),
    Checker(
        "M8", "Every refused use whose price may have been held was told, so that the hold goes back", f"{PLANTED}[M8]",
        none_of("""
            SELECT u.id AS use, u.reason FROM uses u
            WHERE u.state = 'REFUSED' AND u.abandon_at IS NOT NULL
              AND NOT EXISTS (SELECT FROM outbox o WHERE o.aggregate_id = u.id
                              AND o.type = 'yaosu.delivery.v1.UseRefused')"""),
    ),
]  # fmt: skip
