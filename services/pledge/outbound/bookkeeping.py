"""Vouchers, bookings, policies and payments in PostgreSQL."""

from collections.abc import Sequence

from sqlalchemy import exists, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from kernel.connection import Connection
from kernel.storage import refusing
from pledge.domain.bank_policy import BankPolicy
from pledge.domain.booking import Booking, Voucher
from pledge.domain.booking_refusals import (
    AssetAlreadyBooked,
    BookingNotFound,
    VoucherAlreadyRecorded,
    VoucherNotFound,
)  # fmt: skip
from pledge.domain.payment import Payment
from pledge.domain.refusals import ProofAlreadyUsed
from pledge.outbound import tables
from pledge.outbound.rows import Rows
from pledge.ports import Part

CONSTRAINTS = {
    "voucher_number_once": VoucherAlreadyRecorded,
    "asset_booked_once": AssetAlreadyBooked,
    "bank_reference_once": ProofAlreadyUsed,
}
VOUCHERS = Rows(Voucher, tables.vouchers)
BOOKINGS = Rows(Booking, tables.bookings)
POLICIES = Rows(BankPolicy, tables.bank_policies)
PAYMENTS = Rows(Payment, tables.payments)


class SqlVouchers:
    """See ``Vouchers``."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def add(self, voucher: Voucher) -> None:
        """See the port."""
        async with refusing(CONSTRAINTS):
            await self._conn.execute(insert(tables.vouchers).values(VOUCHERS.row(voucher)))

    async def lock(self, party_id: str, voucher_ids: Sequence[str]) -> list[Voucher]:
        """See the port."""
        table = tables.vouchers
        wanted = sorted(set(voucher_ids))
        query = select(*VOUCHERS.columns).where(table.c.voucher_id.in_(wanted), table.c.party_id == party_id)
        rows = (await self._conn.execute(query.order_by(table.c.voucher_id).with_for_update())).mappings()
        found = VOUCHERS.things(rows)
        if len(found) != len(wanted):
            raise VoucherNotFound(voucher_ids=sorted(set(wanted) - {voucher.voucher_id for voucher in found}))
        return found

    async def booked(self, vouchers: Sequence[Voucher]) -> None:
        """See the port."""
        table = tables.vouchers
        for voucher in vouchers:
            change = update(table).where(table.c.voucher_id == voucher.voucher_id)
            await self._conn.execute(change.values(booking_id=voucher.booking_id))

    async def page(self, party_id: str, dataset_id: str | None, part: Part) -> list[Voucher]:
        """See the port."""
        table = tables.vouchers
        query = select(*VOUCHERS.columns).where(table.c.party_id == party_id)
        if dataset_id:
            query = query.where(table.c.dataset_id == dataset_id)
        if part.after:
            query = query.where(table.c.voucher_id < part.after)
        query = query.order_by(table.c.voucher_id.desc()).limit(part.limit)
        return VOUCHERS.things((await self._conn.execute(query)).mappings())


class SqlBookings:
    """See ``Bookings``."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def add(self, booking: Booking) -> None:
        """See the port."""
        async with refusing(CONSTRAINTS):
            await self._conn.execute(insert(tables.bookings).values(BOOKINGS.row(booking)))

    async def get(self, booking_id: str, party_id: str) -> Booking:
        """See the port."""
        table = tables.bookings
        query = select(*BOOKINGS.columns).where(table.c.booking_id == booking_id, table.c.party_id == party_id)
        row = (await self._conn.execute(query)).mappings().one_or_none()
        if row is None:
            raise BookingNotFound
        return BOOKINGS.thing(row)

    async def stands(self, party_id: str, lineage_root: str) -> bool:
        """See the port."""
        table = tables.bookings
        found = exists().where(table.c.party_id == party_id, table.c.lineage_root == lineage_root)
        return bool(await self._conn.scalar(select(found)))

    async def page(self, party_id: str, dataset_id: str | None, part: Part) -> list[Booking]:
        """See the port."""
        table = tables.bookings
        query = select(*BOOKINGS.columns).where(table.c.party_id == party_id)
        if dataset_id:
            query = query.where(table.c.dataset_id == dataset_id)
        if part.after:
            query = query.where(table.c.booking_id < part.after)
        query = query.order_by(table.c.booking_id.desc()).limit(part.limit)
        return BOOKINGS.things((await self._conn.execute(query)).mappings())


class SqlBankPolicies:
    """See ``BankPolicies``."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def of(self, bank_party_id: str) -> BankPolicy:
        """See the port."""
        query = select(*POLICIES.columns).where(tables.bank_policies.c.bank_party_id == bank_party_id)
        row = (await self._conn.execute(query)).mappings().one_or_none()
        return POLICIES.thing(row) if row is not None else BankPolicy(bank_party_id)

    async def put(self, policy: BankPolicy) -> None:
        """See the port."""
        row = POLICIES.row(policy)
        statement = upsert(tables.bank_policies).values(row)
        await self._conn.execute(statement.on_conflict_do_update(index_elements=["bank_party_id"], set_=row))


class SqlPayments:
    """See ``Payments``."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def add(self, payment: Payment) -> None:
        """See the port."""
        async with refusing(CONSTRAINTS, bank_reference=payment.bank_reference):
            await self._conn.execute(insert(tables.payments).values(PAYMENTS.row(payment)))

    async def page(self, loan_id: str, part: Part) -> list[Payment]:
        """See the port."""
        table = tables.payments
        query = select(*PAYMENTS.columns).where(table.c.loan_id == loan_id)
        if part.after:
            query = query.where(table.c.payment_id < part.after)
        query = query.order_by(table.c.payment_id.desc()).limit(part.limit)
        return PAYMENTS.things((await self._conn.execute(query)).mappings())
