"""Datasets over HTTP."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import StringConstraints

from catalog.domain.dataset import Dataset, Subject, Supply
from catalog.domain.themes import Form, SourceKind, Theme
from catalog.inbound.http.ports_of import Id, Json, PageView, Ports, Words
from catalog.use_cases import datasets, versions
from catalog.use_cases.datasets import Declaring
from kernel.web import CallerOf, Code, Name, OnceKey, PageOf, Router, Shape, Text, View, allow

router = Router(prefix="/datasets", tags=["datasets 数据集"])
OWNERS = ("provider", "supplier", "authorised_operator")
Column = Annotated[str, StringConstraints(min_length=1, max_length=128)]


class SubjectNaming(Shape):
    """Where persons stand: the file with a row a person, the column that other files refer to, the identity number."""

    file: Column
    key_column: Column
    identity_column: Column


class DatasetDeclaring(Shape):
    """A dataset as its owner declares it."""

    title: Name
    title_en: Words = ""
    description: Text
    description_en: Words = ""
    theme: Theme
    form: Form
    source_kind: SourceKind
    authorisation_id: Code | None = None
    subject: SubjectNaming | None = None


class Supplying(Shape):
    """To whom, under which authorisation."""

    operator_party_id: Code
    authorisation_id: Code


class DatasetView(View):
    """A dataset."""

    dataset_id: str
    owner_party_id: str
    supplier_party_id: str
    title: str
    title_en: str
    description: str
    description_en: str
    theme: Theme
    form: Form
    source_kind: SourceKind
    lineage_root: str
    authorisation_id: str
    source_dataset_ids: list[str]
    has_subject: bool
    has_persons: bool
    latest_version_id: str
    created_at: datetime

    @classmethod
    def of(cls, dataset: Dataset) -> Self:
        """From the dataset."""
        plain = {name: value for name, value in vars(dataset).items() if name not in {"id", "version", "subject"}}
        has_subject = dataset.subject is not None
        return cls.model_validate({**plain, "dataset_id": dataset.id, "has_subject": has_subject})


class DatasetsView(PageView):
    """A page of datasets."""

    items: list[DatasetView]


class SupplyView(View):
    """A supply."""

    dataset_id: str
    operator_party_id: str
    authorisation_id: str
    supplied_at: datetime

    @classmethod
    def of(cls, supply: Supply) -> Self:
        """From the supply."""
        return cls(**vars(supply))


class SampleView(View):
    """A few rows of the newest version; ``masked``: every cell shows only its shape, since rows are of persons."""

    version_id: str
    masked: bool
    files: list[Json]


@router.post("", status_code=201, dependencies=[allow(*OWNERS)])
async def declare_dataset(declaring: DatasetDeclaring, ports: Ports, caller: CallerOf, once: OnceKey) -> DatasetView:
    """Declare a dataset; then open a version of it."""
    subject = Subject(**vars(declaring.subject)) if declaring.subject else None
    asked = Declaring(**{
        **vars(declaring), "subject": subject, "authorisation_id": declaring.authorisation_id or "",
    })  # fmt: skip
    return DatasetView.of(await datasets.declare_dataset(ports, caller, once, asked))


@router.get("", dependencies=[allow()])
async def list_datasets(ports: Ports, caller: CallerOf, page: PageOf) -> DatasetsView:
    """Published datasets and one's own, newest first."""
    found = await datasets.list_datasets(ports, caller, page.limit, page.after)
    return DatasetsView.around([DatasetView.of(each) for each in found], page.limit, "dataset_id")


@router.get("/{dataset_id}", dependencies=[allow()])
async def read_dataset(dataset_id: Id, ports: Ports, caller: CallerOf) -> DatasetView:
    """One dataset."""
    return DatasetView.of(await datasets.read_dataset(ports, caller, dataset_id))


@router.post("/{dataset_id}:supply", dependencies=[allow(*OWNERS)])
async def supply_dataset(
    dataset_id: Id, supplying: Supplying, ports: Ports, caller: CallerOf, once: OnceKey
) -> SupplyView:
    """Let an authorised operator derive from it."""
    return SupplyView.of(await datasets.supply_dataset(
        ports, caller, once, dataset_id, supplying.operator_party_id, supplying.authorisation_id
    ))  # fmt: skip


@router.get("/{dataset_id}/sample", dependencies=[allow()])
async def read_sample(dataset_id: Id, ports: Ports, caller: CallerOf) -> SampleView:
    """A masked sample of the newest version."""
    version_id, masked, files = await versions.read_sample(ports, caller, dataset_id)
    return SampleView(version_id=version_id, masked=masked, files=files)
