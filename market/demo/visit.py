"""The story told to a market that already runs, wherever it does: ``yaosu demo --url``."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console

from kernel.canonical import canonical
from market.complaints import Complaint
from market.demo.cast import operator_of
from market.demo.client import Door, Refused
from market.demo.ending import evidence_of, keep_report
from market.demo.telling import Inputs, tell
from market.demo.world import STARTS_AT
from market.files import TRUST_FILE
from market.trust_file import published_trust
from market.verify.command import pin_trust

SETTLE_SECONDS_MAX = 60.0
SETTLE_LOOK_SECONDS = 1.0
STILL_LOOKS = 3


class MarketUnsuited(Complaint):
    """The story cannot be told in this market; says why."""


async def tell_there(
    url: str, operator_file: Path, folder: Path, inputs: Inputs, report: Path, console: Console
) -> None:
    """Tell both cases; the documents that the parties receive and the report go into the folder.

    No audit: that takes the market's databases, so it is for whoever runs the market (``yaosu audit``).
    """
    began = time.monotonic()
    operator = _credential(operator_file)
    await _begin(url, operator)
    folder.mkdir(parents=True, exist_ok=True)
    trust = await asyncio.to_thread(published_trust, url)
    (folder / TRUST_FILE).write_bytes(canonical(trust))
    pin_trust(trust, say=console.print)
    told: dict[str, Any] = await tell(url, operator, folder, inputs, console)
    await _settled(url)
    told["evidence"] = await evidence_of(url, folder / TRUST_FILE, folder, told)
    told["audit"] = None
    told["seconds"] = round(time.monotonic() - began, 1)
    keep_report(told, report, folder, console)
    console.print("承诺核查由市场运营方执行 the audit is for whoever runs the market: yaosu audit --data DIR")


def _credential(file: Path) -> dict[str, str]:
    try:
        credential = json.loads(file.read_text())
        return {"client_id": credential["client_id"], "client_secret": credential["client_secret"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = f"{file} is not an operator's credential; give the market's operator.json with --operator"
        raise MarketUnsuited(message) from error


async def _begin(url: str, operator: dict[str, str]) -> None:
    """The story begins in the past and ends at the present: time there must be movable, and nobody admitted yet."""
    async with httpx.AsyncClient(base_url=url, timeout=60) as http:
        try:
            (await http.get("/onboarding/v1/clock")).raise_for_status()
        except httpx.HTTPError as error:
            message = f"no market answers at {url}: {error or type(error).__name__}"
            raise MarketUnsuited(message) from error
        try:
            body = {"business_at": STARTS_AT.isoformat()}
            await operator_of(Door(http), operator).post("/onboarding/v1/clock:advance", body)
        except Refused as refused:
            message = f"{url}: {_UNSUITED.get(refused.type, str(refused))}"
            raise MarketUnsuited(message) from refused


_UNSUITED = {
    "/problems/clock-not-movable": "business time cannot be moved there; start that market with YAOSU_MOVABLE_CLOCK=1",
    "/problems/clock-would-go-back": "somebody was admitted there already; the story needs a market of its own",
}


async def _settled(url: str) -> None:
    """Wait until the log has stopped growing for a while: what was told has been deposited then."""
    ends_at, size, still = time.monotonic() + SETTLE_SECONDS_MAX, "", 0
    async with httpx.AsyncClient(base_url=url, timeout=60) as http:
        while still < STILL_LOOKS and time.monotonic() < ends_at:
            found = (await http.get("/evidence/v1/checkpoint")).raise_for_status().text.splitlines()[1]
            size, still = found, still + 1 if found == size else 0
            await asyncio.sleep(SETTLE_LOOK_SECONDS)
