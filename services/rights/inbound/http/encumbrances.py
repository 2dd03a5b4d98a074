"""What lies upon an asset, and seizures, over HTTP."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Self

from fastapi import Query

from kernel.web import CallerOf, Code, Name, OnceKey, Router, Shape, Text, View, allow
from rights.domain.encumbrance import Encumbrance, EncumbranceKind, EncumbranceState, Unit
from rights.domain.source_rights import Right
from rights.inbound.http.edge import Id, Ports
from rights.use_cases import assets, encumbrances

router = Router(tags=["encumbrances 权利负担"])
ORDERING = allow("regulator", "operator")


class Seizing(Shape):
    """A court's or authority's order."""

    dataset_id: Code
    court: Name
    order_number: Name
    right: Right | None = None
    holder_party_id: Code | None = None


class Lifting(Shape):
    """The order that ends it, and why."""

    order_number: Name
    reason: Text


class UnitView(View):
    """One holder's one right."""

    unit_id: str
    right: Right | None
    holder_party_id: str


class EncumbranceView(View):
    """A burden."""

    encumbrance_id: str
    lineage_root: str
    kind: EncumbranceKind
    state: EncumbranceState
    right: Right | None
    holder_party_id: str
    beneficiary_party_id: str
    owner_service: str
    reference: str
    fencing_version: int
    licence_policy: str
    control_account: str
    units: list[UnitView]
    placed_at: datetime
    confirmed_at: datetime | None
    ended_at: datetime | None
    court: str
    order_number: str

    @classmethod
    def of(cls, lying: Encumbrance, known: Mapping[str, Unit] | None = None) -> Self:
        """From the encumbrance; with its units' rights and holders when they are known."""
        units = [(known or {}).get(unit_id) for unit_id in lying.unit_ids]
        shown = [
            UnitView(
                unit_id=unit_id, right=unit.right if unit else lying.right,
                holder_party_id=unit.holder_party_id if unit else "",
            )
            for unit_id, unit in zip(lying.unit_ids, units, strict=True)
        ]  # fmt: skip
        flat = {name: getattr(lying, name) for name in cls.model_fields if hasattr(lying, name)}
        return cls.model_validate({**flat, "units": shown})


class BurdensView(View):
    """All that lies upon an asset."""

    lineage_root: str
    items: list[EncumbranceView]


@router.get("/assets/{dataset_id}/encumbrances", dependencies=[allow()])
async def show_encumbrances(
    dataset_id: Id, registering: Ports, caller: CallerOf, *, live: Annotated[bool, Query()] = False
) -> BurdensView:
    """The search that a bank makes before it lends."""
    asset, found, units = await assets.show_encumbrances(registering, caller, dataset_id, live_only=live)
    known = {unit.unit_id: unit for unit in units}
    return BurdensView(lineage_root=asset.lineage_root, items=[EncumbranceView.of(each, known) for each in found])


@router.post("/seizures", status_code=201, dependencies=[ORDERING])
async def seize(seizing: Seizing, registering: Ports, caller: CallerOf, once: OnceKey) -> EncumbranceView:
    """Record a seizure: always possible; it blocks what is new."""
    order = encumbrances.Order(
        seizing.dataset_id, seizing.court, seizing.order_number, seizing.right, seizing.holder_party_id or ""
    )
    return EncumbranceView.of(await encumbrances.seize(registering, caller, once, order))


@router.post("/seizures/{encumbrance_id}:lift", dependencies=[ORDERING])
async def lift_seizure(encumbrance_id: Id, lifting: Lifting, registering: Ports, once: OnceKey) -> EncumbranceView:
    """End a seizure by a further order."""
    done = await encumbrances.lift_seizure(registering, once, encumbrance_id, lifting.order_number, lifting.reason)
    return EncumbranceView.of(done)
