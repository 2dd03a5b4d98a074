"""The HTTP edge: routes that declare who may call them, keys, and refusals as RFC 9457 documents."""

import hashlib
import hmac
import json
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, NoReturn

import structlog
from fastapi import APIRouter, Depends, FastAPI, Header, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from kernel.callers import Caller, current_caller
from kernel.database import Database
from kernel.measuring import Measured
from kernel.metrics import REFUSALS
from kernel.once import Once, Replayed
from kernel.problems import (
    PROBLEM,
    InvalidFields,
    KeyMissing,
    MethodUnknown,
    RouteUnknown,
    problem_of,
    status_of,
)  # fmt: skip
from kernel.refusals import (
    Conflict,
    NotFound,
    Refusal,
    RoleMissing,
    TemporarilyUnavailable,
    TooLarge,
    Unpaid,
    Unreadable,
)  # fmt: skip
from kernel.shapes import Code, Digest, FenIn, Flag, Jws, Moment, Name, Ppm, Shape, Text, View, Whole
from kernel.tokens import TokenMissing, TokenVerifier

__all__ = [
    "PUBLIC",
    "CallerOf",
    "Code",
    "Digest",
    "Edges",
    "FenIn",
    "Flag",
    "Jws",
    "MaybeCaller",
    "Moment",
    "Name",
    "OnceKey",
    "Page",
    "PageOf",
    "Ppm",
    "Router",
    "Shape",
    "Text",
    "View",
    "Whole",
    "allow",
    "service_app",
]  # fmt: skip

BODY_BYTES_MAX = 1024 * 1024
KEY_CHARACTERS_MAX = 128
PAGE_MAX = 100
_STATE_DEPENDENT = (Conflict, NotFound, Unpaid)
log = structlog.get_logger()


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
    async with database.transaction() as conn:
        await once.store(conn, status_of(refusal), problem_of(refusal, request.url.path), PROBLEM)


async def _keep_answer(request: Request, response: Response) -> None:
    once: Once | None = getattr(request.state, "once", None)
    if once is None or once.settled or not once.claimed:
        return
    database: Database = request.app.state.database
    async with database.transaction() as conn:
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


@dataclass(frozen=True)
class Allowed:
    """A route's declaration of who may call it; no roles: anyone logged in."""

    roles: tuple[str, ...] = ()
    public: bool = False

    async def __call__(self, request: Request) -> None:
        """Refuse a caller that may not."""
        if self.public:
            return
        caller = await caller_of(request)
        if self.roles and not caller.has(*self.roles):
            raise RoleMissing(roles_needed=sorted(self.roles))


def allow(*roles: str) -> Any:  # Any: FastAPI's own return type of Depends
    """Declare that only callers with one of the roles may call the route; without roles, whoever is logged in."""
    return Depends(Allowed(roles))


PUBLIC = Depends(Allowed(public=True))


async def maybe_caller(request: Request) -> Caller | None:
    """The caller when a token is shown, else nobody; a wrong token is refused either way."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if not token:
        return None
    if scheme.lower() != "bearer":
        raise TokenMissing
    known: Caller | None = getattr(request.state, "caller", None)
    if known is None:
        verifier: TokenVerifier = request.app.state.tokens
        known = await verifier.caller_of(token.strip())
        request.state.caller = known
    current_caller.set(known)
    return known


async def caller_of(request: Request) -> Caller:
    """The caller; refused without a valid token."""
    caller = await maybe_caller(request)
    if caller is None:
        raise TokenMissing
    return caller


CallerOf = Annotated[Caller, Depends(caller_of)]
MaybeCaller = Annotated[Caller | None, Depends(maybe_caller)]


async def once_key(
    request: Request, caller: MaybeCaller, idempotency_key: Annotated[str | None, Header()] = None
) -> Once:
    """The request's Idempotency-Key, bound to the party, the route and the digest of the request."""
    if not idempotency_key or len(idempotency_key) > KEY_CHARACTERS_MAX or not idempotency_key.isprintable():
        raise KeyMissing
    route: APIRoute = request.scope["route"]
    # Keyed, since a body may hold a password that a bare digest would let one guess at.
    asked = request.url.query.encode() + b"\0" + await _digestible(request)
    digest = hmac.new(request.app.state.digest_key, asked, hashlib.sha256).hexdigest()
    once = Once(
        party_id=caller.party_id if caller else "",
        route=f"{request.method} {request.url.path}",
        key=idempotency_key,
        request_sha256=digest,
        render=_renderer(route),
        secret=bool((route.openapi_extra or {}).get("x-secret-outcome")),
    )
    request.state.once = once
    return once


async def _digestible(request: Request) -> bytes:
    if "application/json" in request.headers.get("content-type", ""):
        return await request.body()
    # A streamed body is bound by its declared length; its digest is checked where it is stored.
    return request.headers.get("content-length", "").encode()


