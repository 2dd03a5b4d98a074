"""What clients do: several tenants, each with seeded steps of the market's business, over the public API alone."""

import asyncio
import csv
import io
import random
import secrets
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from rich.console import Console

from market.demo import world as told
from market.demo.client import PATIENCE_SECONDS, RETRY_SECONDS, Actor, Door, Refused
from market.demo.loan_steps import approve_and_contract, pledge_right
from market.demo.rights_steps import certify, file_compliance, report_quality, report_value, transfer
from market.demo.story import Story
from market.demo.trade_steps import sign_contract
from market.demo.world import STARTS_AT, bytes_stream
from tests.promises.history import who_asks
from tests.promises.underwriting import Underwriting

PRICES_FEN = (1, 999, 36_000, 1_000_001)
PRINCIPAL_FEN = 50_000_000
INCOMES_FEN, RATE_PPM = (160_000_000, 190_000_000, 220_000_000), 150_000
CONDITIONS = ("technical_feasibility", "intention", "benefit", "resources", "cost_measurable")
SELLERS, BUYERS, BANKS = (
    ("designer", "co_designer", "facility"),
    ("insurer", "facility", "co_designer"),
    ("bank", "second_bank"),
)
ROWS = 40


@dataclass
class Asset:
    """Something certified that its owner sells and borrows on."""

    owner: str
    dataset_id: str
    version_id: str
    product_id: str
    certificate: str
    content: bytes
    listings: list[str] = field(default_factory=list)


