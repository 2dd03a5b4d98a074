"""Derivations over HTTP."""

from typing import Annotated, Self

from pydantic import Field

from catalog.domain.derivation import SOURCES_MAX, Derivation
from catalog.domain.themes import Theme
from catalog.domain.version import Version, VersionState
from catalog.inbound.http.datasets import OWNERS
from catalog.inbound.http.ports_of import Id, Json, Ports, Words
from catalog.use_cases import derivations
from catalog.use_cases.derivations import Deriving
from kernel.web import CallerOf, Code, Name, OnceKey, Router, Shape, Text, View, allow

router = Router(prefix="/derivations", tags=["derivations 衍生"])


class DerivationAsking(Shape):
    """A recipe and its sources; with ``dataset_id``, a further version of what was derived before, under its key."""

    title: Name
    title_en: Words = ""
    description: Text
    description_en: Words = ""
    theme: Theme | None = None
    source_version_ids: Annotated[list[Code], Field(min_length=1, max_length=SOURCES_MAX)]
    recipe: Json
    dataset_id: Code | None = None


class DerivationView(View):
    """A derivation; its state is that of the version it makes."""

    derivation_id: str
    dataset_id: str
    version_id: str
    source_version_ids: list[str]
    recipe: Json
    state: VersionState
    refusal: Json | None

    @classmethod
    def of(cls, found: tuple[Derivation, Version]) -> Self:
        """From the derivation and its version."""
        derivation, version = found
        return cls(
            derivation_id=derivation.id, dataset_id=derivation.dataset_id, version_id=version.id,
            source_version_ids=list(derivation.source_version_ids), recipe=derivation.recipe, state=version.state,
            refusal=version.refusal,
        )  # fmt: skip


@router.post("", status_code=202, dependencies=[allow(*OWNERS)])
async def derive_dataset(asking: DerivationAsking, ports: Ports, caller: CallerOf, once: OnceKey) -> DerivationView:
    """Derive a dataset by a declared recipe; read it again until it is PUBLISHED or FAILED."""
    asked = Deriving(**{
        **vars(asking), "source_version_ids": tuple(dict.fromkeys(asking.source_version_ids)),
        "dataset_id": asking.dataset_id or "",
    })  # fmt: skip
    return DerivationView.of(await derivations.derive_dataset(ports, caller, once, asked))


@router.get("/{derivation_id}", dependencies=[allow(*OWNERS)])
async def read_derivation(derivation_id: Id, ports: Ports, caller: CallerOf) -> DerivationView:
    """One's own derivation."""
    return DerivationView.of(await derivations.read_derivation(ports, caller, derivation_id))
