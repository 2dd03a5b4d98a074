"""The medical case: a hospital's data, governed by the authorised operator, answered to an insurer by consent."""

# long: a case is one story, and reads better whole

import asyncio
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from market.demo.cast import Person, admit_person
from market.demo.catalog_steps import publish_version
from market.demo.client import Refused
from market.demo.governed import LOOK_BACK_YEARS, RECIPE, SPECIFICATION
from market.demo.persons import CONTRACT_PURPOSE, Applicant, new_identity_key, pseudonym
from market.demo.rights_steps import certify, file_compliance
from market.demo.trade_steps import entitled, settle_statement, sign_contract, top_up
from market.demo.world import STARTS_AT, World, years_after

PRICE_FEN = 500
CEILING_FEN = 800
CALLERS_AT_ONCE = 16


@dataclass
class MedicalCase:
    """What the case has come to so far."""

    world: World
    patients: Path
    conditions: Path
    authorisation_id: str = ""
    raw_dataset: str = ""
    raw_version: str = ""
    dataset: str = ""
    version: str = ""
    product: str = ""
    contract: dict[str, Any] = field(default_factory=dict)
    contract_key: bytes = b""
    identity_key: bytes = field(default_factory=new_identity_key)
    notice_sha256: str = ""
    today: datetime = STARTS_AT
    people: dict[str, asyncio.Task[Person]] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)
    report: dict[str, Any] = field(default_factory=dict)

    # 采集存储 collect and store

    async def authorise(self) -> None:
        """The implementing body authorises the operator for one scenario; the identity platform leaves its key."""
        world = self.world
        await world["identity"].put("/catalog/v1/identity-key", {"key_hex": self.identity_key.hex()})
        starts = (await world.now()).date()
        granted = await world["bureau"].post("/catalog/v1/authorisations", {
            "operator_party_id": world["operator"].party_id, "supplier_party_ids": [world["hospital"].party_id],
            "scope": "城阳区公立医院门诊与住院诊断数据", "scenario": "商业健康保险核保", "theme": "livelihood",
            "starts_on": starts.isoformat(), "ends_on": years_after(starts, 3).isoformat(),
        })  # fmt: skip
        self.authorisation_id = granted["authorisation_id"]

    async def supply(self) -> None:
        """The hospital uploads its tables and supplies them; it may not register them as property."""
        hospital = self.world["hospital"]
        dataset = await hospital.post("/catalog/v1/datasets", {
            "title": "城阳区人民医院诊疗数据", "title_en": "Diagnoses of Chengyang People's Hospital",
            "description": "就诊人员与诊断记录。", "description_en": "Patients and their diagnoses.",
            "theme": "livelihood", "form": "table", "source_kind": "public_body",
            "authorisation_id": self.authorisation_id,
            "subject": {"file": "patients.csv", "key_column": "Id", "identity_column": "SSN"},
        })  # fmt: skip
        self.raw_dataset = dataset["dataset_id"]
        files = {"patients.csv": self.patients, "conditions.csv": self.conditions}
        self.raw_version = (await publish_version(hospital, self.raw_dataset, files))["version_id"]
        supplying = {"operator_party_id": self.world["operator"].party_id, "authorisation_id": self.authorisation_id}
        await hospital.post(f"/catalog/v1/datasets/{self.raw_dataset}:supply", supplying)

    async def refuse_raw_registration(self) -> None:
        """Public data as such is not registered as property."""
        attempt = certify(
            self.world, self.world["hospital"], profile="nda-2026", dataset_id=self.raw_dataset,
            version_id=self.raw_version, name="2026年青岛市城阳区卫生诊疗数据集", source_kind="public_body",
        )  # fmt: skip
        await self.world.must_refuse("medical", "raw_registration", "原始公共数据登记为产权", attempt)

    # 清洗治理 cleaning

    async def govern(self) -> None:
        """The operator derives a governed dataset by a declared recipe and makes a product of it."""
        operator = self.world["operator"]
        derivation = await operator.post("/catalog/v1/derivations", {
            "title": "城阳区核保用诊断标签数据", "title_en": "Governed diagnoses for underwriting",
            "description": "按声明的规则去除标识、令牌化与泛化。",
            "description_en": "De-identified by a declared recipe: dropped, tokenised, generalised.",
            "theme": "livelihood", "source_version_ids": [self.raw_version], "recipe": RECIPE,
        })  # fmt: skip
        done = await operator.until(
            f"/catalog/v1/derivations/{derivation['derivation_id']}", "state", "PUBLISHED", "FAILED", "DONE"
        )
        if done["state"] == "FAILED":
            raise Refused(done["refusal"], "derivation")
        self.dataset, self.version = done["dataset_id"], done["version_id"]
        product = await operator.post("/catalog/v1/products", {
            "dataset_id": self.dataset, "name": "核保诊断查询", "name_en": "Underwriting diagnosis query",
            "description": "按被保险人授权逐次查询约定病种标签，不提供结论；另可查询不少于20人的群体统计。",
            "description_en": "Flags of agreed disease groups, one consent at a time; cohorts of at least 20 persons.",
            "specification": SPECIFICATION,
        })  # fmt: skip
        self.product = product["product_id"]
        await operator.post(f"/catalog/v1/products/{self.product}:publish")

    # 合规确权、登记 compliance and registration

    async def register(self) -> None:
        """First in the public-data registry, then as property; the ceiling price is set."""
        world, operator = self.world, self.world["operator"]
        await file_compliance(world, product_id=self.product, version_id=self.version, level="GENERAL_3")
        name = "2026年青岛市城阳区卫生核保诊断标签数据集"
        for profile in ("public-2025", "nda-2026"):
            number, path = await certify(
                world, operator, profile=profile, product_id=self.product, version_id=self.version, name=name,
                source_kind="public_product",
            )  # fmt: skip
            world.story.say(f"{profile}: {number}")
            self.report["certificate"] = path
        await world["bureau"].post(f"/catalog/v1/authorisations/{self.authorisation_id}/ceiling-prices", {
            "product_id": self.product, "ceiling_price_fen": CEILING_FEN, "unit": "call",
            "basis": "发改价格〔2025〕65号：准许成本＋准许利润＋税金，试行价",
        })  # fmt: skip

    # 流通 circulation

    async def list_and_contract(self) -> None:
        """Listed at or below the ceiling; ordered; signed by both with their registered keys."""
        world, operator = self.world, self.world["operator"]
        above = operator.post("/trading/v1/listings", {**self._listing(), "price_fen": CEILING_FEN + 1})
        await world.must_refuse(
            "medical", "over_ceiling", f"按 {CEILING_FEN + 1} 分挂牌（上限 {CEILING_FEN} 分）", above
        )
        listing = await operator.post("/trading/v1/listings", {**self._listing(), "price_fen": PRICE_FEN})
        order = await world["insurer"].post(
            "/trading/v1/orders", {"listing_id": listing["listing_id"], "purpose": CONTRACT_PURPOSE}
        )
        self.contract = await sign_contract(order["contract"], operator, world["insurer"])
        entitlement = f"/delivery/v1/entitlements/{self.contract['contract_id']}"
        await entitled(world["insurer"], entitlement)
        key = await world["insurer"].get(f"{entitlement}/subject-key")
        self.contract_key = bytes.fromhex(key["key_hex"])
        self.notice_sha256 = (await world["insurer"].get(f"{entitlement}/notice"))["notice_sha256"]
        self.report["contract_id"] = self.contract["contract_id"]

    def _listing(self) -> dict[str, Any]:
        parties = self.world
        return {
            "product_id": self.product, "billing": "per_call", "exclusive": False, "term_days": 365,
            "purposes": [CONTRACT_PURPOSE], "version_selector": "latest_conforming",
            "split": [
                {"role": "operator", "party_id": parties["operator"].party_id, "share_ppm": 600_000},
                {"role": "treasury", "account": "城阳区财政非税收入专户", "share_ppm": 300_000},
                {"role": "exchange", "account": "数据要素流通中心", "share_ppm": 40_000},
                {"role": "tax", "account": "国家税务总局城阳区税务局", "share_ppm": 60_000},
            ],
        }  # fmt: skip

    # 使用 use

    async def refusals(self, applicants: list[Applicant]) -> list[str]:
        """What must not be answered; returns the records of the persons taken for it."""
        world = self.world
        living = [applicant for applicant in applicants if applicant.living][:3]
        self.today = await world.now()
        empty, withdrawn, single = [await self._admit(applicant) for applicant in living]
        refuse = world.must_refuse
        consent = await self._consent(empty, living[0], "empty", use="multiple")
        call = self._call(living[0], "case-empty", consent)
        await refuse("medical", "deposit_empty", "预存款为零时查询", call)
        await top_up(world["insurer"], PRICE_FEN * (len(applicants) + 20))
        await refuse("medical", "no_consent", "无授权查询", self._call(living[0], "case-none", None))
        call = self._call(living[0], "case-empty", consent, purpose="marketing")
        await refuse("medical", "other_purpose", "换作他用", call)
        call = self._call(living[0], "case-other", consent)
        await refuse("medical", "other_case", "换一份保单", call)
        gone = await self._consent(withdrawn, living[1], "withdrawn", use="multiple")
        await withdrawn.actor.post(f"/delivery/v1/consents/{gone}:withdraw")
        await refuse("medical", "withdrawn", "授权撤回后查询", self._call(living[1], "case-withdrawn", gone))
        once = await self._consent(single, living[2], "single", use="single")
        await self._call(living[2], "case-single", once)
        await refuse("medical", "replayed", "一次性授权再次使用", self._call(living[2], "case-single", once))
        return [applicant.record_id for applicant in living]

    async def underwrite(self, applicants: list[Applicant]) -> None:
        """Every person in the file: a key of their own, a consent, an answer."""
        gate = asyncio.Semaphore(CALLERS_AT_ONCE)
        self.today = await self.world.now()

        async def one(applicant: Applicant) -> None:
            async with gate:
                person = await self._admit(applicant)
                case = f"policy-{applicant.record_id[:13]}"
                consent = await self._consent(person, applicant, case, use="single")
                try:
                    answer = await self._call(applicant, f"case-{case}", consent)
                    found = {"status": answer["status"], "groups": answer["groups"]}
                except Refused as refused:
                    found = {"refused": refused.type}
                self.answers[applicant.record_id] = found

        await self.world.story.each("核保查询 underwriting", [one(applicant) for applicant in applicants])

    async def _admit(self, applicant: Applicant) -> Person:
        """The person behind a record; records that share an identity number are one person with one key."""
        number = applicant.identity_number
        if number not in self.people:
            self.people[number] = asyncio.create_task(self._register(number))
        return await self.people[number]

    async def _register(self, identity_number: str) -> Person:
        between = ((self.today - timedelta(minutes=5)).isoformat(), (self.today + timedelta(days=7)).isoformat())
        named = pseudonym(self.identity_key, identity_number)
        return await admit_person(self.world.door, self.world["identity"], named, between)

    async def _consent(self, person: Person, applicant: Applicant, case: str, *, use: str) -> str:
        receipt = {
            "subject_token": pseudonym(self.contract_key, applicant.identity_number),
            "insurer_party_id": self.world["insurer"].party_id, "supplier_party_id": self.world["hospital"].party_id,
            "product_id": self.product, "contract_id": self.contract["contract_id"], "purpose": CONTRACT_PURPOSE,
            "policy_case": f"case-{case}", "look_back_years": LOOK_BACK_YEARS,
            "valid_until": (self.today + timedelta(days=30)).isoformat(), "use": use,
            "notice_sha256": self.notice_sha256,
        }  # fmt: skip
        signed = person.actor.sign(json.dumps(receipt).encode(), "consent-receipt+jws")
        given = await person.actor.post("/delivery/v1/consents", {"receipt": signed})
        return str(given["consent_id"])

    async def _call(
        self, applicant: Applicant, case: str, consent_id: str | None, purpose: str = CONTRACT_PURPOSE
    ) -> dict[str, Any]:
        query = {
            "contract_id": self.contract["contract_id"], "purpose": purpose, "policy_case": case,
            "subject_token": pseudonym(self.contract_key, applicant.identity_number),
        }  # fmt: skip
        if consent_id:
            query["consent_id"] = consent_id
        answer: dict[str, Any] = await self.world["insurer"].post("/delivery/v1/underwriting-queries", query)
        return answer

    async def ask_cohorts(self) -> None:
        """Aggregates over at least k persons need no consent."""
        answer = await self.world["insurer"].post("/delivery/v1/cohort-queries", {
            "contract_id": self.contract["contract_id"], "measure": "prevalence",
        })  # fmt: skip
        for group in answer["groups"]:
            self.world.story.say(f"{group['persons']} 人 persons, {group['prevalence']}")

    # 清结算 settlement

    async def settle(self) -> None:
        """The monthly statement, confirmed by both; the split; the trade certificate; the books compared."""
        world = self.world
        began = (await world.now()).date()
        await world.go_to((await world.now()).replace(hour=9) + timedelta(days=1))
        settled = await settle_statement(
            world, world["operator"], world["insurer"], self.contract["contract_id"], began, "medical"
        )
        self.report |= settled

    def answers_file(self) -> str:
        """What was answered for whom, kept with the insurer's papers."""
        return self.world.save("medical/answers.json", json.dumps(self.answers, indent=1).encode())
