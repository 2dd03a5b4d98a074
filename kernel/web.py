"""The HTTP edge, whole: what a service's ``inbound/http`` imports, and the application between our edges."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi

from kernel.answering import answer_refusals
from kernel.asking import PUBLIC, Allowed, CallerOf, MaybeCaller, OnceKey, Page, PageOf, allow
from kernel.database import Database
from kernel.measuring import Measured
from kernel.problems import PROBLEM
from kernel.shapes import Code, Digest, FenIn, Flag, Jws, Moment, Name, Ppm, Shape, Text, View, Whole
from kernel.strict import PROBLEM_SCHEMA, Router
from kernel.tokens import TokenVerifier

__all__ = [
    "PUBLIC",
    "Allowed",
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
]


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
    app = FastAPI(
        title=title, version="1", openapi_url=f"{root}/openapi.json", docs_url=f"{root}/docs", redoc_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # ``Measured`` counts; nobody reads these
    )  # fmt: skip
    app.openapi = partial(_openapi, app)  # type: ignore[method-assign] # FastAPI's own way to extend the document
    app.state.name, app.state.database, app.state.tokens = edges.name, edges.database, edges.tokens
    app.state.ports, app.state.digest_key = ports, edges.digest_key
    for router in routers:
        app.include_router(router, prefix=root)
    app.add_middleware(Measured, service=edges.name)
    answer_refusals(app)
    return app


def _openapi(app: FastAPI) -> dict[str, Any]:
    """FastAPI's document, with the one shape that all refusals have."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, routes=app.routes)
        document.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM_SCHEMA
        _name_problems_once(document)
        app.openapi_schema = document
    return app.openapi_schema


def _name_problems_once(document: dict[str, Any]) -> None:
    """Every operation has the same refusals, so each stands among the components and is only named elsewhere."""
    known = document["components"].setdefault("responses", {})
    for path in document["paths"].values():
        for operation in path.values():
            for status, response in operation["responses"].items():
                if set(response.get("content", {})) == {PROBLEM}:
                    name = f"Problem{status}"
                    if known.setdefault(name, response) == response:
                        operation["responses"][status] = {"$ref": f"#/components/responses/{name}"}
