"""One transaction of pledge over PostgreSQL."""

from kernel.work import UnitOfWork
from pledge.outbound.bookkeeping import SqlBankPolicies, SqlBookings, SqlPayments, SqlVouchers
from pledge.outbound.lending import History, SqlLoans, SqlPledges
from pledge.outbound.watching import SqlIncomes, SqlOutsideEntries, SqlWatches
from pledge.ports import (
    BankPolicies,
    Bookings,
    Incomes,
    Loans,
    OutsideEntries,
    Payments,
    Pledges,
    Vouchers,
    Watches,
)  # fmt: skip


class SqlWork(UnitOfWork):
    """See ``Work``."""

    async def opened(self) -> None:
        """Hang the collections on it."""
        history = History(self.conn, self.now)
        self.vouchers: Vouchers = SqlVouchers(self.conn)
        self.bookings: Bookings = SqlBookings(self.conn)
        self.policies: BankPolicies = SqlBankPolicies(self.conn)
        self.payments: Payments = SqlPayments(self.conn)
        self.loans: Loans = SqlLoans(self.conn, history)
        self.pledges: Pledges = SqlPledges(self.conn, history)
        self.watches: Watches = SqlWatches(self.conn)
        self.incomes: Incomes = SqlIncomes(self.conn)
        self.outside: OutsideEntries = SqlOutsideEntries(self.conn)
