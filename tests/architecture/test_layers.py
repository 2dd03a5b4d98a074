"""The import contracts of pyproject.toml bite: a planted tree that breaks each of them is refused."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from tools.survey import ROOT, services

CONFIGURED = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
PARTS = ("__init__", "bootstrap", "config", "inbound", "outbound", "use_cases", "ports", "domain")
PLANTED = {
    "pledge/domain.py": "import sqlalchemy",  # a framework in the core
    "pledge/use_cases.py": "import pledge.outbound",  # a layer that looks outwards
    "pledge/outbound.py": "import rights.domain",  # another service's code
    "kernel/__init__.py": "import pledge.domain",
    "evidence/inbound.py": "import market",
    "market/verify.py": "import evidence.domain",
}


def contracts_of(tree: Path) -> dict[str, str]:
    """Each contract's outcome on a tree of packages: KEPT or BROKEN."""
    (tree / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    environment = os.environ | {"PYTHONPATH": str(tree), "COLUMNS": "300", "NO_COLOR": "1"}
    printed = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False).stdout
    return dict(re.findall(r"^(.+) (KEPT|BROKEN)$", printed, re.MULTILINE))


def tree_of(folder: Path, planted: dict[str, str]) -> Path:
    """Empty packages of the project's shape, with what is planted."""
    for package in CONFIGURED["root_packages"]:
        (folder / package).mkdir()
        parts = ("__init__", "verify") if package == "market" else ("__init__",) if package == "kernel" else PARTS
        for part in (*parts, *(["hosting", "rpc", "storage", "web"] if package == "kernel" else [])):
            (folder / package / f"{part}.py").touch()
    for path, text in planted.items():
        (folder / path).write_text(text)
    return folder


def test_a_clean_tree_keeps_every_contract(tmp_path: Path) -> None:
    outcomes = contracts_of(tree_of(tmp_path, {}))
    assert set(outcomes) == {contract["name"] for contract in CONFIGURED["contracts"]}
    assert set(outcomes.values()) == {"KEPT"}


def test_every_contract_is_broken_by_what_it_forbids(tmp_path: Path) -> None:
    assert set(contracts_of(tree_of(tmp_path, PLANTED)).values()) == {"BROKEN"}


def test_a_stray_module_breaks_the_layers(tmp_path: Path) -> None:
    broken = [name for name, outcome in contracts_of(tree_of(tmp_path, {"rights/words.py": ""})).items()
              if outcome == "BROKEN"]  # fmt: skip
    assert [name.partition(":")[0] for name in broken] == ["Inside a service"]


def test_every_service_is_under_contract() -> None:
    assert set(services()) | {"kernel", "market"} == set(CONFIGURED["root_packages"])
