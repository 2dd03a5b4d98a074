"""Whether a market is well: each of its parts is asked, and what does not answer in time is not well."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response

ASK_SECONDS_MAX = 3.0
Ask = Callable[[], Awaitable[Mapping[str, Any]]]  # raises, or answers what is known besides


@dataclass(frozen=True)
class PartHealth:
    """One part, and what it says of itself."""

    is_ready: bool
    told: Mapping[str, Any] = field(default_factory=dict)


async def ask_all(parts: Mapping[str, Ask]) -> dict[str, PartHealth]:
    """Ask every part at once."""
    answers = await asyncio.gather(*(_ask(ask) for ask in parts.values()))
    return dict(zip(parts, answers, strict=True))


async def _ask(ask: Ask) -> PartHealth:
    try:
        async with asyncio.timeout(ASK_SECONDS_MAX):
            return PartHealth(is_ready=True, told=await ask())
    except Exception as error:  # noqa: BLE001 - whatever it is, the part is not well, and this says why
        return PartHealth(is_ready=False, told={"why": str(error) or type(error).__name__})


def answer_health(services: list[str], parts: Mapping[str, PartHealth]) -> Response:
    """200 when all are well, else 503; the body names each part."""
    ready = all(part.is_ready for part in parts.values())
    body = {
        "ready": ready, "services": services,
        "parts": {name: {"ready": part.is_ready, **part.told} for name, part in parts.items()},
    }  # fmt: skip
    return Response(json.dumps(body), 200 if ready else 503, media_type="application/json")
