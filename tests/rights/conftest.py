"""A registration centre with everybody's client, and the steps that every test of it takes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
import pytest

from kernel.calendar import SHANGHAI
from rights.domain.filing import Subject
from rights.domain.profiles import PROFILES, Case
from tests.conftest import Running, StartService
from tests.rights.fakes import (
    APPRAISER,
    BANK,
    BUYER,
    CO_DESIGNER,
    DESIGNER,
    LAW_FIRM,
    OTHER,
    REGISTRAR,
    FakeCatalog,
    FakeEvidence,
    FakeParties,
)

ALL_RIGHTS = ("HOLD", "USE", "OPERATE")
FORM = {
    "name": "2026年青岛市城阳区建筑设计模型数据集",
    "overview": "由设计单位在自身业务中形成的模型数据。",
    "industry": "M74", "source_kind": "own_production", "area_range": "district", "time_from": "2024-01-01",
    "time_to": "2026-06-30", "update_rate": "year", "volume_records": 200, "data_form": "table",
    "structure": "structured", "scenario": "建筑运维", "restrictions": "无",
}  # fmt: skip


def done(answer: httpx.Response) -> dict[str, Any]:
    """The body of an answer that went well."""
    assert answer.is_success, answer.text
    body: dict[str, Any] = answer.json()
    return body


def refused(answer: httpx.Response, reason: str) -> dict[str, Any]:
    """The problem document of an answer that was refused for this reason."""
    body: dict[str, Any] = answer.json()
    assert body.get("reason") == reason or body["type"].endswith(reason), answer.text
    return body


def shares(*parties: str, term_months: int = 36) -> list[dict[str, Any]]:
    """All three rights for each party."""
    return [
        {"party_id": party, "right": right, "term_months": term_months} for party in parties for right in ALL_RIGHTS
    ]


@dataclass
class Centre:
    """Rights with fakes around it."""

    running: Running
    catalog: FakeCatalog
    parties: FakeParties
    evidence: FakeEvidence

    def __post_init__(self) -> None:
        client = self.running.client_for
        self.designer = client(DESIGNER, "provider")
        self.co_designer = client(CO_DESIGNER, "provider")
        self.other = client(OTHER, "provider", "supplier")
        self.buyer = client(BUYER, "buyer")
        self.bank = client(BANK, "bank")
        self.reviewer = client(REGISTRAR, "reviewer")
        self.law_firm = client(LAW_FIRM, "law_firm")
        self.appraiser = client(APPRAISER, "appraiser")
        self.regulator = client("pty_regulator", "regulator")
        self.clients = {DESIGNER: self.designer, CO_DESIGNER: self.co_designer, OTHER: self.other}

    async def draft(self, subject: Subject, **changes: Any) -> dict[str, Any]:
        """A whole registration, not handed in yet."""
        client = self.clients[subject.owner_party_id]
        source = {"source_kind": subject.source_kind, "data_form": "model" if subject.data_form == "bim" else "table"}
        asset = (
            {"product_id": changes.pop("product_id")} if "product_id" in changes else {"dataset_id": subject.dataset_id}
        )
        body = {
            "type": "initial", "profile": "nda-2026", **asset, "version_id": subject.version_id,
            "form": {**FORM, **source}, "allocations": shares(subject.owner_party_id), **changes,
        }  # fmt: skip
        opened = done(await client.post("/registrations", json=body))
        for kind in self.papers(opened, subject):
            await self.attach(client, opened["registration_id"], kind)
        return opened

    def papers(self, opened: dict[str, Any], subject: Subject) -> list[str]:
        """The papers a registration needs."""
        several = any(each["party_id"] != subject.owner_party_id for each in opened["allocations"])
        return PROFILES[opened["profile"]].papers(Case(subject.source_kind, subject.data_form, several, operates=True))

    async def attach(self, client: httpx.AsyncClient, registration_id: str, kind: str) -> dict[str, Any]:
        """Hand a paper in."""
        return done(
            await client.put(f"/registrations/{registration_id}/attachments/{kind}", content=f"{kind} 正文".encode())
        )

    async def submitted(self, subject: Subject, **changes: Any) -> dict[str, Any]:
        """Handed in."""
        opened = await self.draft(subject, **changes)
        client = self.clients[subject.owner_party_id]
        return done(await client.post(f"/registrations/{opened['registration_id']}:submit"))

    async def step(self, registration: dict[str, Any], step: str, **body: Any) -> dict[str, Any]:
        """The reviewer's step."""
        path = f"/registrations/{registration['registration_id']}:{step}"
        return done(await self.reviewer.post(path, json=body or None))

    async def noticed(self, registration: dict[str, Any]) -> dict[str, Any]:
        """Accepted, reviewed and in its notice."""
        await self.step(registration, "accept")
        await self.step(registration, "start-review")
        return await self.step(registration, "approve", remarks=[])

    async def finish(self, registration: dict[str, Any]) -> dict[str, Any]:
        """Through review, notice and both deposits; the certificate."""
        noticed = await self.noticed(registration)
        await self.pass_day(noticed["notice_ends_on"])
        path = f"/registrations/{registration['registration_id']}"
        number = done(await self.reviewer.get(path))["certificate_number"]
        return done(await self.buyer.get(f"/certificates/{number}"))

    async def pass_day(self, day: str) -> None:
        """Let a day end."""
        await self.running.clock.set(datetime.fromisoformat(f"{day}T23:59:59+08:00"))
        await self.running.clock.advance(seconds=2)
        self.evidence.at = await self.running.clock.now()
        await self.running.drain()

    async def certified(self, subject: Subject | None = None, **changes: Any) -> tuple[Subject, dict[str, Any]]:
        """A dataset whose rights are certified."""
        subject = subject or self.catalog.publish()
        return subject, await self.finish(await self.submitted(subject, **changes))


@pytest.fixture
async def centre(service: StartService) -> Centre:
    """Rights, on a Thursday some weeks before the holidays of October 2026."""
    catalog, parties, evidence = FakeCatalog(), FakeParties(), FakeEvidence()
    running = await service("rights", catalog=catalog, parties=parties, evidence=evidence)
    await running.clock.set(datetime(2026, 9, 3, 9, 0, tzinfo=SHANGHAI))
    return Centre(running, catalog, parties, evidence)
