"""The real tools that the files of `deploy/` are read by; `deploy/lint tools` builds them."""

import json
import os
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.survey import ROOT

DEPLOY = ROOT / "deploy"
CHART = DEPLOY / "helm" / "yaosu"
KUBERNETES = "1.33"
Documents = list[dict[str, Any]]  # Any: Kubernetes' own shapes


def tool(name: str) -> Path:
    """The tool; without it the test is skipped, and fails where everything has to be there."""
    path = ROOT / "var" / "tools" / name
    if not path.exists():
        reason = f"{name} is not built here: run deploy/lint tools (it needs Go)"
        if os.environ.get("YAOSU_REQUIRE_BACKENDS") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return path


@cache
def rendered(*values: str) -> Documents:
    """All that Helm makes of the chart with the invented values, changed by ``--set`` of these."""
    sets = [part for value in values for part in ("--set", value)]
    command = [
        str(tool("helm")), "template", "yaosu", str(CHART), "--values", str(CHART / "ci-values.yaml"),
        "--kube-version", f"{KUBERNETES}.0", *sets,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [document for document in yaml.safe_load_all(done.stdout) if document]


@pytest.fixture(scope="session")
def chart() -> Callable[..., Documents]:
    """Renders the chart."""
    return rendered


@pytest.fixture(scope="session")
def composed() -> dict[str, Any]:
    """The compose file as Docker Compose understands it."""
    command = [str(tool("compose")), "--file", str(DEPLOY / "compose.yaml"), "--profile", "identity", "config",
               "--format", "json"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"PWD": str(ROOT)})
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found
