"""One transaction of pledge over PostgreSQL."""

from kernel.work import UnitOfWork
from pledge.outbound.bookkeeping import SqlBankPolicies, SqlBookings, SqlPayments, SqlVouchers
from pledge.outbound.lending import History, SqlLoans, SqlPledges
from pledge.outbound.watching import SqlIncomes, SqlOutsideEntries, SqlWatches


class SqlWork(UnitOfWork):
    """See ``Work``."""

    async def opened(self) -> None:
        """Hang the collections on it."""
        history = History(self.conn, self.now)
        self.vouchers = SqlVouchers(self.conn)
        self.bookings = SqlBookings(self.conn)
        self.policies = SqlBankPolicies(self.conn)
        self.payments = SqlPayments(self.conn)
        self.loans = SqlLoans(self.conn, history)
        self.pledges = SqlPledges(self.conn, history)
        self.watches = SqlWatches(self.conn)
        self.incomes = SqlIncomes(self.conn)
        self.outside = SqlOutsideEntries(self.conn)
