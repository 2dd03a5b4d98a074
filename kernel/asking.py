"""What a route asks of a request: who calls, whether it may, under which key, and which page."""

import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Header, Query, Request
from fastapi.routing import APIRoute

from kernel.callers import Caller, current_caller
from kernel.once import Once
from kernel.problems import KeyMissing
from kernel.refusals import RoleMissing
from kernel.tokens import TokenMissing, TokenVerifier

KEY_CHARACTERS_MAX = 128
PAGE_MAX = 100


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
    digest = hmac.digest(request.app.state.digest_key, asked, "sha256").hex()
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


async def _page(
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 50, after: Annotated[str, Query(max_length=128)] = ""
) -> Page:
    return Page(limit, after)


PageOf = Annotated[Page, Depends(_page)]
