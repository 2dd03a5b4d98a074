"""Checkers of what the kernel promises in every service's database: events, keys, parked events."""

from kernel.audit import Checker, none_of

_TESTS = "tests/kernel/test_auditing.py::"

KERNEL_CHECKERS = (
    Checker(
        "E3", "The events about one aggregate are numbered from 1 without a gap", _TESTS + "test_a_gap_is_found",
        none_of("""
            SELECT aggregate_id, count(*) AS events, max(aggregate_version) AS newest FROM outbox
            GROUP BY aggregate_id HAVING count(*) <> max(aggregate_version) OR min(aggregate_version) <> 1"""),
    ),
    Checker(
        "E4", "What was heard stands in the inbox or is parked, never both with an effect",
        _TESTS + "test_a_parked_event_with_an_effect_is_found",
        none_of("""
            SELECT d.topic, d.event_id FROM dead_letters d JOIN inbox i USING (topic, event_id)
            WHERE d.state IN ('PARKED', 'DISMISSED')"""),
    ),
    Checker(
        "M6", "A key is of one party and route, once, and an outcome kept has its status and its kind",
        _TESTS + "test_a_key_kept_twice_is_found",
        none_of("""
            SELECT party_id, route, key, count(*) AS times FROM idempotency_keys
            GROUP BY party_id, route, key
            HAVING count(*) > 1 OR bool_or(status IS NULL AND body IS NOT NULL)"""),
    ),
)  # fmt: skip
