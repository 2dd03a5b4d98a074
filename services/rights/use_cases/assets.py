"""Assets: the lineage of a dataset or product, and all that is known of its rights."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kernel.callers import Caller
from rights.domain.certificate import Certificate
from rights.domain.encumbrance import Encumbrance, Unit
from rights.domain.refusals import AssetUnknown
from rights.domain.reports import Report, ReportKind
from rights.ports import Asset, Registering

VALUES_SHOWN = 20
SEES_ALL = ("bank", "operator", "regulator", "reviewer")


@dataclass(frozen=True)
class AssetFacts:
    """An asset's rights, burdens and reports."""

    asset: Asset
    certificates: Sequence[Certificate]
    carried: Mapping[str, Sequence[Unit]]
    remarks: Sequence[str]
    encumbrances: Sequence[Encumbrance]
    objection_open: bool
    units: Sequence[Unit] = ()
    compliance: Report | None = None
    quality: Report | None = None
    values: Sequence[Report] = field(default=())


async def resolve(app: Registering, dataset_id: str, product_id: str) -> Asset:
    """The asset and its lineage; asked of the catalog once, since it never changes."""
    async with app.work() as work:
        known = await work.assets.find(product_id or dataset_id)
    if known is not None:
        return known
    asset = await app.catalog.asset(dataset_id, product_id)
    if asset is None:
        raise AssetUnknown(dataset_id=dataset_id, product_id=product_id)
    async with app.work() as work:
        await work.assets.keep(asset)
    return asset


async def show_asset(app: Registering, dataset_id: str, product_id: str) -> AssetFacts:
    """All that is known of an asset's rights; read from the primary, since others decide by it."""
    asset = await resolve(app, dataset_id, product_id)
    async with app.work() as work:
        certificates = await work.certificates.of_lineage(asset.lineage_root)
        reports = await work.reports.of(asset.dataset_id, asset.product_id)
        newest = {report.kind: report for report in reversed(reports)}
        return AssetFacts(
            asset, certificates,
            await work.certificates.carried([certificate.number for certificate in certificates], work.now),
            await work.registry.remarks(asset.lineage_root),
            await work.registry.live(asset.lineage_root),
            await work.objections.any_open(asset.lineage_root),
            await work.registry.units(asset.lineage_root, work.now),
            newest.get(ReportKind.COMPLIANCE), newest.get(ReportKind.QUALITY),
            [report for report in reports if report.kind is ReportKind.VALUE][:VALUES_SHOWN],
        )  # fmt: skip


async def show_encumbrances(
    app: Registering, caller: Caller, dataset_id: str, *, live_only: bool
) -> tuple[Asset, Sequence[Encumbrance], Sequence[Unit]]:
    """What lies upon an asset, for those whom it concerns: the search before lending."""
    asset = await resolve(app, dataset_id, "")
    async with app.work() as work:
        units = await work.registry.units(asset.lineage_root, work.now)
        holders = {unit.holder_party_id for unit in units} | {asset.owner_party_id}
        if not caller.has(*SEES_ALL) and caller.party_id not in holders:
            raise AssetUnknown(dataset_id=dataset_id)
        found = await (work.registry.live if live_only else work.registry.all_of)(asset.lineage_root)
        return asset, found, units
