"""The built-in outside registry: a register kept by hand in our own database, as 中登网 has no public interface."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime

from kernel.work import Ticket
from pledge.domain.registration import OutsideEntry
from pledge.ports import Work


class ManualRegister:
    """See ``OutsideRegistry``; each call is a transaction of its own, as if the register were elsewhere."""

    def __init__(self, work: Callable[[Ticket], AbstractAsyncContextManager[Work]]) -> None:
        self._work = work

    async def search(self, debtor_credit_code: str, asset: str) -> list[OutsideEntry]:
        """See the port."""
        async with self._work(None) as work:
            return await work.outside.live(debtor_credit_code, asset)

    async def record(self, entry: OutsideEntry) -> None:
        """See the port."""
        async with self._work(None) as work:
            await work.outside.add(entry)

    async def cancel(self, registry: str, registration_number: str, at: datetime) -> None:
        """See the port."""
        async with self._work(None) as work:
            await work.outside.cancel(registry, registration_number, at)
