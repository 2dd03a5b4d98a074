"""Every source file keeps the house style, and each rule is shown to bite."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.architecture import rules
from tools.survey import ROOT, sources

Rule = Callable[[str], Iterator[str]]
OURS = ("kernel", "services", "market", "tools")
EVERYWHERE = (*OURS, "tests")

RULES: dict[Rule, tuple[str, ...]] = {
    rules.without_a_first_sentence: EVERYWHERE,
    rules.too_long: OURS,
    rules.suppressions_without_reason: EVERYWHERE,
    rules.sleeps: EVERYWHERE,
    rules.fractions_of_fen: EVERYWHERE,
    rules.everything_selected: OURS,
    rules.yielding_dependencies: OURS,
}

PLANTED: list[tuple[Rule, str]] = [
    (rules.without_a_first_sentence, "import os"),
    (rules.without_a_first_sentence, '"""Things"""'),
    (rules.too_long, "a = 1\n" * 251),
    (rules.too_long, "def f():\n" + "    a = 1\n" * 41),
    (rules.suppressions_without_reason, "a = 1  # " + "noqa"),
    (rules.suppressions_without_reason, "a = 1  # " + "noqa: E501"),
    (rules.suppressions_without_reason, "a = 1  # type: " + "ignore[misc]"),
    (rules.sleeps, "import time\ntime.sleep(1)"),
    (rules.sleeps, "from time import sleep"),
    (rules.fractions_of_fen, "share = price_fen / 2"),
    (rules.fractions_of_fen, "float(order.price_fen)"),
    (rules.fractions_of_fen, "def pay(price_fen: float): ..."),
    (rules.everything_selected, "rows = run('select o.* from orders o')"),
    (rules.yielding_dependencies, "def session():\n    yield 1\nPorts = Annotated[int, Depends(session)]"),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_sources_keep_the_rule(rule: Rule) -> None:
    broken = [
        f"{path.relative_to(ROOT)}: {line}"
        for path in sources(*RULES[rule])
        for line in rule(path.read_text(encoding="utf-8"))
    ]
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize(("rule", "text"), PLANTED, ids=lambda part: getattr(part, "__name__", ""))
def test_the_rule_bites(rule: Rule, text: str) -> None:
    assert list(rule(text))


def test_a_reason_lets_a_long_function_stand() -> None:
    long = "# long: one table read from top to bottom\ndef f():\n" + "    a = 1\n" * 41
    assert list(rules.too_long(long)) == []


def test_a_suppression_with_a_reason_stands() -> None:
    assert list(rules.suppressions_without_reason("a = 1  # " + "noqa: E501 - the rule's own words")) == []


def test_no_name_says_nothing() -> None:
    broken = [
        f"{path.relative_to(ROOT)}: {line}"
        for path in sources(*EVERYWHERE)
        for line in rules.names_that_say_nothing(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"))
    ]
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("services/pledge/utils.py", ""),
        ("services/pledge/domain/common_types.py", ""),
        ("kernel/core/money.py", ""),
        ("kernel/money.py", "class MoneyManager: ..."),
        ("kernel/money.py", "def helper_for_money(): ..."),
        ("services/pledge/domain/pledge.py", "class Service: ..."),
    ],
)
def test_names_that_say_nothing_are_found(path: str, text: str) -> None:
    assert list(rules.names_that_say_nothing(path, text))


def test_migrations_go_forward_only() -> None:
    revisions = [path for path in sources("services") if "versions" in path.parts]
    assert [str(path) for path in revisions if list(rules.ways_back(path.read_text(encoding="utf-8")))] == []
    assert list(rules.ways_back("def downgrade(): ..."))


def test_paths_in_a_survey_are_ours() -> None:
    assert Path(__file__) in set(sources("tests"))
