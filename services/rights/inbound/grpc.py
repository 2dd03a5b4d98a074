"""The registry's gRPC door: what others may ask of an asset's rights, and take from them."""

from kernel.refusals import Malformed
from kernel.rpc import calling
from rights.domain.encumbrance import EncumbranceKind
from rights.domain.reports import Report
from rights.domain.source_rights import Right
from rights.outbound.events import certificate_message, encumbrance_message, moment
from rights.ports import Registering, Remark
from rights.use_cases import assets, encumbrances
from yaosu.rights.v1 import rights_service_pb2 as contract
from yaosu.rights.v1.rights_service_pb2_grpc import RightsServiceServicer

_TAKERS = {"trading", "pledge"}
CALLERS = {
    "GetAsset": {"trading", "pledge", "delivery", "catalog"},
    "Reserve": _TAKERS,
    "Confirm": _TAKERS,
    "Cancel": _TAKERS,
    "Release": _TAKERS,
    "Annotate": {"pledge"},
}
_KINDS = {
    contract.ENCUMBRANCE_KIND_PLEDGE: EncumbranceKind.PLEDGE,
    contract.ENCUMBRANCE_KIND_EXCLUSIVE_GRANT: EncumbranceKind.EXCLUSIVE_GRANT,
}


class ReservationUnclear(Malformed):
    """The reservation lacks its reference, kind, right, holder or beneficiary. Say each of them."""

    zh = "预留请求缺少编号、类型、权利、权利人或受益人。请逐项写明。"


class Registrar(RightsServiceServicer):
    """``yaosu.rights.v1.RightsService``."""

    def __init__(self, app: Registering) -> None:
        self._app = app

    async def GetAsset(  # noqa: N802 - the contract's name
        self, request: contract.GetAssetRequest, _context: object
    ) -> contract.GetAssetResponse:
        """See the contract."""
        facts = await assets.show_asset(self._app, request.dataset_id, request.product_id)
        return asset_message(facts)

    async def Reserve(  # noqa: N802 - the contract's name
        self, request: contract.ReserveRequest, _context: object
    ) -> contract.ReserveResponse:
        """See the contract."""
        placed = await encumbrances.reserve(self._app, _reservation(request, calling().name))
        return contract.ReserveResponse(encumbrance=encumbrance_message(placed))

    async def Confirm(  # noqa: N802 - the contract's name
        self, request: contract.ConfirmRequest, _context: object
    ) -> contract.ConfirmResponse:
        """See the contract."""
        placed = await encumbrances.confirm(self._app, calling().name, request.reference, request.fencing_version)
        return contract.ConfirmResponse(encumbrance=encumbrance_message(placed))

    async def Cancel(  # noqa: N802 - the contract's name
        self, request: contract.CancelRequest, _context: object
    ) -> contract.CancelResponse:
        """See the contract."""
        ended = await encumbrances.cancel(self._app, calling().name, request.reference)
        return contract.CancelResponse(encumbrance=encumbrance_message(ended) if ended else None)

    async def Release(  # noqa: N802 - the contract's name
        self, request: contract.ReleaseRequest, _context: object
    ) -> contract.ReleaseResponse:
        """See the contract."""
        ended = await encumbrances.release(self._app, calling().name, request.reference, request.encumbrance_id)
        return contract.ReleaseResponse(encumbrance=encumbrance_message(ended))

    async def Annotate(  # noqa: N802 - the contract's name
        self, request: contract.AnnotateRequest, _context: object
    ) -> contract.AnnotateResponse:
        """See the contract."""
        remark = Remark(calling().name, request.reference, request.lineage_root, request.remark)
        return contract.AnnotateResponse(certificate_numbers=await encumbrances.annotate(self._app, remark))


def _reservation(request: contract.ReserveRequest, owner_service: str) -> encumbrances.Reservation:
    one_asset = bool(request.dataset_id) != bool(request.product_id)
    named = request.reference and request.holder_party_id and request.beneficiary_party_id
    if request.kind not in _KINDS or not request.right or not named or not one_asset:
        raise ReservationUnclear
    policy = contract.LicencePolicy.Name(request.licence_policy).removeprefix("LICENCE_POLICY_")
    return encumbrances.Reservation(
        owner_service, request.reference, _KINDS[request.kind], request.dataset_id, request.product_id,
        Right(contract.Right.Name(request.right).removeprefix("RIGHT_")), request.holder_party_id,
        request.beneficiary_party_id, "" if policy == "UNSPECIFIED" else policy, request.control_account,
        list(request.consenting_party_ids),
    )  # fmt: skip


def asset_message(facts: assets.AssetFacts) -> contract.GetAssetResponse:
    """All that is known, on the wire."""
    return contract.GetAssetResponse(
        lineage_root=facts.asset.lineage_root,
        certificates=[
            certificate_message(each, facts.carried.get(each.number, ()), remarks=facts.remarks)
            for each in facts.certificates
        ],
        encumbrances=[encumbrance_message(each) for each in facts.encumbrances],
        compliance=_compliance(facts.compliance),
        quality=_quality(facts.quality),
        values=[_value(each) for each in facts.values],
        objection_open=facts.objection_open,
    )


def _compliance(report: Report | None) -> contract.ComplianceSummary | None:
    if report is None:
        return None
    return contract.ComplianceSummary(
        report_id=report.report_id, conclusion=report.conclusion, level=report.level,
        valid_until_at=moment(report.valid_until_at),
    )  # fmt: skip


def _quality(report: Report | None) -> contract.QualitySummary | None:
    if report is None:
        return None
    return contract.QualitySummary(report_id=report.report_id, score_ppm=report.score_ppm or 0, grade=report.grade)


def _value(report: Report) -> contract.ValueSummary:
    return contract.ValueSummary(
        report_id=report.report_id, appraiser_party_id=report.issuer_party_id, method=report.method,
        purpose=report.purpose, value_fen=report.value_fen or 0, valid_until_at=moment(report.valid_until_at),
    )  # fmt: skip
