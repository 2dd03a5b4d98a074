"""Cost vouchers and entries on the balance sheet."""

from collections.abc import Sequence
from dataclasses import dataclass

from kernel.callers import Caller
from kernel.once import Once
from pledge.domain.booking import Booking, Entry, Voucher, book
from pledge.domain.records import booking_record
from pledge.ports import Part, Pledging, Work


@dataclass(frozen=True)
class BookingStanding:
    """A booking with what it is worth today, and whether a pledge restricts it."""

    booking: Booking
    amortised_fen: int
    restricted: bool


async def record_voucher(app: Pledging, once: Once, voucher: Voucher) -> Voucher:
    """Keep one cost line with its evidence."""
    async with app.work(once) as work:
        voucher.recorded_at = work.now
        voucher.check()
        await work.vouchers.add(voucher)
        return work.settle(voucher)


async def list_vouchers(app: Pledging, caller: Caller, dataset_id: str | None, part: Part) -> list[Voucher]:
    """The caller's vouchers."""
    async with app.work(None) as work:
        return await work.vouchers.page(caller.party_id, dataset_id, part)


async def book_asset(app: Pledging, once: Once, entry: Entry, voucher_ids: Sequence[str]) -> BookingStanding:
    """Put an asset on its holder's balance sheet, if a certificate for it is in force."""
    asset = await app.registry.asset(entry.dataset_id, None)
    party = await app.parties.find(entry.party_id)
    async with app.work(once) as work:
        vouchers = await work.vouchers.lock(entry.party_id, voucher_ids)
        booking, booked = book(entry, vouchers, asset, party.entity_kind if party else "", work.now)
        await work.bookings.add(booking)
        await work.vouchers.booked(vouchers)
        work.tell(booked, about=booking.booking_id, deposit=booking_record(booking))
        return work.settle(await _standing(work, booking))


async def read_booking(app: Pledging, caller: Caller, booking_id: str) -> BookingStanding:
    """One of the caller's bookings."""
    async with app.work(None) as work:
        return await _standing(work, await work.bookings.get(booking_id, caller.party_id))


async def list_bookings(app: Pledging, caller: Caller, dataset_id: str | None, part: Part) -> list[BookingStanding]:
    """The caller's bookings."""
    async with app.work(None) as work:
        bookings = await work.bookings.page(caller.party_id, dataset_id, part)
        return [await _standing(work, booking) for booking in bookings]


async def _standing(work: Work, booking: Booking) -> BookingStanding:
    pledges = await work.pledges.live_on(booking.lineage_root, Part(100))
    restricted = any(pledge.borrower_party_id == booking.party_id for pledge in pledges)
    return BookingStanding(booking, booking.amortised_fen(work.now.date()), restricted)
