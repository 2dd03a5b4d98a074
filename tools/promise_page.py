"""docs/promises.md: each promise with what it says, who checks it, what proves it, and what it does not cover."""

import json
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any

from tests.promises.controls import CONTROLS
from tests.promises.crashes import APART, POINTS
from tools import survey

SAID = survey.ROOT / "docs" / "promises.toml"
COUNTS = survey.ROOT / "docs" / "promises-counts.json"
RUNS = {"promises": "`make promises`", "night": "`make promises-night`"}
HEAD = """# Promises 承诺

What this market promises, one entry for each promise: the statement, who checks it and which test shows that the check
can fail, what else proves it, and what it does not cover. `yaosu audit` runs every checker over the live data; each
service's worker does so again and again (`yaosu_promise_violations`). Tests are paths in this repository.
本市场的承诺，逐条列出：内容、检查方、证明检查会失败的测试、其他证明，以及未覆盖之处。
`yaosu audit` 对实际数据运行全部检查，各服务的工作进程也会持续运行（指标 `yaosu_promise_violations`）。
"""


def promises(written: str) -> str:
    """The page."""
    said: dict[str, Any] = tomllib.loads(SAID.read_text(encoding="utf-8"))  # Any: TOML values
    groups = said.pop("groups")
    checks: dict[str, list[tuple[str, survey.Checked]]] = {}
    for owner, checker in survey.checkers():
        plain, _, suffix = checker.promise.partition(".")
        known = plain in said and not suffix.isdigit()
        checks.setdefault(plain if known else "", []).append((owner, checker))
    lines = [HEAD, written]
    for letter, title in groups.items():
        lines += ["", f"## {title}"]
        for name in (name for name in said if name.rstrip("0123456789") == letter):
            lines += _entry(name, said[name], checks.get(name, []))
    lines += _others(checks.get("", []))
    lines += _last_counts()
    lines += _controls()
    lines += _crash_points()
    return "\n".join(lines) + "\n"


def _entry(name: str, said: Mapping[str, Any], checks: list[tuple[str, survey.Checked]]) -> list[str]:
    lines = ["", f"### {name}", "", said["says"], said["zh"], ""]
    lines += [f"- checked 检查 ({owner}): {one.statement.rstrip('.')} — `{one.planted_by}`" for owner, one in checks]
    if not checks:
        lines.append("- checked 检查: no checker over live data 无在线检查")
    lines += [f"- proved 证明: {', '.join(f'`{test}`' for test in said['tests'])}"] * bool(said["tests"])
    lines += [f"- not covered 未覆盖: {said['open']}"] * bool(said["open"])
    return lines


def _others(checks: list[tuple[str, survey.Checked]]) -> list[str]:
    lines = ["", "## Checked besides 其他检查", "", "| Who | | What always holds | Shown by |", "|---|---|---|---|"]
    return lines + [
        f"| {owner} | {checker.promise} | {checker.statement} | `{checker.planted_by}` |" for owner, checker in checks
    ]


def _last_counts() -> list[str]:
    lines = ["", "## Last counts 最近一次运行", ""]
    kept: dict[str, Any] = json.loads(COUNTS.read_text(encoding="utf-8")) if COUNTS.exists() else {}
    if not kept:
        return [*lines, "No long run was written down yet. 尚无长时运行记录。"]
    lines += [
        "Violations allowed: 0. With none in N trials the 95 % upper bound of the rate is 3/N. 允许违反数：0。", "",
        "| Run | On | Commit | Faults | Keys | once unknown | asked again | Violations |",
        "|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    races = kept.pop("races", {})
    for size, runs in sorted(kept.items(), reverse=True):
        for run, counts in sorted(runs.items()):
            lines.append(
                f"| {RUNS.get(size, size)}: {run} | {counts['on']} | {counts['commit']} | "
                f"{sum(counts['faults'].values())} | {counts['keys']} | {counts['keys_once_unknown']} | "
                f"{counts['keys_asked_again']} | {counts['violations']} |"
            )
    return lines + _races(races)


def _races(races: Mapping[str, Any]) -> list[str]:  # Any: JSON values
    if not races:
        return []
    lines = [
        "", "Eight callers start together in each round of a race; one may win. 每轮八方同时发起，只能有一方成功。", "",
        "| Race | On | Commit | Rounds | Won by | Violations |", "|---|---|---|---|---|---|",
    ]  # fmt: skip
    for name, counts in sorted(races.items()):
        won = ", ".join(f"{side} {times}" for side, times in counts["won"].items())
        told = f"{counts['on']} | {counts['commit']} | {counts['rounds']} | {won} | {counts['violations']}"
        lines.append(f"| `{name}` | {told} |")
    return lines


def _controls() -> list[str]:
    lines = [
        "", "## Planted bugs 植入的缺陷", "",
        "Each of these bugs is planted by `tests/promises/test_controls.py`, and the test named has to fail then.",
        "以下缺陷逐一植入，所列测试必须因此失败。", "",
        "| Bug | Like | Caught by |", "|---|---|---|",
    ]  # fmt: skip
    return lines + _rows((one.name, one.like or "—", f"`{one.caught_by}`") for one in CONTROLS)


def _crash_points() -> list[str]:
    lines = [
        "", "## Crash points 崩溃点", "",
        "`YAOSU_CRASH_AT=name[:nth]` lets a process die there as `kill -9` does; `tests/promises/test_crash_points.py`",
        "demands that each is reached and that everything comes right afterwards, save those that it does not come by:",
        f"{', '.join(f'`{name}`' for name in sorted(APART))}.", "",
        "| Point | What is so at that moment |", "|---|---|",
    ]  # fmt: skip
    return lines + _rows((f"`{name}`", words) for name, words in sorted(POINTS.items()))


def _rows(cells: Iterable[tuple[str, ...]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in cells]
