"""Delivery on a database of its own, with a contract in force over a small version."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import Running, StartService
from tests.delivery.market import (
    CONDITIONS,
    HOSPITAL,
    INSURER,
    PATIENTS,
    Catalog,
    Parties,
    Person,
    Trade,
    contract_signed,
    hmac_sm3,
    specification,
)  # fmt: skip


@dataclass
class Delivery:
    """The service and everybody around it."""

    running: Running
    catalog: Catalog
    trade: Trade
    parties: Parties

    @property
    def insurer(self) -> httpx.AsyncClient:
        """The buyer."""
        return self.running.client_for(INSURER, "buyer", subject_id="cli_core")

    def as_person(self, person: Person) -> httpx.AsyncClient:
        """An insured person."""
        return self.running.client_for(person.party_id, "insured_person", subject_id=person.key_id)

    async def key(self, contract_id: str = "ctr_1") -> bytes:
        """The contract's key, as the insurer gets it."""
        answer = await self.insurer.get(f"/entitlements/{contract_id}/subject-key")
        assert answer.status_code == 200, answer.text
        return bytes.fromhex(answer.json()["key_hex"])

    async def token(self, number: str, contract_id: str = "ctr_1") -> str:
        """How a number is named under the contract."""
        return hmac_sm3(await self.key(contract_id), number)

    async def receipt(self, person: Person, **changes: Any) -> dict[str, Any]:
        """A receipt with complete defaults."""
        contract_id = changes.get("contract_id", "ctr_1")
        notice = await self.as_person(person).get(f"/entitlements/{contract_id}/notice")
        return {
            "subject_token": await self.token(person.id_number), "insurer_party_id": INSURER,
            "supplier_party_id": HOSPITAL, "product_id": "prd_1", "contract_id": contract_id,
            "purpose": "underwriting", "policy_case": "case-1", "look_back_years": 100,
            "valid_until": (await self.running.clock.now() + timedelta(days=30)).isoformat(), "use": "multiple",
            "notice_sha256": notice.json().get("notice_sha256", "0" * 64), **changes,
        }  # fmt: skip

    async def consent(self, person: Person, **changes: Any) -> str:
        """The person's consent, given."""
        signed = person.sign(await self.receipt(person, **changes))
        answer = await self.as_person(person).post("/consents", json={"receipt": signed})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["consent_id"])

    async def ask(self, person: Person, consent_id: str | None, key: str = "", **changes: Any) -> httpx.Response:
        """The insurer asks about the person."""
        body = {
            "contract_id": "ctr_1", "subject_token": await self.token(person.id_number), "purpose": "underwriting",
            "policy_case": "case-1", "consent_id": consent_id, **changes,
        }  # fmt: skip
        headers = {"Idempotency-Key": key or secrets.token_hex(8)}
        return await self.insurer.post("/underwriting-queries", json=body, headers=headers)

    async def rows(self, sql: str) -> list[Any]:
        """What stands in the database."""
        from sqlalchemy import text  # noqa: PLC0415 - tests only

        async with self.running.given.database.transaction() as conn:
            return list((await conn.execute(text(sql))).all())

    async def told_kinds(self) -> list[str]:
        """The kinds of events told."""
        return [event.DESCRIPTOR.name for event in await self.running.told()]


StartDelivery = Callable[..., Awaitable[Delivery]]


@pytest.fixture
async def start(service: StartService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StartDelivery:
    """The service with one contract in force, over the CSV texts given."""
    monkeypatch.setenv("YAOSU_DELIVERY_WARM_ROOMS", "false")

    async def begin(
        patients: str = PATIENTS, conditions: str = CONDITIONS, spec: dict[str, Any] | None = None, **contract: Any
    ) -> Delivery:
        catalog, trade, parties = Catalog(tmp_path), Trade(), Parties()
        catalog.publish("ver_1", patients, conditions)
        catalog.specification = specification(**(spec or {}))
        running = await service("delivery", trade=trade, parties=parties)
        running.ports.rooms._catalog = running.ports.rooms._stores._catalog = catalog
        object.__setattr__(running.ports, "catalog", catalog)
        delivery = Delivery(running, catalog, trade, parties)
        signed = contract_signed(catalog.specification, await running.clock.now(), **contract)
        await running.hear(signed, about=signed.contract_id)
        assert await running.dead_letters() == []
        return delivery

    return begin


@pytest.fixture
async def delivery(start: StartDelivery) -> Delivery:
    """A contract in force over five persons."""
    return await start()


@pytest.fixture
def ann(delivery: Delivery) -> Person:
    """A person with hypertension and diabetes."""
    return delivery.parties.add("pty_ann", "999-10-0001")
