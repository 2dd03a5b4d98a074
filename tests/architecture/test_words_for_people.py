"""Whatever a person meets says what happened and what to do, in both languages."""

import re
from collections import defaultdict

from kernel.refusals import Conflict, Refusal
from kernel.settings import Settings
from tools.survey import refusals, settings

_CHINESE = re.compile(r"[一-鿿]")
_SENTENCE_END = re.compile(r"[.?!](\s|$)")


def unsaid(fact: type[Refusal]) -> list[str]:
    """What a refusal leaves unsaid."""
    said = " ".join((fact.__dict__.get("__doc__") or "").split())
    missing = []
    if len(_SENTENCE_END.findall(said)) < 2:
        missing.append("a sentence on what happened and one on what to do")
    if not _CHINESE.search(fact.__dict__.get("zh", "")):
        missing.append("the same in Chinese (zh)")
    if fact.__name__.endswith(("Error", "Exception", "Refusal")):
        missing.append("a fact as its name")
    return missing


def test_every_refusal_says_what_happened_and_what_to_do_in_both_languages() -> None:
    silent = [f"{fact.__module__}.{fact.__name__}: {', '.join(unsaid(fact))}" for fact in refusals() if unsaid(fact)]
    assert not silent, "\n".join(silent)


def test_a_silent_refusal_is_found() -> None:
    silent = type("PledgeError", (Conflict,), {"__doc__": "No.", "zh": "No."})
    assert len(unsaid(silent)) == 3


def test_one_name_means_one_thing() -> None:
    kinds = defaultdict(set)
    for fact in refusals():
        kinds[fact.__name__].add(fact.kind)
    assert [name for name, meant in kinds.items() if len(meant) > 1] == []


def undescribed(kind: type[Settings]) -> list[str]:
    """The settings without a word of explanation."""
    return [name for name, field in kind.model_fields.items() if len(field.description or "") < 10]


def test_every_setting_is_explained() -> None:
    silent = {kind.__module__: names for kind in settings() if (names := undescribed(kind))}
    assert silent == {}


def test_an_unexplained_setting_is_found() -> None:
    class Silent(Settings):
        patience: int = 3

    assert undescribed(Silent) == ["patience"]
