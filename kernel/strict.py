"""Strict reading: JSON that names each member once, bodies with a limit, and keys that are kept or replayed."""

import json
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, NoReturn

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from kernel.callers import current_caller
from kernel.database import Database
from kernel.once import Once, Replayed
from kernel.problems import PROBLEM, problem_of, status_of
from kernel.refusals import Conflict, NotFound, Refusal, TooLarge, Unpaid, Unreadable

BODY_BYTES_MAX = 1024 * 1024
_STATE_DEPENDENT = (Conflict, NotFound, Unpaid)


class BodyTooLarge(TooLarge):
    """The request body is larger than this operation takes. Send at most `limit_bytes`."""

    zh = "请求正文超过上限。最大字节数见 limit_bytes。"


class StrictRequest(Request):
    """A request whose JSON names each member once, and whose body has a limit."""

    async def body(self) -> bytes:
        """The body; refused beyond the limit."""
        if not hasattr(self, "_body"):
            pieces, size = [], 0
            async for piece in self.stream():
                size += len(piece)
                if size > BODY_BYTES_MAX:
                    raise BodyTooLarge(limit_bytes=BODY_BYTES_MAX)
                pieces.append(piece)
            self._body = b"".join(pieces)
        return self._body

    async def json(self) -> Any:  # Any: a JSON value
        """The JSON value of the body."""
        try:
            return json.loads(await self.body(), object_pairs_hook=_each_once, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise Unreadable from error


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        message = "a member came twice"
        raise ValueError(message)
    return members


def _no_constant(_name: str) -> NoReturn:
    message = "NaN and Infinity are not JSON"
    raise ValueError(message)


class StrictRoute(APIRoute):
    """Reads strictly, and keeps or replays what was done under an Idempotency-Key."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler between our two edges."""
        original = super().get_route_handler()

        async def handle(request: Request) -> Response:
            strict = StrictRequest(request.scope, request.receive)
            nobody_yet = current_caller.set(None)
            try:
                response = await original(strict)
            except Replayed as replayed:
                headers = {"Idempotency-Replayed": "true"}
                return Response(replayed.body, replayed.status, headers, replayed.media_type)
            except Refusal as refusal:
                await _keep_refusal(strict, refusal)
                raise
            finally:
                current_caller.reset(nobody_yet)
            await _keep_answer(strict, response)
            return response

        return handle


async def _keep_refusal(request: Request, refusal: Refusal) -> None:
    once: Once | None = getattr(request.state, "once", None)
    if once is None or once.settled or not isinstance(refusal, _STATE_DEPENDENT) or refusal.reason == "KeyUnfinished":
        return
    database: Database = request.app.state.database
    async with database.statement() as conn:
        await once.store(conn, status_of(refusal), problem_of(refusal, request.url.path), PROBLEM)


async def _keep_answer(request: Request, response: Response) -> None:
    once: Once | None = getattr(request.state, "once", None)
    if once is None or once.settled or not once.claimed:
        return
    database: Database = request.app.state.database
    async with database.statement() as conn:
        await once.store(conn, response.status_code, None if once.secret else bytes(response.body))


PROBLEM_SCHEMA: dict[str, Any] = {
    "title": "Problem",
    "description": "RFC 9457. The facts of the refusal stand beside these members.",
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "description": "/problems/<name>; see docs/problems.md"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "reason": {"type": "string"},
        "detail": {"type": "string", "description": "What happened and what to do."},
        "detail_zh": {"type": "string", "description": "The same in Chinese."},
        "instance": {"type": "string"},
    },
}

# Every kind of refusal may come from any route; said once here, for the OpenAPI document.
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": words, "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    for status, words in {
        400: "Unreadable, or the Idempotency-Key is missing", 401: "Unidentified", 402: "Unpaid", 403: "Forbidden",
        404: "Not found", 405: "Method not allowed", 409: "Conflict", 412: "Changed meanwhile", 413: "Too large",
        415: "Unsupported", 422: "Malformed", 429: "Too many attempts", 503: "Unavailable for the moment",
    }.items()
}  # fmt: skip


class Router(APIRouter):
    """An ``APIRouter`` of strict routes."""

    def __init__(self, prefix: str = "", tags: Sequence[str] = ()) -> None:
        super().__init__(prefix=prefix, tags=list(tags), route_class=StrictRoute, responses=PROBLEMS)
