"""ODRL documents: the closed vocabulary holds for whatever is thrown at it."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.domain import policy
from trading.domain.refusals import PolicyTermUnknown

OFFER = policy.offer(
    "lst_1", "pty_1", "prd_1", ["underwriting"],
    {"permissions": [{"action": "derive", "constraints": [
        {"left_operand": "k", "operator": "gteq", "right_operand": 20}]}]},
    exclusive=True, price_fen=250,
)  # fmt: skip
AGREEMENT = policy.agreement(
    OFFER, "ctr_1", "pty_2", "underwriting", "2026-01-01T00:00:00+08:00", "2027-01-01T00:00:00+08:00"
)
WORDS = st.text(min_size=1, max_size=12).filter(
    lambda word: word not in policy.PROHIBITED_ACTIONS | policy.DUTY_ACTIONS | {"Offer", "Agreement"}
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document where an action, an operand or an operator stands, and every object of a rule."""
    found = []
    if isinstance(value, dict) and path[:1] != ("yaosu:terms",):
        found.append((*path, None))
        for name, each in value.items():
            if name in {"action", "leftOperand", "operator", "@type"}:
                found.append((*path, name))
            found += places(each, (*path, name))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            found += places(each, (*path, number))
    return found


@pytest.mark.parametrize("document", [OFFER, AGREEMENT], ids=["offer", "agreement"])
def test_what_we_make_passes(document: dict[str, Any]) -> None:
    policy.check_policy(document)
    assert policy.digest_of(document) == policy.digest_of(copy.deepcopy(document))


@given(place=st.sampled_from(places(AGREEMENT)), word=WORDS)
def test_an_unknown_word_anywhere_is_refused_not_dropped(place: tuple[Any, ...], word: str) -> None:
    changed = copy.deepcopy(AGREEMENT)
    *path, last = place
    inside: Any = changed
    for step in path:
        inside = inside[step]
    if last is None and word in inside:
        return
    inside[last or word] = word
    with pytest.raises(PolicyTermUnknown):
        policy.check_policy(changed)


@given(
    terms=st.dictionaries(WORDS, st.lists(st.dictionaries(WORDS, st.integers(), max_size=2), max_size=2), min_size=1)
)
def test_unknown_terms_of_a_listing_are_refused(terms: dict[str, Any]) -> None:
    if set(terms) <= set(policy.RULES):
        return
    with pytest.raises(PolicyTermUnknown):
        policy.rules_from(terms)


def test_the_agreement_is_to_one_purpose_and_one_term() -> None:
    (purpose, begins, ends) = AGREEMENT["permission"][0]["constraint"]
    assert (purpose["operator"], purpose["rightOperand"]) == ("eq", "underwriting")
    assert (begins["operator"], ends["operator"]) == ("gteq", "lt")
    assert {"action": "ensureExclusivity"} in AGREEMENT["obligation"]
    assert AGREEMENT["permission"][1:] == OFFER["permission"][1:]
