"""The BIM case over HTTP, step by step: each step takes the market from one state to the next."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx

from kernel.canonical import canonical
from kernel.signatures import sign_compact
from tests.conftest import Running, StartService
from tests.pledge.builders import DIGEST, PRINCIPAL_FEN
from tests.pledge.outsiders import APPRAISER, BANK, BORROWER, OTHER_BANK, FakeParties, FakeRegistry

Json = dict[str, Any]
CONTROL_ACCOUNT = "6222-CONTROL"


@dataclass
class Story:
    """A running service and who takes part."""

    running: Running
    registry: FakeRegistry
    parties: FakeParties
    loan_id: str = ""
    pledge_id: str = ""
    references: int = 0
    stop: Callable[[], None] = field(default=lambda: None)  # a test may end the process from here on

    def client(self, party_id: str, role: str, person: str = "") -> httpx.AsyncClient:
        """A person of a party."""
        return self.running.client_for(party_id, role, subject_id=person or f"{party_id}-anna")

    @property
    def borrower(self) -> httpx.AsyncClient:
        """The design company."""
        return self.client(BORROWER, "provider")

    @property
    def anna(self) -> httpx.AsyncClient:
        """A person of the bank."""
        return self.client(BANK, "bank", "anna")

    @property
    def bea(self) -> httpx.AsyncClient:
        """Another person of the bank."""
        return self.client(BANK, "bank", "bea")

    @property
    def rival(self) -> httpx.AsyncClient:
        """A person of another bank."""
        return self.client(OTHER_BANK, "bank", "ruth")

    async def policy(self, client: httpx.AsyncClient | None = None) -> Json:
        """The bank says on what it lends."""
        body = {"pledge_rate_ppm": 500_000, "appraisers": [APPRAISER]}
        return well(await (client or self.anna).put("/bank-policies/mine", json=body))

    async def book(self, client: httpx.AsyncClient | None = None, number: str = "V-1") -> Json:
        """The borrower puts the model on its balance sheet at 737,383.68."""
        client = client or self.borrower
        voucher = well(await client.post("/vouchers", json=voucher_body(voucher_number=number)))
        body = booking_body(voucher_ids=[voucher["voucher_id"]])
        return well(await client.post("/bookings", json=body))

    async def apply(self, client: httpx.AsyncClient | None = None, **other: object) -> httpx.Response:
        """Two million yuan for twelve months."""
        return await (client or self.borrower).post("/loans", json={
            "dataset_id": "dst_bim", "bank_party_id": BANK, "principal_fen": PRINCIPAL_FEN, "term_months": 12,
            "annual_rate_ppm": 38_000, "purpose": "working capital", "control_account": CONTROL_ACCOUNT,
            "licence_policy": "notify", **other,
        })  # fmt: skip

    async def applied(self) -> Json:
        """As far as an application that passes."""
        await self.policy()
        await self.book()
        loan = well(await self.apply())
        self.loan_id = loan["loan_id"]
        return loan

    async def approved(self) -> Json:
        """As far as two people's yes."""
        await self.applied()
        well(await self.loan_step(self.anna, "approve"))
        return well(await self.loan_step(self.bea, "approve"))

    async def contracted(self) -> Json:
        """As far as both signatures: the borrower's by its key, the bank's by a click."""
        await self.approved()
        text = canonical({
            "loan_contract_sha256": DIGEST, "loan_id": self.loan_id, "pledge_contract_sha256": DIGEST,
            "principal_fen": PRINCIPAL_FEN,
        })  # fmt: skip
        jws = sign_compact(text, self.parties.keys[BORROWER], f"key_{BORROWER}", "yaosu-loan-contract")
        digests = {"loan_contract_sha256": DIGEST, "pledge_contract_sha256": DIGEST}
        well(await self.loan_step(self.borrower, "contract", {**digests, "signature": jws}))
        return well(await self.loan_step(self.anna, "contract", {**digests, "click": True}))

    async def open_pledge(self) -> Json:
        """From the contract to the registry's hold."""
        pledge = well(await self.anna.post("/pledges", json={"loan_id": self.loan_id}))
        self.pledge_id = pledge["pledge_id"]
        return pledge

    async def held(self) -> Json:
        """As far as the registry's hold."""
        await self.contracted()
        return await self.open_pledge()

    async def register(self) -> Json:
        """From the hold to the registration at 中登网."""
        well(await self.pledge_step(self.anna, "search", {"proof_number": "Q-1"}))
        return well(await self.pledge_step(self.anna, "register", registration_body()))

    async def registered(self) -> Json:
        """As far as the registration at 中登网."""
        await self.held()
        return await self.register()

    async def confirmed(self) -> Json:
        """As far as the second search, the annotation and the confirmation."""
        await self.registered()
        return well(await self.pledge_step(self.anna, "search", {"proof_number": "Q-2"}))

    async def performing(self) -> Json:
        """As far as the payment."""
        await self.confirmed()
        return well(await self.loan_step(self.anna, "disburse", await self.proof()))

    async def repaid(self) -> Json:
        """As far as the last repayment."""
        await self.performing()
        return well(await self.loan_step(self.anna, "repay", await self.proof()))

    async def deregistered(self) -> Json:
        """As far as the end of the registration at 中登网."""
        await self.repaid()
        return well(await self.pledge_step(self.anna, "cancel-registration", {"proof_sha256": DIGEST}))

    async def released(self) -> Json:
        """To the end."""
        await self.deregistered()
        well(await self.pledge_step(self.anna, "release", self.notice()))
        return well(await self.pledge_step(self.bea, "release", self.notice()))

    def notice(self, **other: object) -> Json:
        """What is to be freed."""
        named = {"pledge_id": self.pledge_id, "principal_fen": PRINCIPAL_FEN, "borrower_party_id": BORROWER}
        return {**named, **other}

    async def proof(self, **other: object) -> Json:
        """A payment made now."""
        self.references += 1
        paid_at = (await self.running.clock.now() + timedelta(milliseconds=1)).isoformat()
        return {"bank_reference": f"B-{self.references}", "amount_fen": PRINCIPAL_FEN, "paid_at": paid_at,
                "sha256": DIGEST, **other}  # fmt: skip

    async def loan_step(self, client: httpx.AsyncClient, step: str, body: Json | None = None) -> httpx.Response:
        """Somebody does something to the loan."""
        return await client.post(f"/loans/{self.loan_id}:{step}", json=body)

    async def pledge_step(self, client: httpx.AsyncClient, step: str, body: Json | None = None) -> httpx.Response:
        """Somebody does something to the pledge."""
        return await client.post(f"/pledges/{self.pledge_id}:{step}", json=body)

    async def loan(self) -> Json:
        """The loan now."""
        return well(await self.anna.get(f"/loans/{self.loan_id}"))

    async def pledge(self) -> Json:
        """The pledge now."""
        return well(await self.anna.get(f"/pledges/{self.pledge_id}"))

    async def told(self) -> list[str]:
        """The names of what was told, steps with what they say."""
        return [getattr(event, "step", "") or event.DESCRIPTOR.name for event in await self.running.told()]


