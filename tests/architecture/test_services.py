"""Every service has the same shape, and every way into it says who may take it."""

import json
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI
from google.protobuf.descriptor_pool import Default

from kernel.hosting import Service
from kernel.web import Allowed, Router, allow
from tools.survey import ROOT, built, services

MAY_STAND_IN_A_SERVICE = {
    "README.md", "__init__.py", "bootstrap.py", "config.py", "domain", "inbound", "migrations", "outbound", "ports.py",
    "py.typed", "use_cases", "__pycache__",
}  # fmt: skip
OPERATIONS = (
    "/health",
    "/metrics",
    "/dead-letters",
    "/dead-letters/{letter_id}:replay",
    "/dead-letters/{letter_id}:dismiss",
)
MUST_STAND = {"README.md", "__init__.py", "bootstrap.py", "domain", "ports.py"}


def strangers(folder: Path) -> list[str]:
    """What stands in a service's folder and has no place there, and what is missing."""
    there = {path.name for path in folder.iterdir()}
    return sorted(there - MAY_STAND_IN_A_SERVICE) + sorted(f"no {name}" for name in MUST_STAND - there)


@pytest.mark.parametrize("name", services())
def test_a_service_has_the_shape_of_all(name: str) -> None:
    assert strangers(ROOT / "services" / name) == []


def test_a_stray_file_is_found(tmp_path: Path) -> None:
    for name in MUST_STAND:
        (tmp_path / name).touch()
    (tmp_path / "tools.py").touch()
    assert strangers(tmp_path) == ["tools.py"]


def undeclared(app: FastAPI) -> list[str]:
    """The routes that do not say who may call them, exactly once."""
    return [
        f"{sorted(route.methods)} {route.path}"
        for route in routes_of(app)
        if sum(isinstance(asked.dependency, Allowed) for asked in route.dependencies) != 1
    ]


def routes_of(app: FastAPI) -> list[Any]:  # Any: a route, or what FastAPI makes of a route of an included router
    """Every route of the application, those of its routers with their whole path."""
    return [
        route
        for entry in app.routes
        for route in (entry.effective_route_contexts() if hasattr(entry, "effective_route_contexts") else [entry])
        if hasattr(route, "dependencies")
    ]


@pytest.mark.parametrize("name", services())
def test_every_route_says_who_may_call_it(name: str) -> None:
    app = built(name).app
    # The documents and the operations routes come besides; a service without routes of its own would be a mistake.
    assert len(routes_of(app)) > len(OPERATIONS)
    assert undeclared(app) == []


def test_a_route_without_a_declaration_is_found() -> None:
    router = Router()

    @router.get("/open")
    async def read_open() -> None: ...

    @router.get("/closed", dependencies=[allow("bank")])
    async def read_closed() -> None: ...

    app = FastAPI()
    app.include_router(router)
    assert undeclared(app) == ["['GET'] /open"]


def unguarded(service: Service | SimpleNamespace) -> list[str]:
    """Methods whose callers are not named, and callers named for methods that do not exist."""
    broken = []
    for rpc in service.rpcs:
        methods = {method.name for method in Default().FindServiceByName(rpc.full_name).methods}
        broken += sorted(f"{rpc.full_name}.{method} names no callers" for method in methods - set(rpc.callers))
        broken += sorted(f"{rpc.full_name}.{method} does not exist" for method in set(rpc.callers) - methods)
        broken += sorted(
            f"{rpc.full_name}.{method}: {caller} is no service"
            for method, callers in rpc.callers.items()
            for caller in callers - set(services())
        )
    return broken


@pytest.mark.parametrize("name", services())
def test_every_grpc_method_says_which_services_may_call_it(name: str) -> None:
    assert unguarded(built(name)) == []


def test_a_method_without_callers_is_found() -> None:
    from yaosu.evidence.v1 import evidence_service_pb2  # noqa: PLC0415 - puts the contract into the pool

    full_name = evidence_service_pb2.DESCRIPTOR.services_by_name["EvidenceService"].full_name
    service = SimpleNamespace(rpcs=[SimpleNamespace(full_name=full_name, callers={"Prove": {"nobody"}})])
    assert unguarded(service) == [
        "yaosu.evidence.v1.EvidenceService.GetProof names no callers",
        "yaosu.evidence.v1.EvidenceService.Prove does not exist",
        "yaosu.evidence.v1.EvidenceService.Prove: nobody is no service",
    ]


def unlike_sentences(service: Service | SimpleNamespace) -> list[str]:
    """Reactions whose name does not read ``when_<event>_<do>``, and topics of the service's own."""
    return [
        f"{topic}: {reaction.__name__}"
        for topic, reactions in service.reactions.items()
        for reaction in reactions.values()
        if not reaction.__name__.startswith("when_") or topic == f"yaosu.{service.name}.v1"
    ]


@pytest.mark.parametrize("name", services())
def test_a_reaction_reads_as_a_sentence_about_what_others_tell(name: str) -> None:
    assert unlike_sentences(built(name)) == []


def test_an_unlikely_reaction_is_found() -> None:
    async def handle_it() -> None: ...

    service = SimpleNamespace(name="pledge", reactions={"yaosu.rights.v1": {object: handle_it}})
    assert unlike_sentences(service) == ["yaosu.rights.v1: handle_it"]


# POST operations that may be repeated freely, each with its reason.
WITHOUT_KEY = {
    "/onboarding/v1/sessions": "logging in again does no harm, and a token is never stored for replay",
    "/onboarding/v1/sessions/mine:renew": "as above",
    "/onboarding/v1/tokens": "as above",
    "/trading/v1/payer-callbacks": "the payer says things twice by nature; each reference counts once",
}


def unkeyed(document: dict[str, object]) -> Iterable[str]:
    """POST operations that take no Idempotency-Key and have no reason."""
    paths = json.loads(json.dumps(document["paths"]))
    for path, operations in paths.items():
        for method, operation in operations.items():
            takes = {parameter["name"] for parameter in operation.get("parameters", [])}
            if method == "post" and "idempotency-key" not in takes and path not in WITHOUT_KEY:
                yield path


@pytest.mark.parametrize("name", services())
def test_every_post_takes_an_idempotency_key_or_has_a_reason(name: str) -> None:
    assert list(unkeyed(built(name).app.openapi())) == []


def test_a_post_without_a_key_is_found() -> None:
    assert list(unkeyed({"paths": {"/orders": {"post": {}}, "/onboarding/v1/tokens": {"post": {}}}})) == ["/orders"]
