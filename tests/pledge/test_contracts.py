"""Events as contracts, and the registry's and onboarding's answers in our words."""

import dataclasses
import inspect
from datetime import UTC, datetime
from typing import Any

import pytest

from kernel.refusals import carried
from pledge.domain import events
from pledge.domain.asset import AssetFacts
from pledge.outbound.events import as_contract
from pledge.outbound.onboarding import PartiesAtOnboarding
from pledge.outbound.rights import RegistryAtRights, asset_facts
from tests.pledge.builders import NOW, pledge
from yaosu.onboarding.v1 import onboarding_service_pb2 as onboarding
from yaosu.rights.v1 import rights_service_pb2 as rights

VALUES: dict[str, object] = {"str": "x", "int": 7, "bool": True, "datetime": NOW}
EVENTS = [kind for _, kind in inspect.getmembers(events, dataclasses.is_dataclass)]


@pytest.mark.parametrize("kind", EVENTS)
def test_every_event_has_a_contract_that_says_all_of_it(kind: type) -> None:
    event = kind(**{field.name: VALUES[_name(field.type)] for field in dataclasses.fields(kind)})
    message = as_contract(event)
    assert message.DESCRIPTOR.name == kind.__name__
    assert {field.name for field, _ in message.ListFields()} == {field.name for field in message.DESCRIPTOR.fields}


def _name(annotation: object) -> str:
    return annotation if isinstance(annotation, str) else annotation.__name__  # type: ignore[attr-defined] # a class


class Answering:
    """A peer that answers every call with what it is given, and remembers what it was asked."""

    def __init__(self, answer: object) -> None:
        self.answer = answer
        self.asked: tuple[object, object] | None = None

    def stub(self, _stub: object) -> Any:
        return type("Stub", (), {"__getattr__": lambda _self, name: name})()

    async def call(self, method: object, request: object) -> object:
        self.asked = (method, request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_the_registrys_answer_becomes_facts() -> None:
    answer = rights.GetAssetResponse(lineage_root="lin", objection_open=True)
    certificate = answer.certificates.add(number="YS-1", state="CERTIFIED", dataset_id="dst")
    certificate.expires_at.FromDatetime(datetime(2030, 1, 1))  # noqa: DTZ001 - protobuf takes naive UTC
    certificate.units.add(right=rights.RIGHT_OPERATE, holder_party_id="pty_a")
    answer.encumbrances.add(
        encumbrance_id="e1", kind=rights.ENCUMBRANCE_KIND_PLEDGE, state=rights.ENCUMBRANCE_STATE_ACTIVE, reference="p"
    )
    answer.encumbrances.add(encumbrance_id="e2", state=rights.ENCUMBRANCE_STATE_RELEASED)
    answer.compliance.conclusion, answer.compliance.level = "PASSED", "CORE"
    answer.values.add(report_id="v", appraiser_party_id="a", purpose="pledge", value_fen=5)
    facts = asset_facts(answer)
    (certified,) = facts.certificates
    assert certified.expires_at == datetime(2030, 1, 1, tzinfo=UTC)
    assert certified.gives("OPERATE", "pty_a")
    assert [(lying.encumbrance_id, lying.kind) for lying in facts.encumbrances] == [("e1", "PLEDGE")]
    assert (facts.level, facts.compliance_valid_until_at, facts.objection_open) == ("CORE", None, True)
    assert (facts.values[0].value_fen, facts.values[0].valid_until_at) == (5, None)


async def test_an_asset_that_nobody_registered_is_empty_facts() -> None:
    peer = Answering(carried("NotFound", "AssetUnknown", "x", "x", {}))
    assert await RegistryAtRights(peer).asset("dst", None) == AssetFacts("")  # type: ignore[arg-type] # a fake peer


async def test_a_reservation_names_the_pledge_its_holder_and_its_terms() -> None:
    held = rights.Encumbrance(encumbrance_id="enc", lineage_root="lin", fencing_version=9)
    peer = Answering(rights.ReserveResponse(encumbrance=held))
    made = pledge()
    hold = await RegistryAtRights(peer).reserve(made)  # type: ignore[arg-type] # a fake peer
    assert (hold.encumbrance_id, hold.lineage_root, hold.fencing_version) == ("enc", "lin", 9)
    assert peer.asked is not None
    _, request = peer.asked
    assert request == rights.ReserveRequest(
        reference=made.pledge_id, kind=rights.ENCUMBRANCE_KIND_PLEDGE, dataset_id="dst_bim",
        right=rights.RIGHT_OPERATE, holder_party_id=made.borrower_party_id, beneficiary_party_id=made.bank_party_id,
        licence_policy=rights.LICENCE_POLICY_NOTIFY, control_account=made.control_account,
    )  # fmt: skip


async def test_a_confirmation_shows_the_fencing_version_and_a_release_names_the_encumbrance() -> None:
    peer = Answering(None)
    registry = RegistryAtRights(peer)  # type: ignore[arg-type] # a fake peer
    made = pledge(encumbrance_id="enc", fencing_version=9)
    for call, request in (
        (registry.confirm, rights.ConfirmRequest(reference=made.pledge_id, fencing_version=9)),
        (registry.release, rights.ReleaseRequest(reference=made.pledge_id, encumbrance_id="enc")),
        (registry.cancel, rights.CancelRequest(reference=made.pledge_id)),
    ):
        await call(made)
        assert peer.asked is not None
        assert peer.asked[1] == request


async def test_a_party_comes_with_its_kind_its_roles_and_its_keys() -> None:
    party = onboarding.Party(
        party_id="pty", name="n", credit_code="c", state=onboarding.PARTY_STATE_APPROVED, roles=["bank"],
        entity_kind=onboarding.ENTITY_KIND_PUBLIC_INSTITUTION,
    )  # fmt: skip
    key = party.keys.add(key_id="k", jwk='{"kty": "OKP"}')
    key.valid_from_at.FromDatetime(datetime(2026, 1, 1))  # noqa: DTZ001 - protobuf takes naive UTC
    answer = Answering(onboarding.GetPartyResponse(party=party))
    found = await PartiesAtOnboarding(answer).find("pty")  # type: ignore[arg-type] # a fake peer
    assert found is not None
    assert (found.entity_kind, found.approved, found.roles) == ("public_institution", True, frozenset({"bank"}))
    assert found.key("k", NOW) is not None
    assert found.key("k", datetime(2025, 1, 1, tzinfo=UTC)) is None
    away = PartiesAtOnboarding(Answering(carried("NotFound", "PartyUnknown", "x", "x", {})))  # type: ignore[arg-type] # as above
    assert await away.find("pty") is None
