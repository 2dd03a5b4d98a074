"""Clients that go away: while they are asking, while they wait, while they are being answered."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator

import httpx

SHARE = 0.35
PATIENCE_SECONDS = (0.0, 0.04)


class Impatient(httpx.AsyncBaseTransport):
    """A third of the requests is broken off at a random moment; ``left`` counts them by when that was.

    Once so many were, ``enough`` is set.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport, seed: int, wanted: int) -> None:
        self._inner, self._wanted = inner, wanted
        self.enough = asyncio.Event()
        self._chance = random.Random(seed)  # noqa: S311 - the same moods at each run
        self.left: Counter[str] = Counter()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Ask, and perhaps lose patience."""
        mood = self._chance.random()
        if mood > SHARE:
            return await self._inner.handle_async_request(request)
        if mood < SHARE / 3 and request.headers.get("content-length", "0") != "0":
            return await self._leave_while_asking(request)
        if mood < SHARE * 2 / 3:
            return await self._leave_while_waiting(request)
        return await self._leave_while_being_answered(request)

    async def _leave_while_asking(self, request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, httpx.AsyncByteStream)
        whole = b"".join([piece async for piece in request.stream])
        kept = self._chance.randrange(len(whole)) if whole else 0

        async def part() -> AsyncIterator[bytes]:
            yield whole[:kept]
            self._count("asking")
            message = "the client went away in the middle of its request"
            raise httpx.WriteError(message)

        broken = httpx.Request(request.method, request.url, headers=request.headers, content=part())
        return await self._inner.handle_async_request(broken)

    async def _leave_while_waiting(self, request: httpx.Request) -> httpx.Response:
        try:
            async with asyncio.timeout(self._chance.uniform(*PATIENCE_SECONDS)):
                return await self._inner.handle_async_request(request)
        except TimeoutError as error:
            self._count("waiting")
            message = "the client waited no longer"
            raise httpx.ReadTimeout(message) from error

    async def _leave_while_being_answered(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        await response.aclose()
        self._count("being answered")
        message = "the client went away in the middle of the answer"
        raise httpx.ReadError(message)

    def _count(self, when: str) -> None:
        self.left[when] += 1
        if self.left.total() >= self._wanted:
            self.enough.set()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()
