"""Authorising the operation of public data, and setting its ceiling prices."""

from dataclasses import dataclass
from datetime import date

from catalog.domain.authorisation import Authorisation, CeilingPrice, PriceUnit
from catalog.domain.events import AuthorisationEnded, AuthorisationGranted, CeilingPriceSet
from catalog.domain.product import ProductState
from catalog.domain.refusals import AuthorisationNotFound, ProductNotFound, ProductNotUnderAuthorisation
from catalog.domain.themes import Theme
from catalog.ports import Cataloguing
from kernel.callers import Caller
from kernel.canonical import canonical
from kernel.ids import new_id
from kernel.work import Ticket


@dataclass(frozen=True)
class Granting:
    """What an implementing body agrees with an operator."""

    operator_party_id: str
    supplier_party_ids: tuple[str, ...]
    scope: str
    scenario: str
    theme: Theme
    starts_on: date
    ends_on: date


async def grant_authorisation(app: Cataloguing, caller: Caller, once: Ticket, granting: Granting) -> Authorisation:
    """Let an operator operate public data of the suppliers named."""
    async with app.work(once) as work:
        authorisation = Authorisation(
            id=new_id("aut"), implementing_body_id=caller.party_id, granted_at=work.now, **vars(granting)
        )
        authorisation.check_term()
        await work.authorisations.add(authorisation)
        deposit = canonical({
            "type": "AuthorisationGranted", "authorisation_id": authorisation.id,
            "implementing_body_id": caller.party_id, "operator_party_id": granting.operator_party_id,
            "supplier_party_ids": list(granting.supplier_party_ids), "scope": granting.scope,
            "scenario": granting.scenario, "starts_on": granting.starts_on.isoformat(),
            "ends_on": granting.ends_on.isoformat(), "granted_at": work.now.isoformat(),
        })  # fmt: skip
        work.tell(AuthorisationGranted(authorisation, work.now), about=authorisation.id, deposit=deposit)
        return work.settle(authorisation)


async def end_authorisation(
    app: Cataloguing, caller: Caller, once: Ticket, authorisation_id: str, reason: str
) -> Authorisation:
    """End it before its term."""
    async with app.work(once) as work:
        authorisation = await work.authorisations.get(authorisation_id)
        _need_its_body(authorisation, caller)
        ended = authorisation.ended(reason, work.now)
        await work.authorisations.save(ended)
        work.tell(AuthorisationEnded(ended.id, reason, work.now), about=ended.id)
        return work.settle(ended)


@dataclass(frozen=True)
class CeilingSetting:
    """A ceiling as its body sets it."""

    product_id: str
    ceiling_price_fen: int
    unit: PriceUnit
    basis: str


async def set_ceiling_price(
    app: Cataloguing, caller: Caller, once: Ticket, authorisation_id: str, setting: CeilingSetting
) -> CeilingPrice:
    """Say how dear a product made under the authorisation may be at most."""
    async with app.work(once) as work:
        authorisation = await work.authorisations.get(authorisation_id)
        _need_its_body(authorisation, caller)
        authorisation.need_in_force(work.now.date())
        product = await work.products.get(setting.product_id)
        if product.state is not ProductState.PUBLISHED:
            raise ProductNotFound(product_id=product.id)
        dataset = await work.datasets.get(product.dataset_id)
        if dataset.authorisation_id != authorisation.id:
            raise ProductNotUnderAuthorisation(product_id=product.id)
        ceiling = CeilingPrice(new_id("ceil"), authorisation.id, set_at=work.now, **vars(setting))
        await work.authorisations.add_ceiling(ceiling)
        deposit = canonical({
            "type": "CeilingPriceSet", "ceiling_price_id": ceiling.id, "authorisation_id": authorisation.id,
            "product_id": product.id, "ceiling_price_fen": ceiling.ceiling_price_fen, "unit": ceiling.unit,
            "basis": ceiling.basis, "set_by": caller.party_id, "set_at": work.now.isoformat(),
        })  # fmt: skip
        told = CeilingPriceSet(product.id, authorisation.id, ceiling.ceiling_price_fen, work.now)
        work.tell(told, about=product.id, deposit=deposit)
        return work.settle(ceiling)


async def read_authorisation(app: Cataloguing, authorisation_id: str) -> tuple[Authorisation, bool]:
    """An authorisation, and whether it is in force now."""
    async with app.work(None) as work:
        authorisation = await work.authorisations.get(authorisation_id)
        return authorisation, authorisation.in_force(work.now.date())


async def list_authorisations(app: Cataloguing, limit: int, after: str) -> list[tuple[Authorisation, bool]]:
    """All of them, newest first: they are public (国数, 2026-02-10)."""
    async with app.work(None) as work:
        today = work.now.date()
        return [(each, each.in_force(today)) for each in await work.authorisations.page(limit, after)]


async def list_ceilings(app: Cataloguing, authorisation_id: str, limit: int, after: str) -> list[CeilingPrice]:
    """The ceiling prices set under an authorisation."""
    async with app.work(None) as work:
        await work.authorisations.get(authorisation_id)
        return await work.authorisations.ceilings(authorisation_id, limit, after)


def _need_its_body(authorisation: Authorisation, caller: Caller) -> None:
    if authorisation.implementing_body_id != caller.party_id:
        raise AuthorisationNotFound(authorisation_id=authorisation.id)
