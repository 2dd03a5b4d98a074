"""The BIM case: a building model secures a loan of 2,000,000 yuan, and while it does, nobody can take it away."""

# long: a case is one story, and reads better whole

import json
import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from kernel.canonical import canonical
from kernel.money import yuan
from market.demo.catalog_steps import publish_version
from market.demo.client import Actor, Refused
from market.demo.copies import edited_model, re_export
from market.demo.loan_steps import approve_and_contract, pledge_right
from market.demo.rights_steps import certify, file_compliance, report_quality, report_value, transfer
from market.demo.trade_steps import entitled, settled_figures, sign_contract, top_up
from market.demo.world import World

PRINCIPAL_FEN = 200_000_000
LICENCE_FEN = 36_000_000
LOW_INCOME = ([30_000_000, 36_000_000, 40_000_000], 120_000)
INCOME = ([160_000_000, 190_000_000, 220_000_000], 150_000)
CONTROL_ACCOUNT = "CYRCB-6217-0001"


@dataclass
class BimCase:
    """What the case has come to so far."""

    world: World
    model: Path
    dataset: str = ""
    version: str = ""
    product: str = ""
    certificate_number: str = ""
    loan: str = ""
    pledge: str = ""
    report: dict[str, Any] = field(default_factory=lambda: {"loan_fen": PRINCIPAL_FEN, "allowed": {}})

    async def collect(self) -> None:
        """The design company uploads its model and describes a product of it."""
        designer = self.world["designer"]
        self.dataset = await self._dataset(designer)
        self.version = (await publish_version(designer, self.dataset, {"model.ifc": self.model}))["version_id"]
        product = await designer.post("/catalog/v1/products", {
            "dataset_id": self.dataset, "name": "联排住宅BIM模型", "name_en": "Duplex building model",
            "description": "设计单位完成的建筑信息模型。",
            "description_en": "A building information model by its designer.",
            "specification": {"deliveries": ["file"]},
        })  # fmt: skip
        self.product = product["product_id"]
        await designer.post(f"/catalog/v1/products/{self.product}:publish")

    async def _dataset(self, owner: Actor, title: str = "城阳联排住宅BIM数据") -> str:
        dataset = await owner.post("/catalog/v1/datasets", {
            "title": title, "title_en": "BIM data of a duplex in Chengyang", "description": "建筑信息模型（IFC）。",
            "description_en": "A building information model (IFC).", "theme": "community", "form": "bim",
            "source_kind": "own_production",
        })  # fmt: skip
        return str(dataset["dataset_id"])

    async def confirm_rights(self) -> None:
        """Title papers, compliance file, registration; the structural designer holds the same right beside it."""
        world = self.world
        await file_compliance(world, dataset_id=self.dataset, version_id=self.version, level="GENERAL_2")
        number, path = await certify(
            world, world["designer"], profile="nda-2026", dataset_id=self.dataset, version_id=self.version,
            name="2026年青岛市城阳区建筑设计联排住宅模型数据集", source_kind="own_production", is_model=True,
            co_holders=[world["co_designer"]],
        )  # fmt: skip
        world.story.say(f"证书 certificate {number}")
        self.certificate_number = number
        self.report["certificate"] = path

    async def evaluate_and_book(self) -> None:
        """Quality from the bytes, a first value by income, cost vouchers, the entry in the books."""
        world = self.world
        quality = await report_quality(world, dataset_id=self.dataset, version_id=self.version)
        self.report["quality_score"] = quality["score_ppm"]
        low = await report_value(world, dataset_id=self.dataset, incomes_fen=LOW_INCOME[0], rate_ppm=LOW_INCOME[1])
        self.report["refused_valuation_fen"] = low["value_fen"]
        await self._book()
        policy = {"pledge_rate_ppm": 500_000, "ceiling_fen": 500_000_000, "appraisers": [world["appraiser"].party_id]}
        for bank in ("bank", "second_bank"):
            await world[bank].put("/pledge/v1/bank-policies/mine", policy)

    async def _book(self) -> None:
        designer, month = self.world["designer"], (await self.world.now()).strftime("%Y-%m")
        vouchers = []
        for number, (category, amount) in enumerate((("staff", 62_000_000), ("tools", 8_000_000), ("fees", 3_738_368))):
            voucher = await designer.post("/pledge/v1/vouchers", {
                "dataset_id": self.dataset, "voucher_number": f"PZ-{number + 1:03d}", "period": month,
                "stage": "development", "category": category, "amount_fen": amount, "capitalise": True,
                "reason": "模型开发阶段支出，满足资本化条件", "approver": "财务总监",
            })  # fmt: skip
            vouchers.append(voucher["voucher_id"])
        proof = {name: f"{name} 论证材料" for name in CONDITIONS}
        booking = await designer.post("/pledge/v1/bookings", {
            "dataset_id": self.dataset, "classification": "intangible_asset", "life_months": 36,
            "voucher_ids": vouchers, "conditions": proof,
        })  # fmt: skip
        self.world.story.say(f"入表 {yuan(booking['cost_fen'])} 元，月摊销 {yuan(booking['monthly_fen'])} 元")

    # 质押融资 pledge financing

    async def refuse_low_value(self) -> None:
        """At the first value the loan is more than half of it."""
        name = f"估值 {yuan(self.report['refused_valuation_fen'])} 元时申请 {yuan(PRINCIPAL_FEN)} 元"
        await self.world.must_refuse("bim", "low_value", name, self._apply(self.world["designer"], "bank"))

    async def appraise_again(self) -> None:
        """Licence contracts are evidence of more income."""
        value = await report_value(self.world, dataset_id=self.dataset, incomes_fen=INCOME[0], rate_ppm=INCOME[1])
        self.report["valuation_fen"] = value["value_fen"]

    async def _apply(
        self, borrower: Actor, bank: str, *, dataset_id: str = "", product_id: str = "", consents: bool = True
    ) -> dict[str, Any]:
        asset = {"product_id": product_id} if product_id else {"dataset_id": dataset_id or self.dataset}
        application = {
            **asset, "bank_party_id": self.world[bank].party_id, "principal_fen": PRINCIPAL_FEN, "term_months": 12,
            "annual_rate_ppm": 38_500, "purpose": "流动资金", "control_account": CONTROL_ACCOUNT,
            "licence_policy": "notify",
        }  # fmt: skip
        if consents:
            words = {
                "asset": next(iter(asset.values())), "bank_party_id": application["bank_party_id"],
                "borrower_party_id": borrower.party_id, "principal_fen": PRINCIPAL_FEN, "term_months": 12,
            }  # fmt: skip
            signed = self.world["co_designer"].sign(canonical(words), "yaosu-pledge-consent")
            application["co_holder_consents"] = [signed]
        loan: dict[str, Any] = await borrower.post("/pledge/v1/loans", application)
        return loan

    async def borrow(self) -> None:
        """Application, two people of the bank, the contracts signed by both."""
        world, designer, bank = self.world, self.world["designer"], self.world["bank"]
        loan = await self._apply(designer, "bank")
        self.loan = loan["loan_id"]
        self.report |= {"limit_fen": loan["limit_fen"], "ltv_ppm": loan["ltv_ppm"]}
        world.story.say(f"限额 {yuan(loan['limit_fen'])} 元，质押率 LTV {loan['ltv_ppm'] / 10_000:.2f} %")
        await approve_and_contract(self.loan, designer, (bank, world["bank_2"]), PRINCIPAL_FEN)

    async def pledge_the_right(self) -> None:
        """Reserve, search, register outside, search again, annotate and confirm; only then does the bank pay."""
        self.pledge = await pledge_right(self.loan, self.world["bank"])
        now = await self.world.now()
        await self.world["bank"].post(f"/pledge/v1/loans/{self.loan}:disburse", {
            "bank_reference": f"FK-{secrets.token_hex(4)}", "amount_fen": PRINCIPAL_FEN, "paid_at": now.isoformat(),
            "sha256": sha256(f"放款回单 {self.loan}".encode()).hexdigest(),
        })  # fmt: skip

    # 质押期间 while it runs

    async def refusals(self) -> None:
        """What the pledge forbids, tried one after the other."""
        world, designer = self.world, self.world["designer"]
        refuse = world.must_refuse
        await refuse("bim", "second_pledge", "第二家银行的质押申请", self._apply(designer, "second_bank"))
        exclusive = designer.post("/trading/v1/listings", {**self._listing(), "exclusive": True})
        await refuse("bim", "exclusive_sale", "独家出售", exclusive)
        moving = transfer(designer, world["facility"], certificate_number=self.certificate_number)
        await refuse("bim", "transfer", "转让登记", moving)
        await refuse("bim", "duplicate_registration", "他人以同一文件登记", self._register_copy(self.model, "复制"))
        copy = world.data / "documents" / "bim" / "re-exported.ifc"
        copy.parent.mkdir(parents=True, exist_ok=True)
        re_export(self.model, copy)
        await refuse("bim", "near_copy", "他人以重新导出的文件登记", self._register_copy(copy, "重新导出"))
        await self._newer_version(copy.with_name("v2.ifc"))
        await refuse("bim", "new_version", "以新版本再次质押", self._apply(designer, "second_bank"))
        derived = await self._derived_product()
        again = self._apply(designer, "second_bank", product_id=derived)
        await refuse("bim", "derived_product", "以衍生产品再次质押", again)
        alone = self._apply(world["co_designer"], "second_bank", consents=False)
        await refuse("bim", "co_holder_pledge", "共有人未经同意质押", alone)
        hospital = self._apply(world["hospital"], "second_bank", consents=False)
        await refuse("bim", "public_institution", "事业单位质押", hospital)

    async def _register_copy(self, path: Path, manner: str) -> Any:
        """Another party registers the file, or what it made of it."""
        other = self.world["facility"]
        dataset = await self._dataset(other, f"联排住宅模型（{manner}）")
        version = (await publish_version(other, dataset, {"model.ifc": path}))["version_id"]
        return await certify(
            self.world, other, profile="nda-2026", dataset_id=dataset, version_id=version,
            name=f"2026年青岛市建筑物业{manner}模型数据集", source_kind="own_production", is_model=True,
        )  # fmt: skip

    async def _newer_version(self, path: Path) -> None:
        edited_model(self.model, path)
        await publish_version(self.world["designer"], self.dataset, {"model.ifc": path})

    async def _derived_product(self) -> str:
        designer = self.world["designer"]
        derivation = await designer.post("/catalog/v1/derivations", {
            "title": "联排住宅构件清单", "title_en": "Element list of the duplex", "theme": "community",
            "description": "由模型导出的构件表。", "description_en": "The elements of the model as a table.",
            "source_version_ids": [self.version],
            "recipe": {"tables": [{"name": "elements", "from": "model.ifc",
                                   "steps": [{"do": "keep", "columns": ["global_id", "class", "storey"]}]}]},
        })  # fmt: skip
        path = f"/catalog/v1/derivations/{derivation['derivation_id']}"
        done = await designer.until(path, "state", "PUBLISHED", "FAILED", "DONE")
        product = await designer.post("/catalog/v1/products", {
            "dataset_id": done["dataset_id"], "name": "联排住宅构件清单", "name_en": "Element list of the duplex",
            "description": "构件表。", "description_en": "A table of elements.",
            "specification": {"deliveries": ["file"]},
        })  # fmt: skip
        await designer.post(f"/catalog/v1/products/{product['product_id']}:publish")
        return str(product["product_id"])

    def _listing(self) -> dict[str, Any]:
        return {
            "product_id": self.product, "billing": "fixed", "price_fen": LICENCE_FEN, "exclusive": False,
            "term_days": 365, "purposes": ["facility_management"], "version_selector": f"pinned:{self.version}",
            "split": [
                {"role": "provider", "party_id": self.world["designer"].party_id, "share_ppm": 910_000},
                {"role": "exchange", "account": "数据要素流通中心", "share_ppm": 30_000},
                {"role": "tax", "account": "国家税务总局城阳区税务局", "share_ppm": 60_000},
            ],
        }  # fmt: skip

    async def license_goes_on(self) -> None:
        """A non-exclusive licence is sold, delivered and paid; the income goes to the control account."""
        world, designer, buyer = self.world, self.world["designer"], self.world["facility"]
        listing = await designer.post("/trading/v1/listings", self._listing())
        await top_up(buyer, LICENCE_FEN)
        ordering = {"listing_id": listing["listing_id"], "purpose": "facility_management"}
        order = await buyer.post("/trading/v1/orders", ordering)
        contract = await sign_contract(order["contract"], designer, buyer)
        order_path = f"/trading/v1/orders/{order['order_id']}"
        await buyer.post(f"{order_path}:pay")
        await entitled(buyer, f"/delivery/v1/entitlements/{contract['contract_id']}")
        received = await self._download(buyer, contract["contract_id"])
        if sha256(received).digest() != sha256(self.model.read_bytes()).digest():
            message = "the delivered file is not the file that was sold"
            raise AssertionError(message)
        await buyer.until(order_path, "state", "DELIVERED")
        await buyer.post(f"{order_path}:accept")
        self.report["allowed"]["non_exclusive_licence"] = contract["contract_id"]
        settlement = await self._settlement(contract["contract_id"])
        figures = await settled_figures(world, designer, contract["contract_id"], settlement, "bim")
        diverted = [share for share in figures["splits"] if share["role"] == "control_account"]
        self.report["licence"] = figures
        self.report["allowed"]["income_to_control_account"] = sum(share["amount_fen"] for share in diverted)

    async def _download(self, buyer: Actor, contract_id: str) -> bytes:
        while True:
            link = await buyer.post("/delivery/v1/file-links", {"contract_id": contract_id})
            try:
                received: bytes = await buyer.get(link["path"], raw=True)
            except Refused as refused:
                # A link works once; when the line broke during the transfer, a new one has to be asked for.
                if refused.type != "/problems/link-already-used":
                    raise
            else:
                return received

    async def _settlement(self, contract_id: str) -> str:
        path = f"/trading/v1/settlements?contract_id={contract_id}"
        designer = self.world["designer"]
        for _ in range(600):
            found = (await designer.get(path))["items"]
            if found:
                return str(found[0]["settlement_id"])
        message = f"no settlement of contract {contract_id} appears"
        raise TimeoutError(message)

    # 解除 release

    async def repay_and_release(self) -> None:
        """Repaid; cancelled outside within ten working days; released by two people of the bank."""
        world, bank = self.world, self.world["bank"]
        await bank.post(f"/pledge/v1/loans/{self.loan}:repay", {
            "bank_reference": f"HK-{secrets.token_hex(4)}", "amount_fen": PRINCIPAL_FEN,
            "paid_at": (await world.now()).isoformat(),
            "sha256": sha256(f"还款回单 {self.loan}".encode()).hexdigest(),
        })  # fmt: skip
        path = f"/pledge/v1/pledges/{self.pledge}"
        await bank.until(path, "state", "DISCHARGED")
        await world.working_days_later(3)
        proof = {"proof_sha256": sha256(f"注销证明 {self.loan}".encode()).hexdigest()}
        await bank.post(f"{path}:cancel-registration", proof)
        await bank.until(path, "state", "DEREGISTERED")
        named = {
            "pledge_id": self.pledge, "principal_fen": PRINCIPAL_FEN,
            "borrower_party_id": world["designer"].party_id,
        }  # fmt: skip
        for officer in (bank, world["bank_2"]):
            await officer.post(f"{path}:release", named)
        released = await bank.until(path, "state", "RELEASED")
        self.report["released"] = released["state"] == "RELEASED"

    async def pledge_again(self) -> None:
        """Once free, the right secures a loan of the second bank."""
        world, designer = self.world, self.world["designer"]
        loan = await self._apply(designer, "second_bank")
        officers = (world["second_bank"], world["second_bank_2"])
        await approve_and_contract(loan["loan_id"], designer, officers, PRINCIPAL_FEN)
        self.report["allowed"]["pledge_after_release"] = await pledge_right(loan["loan_id"], world["second_bank"])

    def papers(self) -> str:
        """What the case came to, kept with the bank's papers."""
        return self.world.save("bim/case.json", json.dumps(self.report, indent=1, ensure_ascii=False).encode())


CONDITIONS = ("technical_feasibility", "intention", "benefit", "resources", "cost_measurable")
