"""A service whose API is a process of its own, as an ASGI application beside the others behind the front."""

import asyncio

import httptools
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from kernel.problems import PROBLEM, problem_of
from kernel.refusals import TemporarilyUnavailable
from market.stack.line import READ_BYTES, Exchange, Line, PeerWentAwayError

CONNECT_SECONDS_MAX = 5.0
EXCHANGES_MAX = 256
_AWAY = (OSError, TimeoutError, PeerWentAwayError, httptools.HttpParserError)


class Forwarder:
    """Passes requests on over connections that are kept."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._resting: list[Line] = []
        self._places = asyncio.Semaphore(EXCHANGES_MAX)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on; while the service is away, say so and let the client repeat."""
        async with self._places:
            exchange = Exchange(scope, receive, send)
            try:
                await self._hold(exchange)
            except _AWAY:
                # An answer that has begun stays without its end: the server cuts the client's connection, as it must.
                if not exchange.answer_has_begun:
                    document = problem_of(TemporarilyUnavailable(), scope["path"])
                    await Response(document, 503, {"Retry-After": "1"}, PROBLEM)(scope, receive, send)

    async def _hold(self, exchange: Exchange) -> None:
        while True:
            line = self._rested() or await self._new()
            may_be_kept = False
            try:
                may_be_kept = await exchange.over(line)
            except (OSError, PeerWentAwayError):
                # The service may have closed the connection at the very moment in which it was used again.
                if not (line.was_used and exchange.may_be_repeated):
                    raise
                continue
            finally:
                if may_be_kept:
                    line.rest()
                    self._resting.append(line)
                else:
                    line.close()
            return

    def _rested(self) -> Line | None:
        while self._resting:
            line = self._resting.pop()
            if line.may_be_used_again:
                return line
            line.close()
        return None

    async def _new(self) -> Line:
        async with asyncio.timeout(CONNECT_SECONDS_MAX):
            return Line(*await asyncio.open_connection(self._host, self._port, limit=READ_BYTES))

    def close(self) -> None:
        """Let go of the connections that rest."""
        while self._resting:
            self._resting.pop().close()
