"""Both cases told to the whole stack from outside come to what they come to in an embedded market."""

import json
import time
from pathlib import Path

import pytest

from market.demo.telling import Inputs
from market.files import OPERATOR_FILE
from tests.journeys import expected
from tests.journeys.inputs import REAL, SAMPLES, are_there
from tests.market.process import Process, free_port, run

STORY_SECONDS_MAX = 1200.0
SETTLING_SECONDS_MAX = 90.0
pytestmark = [pytest.mark.promises, pytest.mark.timeout(STORY_SECONDS_MAX + 300)]


@pytest.mark.parametrize("inputs", [pytest.param(SAMPLES, id="samples"), pytest.param(REAL, id="real")])
def test_the_story_comes_to_the_same_on_the_stack_and_no_promise_is_broken(data: Path, inputs: Inputs) -> None:
    if not are_there(inputs):
        pytest.skip("the shared data files are not here")
    port, home, folder = free_port(), data.with_name("home"), data.with_name("visit")
    stack = Process(["stack", "--data", str(data), "--port", str(port)], home, port)
    stack.start()
    try:
        stack.says("The market is open")
        told = run(
            home, "demo", "--url", stack.url, "--operator", str(data / OPERATOR_FILE), "--data", str(folder),
            "--patients", str(inputs.patients), "--conditions", str(inputs.conditions), "--bim", str(inputs.bim),
            seconds=STORY_SECONDS_MAX,
        )  # fmt: skip
        assert told.returncode == 0, told.stdout[-4000:] + told.stderr[-4000:] + stack.written
        report = json.loads((folder / "report.json").read_text())
        expected.assert_the_books_agree(report["medical"])
        expected.assert_all_was_refused_and_allowed(report)
        expected.assert_the_loan_stood_and_ended(report["bim"])
        answered = json.loads((folder / report["medical"]["answers"]).read_text())
        assert answered == expected.answers(inputs.patients, inputs.conditions)
        assert report["evidence"]["deposits"] >= report["medical"]["calls"]
        assert run(home, "verify", str(folder / report["bim"]["certificate"])).returncode == 0
        again = run(home, "demo", "--url", stack.url, "--operator", str(data / OPERATOR_FILE), "--data", str(folder))
        assert (again.returncode, "somebody was admitted there already" in again.stdout) == (2, True), again
        assert_no_promise_is_broken(home, data)
    finally:
        stack.stop()
    assert_no_promise_is_broken(home, data)  # also with the servers started for the audit alone


def assert_no_promise_is_broken(home: Path, data: Path) -> None:
    """What is on its way when the story ends has a while to arrive."""
    ends_at = time.monotonic() + SETTLING_SECONDS_MAX
    while (audited := run(home, "audit", "--data", str(data))).returncode:
        assert time.monotonic() < ends_at, audited.stdout + audited.stderr
