"""The gRPC door: what is asked and answered in the words of the contract."""

from typing import Any

import pytest

from kernel import rpc
from kernel.refusals import Refusal
from kernel.tokens import CallingService
from rights.inbound.grpc import CALLERS, Registrar
from rights.outbound.events import as_contract
from tests.rights.conftest import Centre, done, shares
from tests.rights.fakes import BANK, CO_DESIGNER, DESIGNER
from tests.rights.test_reports import appraisal, filed, opinion
from yaosu.rights.v1 import rights_service_pb2 as contract


def reserving(subject: Any, **changes: Any) -> contract.ReserveRequest:
    facts = {
        "reference": "plg_1", "kind": contract.ENCUMBRANCE_KIND_PLEDGE, "dataset_id": subject.dataset_id,
        "right": contract.RIGHT_OPERATE, "holder_party_id": DESIGNER, "beneficiary_party_id": BANK,
        "licence_policy": contract.LICENCE_POLICY_NOTIFY, "control_account": "6217-0001",
        "consenting_party_ids": [CO_DESIGNER],
    }  # fmt: skip
    return contract.ReserveRequest(**{**facts, **changes})


async def test_a_pledge_goes_from_reserve_to_release(centre: Centre) -> None:
    subject, certificate = await centre.certified(allocations=shares(DESIGNER, CO_DESIGNER))
    door = Registrar(centre.running.ports)
    rpc._calling.set(CallingService("pledge", None))
    held = (await door.Reserve(reserving(subject), None)).encumbrance
    assert (held.owner_service, held.state) == ("pledge", contract.ENCUMBRANCE_STATE_RESERVED)
    assert held.licence_policy == contract.LICENCE_POLICY_NOTIFY
    remark = contract.AnnotateRequest(reference="plg_1", lineage_root=held.lineage_root, remark="已质押")
    assert list((await door.Annotate(remark, None)).certificate_numbers) == [certificate["number"]]
    confirming = contract.ConfirmRequest(reference="plg_1", fencing_version=held.fencing_version)
    assert (await door.Confirm(confirming, None)).encumbrance.state == contract.ENCUMBRANCE_STATE_ACTIVE
    asset = await door.GetAsset(contract.GetAssetRequest(dataset_id=subject.dataset_id), None)
    assert [each.control_account for each in asset.encumbrances] == ["6217-0001"]
    assert "已质押" in asset.certificates[0].annotations
    releasing = contract.ReleaseRequest(reference="plg_1", encumbrance_id=held.encumbrance_id)
    assert (await door.Release(releasing, None)).encumbrance.state == contract.ENCUMBRANCE_STATE_RELEASED
    assert not (await door.Cancel(contract.CancelRequest(reference="other"), None)).HasField("encumbrance")


async def test_an_asset_is_told_with_all_that_is_known_of_it(centre: Centre) -> None:
    subject, certificate = await centre.certified(allocations=shares(DESIGNER, CO_DESIGNER))
    done(await filed(centre, opinion(subject)))
    done(await centre.appraiser.post("/value-reports", json=appraisal(subject)))
    door = Registrar(centre.running.ports)
    asset = await door.GetAsset(contract.GetAssetRequest(dataset_id=subject.dataset_id), None)
    told = asset.certificates[0]
    assert (told.number, told.state, told.version_digest) == (
        certificate["number"], "CERTIFIED", subject.version_digest
    )  # fmt: skip
    operators = {unit.holder_party_id for unit in told.units if unit.right == contract.RIGHT_OPERATE}
    assert operators == {DESIGNER, CO_DESIGNER}
    assert asset.compliance.conclusion == "PASSED"
    assert [(value.purpose, value.value_fen) for value in asset.values] == [("pledge", 427_451_303)]
    assert not asset.HasField("quality")
    assert not asset.objection_open


@pytest.mark.parametrize(
    "changes",
    [
        {"reference": ""}, {"kind": contract.ENCUMBRANCE_KIND_TRANSFER}, {"right": contract.RIGHT_UNSPECIFIED},
        {"holder_party_id": ""}, {"beneficiary_party_id": ""}, {"dataset_id": ""}, {"product_id": "prd_1"},
    ],
)  # fmt: skip
async def test_an_unclear_reservation_is_refused(centre: Centre, changes: dict[str, Any]) -> None:
    rpc._calling.set(CallingService("pledge", None))
    with pytest.raises(Refusal, match="ReservationUnclear"):
        await Registrar(centre.running.ports).Reserve(reserving(centre.catalog.publish(), **changes), None)


def test_only_trading_and_pledge_take_rights() -> None:
    takers = {method: names for method, names in CALLERS.items() if method != "GetAsset"}
    assert all(names <= {"trading", "pledge"} for names in takers.values())


def test_what_no_contract_tells_is_not_told() -> None:
    with pytest.raises(TypeError, match="no contract tells str"):
        as_contract("nonsense")
