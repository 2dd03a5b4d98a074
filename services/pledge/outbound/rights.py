"""The rights registry over gRPC; our reference is the pledge's id, so that every call may be repeated."""

from kernel.refusals import NotFound
from kernel.rpc import Peer
from pledge.domain.asset import AssetFacts, CertificateFact, EncumbranceFact, ValueFact
from pledge.domain.pledge import Pledge
from pledge.outbound.onboarding import moment
from pledge.ports import Hold
from yaosu.rights.v1 import rights_service_pb2 as contract
from yaosu.rights.v1.rights_service_pb2_grpc import RightsServiceStub

_LIVE = {contract.ENCUMBRANCE_STATE_RESERVED, contract.ENCUMBRANCE_STATE_ACTIVE}


class RegistryAtRights:
    """See ``Registry``."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._stub = peer.stub(RightsServiceStub)

    async def asset(self, dataset_id: str | None, product_id: str | None) -> AssetFacts:
        """See the port."""
        request = contract.GetAssetRequest(dataset_id=dataset_id or "", product_id=product_id or "")
        try:
            answer: contract.GetAssetResponse = await self._peer.call(self._stub.GetAsset, request)
        except NotFound:
            return AssetFacts(lineage_root="")
        return asset_facts(answer)

    async def reserve(self, pledge: Pledge) -> Hold:
        """See the port."""
        request = contract.ReserveRequest(
            reference=pledge.pledge_id, kind=contract.ENCUMBRANCE_KIND_PLEDGE, dataset_id=pledge.dataset_id or "",
            product_id=pledge.product_id or "", right=contract.RIGHT_OPERATE, holder_party_id=pledge.borrower_party_id,
            beneficiary_party_id=pledge.bank_party_id,
            licence_policy=f"LICENCE_POLICY_{pledge.licence_policy.upper()}",
            control_account=pledge.control_account, consenting_party_ids=pledge.consenting_party_ids,
        )  # fmt: skip
        answer = await self._peer.call(self._stub.Reserve, request)
        held: contract.Encumbrance = answer.encumbrance
        return Hold(held.encumbrance_id, held.lineage_root, held.fencing_version)

    async def annotate(self, pledge: Pledge, remark: str) -> None:
        """See the port."""
        request = contract.AnnotateRequest(reference=pledge.pledge_id, lineage_root=pledge.lineage_root, remark=remark)
        await self._peer.call(self._stub.Annotate, request)

    async def confirm(self, pledge: Pledge) -> None:
        """See the port."""
        request = contract.ConfirmRequest(reference=pledge.pledge_id, fencing_version=pledge.fencing_version or 0)
        await self._peer.call(self._stub.Confirm, request)

    async def cancel(self, pledge: Pledge) -> None:
        """See the port."""
        await self._peer.call(self._stub.Cancel, contract.CancelRequest(reference=pledge.pledge_id))

    async def release(self, pledge: Pledge) -> None:
        """See the port."""
        request = contract.ReleaseRequest(reference=pledge.pledge_id, encumbrance_id=pledge.encumbrance_id or "")
        await self._peer.call(self._stub.Release, request)


def asset_facts(answer: contract.GetAssetResponse) -> AssetFacts:
    """What the registry answered, in our words."""
    return AssetFacts(
        lineage_root=answer.lineage_root,
        certificates=[_certificate(certificate) for certificate in answer.certificates],
        encumbrances=[
            EncumbranceFact(
                lying.encumbrance_id,
                contract.EncumbranceKind.Name(lying.kind).removeprefix("ENCUMBRANCE_KIND_"),
                lying.owner_service, lying.reference,
            )
            for lying in answer.encumbrances
            if lying.state in _LIVE
        ],
        compliance_conclusion=answer.compliance.conclusion,
        compliance_valid_until_at=moment(answer.compliance, "valid_until_at"),
        level=answer.compliance.level,
        values=[
            ValueFact(
                value.report_id, value.appraiser_party_id, value.purpose, value.value_fen,
                moment(value, "valid_until_at"),
            )
            for value in answer.values
        ],
        objection_open=answer.objection_open,
    )  # fmt: skip


def _certificate(certificate: contract.Certificate) -> CertificateFact:
    return CertificateFact(
        certificate.number, certificate.state, certificate.dataset_id, moment(certificate, "expires_at"),
        [(contract.Right.Name(unit.right).removeprefix("RIGHT_"), unit.holder_party_id) for unit in certificate.units],
    )  # fmt: skip
