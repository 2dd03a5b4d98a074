"""Derivations: what was made of which versions, by which recipe, under which sealed key."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from catalog.domain.dataset import Dataset
from catalog.domain.recipe import Recipe
from catalog.domain.refusals import RecipeRefused, SourcesOfSeveralRoots, SubjectsNotIndexable
from catalog.domain.version import Version

SOURCES_MAX = 20


@dataclass(frozen=True)
class Derivation:
    """One recipe carried out; how far it is, its version says."""

    id: str
    operator_party_id: str
    dataset_id: str
    version_id: str
    source_version_ids: tuple[str, ...]
    recipe: dict[str, Any]  # Any: JSON as it was checked
    sealed_key: bytes
    asked_at: datetime


@dataclass(frozen=True)
class Source:
    """A version to derive from, and the dataset it is of."""

    version: Version
    dataset: Dataset


def one_root(sources: Sequence[Source]) -> str:
    """The lineage root that all sources share."""
    roots = {source.dataset.lineage_root for source in sources}
    if len(roots) != 1:
        raise SourcesOfSeveralRoots(lineage_roots=sorted(roots))
    return roots.pop()


def files_of(sources: Sequence[Source]) -> dict[str, str]:
    """Each source file's name with the SHA-256 of its bytes; names must be clear, since recipes use them."""
    files: dict[str, str] = {}
    for source in sources:
        for file in source.version.files:
            if file.name in files:
                raise RecipeRefused(where="/source_version_ids", why=f"two sources have a file {file.name}")
            files[file.name] = file.sha256
    return files


def people_of(sources: Sequence[Source], recipe: Recipe) -> Source:
    """The source whose persons the result holds by token, or a refusal."""
    for source in sources:
        subject = source.dataset.subject
        if subject is not None and recipe.tokenises(subject.file, subject.key_column):
            return source
    raise SubjectsNotIndexable
