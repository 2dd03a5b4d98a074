"""Every planted bug is caught: a suite that has never failed proves nothing."""

import os
import subprocess
import sys

import pytest

from market.postgres import Server
from tests.market.process import SOURCES
from tests.promises.controls import CONTROLS, Control
from tests.promises.planting import PATCHES, SETTING, SQL
from tools.survey import ROOT

SECONDS_MAX = 240.0
# Those that cost least, one of each part, in every run of the suite.
QUICK = ("keys of nobody", "mark before sending", "every proof is good")


def caught(control: Control, server: Server) -> "subprocess.CompletedProcess[str]":
    """Run the test that has to fail, with the bug planted."""
    told = {SETTING: control.name, "PYTHONPATH": os.pathsep.join(map(str, SOURCES)),
            "YAOSU_DATABASE_URL": server.admin.render_as_string(hide_password=False)}  # fmt: skip
    asked = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "tests.promises.planting", "-p", "no:cacheprovider",
             control.caught_by]  # fmt: skip
    return subprocess.run(
        asked, cwd=ROOT, env=os.environ | told, capture_output=True, text=True, timeout=SECONDS_MAX, check=False
    )


def must_be_caught(control: Control, server: Server) -> None:
    ended = caught(control, server)
    failed = f"\nFAILED {control.caught_by}" in ended.stdout
    assert failed, f"{control.name} was not caught: {ended.stdout[-3000:]}{ended.stderr[-1000:]}"


@pytest.mark.parametrize("control", [one for one in CONTROLS if one.name in QUICK], ids=lambda one: one.name)
def test_a_planted_bug_is_caught(control: Control, postgres: Server) -> None:
    must_be_caught(control, postgres)


@pytest.mark.promises
@pytest.mark.parametrize("control", [one for one in CONTROLS if one.name not in QUICK], ids=lambda one: one.name)
def test_each_planted_bug_is_caught(control: Control, postgres: Server) -> None:
    must_be_caught(control, postgres)


def test_the_table_names_each_bug_that_can_be_planted() -> None:
    assert {control.name for control in CONTROLS} == set(PATCHES) | set(SQL)


def test_without_a_bug_the_same_tests_pass(postgres: Server) -> None:
    ended = caught(Control("nothing", "tests/promises/test_belts.py"), postgres)
    assert " passed" in ended.stdout, ended
    assert "failed" not in ended.stdout, ended
