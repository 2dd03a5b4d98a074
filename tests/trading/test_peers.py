"""The clients of the other services, and our own gRPC door: the contracts' words turned into ours and back."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from kernel.calendar import SHANGHAI
from kernel.ids import new_id
from kernel.refusals import NotFound
from kernel.rpc import Peer
from kernel.signatures import new_key, private_bytes, public_jwk
from tests.trading.conftest import Market
from trading.inbound.grpc import Seller
from trading.outbound.catalog import GrpcCatalog
from trading.outbound.evidence import GrpcEvidence
from trading.outbound.onboarding import GrpcParties
from trading.outbound.rights import GrpcRights
from yaosu.catalog.v1.catalog_service_pb2 import GetProductResponse, GetVersionResponse
from yaosu.evidence.v1.evidence_service_pb2 import GetProofResponse
from yaosu.onboarding.v1.onboarding_service_pb2 import GetPartyResponse
from yaosu.rights.v1 import rights_service_pb2 as registry
from yaosu.trading.v1.trading_service_pb2 import GetContractRequest, HoldForUseRequest

NOW = datetime(2026, 6, 1, tzinfo=SHANGHAI)


class FakePeer(Peer):
    """Answers every call with one message, or with nothing to be found."""

    def __init__(self, answer: object = None) -> None:  # the real one wants a channel and keys
        self.answer = answer
        self.asked: list[Any] = []

    def stub(self, stub: Any) -> Any:
        return self

    def __getattr__(self, _method: str) -> None:
        return None

    async def call(self, method: Any, request: object, *, deadline_seconds: float = 0) -> Any:
        self.asked.append(request)
        if self.answer is None:
            raise NotFound
        return self.answer


async def test_a_product_without_a_ceiling_is_told_from_one_with_a_ceiling_of_nothing() -> None:
    answer = GetProductResponse()
    answer.product.product_id = "prd_1"
    client = GrpcCatalog(FakePeer(answer))
    product = await client.product("prd_1")
    assert product is not None
    assert product.ceiling_price_fen is None
    answer.product.ceiling_price_fen = 0
    product = await client.product("prd_1")
    assert product is not None
    assert product.ceiling_price_fen == 0
    assert await GrpcCatalog(FakePeer()).product("prd_1") is None
    version = GetVersionResponse()
    version.version.dataset_id = "dat_1"
    assert await GrpcCatalog(FakePeer(version)).dataset_of_version("ver_1") == "dat_1"
    assert await GrpcCatalog(FakePeer()).dataset_of_version("ver_1") is None


def asset_answer(state: str = "CERTIFIED", right: int = registry.RIGHT_OPERATE, days: int = 1) -> Any:
    answer = registry.GetAssetResponse(lineage_root="dat_root")
    certificate = answer.certificates.add(number="DR-1", state=state)
    certificate.expires_at.FromDatetime(NOW + timedelta(days=days))
    certificate.units.add(right=right, holder_party_id="pty_1")
    return answer


@pytest.mark.parametrize(
    ("answer", "operates"),
    [
        (asset_answer(), True),
        (asset_answer(state="CONTESTED"), False),
        (asset_answer(days=-1), False),
        (asset_answer(right=registry.RIGHT_HOLD), False),
    ],
    ids=["certified", "contested", "expired", "another right"],
)
async def test_who_may_operate_is_read_from_certificates_in_date(answer: Any, operates: bool) -> None:  # noqa: FBT001 - a case of the test
    asset = await GrpcRights(FakePeer(answer)).asset("prd_1", NOW)
    assert ("pty_1" in asset.operators) is operates
    assert (asset.compliance_conclusion, asset.compliance_until) == ("", None)


async def test_encumbrances_keep_the_registrys_words() -> None:
    answer = asset_answer()
    answer.compliance.conclusion, answer.compliance.level = "CONDITIONAL", "GENERAL_3"
    answer.compliance.valid_until_at.FromDatetime(NOW)
    answer.encumbrances.add(
        encumbrance_id="enc_1", kind=registry.ENCUMBRANCE_KIND_PLEDGE, state=registry.ENCUMBRANCE_STATE_ACTIVE,
        beneficiary_party_id="pty_bank", licence_policy=registry.LICENCE_POLICY_CONSENT, control_account="acc",
        owner_service="pledge", reference="plg_1",
    )  # fmt: skip
    asset = await GrpcRights(FakePeer(answer)).asset("prd_1", NOW)
    (pledge,) = asset.live("PLEDGE")
    assert (pledge.licence_policy, pledge.control_account, pledge.reference) == ("CONSENT", "acc", "")
    assert asset.compliance_until == NOW


async def test_an_exclusive_grant_is_asked_for_by_our_reference() -> None:
    answer = registry.ReserveResponse()
    answer.encumbrance.encumbrance_id, answer.encumbrance.fencing_version = "enc_1", 4
    peer = FakePeer(answer)
    grant = await GrpcRights(peer).reserve("ctr_1", "prd_1", "pty_1", "pty_2")
    assert (grant.encumbrance_id, grant.fencing_version) == ("enc_1", 4)
    (asked,) = peer.asked
    assert (asked.reference, asked.kind, asked.right) == (
        "ctr_1", registry.ENCUMBRANCE_KIND_EXCLUSIVE_GRANT, registry.RIGHT_OPERATE,
    )  # fmt: skip


async def test_a_key_put_out_of_use_signs_nothing() -> None:
    answer, key = GetPartyResponse(), new_key()
    kept = answer.party.keys.add(key_id="key_1", jwk=private_bytes(key).decode())
    client = GrpcParties(FakePeer(answer))
    jwk = await client.key_in_use("pty_1", "key_1", NOW)
    assert jwk is not None
    assert jwk["x"] == public_jwk(key)["x"]
    assert await client.key_in_use("pty_1", "key_2", NOW) is None
    kept.valid_until_at.FromDatetime(NOW)
    assert await client.key_in_use("pty_1", "key_1", NOW) is None


async def test_a_proof_is_there_or_not_yet() -> None:
    answer = GetProofResponse(tlog_proof="proof")
    answer.deposited_at.FromDatetime(NOW)
    proof = await GrpcEvidence(FakePeer(answer)).proof("a" * 64)
    assert proof is not None
    assert (proof.tlog_proof, proof.deposited_at) == ("proof", NOW)
    assert await GrpcEvidence(FakePeer()).proof("a" * 64) is None


async def test_delivery_reads_the_contract_and_holds_for_a_use(market: Market) -> None:
    kept = await market.contracted()
    await market.topped_up(250)
    door = Seller(market.ports)
    told = (await door.GetContract(GetContractRequest(contract_id=kept["contract_id"]), None)).contract
    assert (told.agreement_digest, told.state, told.price_fen) == (kept["agreement_digest"], "IN_FORCE", 250)
    assert list(told.deliveries) == ["underwriting", "cohort"]
    use = HoldForUseRequest(use_id=new_id("use"), contract_id=kept["contract_id"], mode="underwriting", policy_case="c")
    assert (await door.HoldForUse(use, None)).held_fen == 250
