"""Listing products for sale, and stopping the sale when a right gives way."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kernel.callers import Caller
from kernel.ids import new_id
from kernel.once import Once
from kernel.told import Told
from trading.domain import events, policy, refusals
from trading.domain.listings import (
    LATEST,
    PINNED,
    TERM_DAYS_MAX,
    Billing,
    Listing,
    ListingState,
    Product,
    SplitShare,
    check_price,
    check_rights,
    check_split,
)  # fmt: skip
from trading.ports import Trading, Wanted, Work


@dataclass(frozen=True)
class Offer:
    """What a provider wants to list."""

    product_id: str
    billing: Billing
    price_fen: int
    exclusive: bool
    term_days: int
    purposes: tuple[str, ...]
    version_selector: str
    split: tuple[SplitShare, ...]
    terms: dict[str, Any]  # ODRL rules: JSON


async def open_listing(app: Trading, caller: Caller, once: Once, wanted: Offer) -> Listing:
    """Put a product up for sale, when its price, its rights and its terms allow it."""
    if not 1 <= wanted.term_days <= TERM_DAYS_MAX or not wanted.purposes:
        raise refusals.TermMalformed(term_days=wanted.term_days, purposes=list(wanted.purposes))
    check_split(wanted.split, caller.party_id)
    policy.rules_from(wanted.terms)
    async with app.work() as work:
        await work.recall(once)
        at = work.now
    product = await app.catalog.product(wanted.product_id)
    if product is None or product.owner_party_id != caller.party_id:
        raise refusals.ProductNotFound(product_id=wanted.product_id)
    if product.state != "PUBLISHED":
        raise refusals.ProductNotPublished(state=product.state)
    await _check_selector(app, product, wanted.version_selector)
    check_price(product, wanted.price_fen)
    asset = await app.rights.asset(product.product_id, at)
    check_rights(asset, caller.party_id, exclusive=wanted.exclusive, at=at)
    async with app.work(once) as work:
        listing = _draw(product, wanted, work)
        await work.listings.add(listing)
        work.tell(events.ListingPublished(listing), about=listing.listing_id)
        return work.settle(listing)


async def _check_selector(app: Trading, product: Product, selector: str) -> None:
    if selector == LATEST:
        return
    version_id = selector.removeprefix(PINNED)
    known = selector.startswith(PINNED) and version_id
    if not known or await app.catalog.dataset_of_version(version_id) != product.dataset_id:
        raise refusals.VersionNotOffered(version_selector=selector)


def _draw(product: Product, wanted: Offer, work: Work) -> Listing:
    listing_id = new_id("lst")
    offered = policy.offer(
        listing_id, product.owner_party_id, product.product_id, wanted.purposes, wanted.terms,
        exclusive=wanted.exclusive, billing=wanted.billing.value, price_fen=wanted.price_fen, currency="CNY",
        term_days=wanted.term_days, version_selector=wanted.version_selector,
        specification_digest=product.specification_digest, supplier=product.supplier_party_id,
        split=[
            {"role": each.role.value, "party_id": each.party_id, "account": each.account, "share_ppm": each.share_ppm}
            for each in wanted.split
        ],
    )  # fmt: skip
    policy.check_policy(offered)
    return Listing(
        listing_id, product, wanted.billing, wanted.price_fen, wanted.exclusive, wanted.term_days, wanted.purposes,
        wanted.version_selector, wanted.split, offered, policy.digest_of(offered)[1], work.now,
    )  # fmt: skip


async def withdraw_listing(app: Trading, caller: Caller, once: Once, listing_id: str) -> Listing:
    """Take one's listing off the market; contracts made from it go on."""
    async with app.work(once) as work:
        listing = await work.listings.get(listing_id, lock=True)
        if listing.provider_party_id != caller.party_id:
            raise refusals.ListingNotFound(listing_id=listing_id)
        listing.withdraw()
        await work.listings.save(listing)
        work.tell(events.ListingWithdrawn(listing_id, listing.product.product_id), about=listing_id)
        return work.settle(listing)


async def read_listing(app: Trading, listing_id: str) -> Listing:
    """Any listing; they are public."""
    async with app.work() as work:
        return await work.listings.get(listing_id)


async def list_listings(app: Trading, wanted: Wanted) -> Sequence[Listing]:
    """The newest first."""
    async with app.work() as work:
        return await work.listings.list(wanted)


async def suspend_listings(app: Trading, told: Told, cause: str, **equal: str) -> None:
    """Stop selling what the columns name, for a cause."""
    async with app.work(told) as work:
        for listing in await _touched(work, equal):
            await _suspend(work, listing, cause)


async def resume_listings(app: Trading, told: Told, cause: str, **equal: str) -> None:
    """The cause is gone; what nothing else suspends is sold again."""
    async with app.work(told) as work:
        for listing in await _touched(work, equal):
            if listing.lift(cause):
                told_them = events.ListingResumed(listing.listing_id, listing.product.product_id)
                work.tell(told_them, about=listing.listing_id)
            await work.listings.save(listing)


async def weigh_ceiling(app: Trading, told: Told, product_id: str, ceiling_price_fen: int) -> None:
    """A new ceiling suspends listings above it and lifts what an older, lower ceiling suspended."""
    cause = f"ceiling:{product_id}"
    async with app.work(told) as work:
        for listing in await _touched(work, {"product_id": product_id}):
            if listing.price_fen > ceiling_price_fen:
                await _suspend(work, listing, cause)
            elif listing.lift(cause):
                work.tell(events.ListingResumed(listing.listing_id, product_id), about=listing.listing_id)
                await work.listings.save(listing)


async def _touched(work: Work, equal: dict[str, str]) -> list[Listing]:
    found, after = [], ""
    while page := await work.listings.list(Wanted(limit=100, after=after, equal=equal)):
        found += [
            await work.listings.get(each.listing_id, lock=True)
            for each in page
            if each.state is not ListingState.WITHDRAWN
        ]
        after = page[-1].listing_id
    return found


async def _suspend(work: Work, listing: Listing, cause: str) -> None:
    if listing.suspend(cause):
        told = events.ListingSuspended(listing.listing_id, listing.product.product_id, cause)
        work.tell(told, about=listing.listing_id)
    await work.listings.save(listing)
