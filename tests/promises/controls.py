"""The table of negative controls: a planted bug, and the test of the suite that has to fail because of it."""

from dataclasses import dataclass

BELTS = "tests/promises/test_belts.py::test_"
REGISTRY = "tests/rights/test_registry.py::test_"
USES = "tests/trading/test_uses.py::test_"
KERNEL = "tests/kernel/test_work.py::test_"
SCHEMA = "tests/promises/test_schema.py::test_"
RESUMPTION = "tests/pledge/test_resumption.py::test_"


@dataclass(frozen=True)
class Control:
    """``like``: who shipped this bug, or how often it struck, as far as it is known."""

    name: str
    caught_by: str
    like: str = ""


CONTROLS = (
    Control("no index on live encumbrances", REGISTRY + "the_index_refuses_by_name_whoever_gets_past_the_lock"),
    Control("check, then insert", REGISTRY + "of_eight_banks_at_once_one_gets_the_right", "298 of 300 races lost"),
    Control("no guard on deposits", USES + "spending_at_once_never_overdraws"),
    Control("holds do not count", USES + "spending_at_once_never_overdraws", "Blnk #181"),
    Control("a step may be posted twice", SCHEMA + "what_must_happen_once_has_its_constraint[trading]"),
    Control("postings may be changed", "tests/trading/test_audit.py"),
    Control("a rejected hold is charged", USES + "a_refused_use_is_charged_no_more", "Blnk #182"),
    Control("faults are poverty", BELTS + "a_fault_of_the_database_is_no_answer_of_the_business", "five-bells #402"),
    Control("keys are not unique", KERNEL + "eight_callers_with_one_key_make_one_note", "Formance migration 7"),
    Control("keys of nobody", BELTS + "a_key_is_its_party_s_own"),
    Control("answer before commit", BELTS + "what_is_not_committed_is_not_answered", "FastAPI's default"),
    Control(
        "write by another connection", BELTS + "what_is_refused_leaves_no_trace_in_any_table", "Formance #1684"
    ),
    Control("last writer wins", BELTS + "a_row_that_changed_meanwhile_is_not_overwritten"),
    Control(
        "relay by position", BELTS + "a_relay_loses_nothing_however_commits_overtake_each_other", "24.5 % lost"
    ),
    Control("mark before sending", BELTS + "what_the_bus_did_not_take_is_sent_again", "Truxify #9487"),
    Control("tell from memory", BELTS + "what_the_bus_did_not_take_is_sent_again", "Formance's listener"),
    Control(
        "events are heard twice",
        "tests/promises/test_mischief.py::test_of_two_workers_that_hear_the_same_one_has_each_effect",
    ),
    Control("place before effect", BELTS + "an_event_whose_effect_was_cut_off_is_heard_again", "librdkafka #1122"),
    Control("inbox apart from the effect", BELTS + "an_effect_that_was_rolled_back_is_had_later"),
    Control(
        "sequencers do not wait",
        "tests/evidence/test_the_log.py::test_sequencers_that_race_leave_one_line_without_gaps", "237 forks in 481",
    ),
    Control("every proof is good", "tests/verify/test_certificates.py", "immudb, CVE-2022-36111"),
    Control("any audience", BELTS + "a_token_for_another_audience_opens_nothing", "mcp-gateway #1533"),
    Control("unknown terms pass", "tests/trading/test_policy.py", "EDC ScopeFilter"),
    Control(
        "groups of any size",
        "tests/delivery/test_cohorts.py::test_distinct_persons_are_counted_and_small_groups_left_out",
    ),
    Control(
        "compensation forgets",
        RESUMPTION + "a_registered_pledge_is_given_up_with_proof_and_everything_is_taken_back", "python-cqrs #47",
    ),
)  # fmt: skip
