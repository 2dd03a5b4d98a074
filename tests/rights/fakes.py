"""What stands around rights in its tests: a catalog, parties and a log of their own making."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

from kernel.canonical import sha256_hex
from kernel.ids import new_id
from rights.domain.filing import Subject
from rights.domain.sketch import marks
from rights.ports import Asset, Content, Measured, PartyFacts, Proof

DESIGNER, CO_DESIGNER, OTHER, BUYER = "pty_designer", "pty_codesigner", "pty_other", "pty_buyer"
BANK, REGISTRAR, LAW_FIRM, APPRAISER = "pty_bank", "pty_registrar", "pty_lawfirm", "pty_appraiser"
EVERYBODY = (DESIGNER, CO_DESIGNER, OTHER, BUYER, BANK, LAW_FIRM, APPRAISER)


def sketch_of(rows: Sequence[str], kind: str = "table") -> dict[str, Any]:
    """A sketch in the catalog's form, of a file with these rows."""
    hashes = sorted(sha256_hex(row.encode())[:16] for row in rows)
    part = {
        "name": "data.csv", "size": len(rows), "minhash": hashes[:1024], "cells": hashes[:1024],
        "multiset": sha256_hex("".join(hashes).encode()),
    }  # fmt: skip
    return {"kind": kind, "size": len(rows), "parts": [part], **{k: part[k] for k in ("minhash", "cells", "multiset")}}


RULES = (
    {"rule": "elements_filled", "dimension": "completeness", "indicator": "element", "scope": "data.csv", "a": 90,
     "b": 100},
    {"rule": "values_conform", "dimension": "accuracy", "indicator": "format", "scope": "data.csv", "a": 100, "b": 100},
    {"rule": "rows_repeated", "dimension": "accuracy", "indicator": "duplicates", "scope": "data.csv", "a": 20,
     "b": 100, "lower_is_better": True},
)  # fmt: skip


@dataclass
class FakeCatalog:
    """Datasets with versions and products, and the authorisations behind them."""

    versions: dict[str, Measured] = field(default_factory=dict)
    assets: dict[str, Asset] = field(default_factory=dict)
    asked: int = 0

    def publish(
        self, owner: str = DESIGNER, *, rows: Sequence[str] = (), form: str = "table", source: str = "own_production",
        lineage_root: str = "", dataset_id: str = "", content: str = "", authorisation_id: str = "",
        ends_on: date | None = None, in_force: bool = True, sources: Sequence[str] = (),
    ) -> Subject:  # fmt: skip
        """A new version, of a new dataset unless one is named."""
        dataset_id, version_id = dataset_id or new_id("dst"), new_id("ver")
        rows = rows or [f"{version_id} {number}" for number in range(200)]
        digest = sha256_hex((content or "\n".join(rows)).encode())
        subject = Subject(
            dataset_id, "", version_id, digest, lineage_root or dataset_id, form, source, owner, authorisation_id,
            ends_on, in_force, sources,
        )  # fmt: skip
        sketch = sketch_of(rows, form)
        known = Content(version_id, dataset_id, subject.lineage_root, [digest], sketch, marks(sketch))
        self.versions[version_id] = Measured(subject, known, RULES, "f" * 64)
        self.assets[dataset_id] = Asset(dataset_id, "", subject.lineage_root, owner)
        return subject

    def make_product(self, subject: Subject, owner: str = "") -> str:
        """A product of a dataset."""
        product_id = new_id("prd")
        owner = owner or subject.owner_party_id
        self.assets[product_id] = Asset(subject.dataset_id, product_id, subject.lineage_root, owner)
        return product_id

    async def asset(self, dataset_id: str, product_id: str) -> Asset | None:
        self.asked += 1
        return self.assets.get(product_id or dataset_id)

    async def version(self, version_id: str, product_id: str = "") -> Measured | None:
        measured = self.versions.get(version_id)
        if measured is None:
            return None
        owner = self.assets[product_id].owner_party_id if product_id else measured.subject.owner_party_id
        return replace(measured, subject=replace(measured.subject, product_id=product_id, owner_party_id=owner))

    async def owners(self, dataset_ids: Sequence[str]) -> Collection[str]:
        return {self.assets[dataset_id].owner_party_id for dataset_id in dataset_ids}


@dataclass
class FakeParties:
    """Approved parties with roles and keys."""

    roles: dict[str, frozenset[str]] = field(
        default_factory=lambda: {
            **{party_id: frozenset({"provider"}) for party_id in EVERYBODY},
            REGISTRAR: frozenset({"reviewer"}),
        }
    )
    keys: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    async def facts(self, party_id: str) -> PartyFacts:
        return PartyFacts(party_id, approved=party_id in self.roles, roles=self.roles.get(party_id, frozenset()))

    async def key_in_use(self, party_id: str, key_id: str, at: datetime) -> dict[str, Any] | None:
        return self.keys.get((party_id, key_id))


@dataclass
class FakeEvidence:
    """A log that knows what was told with a deposit, unless it is held up."""

    at: datetime = datetime(2026, 10, 20, 2, 0, tzinfo=UTC)
    held_up: bool = False
    asked: list[str] = field(default_factory=list)

    async def proof(self, sha256: str, extra: bytes = b"") -> Proof | None:
        self.asked.append(sha256)
        if self.held_up:
            return None
        return Proof(f"c2sp.org/tlog-proof@v1\n{sha256}\n{len(extra)}\n", self.at)
