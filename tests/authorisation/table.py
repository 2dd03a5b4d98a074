"""The table of who may call what: ``expected.toml``, written anew by ``python -m tests.authorisation``."""

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PATH = Path(__file__).with_name("expected.toml")
PUBLIC, ANYONE, REST = "public", "anyone", "*"
HEAD = """\
# Who may call what. Written by `python -m tests.authorisation` from what the services answer; a change here is a change
# of who may do what, and is read as such before it is kept.
#
# [operations] One row for each method and path.
#   may      "public" (no token needed), "anyone" (with a token) or the roles of which one is needed
#   guessed  what a member with such a role gets for an object that is not there
#   other    ... for an object that is another party's, with a body of the contract's form
#   own      ... for its own object (reads)
#   Outcomes are a status and, where it is refused, the type of the problem; where they differ, the roles stand beside
#   them and "*" is the rest of those who may.
# [calls] For each gRPC method the services that may call it.

"""
Outcomes = Mapping[str, tuple[str, ...]]


@dataclass
class Row:
    """What is expected of one operation."""

    may: str | tuple[str, ...]
    guessed: dict[str, str] = field(default_factory=dict)
    other: dict[str, str] = field(default_factory=dict)
    own: str = ""

    def roles(self, everybody: Collection[str]) -> tuple[str, ...]:
        """Those who may."""
        return tuple(sorted(everybody)) if isinstance(self.may, str) else self.may


def read_rows() -> dict[str, Row]:
    """The operations' rows, by method and path."""
    return {
        name: Row(_may(told["may"]), _outcomes(told.get("guessed", "")), _outcomes(told.get("other", "")),
                  told.get("own", ""))
        for name, told in _whole()["operations"].items()
    }  # fmt: skip


def read_calls() -> dict[str, frozenset[str]]:
    """The services that may call each method."""
    return {name: frozenset(callers) for name, callers in _whole()["calls"].items()}


def expected_of(outcomes: Mapping[str, str], role: str) -> str:
    """What the role gets."""
    return outcomes.get(role, outcomes.get(REST, ""))


def written(rows: Mapping[str, Row], calls: Mapping[str, Collection[str]]) -> str:
    """The whole table as text."""
    lines = [HEAD + "[operations]"]
    for name, row in rows.items():
        told = [f"may = {_toml(row.may if isinstance(row.may, str) else list(row.may))}"]
        told += [f"{key} = {_toml(_folded(value))}" for key in ("guessed", "other") if (value := getattr(row, key))]
        told += [f"own = {_toml(row.own)}"] if row.own else []
        lines.append(f"{_toml(name)} = {{ {', '.join(told)} }}")
    lines += ["", "[calls]", *(f"{_toml(name)} = {_toml(sorted(callers))}" for name, callers in calls.items())]
    return "\n".join(lines) + "\n"


def grouped(found: Mapping[str, str]) -> dict[str, str]:
    """From each role's outcome to the few that differ from the most common."""
    if not found:
        return {}
    if set(found) == {REST}:
        return dict(found)
    common = max(set(found.values()), key=lambda one: (list(found.values()).count(one), one))
    return {REST: common} | {role: outcome for role, outcome in sorted(found.items()) if outcome != common}


def _whole() -> dict[str, Any]:  # Any: TOML's values
    return tomllib.loads(PATH.read_text())


def _may(told: str | list[str]) -> str | tuple[str, ...]:
    return told if isinstance(told, str) else tuple(told)


def _outcomes(told: str | dict[str, str]) -> dict[str, str]:
    if isinstance(told, dict):
        return told
    return {REST: told} if told else {}


def _folded(outcomes: Mapping[str, str]) -> str | Mapping[str, str]:
    return outcomes[REST] if set(outcomes) == {REST} else outcomes


def _toml(value: object) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_toml(key)} = {_toml(one)}" for key, one in value.items()) + " }"
    assert isinstance(value, list)
    return "[" + ", ".join(map(_toml, value)) + "]"
