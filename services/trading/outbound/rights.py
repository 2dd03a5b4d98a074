"""The registry of rights, asked and instructed."""

from datetime import UTC, datetime

from kernel.rpc import Peer
from trading.domain.listings import Asset, Encumbrance
from trading.ports import Grant
from yaosu.rights.v1 import rights_service_pb2 as contract
from yaosu.rights.v1.rights_service_pb2_grpc import RightsServiceStub


def _name(kind: str, prefix: str) -> str:
    name = kind.removeprefix(prefix)
    return "" if name == "UNSPECIFIED" else name


class GrpcRights:
    """See ``ports.Rights``."""

    def __init__(self, peer: Peer) -> None:
        self._peer, self._stub = peer, peer.stub(RightsServiceStub)

    async def asset(self, product_id: str, at: datetime) -> Asset:
        """All that is known of a product's rights."""
        return asset_of(await self._peer.call(self._stub.GetAsset, contract.GetAssetRequest(product_id=product_id)), at)

    async def reserve(self, reference: str, product_id: str, holder: str, beneficiary: str) -> Grant:
        """Reserve the exclusive grant of the OPERATE right."""
        request = contract.ReserveRequest(
            reference=reference, kind=contract.ENCUMBRANCE_KIND_EXCLUSIVE_GRANT, product_id=product_id,
            right=contract.RIGHT_OPERATE, holder_party_id=holder, beneficiary_party_id=beneficiary,
        )  # fmt: skip
        held = (await self._peer.call(self._stub.Reserve, request)).encumbrance
        return Grant(held.encumbrance_id, held.fencing_version)

    async def confirm(self, reference: str, fencing_version: int) -> None:
        """Make the reservation stand."""
        request = contract.ConfirmRequest(reference=reference, fencing_version=fencing_version)
        await self._peer.call(self._stub.Confirm, request)

    async def cancel(self, reference: str) -> None:
        """Give the reservation up."""
        await self._peer.call(self._stub.Cancel, contract.CancelRequest(reference=reference))

    async def release(self, reference: str, encumbrance_id: str) -> None:
        """End the grant."""
        request = contract.ReleaseRequest(reference=reference, encumbrance_id=encumbrance_id)
        await self._peer.call(self._stub.Release, request)


def asset_of(answer: contract.GetAssetResponse, at: datetime) -> Asset:
    """The registry's answer in our words; expiry is computed here, at our business time."""
    in_date = [
        each for each in answer.certificates
        if each.state == "CERTIFIED"
        and (not each.HasField("expires_at") or each.expires_at.ToDatetime(tzinfo=UTC) > at)
    ]  # fmt: skip
    operators = {
        unit.holder_party_id for each in in_date for unit in each.units if unit.right == contract.RIGHT_OPERATE
    }
    judged = answer.compliance if answer.HasField("compliance") else contract.ComplianceSummary()
    until = judged.valid_until_at.ToDatetime(tzinfo=UTC) if judged.HasField("valid_until_at") else None
    return Asset(
        answer.lineage_root, frozenset(operators), tuple(sorted(each.number for each in in_date)),
        tuple(_encumbrance(each) for each in answer.encumbrances), judged.conclusion, judged.level, until,
        answer.objection_open,
    )  # fmt: skip


def _encumbrance(told: contract.Encumbrance) -> Encumbrance:
    return Encumbrance(
        told.encumbrance_id,
        _name(contract.EncumbranceKind.Name(told.kind), "ENCUMBRANCE_KIND_"),
        _name(contract.EncumbranceState.Name(told.state), "ENCUMBRANCE_STATE_"),
        told.beneficiary_party_id,
        _name(contract.LicencePolicy.Name(told.licence_policy), "LICENCE_POLICY_"),
        told.control_account,
        told.reference if told.owner_service == "trading" else "",
    )
