"""Deriving a governed dataset from supplied versions by a declared recipe."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from catalog.domain.dataset import Dataset
from catalog.domain.derivation import Derivation, Source, files_of, one_root
from catalog.domain.recipe import columns_after, recipe_of
from catalog.domain.refusals import (
    AuthorisationNotInForce,
    DatasetNotFound,
    DerivationNotFound,
    NotDerivedBySuchSources,
    NotSupplied,
)  # fmt: skip
from catalog.domain.themes import Form, SourceKind, Theme
from catalog.domain.version import Version, VersionState
from catalog.ports import Cataloguing, Work
from kernel.callers import Caller
from kernel.ids import new_id
from kernel.work import Ticket

KEY_BYTES = 32
ELEMENT_COLUMNS = ("global_id", "class", "name", "type", "storey", "material")


@dataclass(frozen=True)
class Deriving:
    """What is to be made of which versions."""

    title: str
    title_en: str
    description: str
    description_en: str
    theme: Theme | None
    source_version_ids: tuple[str, ...]
    recipe: dict[str, Any]  # Any: unchecked JSON
    dataset_id: str


async def derive_dataset(
    app: Cataloguing, caller: Caller, once: Ticket, deriving: Deriving
) -> tuple[Derivation, Version]:
    """Check the recipe and the right to use the sources; a job carries it out."""
    recipe = recipe_of(deriving.recipe)
    async with app.work(once) as work:
        sources = [await _source(work, version_id) for version_id in deriving.source_version_ids]
        root = one_root(sources)
        authorisation_id = await _authorised(work, caller, sources)
        files_of(sources)
        columns = {name: found for source in sources for name, found in (await _columns(work, source)).items()}
        for table in recipe.tables:
            columns_after(table, columns)
        sealed_key, dataset = await _target(app, work, caller, deriving, sources, root, authorisation_id)
        names = tuple(f"{table.name}.parquet" for table in recipe.tables)
        version = Version(new_id("ver"), dataset.id, VersionState.DERIVING, names, (), work.now)
        await work.versions.add(version)
        derivation = Derivation(
            new_id("der"), caller.party_id, dataset.id, version.id, deriving.source_version_ids, deriving.recipe,
            sealed_key, work.now,
        )  # fmt: skip
        await work.derivations.add(derivation)
        return work.settle((derivation, version))


async def _source(work: Work, version_id: str) -> Source:
    version = await work.versions.get(version_id)
    version.need_published()
    return Source(version, await work.datasets.get(version.dataset_id))


async def _authorised(work: Work, caller: Caller, sources: Sequence[Source]) -> str:
    """Each source is the caller's own, or supplied under an authorisation in force; which one."""
    found = ""
    for source in sources:
        dataset = source.dataset
        if dataset.owner_party_id == caller.party_id:
            found = found or dataset.authorisation_id
            continue
        supplies = await work.datasets.supplies(dataset.id, caller.party_id)
        if not supplies:
            raise NotSupplied(dataset_id=dataset.id)
        for supply in supplies:
            authorisation = await work.authorisations.get(supply.authorisation_id)
            if authorisation.in_force(work.now.date()):
                found = authorisation.id
                break
        else:
            raise AuthorisationNotInForce(authorisation_id=supplies[0].authorisation_id)
    return found


async def _columns(work: Work, source: Source) -> dict[str, Sequence[str]]:
    if source.dataset.form is Form.BIM:
        return {file.name: ELEMENT_COLUMNS for file in source.version.files}
    profile = (await work.versions.look(source.version.id)).profile
    return {file["name"]: [column["name"] for column in file["columns"]] for file in profile["files"]}


async def _target(
    app: Cataloguing, work: Work, caller: Caller, deriving: Deriving, sources: Sequence[Source], root: str,
    authorisation_id: str,
) -> tuple[bytes, Dataset]:  # fmt: skip
    """A new dataset with a key of its own; or the one named and the key it has, so that a person keeps its token."""
    source_ids = tuple(sorted({source.dataset.id for source in sources}))
    if deriving.dataset_id:
        dataset = await work.datasets.get(deriving.dataset_id)
        if dataset.owner_party_id != caller.party_id:
            raise DatasetNotFound(dataset_id=dataset.id)
        earlier = await work.derivations.of_version(dataset.latest_version_id)
        if earlier is None or dataset.source_dataset_ids != source_ids:
            raise NotDerivedBySuchSources(dataset_id=dataset.id)
        return earlier.sealed_key, dataset
    first = sources[0].dataset
    dataset = Dataset(
        id=new_id("dat"), owner_party_id=caller.party_id, supplier_party_id=first.supplier_party_id,
        title=deriving.title, title_en=deriving.title_en, description=deriving.description,
        description_en=deriving.description_en, theme=deriving.theme or first.theme, form=Form.TABLE,
        source_kind=SourceKind.PUBLIC_PRODUCT if authorisation_id else SourceKind.DERIVED, lineage_root=root,
        authorisation_id=authorisation_id, source_dataset_ids=source_ids, subject=None,
        has_persons=any(source.dataset.has_persons for source in sources), latest_version_id="", created_at=work.now,
    )  # fmt: skip
    await work.datasets.add(dataset)
    return app.sealer.seal(secrets.token_bytes(KEY_BYTES)), dataset


async def read_derivation(app: Cataloguing, caller: Caller, derivation_id: str) -> tuple[Derivation, Version]:
    """The caller's own derivation, and the version it makes."""
    async with app.work(None) as work:
        derivation = await work.derivations.get(derivation_id)
        if derivation.operator_party_id != caller.party_id:
            raise DerivationNotFound(derivation_id=derivation_id)
        return derivation, await work.versions.get(derivation.version_id)
