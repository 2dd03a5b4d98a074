"""Both headline cases from raw file to settled money and released pledge, as ``yaosu demo`` tells them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from market.demo.telling import Inputs
from tests.journeys import expected
from tests.journeys.inputs import REAL, SAMPLES, are_there, first_persons, without_properties
from tests.market.process import folder_for_a_market, run

DEMO_SECONDS_MAX = 900.0
pytestmark = [pytest.mark.journey, pytest.mark.timeout(DEMO_SECONDS_MAX + 60)]


@dataclass(frozen=True)
class Story:
    """A demo that was told, and what it left."""

    data: Path
    home: Path
    inputs: Inputs
    report: expected.Json
    printed: str

    def answers(self) -> dict[str, expected.Json]:
        """What the insurer was told of each record."""
        answered: dict[str, expected.Json] = json.loads((self.data / self.report["medical"]["answers"]).read_text())
        return answered


def tell(data: Path, inputs: Inputs) -> Story:
    """Run the command to its end; the folder is named from where it stands, as ``make demo`` does."""
    home, report = data.with_name("home"), data.with_name("report.json")
    ended = run(
        home, "demo", "--data", data.name, "--patients", str(inputs.patients), "--conditions", str(inputs.conditions),
        "--bim", str(inputs.bim), "--report", str(report), seconds=DEMO_SECONDS_MAX,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout[-6000:] + ended.stderr[-6000:]
    return Story(data, home, inputs, json.loads(report.read_text()), ended.stdout)


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(SAMPLES, id="samples"),
        pytest.param(REAL, id="real", marks=pytest.mark.real_inputs),
    ],
)
def story(request: pytest.FixtureRequest) -> Iterator[Story]:
    inputs: Inputs = request.param
    if not are_there(inputs):
        pytest.skip("the shared data files are not here")
    with folder_for_a_market() as data:
        yield tell(data, inputs)


def test_the_money_is_the_same_in_every_book(story: Story) -> None:
    expected.assert_the_books_agree(story.report["medical"])


def test_what_must_be_refused_is_and_what_must_go_on_does(story: Story) -> None:
    expected.assert_all_was_refused_and_allowed(story.report)


def test_the_loan_stands_at_the_second_value_and_the_right_is_free_again(story: Story) -> None:
    expected.assert_the_loan_stood_and_ended(story.report["bim"])


def test_every_person_is_answered_as_the_files_say(story: Story) -> None:
    wanted = expected.answers(story.inputs.patients, story.inputs.conditions)
    answered = story.answers()
    assert set(answered) == set(wanted)
    wrong = {record: (answered[record], wanted[record]) for record in wanted if answered[record] != wanted[record]}
    assert wrong == {}
    assert {found.get("status") for found in answered.values()} == {"found", "no_record", None}


def test_no_promise_is_broken_and_the_audit_by_hand_agrees(story: Story) -> None:
    audit = story.report["audit"]
    assert audit["violations"] == 0
    assert audit["promises"] > 20
    by_hand = run(story.home, "audit", "--data", str(story.data))
    assert by_hand.returncode == 0, by_hand.stdout
    assert f"{audit['promises']} promises checked, 0 violations" in by_hand.stdout


def test_each_certificate_is_verified_offline_from_the_pinned_trust_file(story: Story) -> None:
    report = story.report
    paths = [report[case][paper] for case in ("medical", "bim") for paper in ("certificate",)]
    paths += [report["medical"]["trade_certificate"], report["bim"]["licence"]["trade_certificate"]]
    assert report["evidence"]["verified"] == len(paths)
    for path in paths:
        assert run(story.home, "verify", str(story.data / path)).returncode == 0, path
        forged = story.data.with_name("forged")
        original = (story.data / path).read_bytes()
        forged.write_bytes(original[:-10] + bytes([original[-10] ^ 1]) + original[-9:])
        assert run(story.home, "verify", str(forged)).returncode == 1, path
    assert report["evidence"]["deposits"] >= report["medical"]["calls"]


def test_the_story_is_told_in_both_languages_and_says_what_comes_next(story: Story) -> None:
    for words in ("make up", "yaosu verify", "医疗", "released by two", "/problems/right-already-pledged"):
        assert words in story.printed


@pytest.mark.parametrize("story", [pytest.param(SAMPLES, id="samples")], indirect=True)
def test_with_100_persons_less_and_a_poorer_model_the_results_follow(story: Story, data: Path) -> None:
    whole = expected.answers(SAMPLES.patients, SAMPLES.conditions)
    folder = data.with_name("inputs")
    inputs = replace(first_persons(SAMPLES, len(whole) - 100, folder), bim=without_properties(SAMPLES.bim, folder))
    fewer = tell(data, inputs)

    answered = fewer.answers()
    assert len(answered) == len(whole) - 100
    assert answered == expected.answers(inputs.patients, inputs.conditions)
    assert {record: story.answers()[record] for record in answered} == answered
    expected.assert_the_books_agree(fewer.report["medical"])
    asked = {name: sum("refused" not in found for found in told.answers().values())
             for name, told in (("fewer", fewer), ("whole", story))}  # fmt: skip
    assert story.report["medical"]["calls"] - fewer.report["medical"]["calls"] == asked["whole"] - asked["fewer"]
    expected.assert_the_loan_stood_and_ended(fewer.report["bim"])
    assert fewer.report["bim"]["quality_score"] < story.report["bim"]["quality_score"]
    assert fewer.report["audit"]["violations"] == 0
