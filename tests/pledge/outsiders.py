"""Stand-ins for the rights registry and onboarding: the same rules, in memory."""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from joserfc.jwk import OKPKey

from kernel.refusals import Conflict, TemporarilyUnavailable
from kernel.signatures import new_key, public_jwk
from pledge.domain.asset import AssetFacts, CertificateFact, EncumbranceFact, ValueFact
from pledge.domain.ineligibility import RightAlreadyPledged
from pledge.domain.party import KeyFact, PartyFacts
from pledge.domain.pledge import Pledge
from pledge.ports import Hold

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
FAR_AWAY = datetime(2040, 1, 1, tzinfo=UTC)
BORROWER, CO_HOLDER, BANK, OTHER_BANK, INSTITUTION, APPRAISER = (
    "pty_design", "pty_sub", "pty_bank", "pty_other_bank", "pty_institution", "pty_appraiser",
)  # fmt: skip
HIGH_FEN, LOW_FEN = 427_451_303, 83_955_904


class FencingVersionOld(Conflict):
    """The reservation is not the one that is confirmed. Reserve again."""

    zh = "预留已变化。请重新预留。"


def value(report_id: str = "rpt_high", value_fen: int = HIGH_FEN, **other: object) -> ValueFact:
    """A value report, fit for a pledge unless said otherwise."""
    return replace(ValueFact(report_id, APPRAISER, "pledge", value_fen, FAR_AWAY), **other)  # type: ignore[arg-type] # a test says which fields


def asset(**other: object) -> AssetFacts:
    """A certified BIM model that the borrower may operate, fit for a pledge unless said otherwise."""
    certificate = CertificateFact("YS-1", "CERTIFIED", "dst_bim", FAR_AWAY, (("HOLD", BORROWER), ("OPERATE", BORROWER)))
    facts = AssetFacts("lin_bim", (certificate,), (), "PASSED", FAR_AWAY, "GENERAL_2", (value(),))
    return replace(facts, **other)  # type: ignore[arg-type] # a test says which fields


@dataclass
class FakeRegistry:
    """One live pledge for each lineage; calls may be repeated; every call is counted."""

    facts: AssetFacts = field(default_factory=asset)
    holds: dict[str, str] = field(default_factory=dict)  # pledge id → RESERVED, ACTIVE, CANCELLED or RELEASED
    remarks: dict[str, str] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    away: bool = False
    refuse_confirm: bool = False

    def _called(self, name: str) -> None:
        self.calls[name] += 1
        if self.away:
            raise TemporarilyUnavailable

    async def asset(self, dataset_id: str | None, product_id: str | None) -> AssetFacts:
        """As it stands now, with what lies upon it."""
        self._called("asset")
        if "unknown" in (dataset_id or product_id or ""):
            return AssetFacts("")
        lying = [
            EncumbranceFact(f"enc_{pledge_id}", "PLEDGE", "pledge", pledge_id)
            for pledge_id, state in self.holds.items()
            if state in {"RESERVED", "ACTIVE"}
        ]
        return replace(self.facts, encumbrances=[*self.facts.encumbrances, *lying])

    async def reserve(self, pledge: Pledge) -> Hold:
        """First come, first served."""
        self._called("reserve")
        others = {state for pledge_id, state in self.holds.items() if pledge_id != pledge.pledge_id}
        if others & {"RESERVED", "ACTIVE"}:
            raise RightAlreadyPledged(lineage_root=self.facts.lineage_root)
        self.holds.setdefault(pledge.pledge_id, "RESERVED")
        return Hold(f"enc_{pledge.pledge_id}", self.facts.lineage_root, 7)

    async def annotate(self, pledge: Pledge, remark: str) -> None:
        """Put it on or take it off."""
        self._called("annotate")
        self.remarks[pledge.pledge_id] = remark

    async def confirm(self, pledge: Pledge) -> None:
        """Only under the fencing version that was given."""
        self._called("confirm")
        if self.refuse_confirm or pledge.fencing_version != 7:
            raise FencingVersionOld
        assert self.holds[pledge.pledge_id] in {"RESERVED", "ACTIVE"}
        self.holds[pledge.pledge_id] = "ACTIVE"

    async def cancel(self, pledge: Pledge) -> None:
        """Give it up."""
        self._called("cancel")
        self.holds[pledge.pledge_id] = "CANCELLED"

    async def release(self, pledge: Pledge) -> None:
        """Only the encumbrance that is named."""
        self._called("release")
        assert pledge.encumbrance_id == f"enc_{pledge.pledge_id}"
        self.holds[pledge.pledge_id] = "RELEASED"


class FakeParties:
    """A design company, its co-holder, two banks, and a public institution, each with a key."""

    def __init__(self) -> None:
        self.keys: dict[str, OKPKey] = {}
        self._parties: dict[str, PartyFacts] = {}
        for party_id, kind, code, role in (
            (BORROWER, "state_owned_enterprise", "91370214MA3C000111", "provider"),
            (CO_HOLDER, "private_enterprise", "91370214MA3C000222", "provider"),
            (INSTITUTION, "public_institution", "12370214MB20000126", "provider"),
            (BANK, "state_owned_enterprise", "91370200MA3BANK011", "bank"),
            (OTHER_BANK, "private_enterprise", "91370200MA3BANK022", "bank"),
        ):
            key = self.keys[party_id] = new_key()
            known = KeyFact(f"key_{party_id}", public_jwk(key), LONG_AGO, None)
            self._parties[party_id] = PartyFacts(
                party_id, f"name of {party_id}", kind, code, approved=True, roles=frozenset({role}), keys=[known]
            )

    async def find(self, party_id: str) -> PartyFacts | None:
        """As onboarding answers."""
        return self._parties.get(party_id)


def soon(days: int) -> datetime:
    """A moment so many days from now."""
    return datetime.now(UTC) + timedelta(days=days)
