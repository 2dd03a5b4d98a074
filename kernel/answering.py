"""How what went wrong is answered: every refusal, every fault of the framework, every failure."""

import json

import asyncpg
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from kernel.database import is_away
from kernel.metrics import REFUSALS
from kernel.problems import PROBLEM, InvalidFields, MethodUnknown, RouteUnknown, problem_of, status_of
from kernel.refusals import Refusal, TemporarilyUnavailable, Unreadable

log = structlog.get_logger()


def answer_refusals(app: FastAPI) -> None:
    """Let every exception leave as a problem document."""
    app.add_exception_handler(Refusal, _refuse)
    app.add_exception_handler(RequestValidationError, _refuse_fields)
    app.add_exception_handler(HTTPException, _refuse_framework)
    for away in (OperationalError, PoolTimeout, OSError):
        app.add_exception_handler(away, _away)
    for failed in (DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError):
        app.add_exception_handler(failed, _database_failed)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, _fail)


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


async def _gone(request: Request, _error: Exception) -> Response:
    """Whoever asked went away in the middle of it: nobody reads this, and it is no failure of ours."""
    return _answer(request, Unreadable())


async def _away(request: Request, error: Exception) -> Response:
    log.warning("dependency away", service=request.app.state.name, error=str(error))
    return _answer(request, TemporarilyUnavailable())


async def _database_failed(request: Request, error: Exception) -> Response:
    # A value the database cannot hold (e.g. NUL in text) is the caller's; anything else is ours.
    code = getattr(getattr(error, "orig", None), "sqlstate", "") or ""
    if code.startswith("22"):
        return _answer(request, Unreadable())
    if is_away(error):
        return await _away(request, error)
    return await _fail(request, error)


async def _fail(request: Request, error: Exception) -> Response:
    log.error("request failed", service=request.app.state.name, path=request.url.path, exc_info=error)
    body = json.dumps({"type": "about:blank", "title": "Internal error", "status": 500}).encode()
    return Response(body, 500, media_type=PROBLEM)
