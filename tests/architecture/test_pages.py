"""What is written about the project is true of it."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tools.lint_contracts import complaints
from tools.make_samples import samples
from tools.pages import pages
from tools.survey import ROOT, checkers

MAKE = re.compile(r"\bmake ([a-z][a-z-]*)")
TARGET = re.compile(r"^([a-z][a-z-]*):.*## ", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")
DECISION_PARTS = ("## Context", "## Decision", "## Consequences", "## Alternatives")
SHARED = re.compile(r"(duplex-apartment\.ifc|(^|/)patients\.csv|(^|/)conditions\.csv)$")
COMMITTED_BYTES_MAX = 1_000_000


def stale(wanted: dict[str, str], root: Path) -> list[str]:
    """The pages that are missing or say something else."""
    return [
        path
        for path, text in wanted.items()
        if not (root / path).exists() or (root / path).read_text(encoding="utf-8") != text
    ]


def test_the_generated_pages_are_fresh() -> None:
    old = stale(pages(), ROOT)
    assert not old, f"run 'make docs': {', '.join(old)}"


def test_a_stale_page_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("old")
    assert stale({"a.md": "new", "b.md": "missing"}, tmp_path) == ["a.md", "b.md"]


def test_the_shipped_samples_are_what_the_script_makes() -> None:
    made = samples()
    assert {path.name: path.read_bytes() for path in (ROOT / "samples").iterdir() if path.name in made} == made


def unknown_targets(text: str, makefile: str) -> set[str]:
    """The make targets that a page names and the Makefile does not print."""
    return set(MAKE.findall(text)) - set(TARGET.findall(makefile))


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md", "CONTRIBUTING.md"])
def test_a_command_in_the_readme_exists(page: str) -> None:
    commands = re.findall(r"`([^`]+)`|^ *(make .*)$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert unknown_targets("\n".join(a or b for a, b in commands), makefile) == set()


def test_an_unknown_target_is_found() -> None:
    assert unknown_targets("make it", "help: ## Print this") == {"it"}


def dead_links(page: Path) -> list[str]:
    """The relative links of a page that lead nowhere."""
    return [link for link in LINK.findall(page.read_text(encoding="utf-8")) if not (page.parent / link).exists()]


def test_links_between_pages_lead_somewhere() -> None:
    written = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("services/*/README.md"),
               *ROOT.glob("deploy/**/*.md")]  # fmt: skip
    dead = {str(page.relative_to(ROOT)): links for page in written if (links := dead_links(page))}
    assert dead == {}


def test_a_dead_link_is_found(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text("[there](nowhere.md) [web](https://example.org)")
    assert dead_links(tmp_path / "page.md") == ["nowhere.md"]


def test_decisions_are_numbered_listed_and_whole() -> None:
    folder = ROOT / "docs" / "decisions"
    decisions = sorted(path for path in folder.glob("[0-9]*.md"))
    assert [int(path.name[:4]) for path in decisions] == list(range(1, len(decisions) + 1))
    listed = (folder / "README.md").read_text(encoding="utf-8")
    for path in decisions:
        assert path.name in listed, f"{path.name} is not in the index"
        text = path.read_text(encoding="utf-8")
        assert [part for part in DECISION_PARTS if part not in text] == [], path.name


def test_every_promise_is_shown_by_a_test_that_exists() -> None:
    found = checkers()
    assert found
    missing = [
        f"{owner} {checker.promise}: {checker.planted_by}"
        for owner, checker in found
        if not _is_a_test(checker.planted_by)
    ]
    assert not missing, "\n".join(missing)


def _is_a_test(planted_by: str) -> bool:
    path, _, name = planted_by.partition("::")
    name = name.partition("[")[0].rpartition("::")[2]
    return (ROOT / path).is_file() and f"def {name}(" in (ROOT / path).read_text(encoding="utf-8")


def test_a_promise_without_a_test_is_found() -> None:
    assert not _is_a_test("tests/architecture/test_pages.py::" + "test_of_nothing")
    assert _is_a_test("tests/architecture/test_pages.py::test_a_promise_without_a_test_is_found")


def test_the_contracts_keep_one_set_of_names() -> None:
    assert complaints(ROOT / "proto") == []


def test_a_badly_named_contract_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "yaosu" / "rights" / "v1"
    folder.mkdir(parents=True)
    (folder / "planted.proto").write_text("""
        syntax = "proto3";
        package yaosu.rights.v2;
        message Price { double amountFen = 1; int32 price_fen = 2; }
        enum Right { HOLD = 0; }
        service Rights { rpc Get(Price) returns (Price); }
    """)
    assert len(complaints(tmp_path)) == 8


def improper(path: str, size_bytes: int) -> bool:
    """Whether a file has no business in the repository: shared inputs, or anything large."""
    return bool(SHARED.search(path)) or (size_bytes > COMMITTED_BYTES_MAX and not path.startswith("requirements/"))


def test_no_shared_or_large_file_is_committed() -> None:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git clone")
    listed = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    tracked = [path for path in listed.stdout.decode().split("\0") if path and (ROOT / path).is_file()]
    assert [path for path in tracked if improper(path, (ROOT / path).stat().st_size)] == []


def test_a_shared_file_would_be_found() -> None:
    assert improper("samples/patients.csv", 10)
    assert improper("docs/film.mp4", 2_000_000)
    assert not improper("samples/sample-persons.csv", 10)
