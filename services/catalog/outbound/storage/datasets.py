"""Datasets, supplies and derivations in PostgreSQL."""

from typing import Any

from sqlalchemy import Row, insert, or_, select

from catalog.domain.dataset import Dataset, Subject, Supply
from catalog.domain.derivation import Derivation
from catalog.domain.refusals import AlreadySupplied, DatasetNotFound, DerivationNotFound
from catalog.domain.themes import Form, SourceKind, Theme
from catalog.outbound.tables import datasets, derivations, supplies
from kernel.connection import Connection
from kernel.storage import change, refusing


class SqlDatasets:
    """See ``ports.Datasets``."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def add(self, dataset: Dataset) -> None:
        """See the port."""
        values = {
            **vars(dataset), "subject": vars(dataset.subject) if dataset.subject else None,
            "source_dataset_ids": list(dataset.source_dataset_ids),
        }  # fmt: skip
        await self._conn.execute(insert(datasets).values(values))

    async def get(self, dataset_id: str, *, hold: bool = False) -> Dataset:
        """See the port."""
        query = select(datasets).where(datasets.c.id == dataset_id)
        row = (await self._conn.execute(query.with_for_update() if hold else query)).one_or_none()
        if row is None:
            raise DatasetNotFound(dataset_id=dataset_id)
        return _dataset(row)

    async def save(self, dataset: Dataset) -> None:
        """See the port."""
        values = {"latest_version_id": dataset.latest_version_id}
        await change(self._conn, datasets, key={"id": dataset.id}, version=dataset.version, values=values)

    async def page(self, party_id: str, limit: int, after: str) -> list[Dataset]:
        """See the port."""
        seen = or_(datasets.c.latest_version_id != "", datasets.c.owner_party_id == party_id)
        query = select(datasets).where(seen).order_by(datasets.c.id.desc()).limit(limit)
        if after:
            query = query.where(datasets.c.id < after)
        return [_dataset(row) for row in await self._conn.execute(query)]

    async def supply(self, supply: Supply) -> None:
        """See the port."""
        async with refusing({"supplied_once": AlreadySupplied}):
            await self._conn.execute(insert(supplies).values(vars(supply)))

    async def supplies(self, dataset_id: str, operator_party_id: str) -> list[Supply]:
        """See the port."""
        query = select(supplies).where(
            supplies.c.dataset_id == dataset_id, supplies.c.operator_party_id == operator_party_id
        )
        rows = await self._conn.execute(query.order_by(supplies.c.supplied_at.desc()))
        return [Supply(row.dataset_id, row.operator_party_id, row.authorisation_id, row.supplied_at) for row in rows]


class SqlDerivations:
    """See ``ports.Derivations``."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def add(self, derivation: Derivation) -> None:
        """See the port."""
        values = {**vars(derivation), "source_version_ids": list(derivation.source_version_ids)}
        await self._conn.execute(insert(derivations).values(values))

    async def get(self, derivation_id: str) -> Derivation:
        """See the port."""
        query = select(derivations).where(derivations.c.id == derivation_id)
        row = (await self._conn.execute(query)).one_or_none()
        if row is None:
            raise DerivationNotFound(derivation_id=derivation_id)
        return _derivation(row)

    async def of_version(self, version_id: str) -> Derivation | None:
        """See the port."""
        query = select(derivations).where(derivations.c.version_id == version_id)
        row = (await self._conn.execute(query)).one_or_none()
        return _derivation(row) if row else None


def _dataset(row: Row[Any]) -> Dataset:  # Any: a table's columns are typed by the table
    return Dataset(
        id=row.id, owner_party_id=row.owner_party_id, supplier_party_id=row.supplier_party_id, title=row.title,
        title_en=row.title_en, description=row.description, description_en=row.description_en, theme=Theme(row.theme),
        form=Form(row.form), source_kind=SourceKind(row.source_kind), lineage_root=row.lineage_root,
        authorisation_id=row.authorisation_id, source_dataset_ids=tuple(row.source_dataset_ids),
        subject=Subject(**row.subject) if row.subject else None, has_persons=row.has_persons,
        latest_version_id=row.latest_version_id, created_at=row.created_at, version=row.version,
    )  # fmt: skip


def _derivation(row: Row[Any]) -> Derivation:  # Any: as above
    return Derivation(
        id=row.id, operator_party_id=row.operator_party_id, dataset_id=row.dataset_id, version_id=row.version_id,
        source_version_ids=tuple(row.source_version_ids), recipe=row.recipe, sealed_key=row.sealed_key,
        asked_at=row.asked_at,
    )  # fmt: skip
