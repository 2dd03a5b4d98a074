"""Listings over HTTP."""

from datetime import datetime
from typing import Annotated, Any, Self

from fastapi import Depends, Path, Query, Request
from pydantic import Field, Strict, StringConstraints

from kernel.web import PUBLIC, CallerOf, Code, FenIn, Flag, Name, OnceKey, PageOf, Ppm, Router, Shape, View, allow
from trading.domain.listings import Billing, Listing, ListingState, ShareRole, SplitShare
from trading.ports import Trading, Wanted
from trading.use_cases import listings

router = Router(prefix="/listings", tags=["listings 挂牌"])
LINES_MAX = 20


async def ports_of(request: Request) -> Trading:
    """This service's ports."""
    ports: Trading = request.app.state.ports
    return ports


Ports = Annotated[Trading, Depends(ports_of)]
Id = Annotated[Code, Path()]
Purpose = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Operand = Annotated[int, Strict()] | Annotated[str, StringConstraints(max_length=200)]


class ConstraintOffered(Shape):
    """One ODRL constraint; an unknown operand or operator is refused by the domain, with what is known."""

    left_operand: Code
    operator: Code
    right_operand: Operand | Annotated[list[Operand], Field(max_length=LINES_MAX)]


class RuleOffered(Shape):
    """One ODRL rule."""

    action: Code
    constraints: Annotated[tuple[ConstraintOffered, ...], Field(max_length=LINES_MAX)] = ()


class TermsOffered(Shape):
    """A listing's own terms, beside those every listing has."""

    permissions: Annotated[tuple[RuleOffered, ...], Field(max_length=LINES_MAX)] = ()
    prohibitions: Annotated[tuple[RuleOffered, ...], Field(max_length=LINES_MAX)] = ()
    obligations: Annotated[tuple[RuleOffered, ...], Field(max_length=LINES_MAX)] = ()


class ShareOffered(Shape):
    """One line of the split."""

    role: ShareRole
    party_id: Code | None = None
    account: Name | None = None
    share_ppm: Ppm


class ListingOpening(Shape):
    """What a provider wants to list."""

    product_id: Code
    billing: Billing
    price_fen: FenIn
    exclusive: Flag = False
    term_days: Annotated[int, Strict(), Field(ge=1, le=1826)]
    purposes: Annotated[list[Purpose], Field(min_length=1, max_length=LINES_MAX)]
    version_selector: Code = "latest_conforming"
    split: Annotated[list[ShareOffered], Field(min_length=1, max_length=LINES_MAX)]
    terms: TermsOffered = TermsOffered()

    def offer(self) -> listings.Offer:
        """In the domain's words."""
        return listings.Offer(
            self.product_id, self.billing, self.price_fen, self.exclusive, self.term_days,
            tuple(dict.fromkeys(self.purposes)), self.version_selector,
            tuple(SplitShare(s.role, s.party_id or "", s.account or "", s.share_ppm) for s in self.split),
            self.terms.model_dump(),
        )  # fmt: skip


class SplitView(View):
    """One line of a split."""

    role: str
    party_id: str
    account: str
    share_ppm: int


class ListingView(View):
    """A listing."""

    listing_id: str
    product_id: str
    product_name: str
    provider_party_id: str
    billing: Billing
    price_fen: int
    exclusive: bool
    term_days: int
    purposes: list[str]
    version_selector: str
    split: list[SplitView]
    policy: dict[str, Any]  # JSON: an ODRL offer
    policy_digest: str
    state: ListingState
    suspended_for: list[str]
    published_at: datetime

    @classmethod
    def of(cls, listing: Listing) -> Self:
        """From the listing."""
        return cls(
            listing_id=listing.listing_id, product_id=listing.product.product_id, product_name=listing.product.name,
            provider_party_id=listing.provider_party_id, billing=listing.billing, price_fen=listing.price_fen,
            exclusive=listing.exclusive, term_days=listing.term_days, purposes=list(listing.purposes),
            version_selector=listing.version_selector,
            split=[SplitView(role=s.role, party_id=s.party_id, account=s.account, share_ppm=s.share_ppm)
                   for s in listing.split],
            policy=listing.policy, policy_digest=listing.policy_digest, state=listing.state,
            suspended_for=list(listing.suspended_for), published_at=listing.published_at,
        )  # fmt: skip


class ListingsView(View):
    """A page of listings."""

    items: list[ListingView]
    next: str | None


@router.post("", status_code=201, dependencies=[allow("provider", "authorised_operator")])
async def open_listing(opening: ListingOpening, trading: Ports, caller: CallerOf, once: OnceKey) -> ListingView:
    """Put a product up for sale."""
    return ListingView.of(await listings.open_listing(trading, caller, once, opening.offer()))


@router.get("", dependencies=[PUBLIC])
async def list_listings(
    trading: Ports, page: PageOf, q: Annotated[Name | None, Query()] = None,
    product_id: Annotated[Code | None, Query()] = None, state: ListingState | None = None,
) -> ListingsView:  # fmt: skip
    """Search what is for sale, the newest first."""
    equal = {"product_id": product_id, "state": state.value if state else None}
    wanted = Wanted(page.limit, page.after, {name: value for name, value in equal.items() if value}, words=q or "")
    found = await listings.list_listings(trading, wanted)
    last = found[-1].listing_id if len(found) == page.limit else None
    return ListingsView(items=[ListingView.of(each) for each in found], next=last)


@router.get("/{listing_id}", dependencies=[PUBLIC])
async def read_listing(listing_id: Id, trading: Ports) -> ListingView:
    """One listing."""
    return ListingView.of(await listings.read_listing(trading, listing_id))


@router.post("/{listing_id}:withdraw", dependencies=[allow("provider", "authorised_operator")])
async def withdraw_listing(listing_id: Id, trading: Ports, caller: CallerOf, once: OnceKey) -> ListingView:
    """Take one's listing off the market."""
    return ListingView.of(await listings.withdraw_listing(trading, caller, once, listing_id))
