"""The front of a market: one port, every service under its own path."""

import importlib.metadata
import json
from collections.abc import Awaitable, Callable, Mapping

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from market.health import PartHealth, answer_health

_INDEX = """<!doctype html><html lang="zh"><meta charset="utf-8"><title>要素 Yaosu</title>
<style>body{{font:16px/1.6 sans-serif;max-width:46rem;margin:3rem auto;padding:0 1rem}}li{{margin:.3rem 0}}</style>
<h1>要素 Yaosu</h1><p>数据要素市场已开放，各服务的接口文档如下。<br>
The data-element market is open; each service documents its API.</p>
<ul>{items}</ul><p><small>{version}</small></p></html>"""


class Front:
    """Hands each request to the service that its first path segment names."""

    def __init__(
        self, apps: Mapping[str, ASGIApp], health: Callable[[], Awaitable[Mapping[str, PartHealth]]],
        numbers: Callable[[], Awaitable[str]] | None = None,
    ) -> None:  # fmt: skip
        self._apps, self._health, self._numbers = apps, health, numbers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Dispatch."""
        if scope["type"] != "http":
            return
        path = scope["path"]
        app = self._apps.get(path.split("/", 2)[1]) if path.startswith("/") else None
        await (app or await self._own(path))(scope, receive, send)

    async def _own(self, path: str) -> Response:
        if path == "/":
            items = "".join(f'<li><a href="/{name}/v1/docs">{name}</a></li>' for name in self._apps)
            return HTMLResponse(_INDEX.format(items=items, version=_version()))
        if path == "/health":
            return answer_health(list(self._apps), await self._health())
        if path == "/metrics":
            numbers = await self._numbers() if self._numbers else generate_latest()
            return Response(numbers, media_type=CONTENT_TYPE_LATEST)
        body = {"type": "/problems/route-unknown", "title": "Route unknown", "status": 404}
        return Response(json.dumps(body), 404, media_type="application/problem+json")


def _version() -> str:
    try:
        return importlib.metadata.version("yaosu")
    except importlib.metadata.PackageNotFoundError:
        return "from the source tree, not installed 源码运行，未安装"
