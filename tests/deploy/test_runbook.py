"""Every command, route, setting and metric that the runbook and the files of `deploy/` name is there."""

import json
import re
from pathlib import Path
from typing import Any

from typer.main import get_command

from market.command import app
from market.deployment_keys import make_keys
from market.roster import SERVICES
from tests.deploy.conftest import CHART, DEPLOY
from tests.deploy.test_watching import shown
from tools.survey import ROOT, sources

RUNBOOK = ROOT / "docs" / "operations.md"
# Made by `yaosu keys`; a file of compose.yaml that is not there is found only when somebody starts it.
SECRETS = re.compile(r"\./secrets/([\w./-]+)")
FILES = re.compile(r"(?:^|[\s\"'])\./((?!secrets)[\w./-]+)")


def test_the_runbook_names_commands_that_exist() -> None:
    commands: Any = get_command(app)  # Any: typer's group has no typed commands
    blocks = re.findall(r"^```\n(.+?)^```", RUNBOOK.read_text(), re.MULTILINE | re.DOTALL)
    inline = re.findall(
        r"`([^`\n]+)`", re.sub(r"^```\n.+?^```", "", RUNBOOK.read_text(), flags=re.MULTILINE | re.DOTALL)
    )
    named = set(re.findall(r"^yaosu ([a-z]+)", "\n".join(blocks + inline), re.MULTILINE))
    assert {"keys", "migrate", "audit"} <= named
    assert named <= set(commands.commands)


def test_the_runbook_names_routes_that_exist() -> None:
    routes = {
        re.sub(r"\{\w+\}", "{}", path)
        for name in SERVICES
        for path in json.loads((ROOT / "docs" / "openapi" / f"{name}.json").read_text())["paths"]
    }
    named = re.findall(r"`(?:POST|GET) (/(?:<service>|[a-z]+)/v1/[^\s`]+)`", RUNBOOK.read_text())
    assert len(named) >= 7
    for path in named:
        for name in SERVICES if "<service>" in path else [""]:
            assert re.sub(r"\{\w+\}", "{}", path.replace("<service>", name)) in routes, path


def test_metrics_of_the_runbook_are_shown() -> None:
    named = set(re.findall(r"`(yaosu_[a-z_]+)`", RUNBOOK.read_text())) - {"yaosu_rights", "yaosu_rights_owner"}
    assert named
    assert named <= set(shown())


def _settings_known() -> set[str]:
    written = (ROOT / "docs" / "settings.md").read_text()
    quoted = " ".join(path.read_text() for path in sources("kernel", "market"))
    return {*re.findall(r"`(YAOSU_[A-Z0-9_]+)`", written), *re.findall(r"\"(YAOSU_[A-Z0-9_]+)\"", quoted)}


def _texts() -> dict[Path, str]:
    files = [RUNBOOK, DEPLOY / "compose.yaml", *CHART.rglob("*.yaml"), *CHART.rglob("*.tpl")]
    return {path: path.read_text() for path in files}


def test_every_setting_named_is_one_that_the_code_reads() -> None:
    # The compose file's own: which image is run.
    known = _settings_known() | {"YAOSU_VERSION"}
    for path, text in _texts().items():
        strange = set(re.findall(r"YAOSU_[A-Z0-9]+(?:_[A-Z0-9]+)*", text)) - known
        assert not strange, path


def test_files_that_the_compose_file_mounts_are_there_or_made(tmp_path: Path) -> None:
    make_keys(tmp_path)
    text = (DEPLOY / "compose.yaml").read_text()
    for path in SECRETS.findall(text):
        assert (tmp_path / path).exists(), path
    for path in FILES.findall(text):
        assert (DEPLOY / path).exists(), path
