"""A market with one product, and the steps every test of it takes."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from kernel.ids import new_id
from tests.conftest import Running, StartService
from tests.trading.fakes import BANK, BUYER, PROVIDER, FakeCatalog, FakeEvidence, FakeParties, FakeRights, opening
from trading.domain.holds import Use
from trading.outbound.payer import Misbehaviour
from trading.use_cases.uses import hold_for_use
from yaosu.delivery.v1.events_pb2 import UseMetered, UseRefused


class Market:
    """Trading with fakes around it, and everybody's client."""

    def __init__(self, running: Running) -> None:
        self.running, self.ports = running, running.ports
        self.catalog, self.rights = running.ports.catalog, running.ports.rights
        self.parties, self.evidence, self.payer = running.ports.parties, running.ports.evidence, running.ports.payer
        self.provider = running.client_for(PROVIDER, "provider", "authorised_operator")
        self.buyer = running.client_for(BUYER, "buyer")
        self.bank = running.client_for(BANK, "bank")
        self.operator = running.client_for("pty_operator", "operator")
        self.stranger = running.client_for("pty_stranger", "buyer", "provider", "bank")

    async def listed(self, **changes: Any) -> dict[str, Any]:
        return done(await self.provider.post("/listings", json=opening(**changes)))

    async def ordered(self, **changes: Any) -> dict[str, Any]:
        listing = await self.listed(**changes)
        order = {"listing_id": listing["listing_id"], "purpose": "underwriting"}
        return done(await self.buyer.post("/orders", json=order))

    async def contracted(self, **changes: Any) -> dict[str, Any]:
        contract_id = (await self.ordered(**changes))["contract_id"]
        done(await self.provider.post(f"/contracts/{contract_id}:sign", json={"click": True}))
        return done(await self.buyer.post(f"/contracts/{contract_id}:sign", json={"click": True}))

    async def topped_up(self, amount_fen: int) -> None:
        done(await self.buyer.post("/top-ups", json={"amount_fen": amount_fen}))
        await self.running.drain()

    async def hold(self, contract_id: str, case: str = "", use_id: str = "", mode: str = "underwriting") -> int:
        return await hold_for_use(self.ports, Use(use_id or new_id("use"), contract_id, mode, case))

    async def use(self, contract_id: str, case: str = "", mode: str = "underwriting") -> int:
        use_id = new_id("use")
        held = await self.hold(contract_id, case, use_id, mode)
        await self.meter(use_id, contract_id, mode)
        return held

    async def meter(self, use_id: str, contract_id: str, mode: str = "underwriting") -> None:
        event = UseMetered(use_id=use_id, contract_id=contract_id, mode=mode, version_digest="d" * 64)
        event.used_at.FromDatetime(await self.running.clock.now())
        await self.running.hear(event, about=use_id)

    async def refuse(self, use_id: str, contract_id: str) -> None:
        await self.running.hear(UseRefused(use_id=use_id, contract_id=contract_id, reason="test"), about=use_id)

    async def deposit(self) -> dict[str, int]:
        return done(await self.buyer.get("/deposits/mine"))

    async def statement(self, contract_id: str) -> dict[str, Any]:
        today = (await self.running.clock.now()).date().isoformat()
        period = {"contract_id": contract_id, "period_from": "2020-01-01", "period_to": today}
        return done(await self.provider.post("/statements", json=period))

    async def confirmed(self, contract_id: str) -> dict[str, Any]:
        statement_id = (await self.statement(contract_id))["statement_id"]
        done(await self.provider.post(f"/statements/{statement_id}:confirm"))
        return done(await self.buyer.post(f"/statements/{statement_id}:confirm"))


def done(answer: httpx.Response) -> dict[str, Any]:
    """The body of an answer that went well."""
    assert answer.is_success, answer.text
    body: dict[str, Any] = answer.json()
    return body


def refused(answer: httpx.Response, status: int, reason: str) -> dict[str, Any]:
    """The problem of an answer that did not."""
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["reason"]) == (status, reason), answer.text
    return body


@pytest.fixture
async def market(service: StartService) -> AsyncIterator[Market]:
    """Trading among fakes, with a payer that behaves, and clocks that do not wait."""
    running = await service(
        "trading", catalog=FakeCatalog(), rights=FakeRights(), parties=FakeParties(), evidence=FakeEvidence(),
        resume_after_seconds=0.0, ask_payer_after_seconds=0.0,
    )  # fmt: skip
    running.ports.payer.misbehaviour = Misbehaviour()
    yield Market(running)
    assert await running.dead_letters() == []
    assert await running.violations() == []
