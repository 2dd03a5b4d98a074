"""The public keys that a running market signs with, as its services publish them."""

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

from kernel.canonical import canonical
from market.files import TRUST_FILE
from market.verify.trust import Trust

ISSUERS = ("rights", "trading")
ANSWER_SECONDS_MAX = 30
_WITHOUT_PROXY = build_opener(ProxyHandler({}))


async def keep_trust(data: Path, url: str) -> None:
    """Write them to the market's trust file, which also is what verifiers pin."""
    trust = await asyncio.to_thread(published_trust, url)
    (data / TRUST_FILE).write_bytes(canonical(trust))


def published_trust(url: str) -> dict[str, Any]:
    """The content of the trust file of the market at the address; it blocks."""
    log = _published(f"{url}/evidence/v1/key")
    issuers = []
    for service in ISSUERS:
        published = _published(f"{url}/{service}/v1/issuer-keys")
        issuers += [{"issuer": published["issuer"], **key} for key in published["keys"]]
    trust = {"format": 1, "log": {"origin": log["origin"], "vkey": log["vkey"]}, "issuers": issuers}
    Trust.from_json(canonical(trust))
    return trust


def _published(address: str) -> Any:  # Any: a JSON value
    # Of the standard library, since every start waits for this and an HTTP client takes long to load.
    with _WITHOUT_PROXY.open(address, timeout=ANSWER_SECONDS_MAX) as answer:
        return json.load(answer)