async def begin(service: StartService) -> Story:
    """A market of which only pledge is real."""
    registry, parties = FakeRegistry(), FakeParties()
    return Story(await service("pledge", registry=registry, parties=parties), registry, parties)


def voucher_body(**other: object) -> Json:
    """A development cost."""
    return {
        "dataset_id": "dst_bim", "voucher_number": "V-1", "period": "2024-06", "stage": "development",
        "category": "staff", "amount_fen": 73_738_368, "capitalise": True, "reason": "modelling", "approver": "Wang",
        **other,
    }  # fmt: skip


def booking_body(**other: object) -> Json:
    """An intangible asset over three years, all conditions shown."""
    names = ("technical_feasibility", "intention", "benefit", "resources", "cost_measurable")
    return {
        "dataset_id": "dst_bim", "classification": "intangible_asset", "life_months": 36, "voucher_ids": [],
        "conditions": dict.fromkeys(names, "minutes of 2026-01-05"), **other,
    }  # fmt: skip


def registration_body(**other: object) -> Json:
    """A registration at 中登网."""
    return {
        "registry": "zhongdeng", "registration_number": "ZD-2026-1", "modification_code": "S3CRET-C0DE",
        "term_months": 24, "proof_sha256": DIGEST, **other,
    }  # fmt: skip


def well(response: httpx.Response) -> Json:
    """The body of an answer that must be a success."""
    assert response.status_code < 300, response.text
    body: Json = response.json()
    return body


def problem(response: httpx.Response) -> str:
    """The type of an answer that must be a problem."""
    assert response.status_code >= 400, response.text
    assert response.headers["content-type"] == "application/problem+json"
    kind: str = response.json()["type"]
    return kind.removeprefix("/problems/")
