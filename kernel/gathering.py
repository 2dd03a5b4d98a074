"""Group commit: transactions of one statement that come while another is under way are committed together."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from sqlalchemy.exc import DBAPIError

from kernel.statements import Said

COMMITS_TOGETHER_MAX = 32
One = Callable[[Said], Awaitable[object]]
Many = Callable[[str, Sequence[Sequence[Any]]], Awaitable[None]]  # Any: values


class Gathering:
    """Each is a whole transaction of its own; those with the same words go to PostgreSQL in one trip and one commit.

    Nobody waits for company: the first goes at once, and what comes meanwhile makes up the next lot. When a lot fails
    nothing of it stands, and each of it is tried by itself, so that a bad one spoils no other. Whoever waits is told
    after the commit, and only of its own failure.
    """

    def __init__(self, one: One, many: Many, at_most: int) -> None:
        self._one, self._many, self._at_most = one, many, at_most
        self._waiting: list[tuple[Said, asyncio.Future[None]]] = []
        self._sending: asyncio.Task[None] | None = None

    async def send(self, what: Said) -> None:
        """Return once it is committed."""
        if self._at_most == 1:
            await self._one(what)
            return
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((what, done))
        if self._sending is None:
            self._sending = asyncio.create_task(self._send_all())
        await done

    async def _send_all(self) -> None:
        try:
            while self._waiting:
                sql = self._waiting[0][0].sql
                lot = [each for each in self._waiting if each[0].sql == sql][: self._at_most]
                taken = set(map(id, lot))
                self._waiting = [each for each in self._waiting if id(each) not in taken]
                await self._send_lot(sql, lot)
        finally:
            self._sending = None

    async def _send_lot(self, sql: str, lot: list[tuple[Said, "asyncio.Future[None]"]]) -> None:
        if len(lot) > 1:
            try:
                await self._many(sql, [what.arguments for what, _ in lot])
            except Exception as error:  # noqa: BLE001 - whose it is comes out below, one by one
                if not isinstance(error, DBAPIError):
                    _tell(lot, error)
                    return
            else:
                _tell(lot, None)
                return
        for what, done in lot:
            try:
                await self._one(what)
            except Exception as error:  # noqa: BLE001 - it belongs to whoever waits for it
                _tell([(what, done)], error)
            else:
                _tell([(what, done)], None)


def _tell(lot: list[tuple[Said, "asyncio.Future[None]"]], error: Exception | None) -> None:
    for _, done in lot:
        if done.done():  # whoever waited was cancelled meanwhile
            continue
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)