@dataclass
class Workload:
    """Tenants at work until they are told to stop; the same seed asks for the same steps."""

    door: Door
    folder: Path
    operator: dict[str, str]
    seed: int
    assets: list[Asset] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # noqa: S311 - the same steps at each run
        story = Story(Console(file=io.StringIO()))
        self.stage = told.World(self.door, story, self.folder, self.operator)
        self.underwriting = Underwriting(self.stage, self.broken)

    async def actors(self) -> dict[str, Actor]:
        """Everybody, by party and subject."""
        everybody = self.stage.actors.values()
        return {who_asks(f"Bearer {await actor.token()}"): actor for actor in everybody}

    async def open(self, *, medical: bool = True) -> None:
        """Everybody is admitted; the banks say on what they lend; the insurer has its contract."""
        await self.stage.go_to(STARTS_AT)
        await self.stage.gather_cast()
        appraisers = [self.stage["appraiser"].party_id]
        policy = {"pledge_rate_ppm": 500_000, "ceiling_fen": 500_000_000, "appraisers": appraisers}
        for bank in BANKS:
            await self.stage[bank].put("/pledge/v1/bank-policies/mine", policy)
        if medical:
            await self.underwriting.open()

    async def work(self, stopped: asyncio.Event, rounds: int = 1_000_000) -> None:
        """Sellers and buyers, each by itself; ends when told, or after so many rounds each."""
        tenants = [(self.sell, name) for name in SELLERS] + [(self.buy, name) for name in BUYERS]
        tenants += [(self.insure, "insurer")] * bool(self.underwriting.applicants)
        chances = [random.Random(self._chance.random()) for _ in tenants]  # noqa: S311 - as above
        async with asyncio.TaskGroup() as tasks:
            for (life, name), chance in zip(tenants, chances, strict=True):
                tasks.create_task(self._live(life, name, chance, stopped, rounds))

    async def _live(
        self, life: Callable[[str, random.Random], Awaitable[str]], name: str, chance: random.Random,
        stopped: asyncio.Event, rounds: int,
    ) -> None:  # fmt: skip
        for _ in range(rounds):
            if stopped.is_set():
                return
            try:
                self.done[await life(name, chance)] += 1
            except Refused as refused:
                self.refused[refused.type] += 1
            except (TimeoutError, AssertionError) as error:
                self.broken.append(f"{name}: {type(error).__name__}: {error}")
            await asyncio.sleep(0)

    # What a seller does.

    async def sell(self, name: str, chance: random.Random) -> str:
        """Something new, or something with what it has."""
        own = [asset for asset in self.assets if asset.owner == name]
        if not own or chance.random() < 0.3 / len(own):
            await self.publish(name, chance)
            return "published"
        asset = chance.choice(own)
        step = chance.choices(
            [self.offer, self.borrow, self.give_up_pledge, self.hand_over], weights=[5, 3, 1, 1]
        )[0]  # fmt: skip
        await step(asset, chance)
        return step.__name__

    async def publish(self, name: str, chance: random.Random) -> Asset:
        """From bytes to a certificate and a listing."""
        owner, content = self.stage[name], _table(chance)
        dataset = await owner.post("/catalog/v1/datasets", {
            "title": f"台账 {chance.random()}", "title_en": "Records", "description": "生产台账。",
            "description_en": "Records of production.", "theme": "community", "form": "table",
            "source_kind": "own_production",
        })  # fmt: skip
        version_id = await self._version(owner, dataset["dataset_id"], content)
        product = await owner.post("/catalog/v1/products", {
            "dataset_id": dataset["dataset_id"], "name": "生产台账", "name_en": "Records", "description": "台账。",
            "description_en": "Records.", "specification": {"deliveries": ["file"]},
        })  # fmt: skip
        await owner.post(f"/catalog/v1/products/{product['product_id']}:publish")
        asset = {"dataset_id": dataset["dataset_id"], "version_id": version_id}
        await file_compliance(self.stage, level="GENERAL_2", **asset)
        number, _ = await certify(
            self.stage, owner, profile="nda-2026", name="2026年青岛市城阳区工业生产台账数据集",
            source_kind="own_production", **asset,
        )  # fmt: skip
        made = Asset(name, dataset["dataset_id"], version_id, product["product_id"], number, content)
        self.assets.append(made)
        await self.offer(made, chance)
        return made

    async def _version(self, owner: Actor, dataset_id: str, content: bytes) -> str:
        opened = await owner.post(f"/catalog/v1/datasets/{dataset_id}/versions", {"files": [{"name": "data.csv"}]})
        path = f"/catalog/v1/versions/{opened['version_id']}"
        await owner.upload(f"{path}/files/data.csv", bytes_stream(content), len(content), "text/csv")
        await owner.post(f"{path}:publish")
        version = await owner.until(path, "state", "PUBLISHED", "FAILED")
        if version["state"] == "FAILED":
            raise Refused(version["refusal"], path)
        return str(opened["version_id"])

    async def offer(self, asset: Asset, chance: random.Random, *, exclusive: bool | None = None) -> None:
        """List it, now and then exclusively."""
        owner = self.stage[asset.owner]
        listing = await owner.post("/trading/v1/listings", {
            "product_id": asset.product_id, "billing": "fixed", "price_fen": chance.choice(PRICES_FEN),
            "exclusive": chance.random() < 0.2 if exclusive is None else exclusive,
            "term_days": chance.choice((1, 365)), "purposes": ["analysis"],
            "version_selector": f"pinned:{asset.version_id}",
            "split": [
                {"role": "provider", "party_id": owner.party_id, "share_ppm": 910_001},
                {"role": "exchange", "account": "数据要素流通中心", "share_ppm": 29_999},
                {"role": "tax", "account": "国家税务总局城阳区税务局", "share_ppm": 60_000},
            ],
        })  # fmt: skip
        asset.listings.append(listing["listing_id"])

    async def borrow(self, asset: Asset, chance: random.Random) -> None:
        """A loan on it, from application to release."""
        loan_id, bank = await self._loan(asset, chance)
        officers = (self.stage[bank], self.stage[f"{bank}_2"])
        pledge_id = await pledge_right(loan_id, officers[0])
        await officers[0].post(f"/pledge/v1/loans/{loan_id}:disburse", await self._receipt("FK", loan_id))
        await officers[0].post(f"/pledge/v1/loans/{loan_id}:repay", await self._receipt("HK", loan_id))
        path = f"/pledge/v1/pledges/{pledge_id}"
        await officers[0].until(path, "state", "DISCHARGED")
        proof = {"proof_sha256": sha256(f"注销证明 {loan_id}".encode()).hexdigest()}
        await officers[0].post(f"{path}:cancel-registration", proof)
        await officers[0].until(path, "state", "DEREGISTERED")
        named = {"pledge_id": pledge_id, "principal_fen": PRINCIPAL_FEN,
                 "borrower_party_id": self.stage[asset.owner].party_id}  # fmt: skip
        for officer in officers:
            await officer.post(f"{path}:release", named)
        await officers[0].until(path, "state", "RELEASED")

    async def give_up_pledge(self, asset: Asset, chance: random.Random) -> None:
        """The bank reserves the right and thinks better of it: everything is taken back."""
        loan_id, bank = await self._loan(asset, chance)
        pledge = await self.stage[bank].post("/pledge/v1/pledges", {"loan_id": loan_id})
        path = f"/pledge/v1/pledges/{pledge['pledge_id']}"
        await self.stage[bank].until(path, "state", "HELD")
        await self.stage[bank].post(f"{path}:cancel", {"reason": "授信政策调整"})
        await self.stage[bank].until(path, "state", "CANCELLED")

    async def _loan(self, asset: Asset, chance: random.Random, bank: str = "") -> tuple[str, str]:
        borrower, bank = self.stage[asset.owner], bank or chance.choice(BANKS)
        await report_quality(self.stage, dataset_id=asset.dataset_id, version_id=asset.version_id)
        await report_value(self.stage, dataset_id=asset.dataset_id, incomes_fen=INCOMES_FEN, rate_ppm=RATE_PPM)
        await self._book(borrower, asset)
        loan = await borrower.post("/pledge/v1/loans", {
            "dataset_id": asset.dataset_id, "bank_party_id": self.stage[bank].party_id,
            "principal_fen": PRINCIPAL_FEN, "term_months": 6, "annual_rate_ppm": 38_500, "purpose": "流动资金",
            "control_account": "6217-0001", "licence_policy": chance.choice(("free", "notify")),
        })  # fmt: skip
        officers = (self.stage[bank], self.stage[f"{bank}_2"])
        await approve_and_contract(loan["loan_id"], borrower, officers, PRINCIPAL_FEN)
        return str(loan["loan_id"]), bank

    async def _book(self, owner: Actor, asset: Asset) -> None:
        voucher = await owner.post("/pledge/v1/vouchers", {
            "dataset_id": asset.dataset_id, "voucher_number": f"PZ-{secrets.token_hex(4)}",
            "period": (await self.stage.now()).strftime("%Y-%m"), "stage": "development", "category": "staff",
            "amount_fen": 62_000_001, "capitalise": True, "reason": "开发阶段支出", "approver": "财务总监",
        })  # fmt: skip
        try:
            await owner.post("/pledge/v1/bookings", {
                "dataset_id": asset.dataset_id, "classification": "intangible_asset", "life_months": 36,
                "voucher_ids": [voucher["voucher_id"]], "conditions": dict.fromkeys(CONDITIONS, "论证材料"),
            })  # fmt: skip
        except Refused as refused:
            if refused.type != "/problems/asset-already-booked":  # by an earlier loan: that one serves
                raise

    async def _receipt(self, kind: str, loan_id: str) -> dict[str, Any]:
        paid_at = await self.stage.now() - timedelta(seconds=1)
        return {"bank_reference": f"{kind}-{secrets.token_hex(4)}", "amount_fen": PRINCIPAL_FEN,
                "paid_at": paid_at.isoformat(), "sha256": sha256(f"{kind}{loan_id}".encode()).hexdigest()}  # fmt: skip

    async def hand_over(self, asset: Asset, chance: random.Random) -> None:
        """The right goes to another seller, by a registration of both."""
        taker = chance.choice([name for name in SELLERS if name != asset.owner])
        giver = self.stage[asset.owner]
        moving = await transfer(giver, self.stage[taker], certificate_number=asset.certificate)
        path = f"/rights/v1/registrations/{moving['registration_id']}"
        registrar = self.stage["registrar"]
        for step in ("accept", "start-review", "approve"):
            await registrar.post(f"{path}:{step}", {})
        await self.stage.working_days_later(5)
        await giver.until(path, "state", "CERTIFIED", "REFUSED")
        # The dataset stays its maker's in the catalogue; what was certified is another's, so it is sold no more.
        self.assets.remove(asset)

    # What a buyer does.

    async def buy(self, name: str, chance: random.Random, only: tuple[Asset, str] | None = None) -> str:
        """Pay in, order, sign, pay, fetch the bytes, accept; and wait for the settlement."""
        buyer = self.stage[name]
        offers = (
            [only] if only else [(asset, one) for asset in self.assets if asset.owner != name for one in asset.listings]
        )
        if not offers:
            await self._top_up(buyer, chance.randrange(1, 100_000))
            return "topped_up"
        asset, listing = chance.choice(offers)
        terms = await buyer.get(f"/trading/v1/listings/{listing}")
        await self._top_up(buyer, terms["price_fen"] + chance.randrange(2))
        order = await buyer.post("/trading/v1/orders", {"listing_id": listing, "purpose": "analysis"})
        contract = await sign_contract(order["contract"], self.stage[asset.owner], buyer)
        if contract["state"] == "REFUSED":
            return "contract_refused"
        path = f"/trading/v1/orders/{order['order_id']}"
        await buyer.post(f"{path}:pay")
        if not await self._is_entitled(buyer, contract["contract_id"]):
            return "term_over"
        received = await self._fetch(buyer, contract["contract_id"])
        if received != asset.content:
            self.broken.append(f"{name} received other bytes than were sold under {contract['contract_id']}")
        await buyer.until(path, "state", "DELIVERED")
        await buyer.post(f"{path}:accept")
        await buyer.until(path, "state", "SETTLED")
        return "bought"

    async def _is_entitled(self, buyer: Actor, contract_id: str) -> bool:
        """Whether it is, once delivery has heard of it; when others moved the clock on, a short term may be over."""
        path, ends_at = f"/delivery/v1/entitlements/{contract_id}", time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                state = (await buyer.get(path))["state"]
            except Refused as refused:
                if not refused.type.endswith("not-found"):
                    raise
                state = ""
            if state in {"IN_FORCE", "EXPIRED", "ENDED"}:
                return bool(state == "IN_FORCE")
            if time.monotonic() > ends_at:
                message = f"{path} is {state or 'unknown'}"
                raise TimeoutError(message)
            await asyncio.sleep(RETRY_SECONDS)

    async def insure(self, name: str, chance: random.Random) -> str:
        """Ask about a person; sometimes bill what was asked."""
        if chance.random() < 0.15:
            return await self.underwriting.bill(chance)
        return await self.underwriting.ask(chance)

    async def _top_up(self, buyer: Actor, amount_fen: int) -> None:
        asked = await buyer.post("/trading/v1/top-ups", {"amount_fen": amount_fen})
        await buyer.until(f"/trading/v1/top-ups/{asked['top_up_id']}", "state", "RECEIVED")

    async def _fetch(self, buyer: Actor, contract_id: str) -> bytes:
        for _ in range(20):
            link = await buyer.post("/delivery/v1/file-links", {"contract_id": contract_id})
            try:
                received: bytes = await buyer.get(link["path"], raw=True)
            except Refused as refused:
                # A link works once, for a minute; when the line broke meanwhile, a new one is asked for.
                if refused.type not in {"/problems/link-already-used", "/problems/link-expired"}:
                    raise
            else:
                return received
        message = f"no link of {contract_id} could be opened"
        raise TimeoutError(message)


def _table(chance: random.Random) -> bytes:
    """A table unlike any other."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["machine", "made_on", "pieces", "note"])
    for row in range(ROWS):
        day = f"2026-{chance.randrange(1, 8):02d}-{chance.randrange(1, 29):02d}"
        writer.writerow([f"M-{chance.randrange(10**6)}", day, chance.randrange(10**6), f"{row}-{chance.random()}"])
    return out.getvalue().encode()