def _renderer(route: APIRoute) -> Callable[[object], tuple[int, bytes]]:
    status = route.status_code or 200

    def render(result: object) -> tuple[int, bytes]:
        model = route.response_model
        if model is None or result is None:
            return status, b"null" if result is None else json.dumps(result).encode()
        view = result if isinstance(result, model) else model.of(result)
        body: bytes = view.model_dump_json().encode()
        return status, body

    return render


OnceKey = Annotated[Once, Depends(once_key)]


@dataclass(frozen=True)
class Page:
    """Which part of a list is wanted: so many, after the one named."""

    limit: int
    after: str


def _page(
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 50, after: Annotated[str, Query(max_length=128)] = ""
) -> Page:
    return Page(limit, after)


PageOf = Annotated[Page, Depends(_page)]


@dataclass(frozen=True)
class Edges:
    """What the HTTP edge of one service stands on."""

    name: str
    database: Database
    tokens: TokenVerifier
    digest_key: bytes


def service_app(title: str, edges: Edges, ports: object, routers: Sequence[APIRouter]) -> FastAPI:
    """A service's FastAPI application: its routers under ``/<name>/v1``, between all of our edges."""
    root = f"/{edges.name}/v1"
    app = FastAPI(title=title, version="1", openapi_url=f"{root}/openapi.json", docs_url=f"{root}/docs", redoc_url=None)
    app.openapi = partial(_openapi, app)  # type: ignore[method-assign] # FastAPI's own way to extend the document
    app.state.name, app.state.database, app.state.tokens = edges.name, edges.database, edges.tokens
    app.state.ports, app.state.digest_key = ports, edges.digest_key
    for router in routers:
        app.include_router(router, prefix=root)
    app.add_middleware(Measured, service=edges.name)
    app.add_exception_handler(Refusal, _refuse)
    app.add_exception_handler(RequestValidationError, _refuse_fields)
    app.add_exception_handler(HTTPException, _refuse_framework)
    for away in (OperationalError, PoolTimeout, OSError):
        app.add_exception_handler(away, _away)
    app.add_exception_handler(DBAPIError, _database_failed)
    app.add_exception_handler(Exception, _fail)
    return app


def _openapi(app: FastAPI) -> dict[str, Any]:
    """FastAPI's document, with the one shape that all refusals have."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, routes=app.routes)
        document.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM_SCHEMA
        app.openapi_schema = document
    return app.openapi_schema


def _answer(request: Request, refusal: Refusal) -> Response:
    REFUSALS.labels(request.app.state.name, refusal.reason).inc()
    headers = {"WWW-Authenticate": "Bearer"} if refusal.kind == "Unidentified" else {}
    if refusal.kind in {"Unavailable", "Exhausted"} or refusal.reason == "KeyUnfinished":
        headers["Retry-After"] = str(refusal.facts.get("retry_after_seconds", 1))
    return Response(problem_of(refusal, request.url.path), status_of(refusal), headers, PROBLEM)


async def _refuse(request: Request, refusal: Exception) -> Response:
    return _answer(request, refusal if isinstance(refusal, Refusal) else TemporarilyUnavailable())


async def _refuse_fields(request: Request, error: Exception) -> Response:
    problems = error.errors() if isinstance(error, RequestValidationError) else []
    fields = [
        {"pointer": "/" + "/".join(str(part) for part in problem["loc"]), "detail": problem["msg"]}
        for problem in problems[:20]
    ]
    if any(problem["type"] == "json_invalid" for problem in problems):
        return _answer(request, Unreadable())
    return _answer(request, InvalidFields(errors=fields))


async def _refuse_framework(request: Request, error: Exception) -> Response:
    if isinstance(error.__cause__, Refusal):  # FastAPI wraps whatever is raised while it reads a body
        return _answer(request, error.__cause__)
    status = error.status_code if isinstance(error, HTTPException) else 500
    known: dict[int, Refusal] = {404: RouteUnknown(), 405: MethodUnknown()}
    return _answer(request, known.get(status, Unreadable()))


async def _away(request: Request, error: Exception) -> Response:
    log.warning("dependency away", service=request.app.state.name, error=str(error))
    return _answer(request, TemporarilyUnavailable())


async def _database_failed(request: Request, error: Exception) -> Response:
    # A value the database cannot hold (e.g. NUL in text) is the caller's; anything else is ours.
    code = getattr(getattr(error, "orig", None), "sqlstate", "") or ""
    if code.startswith("22"):
        return _answer(request, Unreadable())
    if code in {"40001", "40P01", "57014", "55P03"} or code.startswith(("53", "57P", "08")):
        return await _away(request, error)
    return await _fail(request, error)


async def _fail(request: Request, error: Exception) -> Response:
    log.error("request failed", service=request.app.state.name, path=request.url.path, exc_info=error)
    body = json.dumps({"type": "about:blank", "title": "Internal error", "status": 500}).encode()
    return Response(body, 500, media_type=PROBLEM)
