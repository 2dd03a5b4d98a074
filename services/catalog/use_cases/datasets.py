"""Declaring datasets and supplying them to authorised operators."""

from dataclasses import dataclass

from catalog.domain.dataset import Dataset, Subject, Supply
from catalog.domain.refusals import DatasetNotFound
from catalog.domain.themes import Form, SourceKind, Theme
from catalog.ports import Cataloguing, Work
from kernel.callers import Caller
from kernel.ids import new_id
from kernel.work import Ticket


@dataclass(frozen=True)
class Declaring:
    """What an owner says of a dataset."""

    title: str
    title_en: str
    description: str
    description_en: str
    theme: Theme
    form: Form
    source_kind: SourceKind
    authorisation_id: str
    subject: Subject | None


async def declare_dataset(app: Cataloguing, caller: Caller, once: Ticket, declaring: Declaring) -> Dataset:
    """A dataset without versions yet; it is the root of its lineage."""
    async with app.work(once) as work:
        dataset_id = new_id("dat")
        dataset = Dataset(
            id=dataset_id, owner_party_id=caller.party_id, supplier_party_id=caller.party_id, lineage_root=dataset_id,
            source_dataset_ids=(), has_persons=declaring.subject is not None, latest_version_id="",
            created_at=work.now, **vars(declaring),
        )  # fmt: skip
        dataset.check_declared(by_supplier=caller.has("supplier"))
        if dataset.authorisation_id:
            authorisation = await work.authorisations.get(dataset.authorisation_id)
            authorisation.need_in_force(work.now.date())
        await work.datasets.add(dataset)
        return work.settle(dataset)


async def supply_dataset(
    app: Cataloguing, caller: Caller, once: Ticket, dataset_id: str, operator_party_id: str, authorisation_id: str
) -> Supply:
    """Let an operator derive from it, where an authorisation in force names both."""
    async with app.work(once) as work:
        dataset = await owned_dataset(work, caller, dataset_id)
        authorisation = await work.authorisations.get(authorisation_id)
        authorisation.need_in_force(work.now.date())
        authorisation.need_named(caller.party_id, operator_party_id)
        supply = Supply(dataset.id, operator_party_id, authorisation.id, work.now)
        await work.datasets.supply(supply)
        return work.settle(supply)


async def read_dataset(app: Cataloguing, caller: Caller, dataset_id: str) -> Dataset:
    """A dataset that is published, or the caller's own."""
    async with app.work(None) as work:
        return await seen_dataset(work, caller, dataset_id)


async def list_datasets(app: Cataloguing, caller: Caller, limit: int, after: str) -> list[Dataset]:
    """Published ones and the caller's own, newest first."""
    async with app.work(None) as work:
        return await work.datasets.page(caller.party_id, limit, after)


async def owned_dataset(work: Work, caller: Caller, dataset_id: str, *, hold: bool = False) -> Dataset:
    """The caller's own dataset; another's is not found."""
    dataset = await work.datasets.get(dataset_id, hold=hold)
    if dataset.owner_party_id != caller.party_id:
        raise DatasetNotFound(dataset_id=dataset_id)
    return dataset


async def seen_dataset(work: Work, caller: Caller, dataset_id: str) -> Dataset:
    """A dataset that the caller may see."""
    dataset = await work.datasets.get(dataset_id)
    if not dataset.latest_version_id and dataset.owner_party_id != caller.party_id:
        raise DatasetNotFound(dataset_id=dataset_id)
    return dataset
