"""Runs the two cases on a market of their own and writes the report."""

import asyncio
import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from market.audit import audit, show
from market.complaints import Complaint
from market.demo.ending import evidence_of, keep_report
from market.demo.telling import Inputs
from market.embedded import Market, open_market, stop_leftovers
from market.files import TRUST_FILE
from market.verify.command import pin_trust
from market.verify.trust import pinned_path

MARKER = "demo.json"


class StoryBrokeOff(Complaint):
    """A step of the demo did not come to what it had to; the market's folder is left for a look."""


async def run_demo(data: Path, inputs: Inputs, report: Path, console: Console) -> int:
    """Tell both cases on a fresh market in the folder; returns how many promises were found broken."""
    began = time.monotonic()
    _make_way(data)
    os.environ["YAOSU_MOVABLE_CLOCK"] = "1"
    async with open_market(data, movable_clock=True) as market:
        pin_trust(json.loads(market.trust_path.read_bytes()), say=console.print)
        (data / MARKER).write_text(json.dumps({"began_at": time.time()}))
        told = await _tell_from_outside(market, inputs)
        await market.settle()
        told["evidence"] = await evidence_of(market.url, market.trust_path, data, told)
        findings = await audit(market.ground.server, market.ground.objects_of)
    violations = show(findings, console)
    told["audit"] = {"promises": len(findings), "violations": violations}
    told["seconds"] = round(time.monotonic() - began, 1)
    keep_report(told, report, data, console)
    console.print("[bold green]make up[/bold green] 打开带有这些数据的市场 opens the market with that data")
    return violations


async def _tell_from_outside(market: Market, inputs: Inputs) -> dict[str, Any]:
    """The story is told by a process of its own: the market does not wait while its visitors think."""
    data, told_at = market.ground.data, market.ground.data / "told.json"
    asked = {
        "url": market.url, "operator": market.operator, "data": str(data), "told": str(told_at),
        "inputs": [str(path) for path in (inputs.patients, inputs.conditions, inputs.bim)],
    }  # fmt: skip
    teller = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "market.demo", stdin=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    try:
        await teller.communicate(json.dumps(asked).encode())
    finally:
        if teller.returncode is None:
            teller.kill()
    if teller.returncode:
        message = "the story broke off; what is printed above says where"
        raise StoryBrokeOff(message)
    told: dict[str, Any] = json.loads(told_at.read_text())
    told_at.unlink()
    return told


def _make_way(data: Path) -> None:
    """An earlier demo's market is replaced; any other market is left alone."""
    if not data.exists() or not any(data.iterdir()):
        return
    if not (data / MARKER).exists():
        message = f"{data} holds something that no demo made; give another folder with --data"
        raise Complaint(message)
    stop_leftovers(data)
    _unpin(data / TRUST_FILE)
    shutil.rmtree(data)


def _unpin(replaced: Path) -> None:
    """When the market that is replaced is the one that is pinned, its pin goes with it."""
    pinned = pinned_path()
    if replaced.exists() and pinned.exists() and pinned.read_bytes() == replaced.read_bytes():
        pinned.unlink()
