"""What is wrong with a command is said in one line, with exit code 2; a trace is for bugs."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from market.command import app
from market.doors import lock_folder
from tests.market.process import free_port, run


def asked(*arguments: str) -> Result:
    """The command, told in this process."""
    return CliRunner().invoke(app, arguments)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["audit", "--data", "nowhere"], "nowhere holds no market"),
        (["serve", "nonsense", "--data", "unused"], "there is no service nonsense"),
        (["work", "nonsense", "--data", "unused"], "there is no service nonsense"),
        (["migrate", "nonsense", "--data", "unused"], "there is no service nonsense"),
        (["republish", "nonsense", "--data", "unused"], "there is no service nonsense"),
        (["republish", "--data", "nowhere"], "nowhere holds no market"),
        (["stack", "--only", "nonsense", "--data", "unused"], "there is no service nonsense"),
        (["demo", "--url", "http://127.0.0.1:9", "--data", "unused"], "give the market's operator.json"),
        (
            ["demo", "--url", "http://127.0.0.1:9", "--operator", "missing.json", "--data", "unused"],
            "missing.json is not an operator's credential",
        ),
        (["demo", "--data", "unused", "--patients", "missing.csv"], "missing.csv is not there"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert_said_in_one_line(asked(*arguments), said)
    assert list(tmp_path.iterdir()) == [], "a command that is refused leaves nothing behind"


def assert_said_in_one_line(ended: Result, said: str) -> None:
    assert ended.exit_code == 2, ended.output
    assert said in ended.output
    assert len(ended.output.strip().splitlines()) == 1, ended.output


def test_a_folder_that_no_demo_made_is_left_alone(tmp_path: Path) -> None:
    precious = tmp_path / "data" / "precious.json"
    precious.parent.mkdir()
    precious.write_text(json.dumps({"kept": True}))
    assert_said_in_one_line(asked("demo", "--data", str(precious.parent)), "holds something that no demo made")
    assert json.loads(precious.read_text()) == {"kept": True}


def test_a_folder_in_use_is_refused_to_the_second_market(tmp_path: Path) -> None:
    with lock_folder(tmp_path / "data"):
        assert_said_in_one_line(asked("up", "--data", str(tmp_path / "data")), "another market runs on")


def test_help_names_every_command(tmp_path: Path) -> None:
    ended = run(tmp_path, "--help")
    assert ended.returncode == 0
    for command in ("up", "demo", "verify", "audit", "serve", "work", "migrate"):
        assert f" {command} " in ended.stdout


def test_a_market_that_is_not_there_is_not_told_a_story(tmp_path: Path) -> None:
    operator = tmp_path / "operator.json"
    operator.write_text(json.dumps({"client_id": "cli_1", "client_secret": "secret"}))
    arguments = ["--url", f"http://127.0.0.1:{free_port()}", "--operator", str(operator), "--data", str(tmp_path / "v")]
    assert_said_in_one_line(asked("demo", *arguments), "no market answers at")
