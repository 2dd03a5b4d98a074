"""Stand-ins for catalog, the registry, onboarding and evidence, and builders with complete defaults."""

import hashlib
from dataclasses import replace
from datetime import datetime
from typing import Any

from kernel.calendar import SHANGHAI
from kernel.refusals import Refusal
from kernel.signatures import new_key, public_jwk, sign_compact
from trading.domain.listings import Asset, Encumbrance, Product
from trading.ports import Grant, Proof

PROVIDER, BUYER, BANK = "pty_provider", "pty_buyer", "pty_bank"
PRODUCT = Product(
    product_id="prd_one", dataset_id="dat_one", owner_party_id=PROVIDER, name="核保数据产品",
    specification_digest="a" * 64,
    lineage_root="dat_root", authorisation_id="", supplier_party_id="pty_hospital", state="PUBLISHED",
    ceiling_price_fen=None, deliveries=("underwriting", "cohort"),
)  # fmt: skip
ASSET = Asset(
    lineage_root="dat_root", operators=frozenset({PROVIDER}), certificate_numbers=("DR-2026-000001",), encumbrances=(),
    compliance_conclusion="PASSED", level="GENERAL_2", compliance_until=None, objection_open=False,
)  # fmt: skip
PLEDGE = Encumbrance("enc_pledge", "PLEDGE", "ACTIVE", BANK, "FREE", "account:control")
SPLIT = [
    {"role": "operator", "party_id": PROVIDER, "share_ppm": 600_000},
    {"role": "treasury", "account": "treasury:chengyang", "share_ppm": 250_000},
    {"role": "exchange", "party_id": "pty_exchange", "share_ppm": 90_000},
    {"role": "tax", "account": "tax:chengyang", "share_ppm": 60_000},
]


class FakeCatalog:
    """Products by id."""

    def __init__(self, *products: Product) -> None:
        self.products = {product.product_id: product for product in products or (PRODUCT,)}
        self.versions = {"ver_one": "dat_one"}

    async def product(self, product_id: str) -> Product | None:
        return self.products.get(product_id)

    async def dataset_of_version(self, version_id: str) -> str | None:
        return self.versions.get(version_id)

    def change(self, **values: Any) -> None:
        self.products["prd_one"] = replace(self.products["prd_one"], **values)


class FakeRights:
    """A registry with one asset, that remembers what it was asked."""

    def __init__(self) -> None:
        self.known = ASSET
        self.refusal: Refusal | None = None
        self.failures: list[Exception] = []
        self.grants: dict[str, str] = {}

    async def asset(self, _product_id: str, _at: datetime) -> Asset:
        self._stumble()
        return self.known

    def _stumble(self) -> None:
        if self.failures:
            raise self.failures.pop(0)

    async def reserve(self, reference: str, _product_id: str, _holder: str, _beneficiary: str) -> Grant:
        self._stumble()
        if self.refusal:
            raise self.refusal
        self.grants.setdefault(reference, "RESERVED")
        return Grant(f"enc_{reference}", 7)

    async def confirm(self, reference: str, fencing_version: int) -> None:
        self._stumble()
        assert fencing_version == 7
        self.grants[reference] = "ACTIVE"

    async def cancel(self, reference: str) -> None:
        self.grants[reference] = "CANCELLED"

    async def release(self, reference: str, encumbrance_id: str) -> None:
        assert encumbrance_id == f"enc_{reference}"
        self.grants[reference] = "RELEASED"

    def encumber(self, **values: Any) -> None:
        self.known = replace(self.known, encumbrances=(replace(PLEDGE, **values),))


class FakeParties:
    """Each party has one key."""

    def __init__(self) -> None:
        self.keys = {party: new_key() for party in (PROVIDER, BUYER)}

    async def key_in_use(self, party_id: str, key_id: str, _at: datetime) -> dict[str, Any] | None:
        return public_jwk(self.keys[party_id]) if key_id == f"key_{party_id}" else None

    def signed(self, party_id: str, text: str) -> str:
        return sign_compact(text.encode(), self.keys[party_id], f"key_{party_id}", "yaosu-agreement")


class FakeEvidence:
    """Deposits whatever it is asked about, at one moment."""

    def __init__(self) -> None:
        self.ready = True
        self.asked: list[str] = []

    async def proof(self, sha256: str, extra: bytes = b"") -> Proof | None:
        self.asked.append(sha256)
        if not self.ready:
            return None
        assert not extra or hashlib.sha256(extra).hexdigest() == sha256
        return Proof(f"c2sp.org/tlog-proof@v1\nextra {extra.decode()}\n", datetime(2026, 6, 1, tzinfo=SHANGHAI))


def opening(**changes: Any) -> dict[str, Any]:
    """A listing's body."""
    return {
        "product_id": "prd_one", "billing": "per_call", "price_fen": 250, "exclusive": False, "term_days": 365,
        "purposes": ["underwriting"], "version_selector": "latest_conforming", "split": SPLIT,
    } | changes  # fmt: skip
