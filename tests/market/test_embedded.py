"""The whole market in one process: opened again, it has the same data, keys and credentials."""

import asyncio
import json
import stat
from pathlib import Path
from typing import Any

import httpx
import pytest

from market.complaints import FolderInUse
from market.demo.cast import CAST, admit, operator_of
from market.demo.client import Door
from market.embedded import Market, open_market
from market.files import OPERATOR_FILE, TRUST_FILE
from market.roster import SERVICES
from tests.market.process import free_port


async def test_a_market_that_is_opened_again_is_the_same_market(data: Path) -> None:
    async with open_market(data) as market:
        first = await _seen(market)
        assert first["health"]["services"] == list(SERVICES)
        applied = await _admit_a_bank(market)
    async with open_market(data) as market:
        assert await _seen(market) == first
        async with httpx.AsyncClient(base_url=market.url, timeout=60) as http:
            operator = operator_of(Door(http), market.operator)
            party = await operator.get(f"/onboarding/v1/parties/{applied}")
            assert (party["state"], party["roles"]) == ("APPROVED", ["bank"])


async def _seen(market: Market) -> dict[str, Any]:
    """What must not change from one opening to the next."""
    async with httpx.AsyncClient(base_url=market.url, timeout=60) as http:
        for service in SERVICES:
            (await http.get(f"/{service}/v1/health")).raise_for_status()
        health = (await http.get("/health")).json()
        index = (await http.get("/evidence/v1/key")).json()
    data = market.ground.data
    return {"health": health, "log": index, "operator": market.operator, "trust": (data / TRUST_FILE).read_bytes()}


async def _admit_a_bank(market: Market) -> str:
    async with httpx.AsyncClient(base_url=market.url, timeout=60) as http:
        door = Door(http)
        bank = next(part for part in CAST if part.handle == "bank")
        return (await admit(door, operator_of(door, market.operator), bank)).party_id


async def test_secrets_are_for_the_owner_only(data: Path) -> None:
    async with open_market(data):
        operator = data / OPERATOR_FILE
        assert set(json.loads(operator.read_text())) == {"client_id", "client_secret"}
        assert stat.S_IMODE(operator.stat().st_mode) == 0o600
        assert stat.S_IMODE((data / "keys").stat().st_mode) == 0o700
        readable = [path for path in (data / "keys").rglob("*") if path.is_file() and path.stat().st_mode & 0o077]
        assert [path for path in readable if not path.name.endswith(".public.jwk")] == []
        with pytest.raises(FolderInUse, match="another market runs on"):
            await open_market(data).__aenter__()
    assert not (data / "postgres" / "postmaster.pid").exists(), "a closed market leaves nothing running"


async def test_a_port_that_is_taken_is_named_and_nothing_stays_running(data: Path) -> None:
    port = free_port()
    taken = await asyncio.start_server(lambda *_: None, "127.0.0.1", port)
    async with taken:
        with pytest.raises(FolderInUse, match=f"port {port} is taken"):
            await open_market(data, port=port).__aenter__()
    assert not (data / "postgres" / "postmaster.pid").exists()
