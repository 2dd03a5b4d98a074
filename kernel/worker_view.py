"""What a worker shows of itself: it has no API, but it is watched like one."""

import json
import time

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from kernel.worker import Worker

SILENT_SECONDS_MAX = 30.0


class WorkerView:
    """``/health`` (503 when the worker has not stirred for half a minute) and ``/metrics``."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        if scope["type"] == "http":
            await self._answer(scope["path"])(scope, receive, send)

    def _answer(self, path: str) -> Response:
        if path == "/health":
            ready = time.monotonic() - self._worker.beat_at < SILENT_SECONDS_MAX
            view = {"service": self._worker.name, "ready": ready, "holds_lease": self._worker.holds_lease}
            return Response(json.dumps(view), 200 if ready else 503, media_type="application/json")
        if path == "/metrics":
            return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
        return Response(status_code=404)
