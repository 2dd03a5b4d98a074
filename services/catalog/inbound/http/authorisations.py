"""Authorisations of public data over HTTP."""

from datetime import date, datetime
from typing import Annotated, Self

from pydantic import Field

from catalog.domain.authorisation import Authorisation, AuthorisationState, CeilingPrice, PriceUnit
from catalog.domain.themes import Theme
from catalog.inbound.http.ports_of import Id, PageView, Ports
from catalog.use_cases import authorisations
from catalog.use_cases.authorisations import CeilingSetting, Granting
from kernel.web import CallerOf, Code, FenIn, OnceKey, PageOf, Router, Shape, Text, View, allow

router = Router(prefix="/authorisations", tags=["authorisations 授权"])
SUPPLIERS_MAX = 200


class AuthorisationGranting(Shape):
    """What an implementing body agrees with an operator. Both dates are included; at most five years."""

    operator_party_id: Code
    supplier_party_ids: Annotated[list[Code], Field(min_length=1, max_length=SUPPLIERS_MAX)]
    scope: Text
    scenario: Text
    theme: Theme
    starts_on: date
    ends_on: date


class AuthorisationEnding(Shape):
    """Why it ends."""

    reason: Text


class CeilingPriceSetting(Shape):
    """The most that may be asked for a product; ``basis`` names the approval."""

    product_id: Code
    ceiling_price_fen: FenIn
    unit: PriceUnit
    basis: Text


class AuthorisationView(View):
    """An authorisation as everybody may read it."""

    authorisation_id: str
    implementing_body_id: str
    operator_party_id: str
    supplier_party_ids: list[str]
    scope: str
    scenario: str
    theme: Theme
    starts_on: date
    ends_on: date
    state: AuthorisationState
    in_force: bool
    granted_at: datetime
    ended_at: datetime | None
    end_reason: str | None

    @classmethod
    def of(cls, found: Authorisation | tuple[Authorisation, bool]) -> Self:
        """From the authorisation, as of now or of the day of its last change."""
        if isinstance(found, tuple):
            each, in_force = found
        else:
            each = found
            in_force = each.in_force((each.ended_at or each.granted_at).date())
        plain = {name: value for name, value in vars(each).items() if name not in {"id", "version"}}
        return cls.model_validate({**plain, "authorisation_id": each.id, "in_force": in_force})


class AuthorisationsView(PageView):
    """A page of authorisations."""

    items: list[AuthorisationView]


class CeilingPriceView(View):
    """A ceiling price."""

    ceiling_price_id: str
    authorisation_id: str
    product_id: str
    ceiling_price_fen: int
    unit: PriceUnit
    basis: str
    set_at: datetime

    @classmethod
    def of(cls, ceiling: CeilingPrice) -> Self:
        """From the ceiling price."""
        plain = {name: value for name, value in vars(ceiling).items() if name != "id"}
        return cls(ceiling_price_id=ceiling.id, **plain)


class CeilingPricesView(PageView):
    """A page of ceiling prices, newest first."""

    items: list[CeilingPriceView]


@router.post("", status_code=201, dependencies=[allow("implementing_body")])
async def grant_authorisation(
    granting: AuthorisationGranting, ports: Ports, caller: CallerOf, once: OnceKey
) -> AuthorisationView:
    """Let an operator operate public data of the suppliers named."""
    asked = Granting(**{**vars(granting), "supplier_party_ids": tuple(granting.supplier_party_ids)})
    return AuthorisationView.of(await authorisations.grant_authorisation(ports, caller, once, asked))


@router.get("", dependencies=[allow()])
async def list_authorisations(ports: Ports, page: PageOf) -> AuthorisationsView:
    """All authorisations, newest first."""
    found = await authorisations.list_authorisations(ports, page.limit, page.after)
    items = [AuthorisationView.of(each) for each in found]
    return AuthorisationsView.around(items, page.limit, "authorisation_id")


@router.get("/{authorisation_id}", dependencies=[allow()])
async def read_authorisation(authorisation_id: Id, ports: Ports) -> AuthorisationView:
    """One authorisation."""
    return AuthorisationView.of(await authorisations.read_authorisation(ports, authorisation_id))


@router.post("/{authorisation_id}:end", dependencies=[allow("implementing_body")])
async def end_authorisation(
    authorisation_id: Id, ending: AuthorisationEnding, ports: Ports, caller: CallerOf, once: OnceKey
) -> AuthorisationView:
    """End it before its term."""
    return AuthorisationView.of(
        await authorisations.end_authorisation(ports, caller, once, authorisation_id, ending.reason)
    )


@router.post("/{authorisation_id}/ceiling-prices", status_code=201, dependencies=[allow("implementing_body")])
async def set_ceiling_price(
    authorisation_id: Id, setting: CeilingPriceSetting, ports: Ports, caller: CallerOf, once: OnceKey
) -> CeilingPriceView:
    """Set how dear a product may be at most; the newest counts."""
    asked = CeilingSetting(**vars(setting))
    return CeilingPriceView.of(await authorisations.set_ceiling_price(ports, caller, once, authorisation_id, asked))


@router.get("/{authorisation_id}/ceiling-prices", dependencies=[allow()])
async def list_ceiling_prices(authorisation_id: Id, ports: Ports, page: PageOf) -> CeilingPricesView:
    """The ceiling prices set under it, newest first."""
    found = await authorisations.list_ceilings(ports, authorisation_id, page.limit, page.after)
    return CeilingPricesView.around([CeilingPriceView.of(each) for each in found], page.limit, "ceiling_price_id")
