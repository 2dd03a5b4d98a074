"""One small ASGI middleware that counts and times answers."""

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kernel.metrics import REQUEST_SECONDS, REQUESTS


class Measured:
    """Wraps a service's application."""

    def __init__(self, app: ASGIApp, service: str) -> None:
        self._app, self._service = app, service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and note how it went."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            REQUESTS.labels(self._service, scope["method"], route, str(status)).inc()
            REQUEST_SECONDS.labels(self._service, scope["method"], route).observe(time.perf_counter() - began)
