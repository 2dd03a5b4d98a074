"""Every operation that the services offer, as their own descriptions name it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI

from tests.architecture.test_services import routes_of

JSON = "application/json"
# What satisfies the contracts' patterns; a new pattern needs an example here.
EXAMPLES = {
    r"^[0-9a-f]{64}$": "0" * 64,
    r"^(1[89]|20)[0-9]0$": "1970",
    r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$": "a.b.c",
    r"^[a-z0-9][a-z0-9._@-]{2,63}$": "somebody",
    r"^[a-z_]{1,40}$": "something",
    r"^[\x20-\x7e]+$": "words",
    r"^[\x21-\x7e]+$": "word",
    r"^[^@\s]{1,64}@[^@\s]{3,120}$": "somebody@example.org",
    r"^\+?[0-9 -]{5,24}$": "+86 532 0000",
    r"^[a-z]{3}_[0-9a-z_]{1,60}$": "key_1",
    r"^[0-9]{4}-(0[1-9]|1[0-2])$": "2026-01",
    r"^[A-Za-z0-9_-]+$": "aaaa",
    r"^[a-z][a-z0-9_]{0,63}$": "column",
}
FORMATS = {"date": "2026-01-01", "date-time": "2026-01-01T00:00:00Z", "uri": "https://example.org/"}


@dataclass(frozen=True)
class Operation:
    """One method of one path of one service."""

    service: str
    method: str
    path: str
    query: str
    parameters: tuple[str, ...]  # of the path, and those of the query that have to be there
    body: str  # JSON text that has the contract's form; empty where no body is read

    @property
    def is_read(self) -> bool:
        """Whether it changes nothing."""
        return self.method == "GET"

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def at(self, values: dict[str, str]) -> str:
        """The address with values in the place of its parameters."""
        filled = self.path + self.query
        for name in self.parameters:
            filled = filled.replace(f"{{{name}}}", values[name])
        return filled


def operations_of(name: str, app: FastAPI) -> Iterator[Operation]:
    """All that the service's own document names; routes outside of it are found by the test of completeness."""
    document = app.openapi()
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            needed = [one for one in told.get("parameters", []) if one.get("required") and one["in"] != "header"]
            asked = "&".join(f"{one['name']}={{{one['name']}}}" for one in needed if one["in"] == "query")
            given = [one["name"] for one in needed]
            content = told.get("requestBody", {}).get("content", {})
            body = json.dumps(example(content[JSON]["schema"], document)) if JSON in content else ""
            yield Operation(name, method.upper(), path, f"?{asked}" if asked else "", tuple(given), body)


def answered_by(app: FastAPI) -> set[str]:
    """What the application really answers, without its own documentation."""
    return {f"{method} {route.path}" for route in routes_of(app) for method in route.methods - {"HEAD"}}


def example(schema: dict[str, Any], document: dict[str, Any]) -> Any:  # Any: JSON values
    """The smallest value of the form."""
    schema = _resolved(schema, document)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            return example(schema[choice][0], document)
    kind = schema.get("type", "object")
    if kind == "object":
        known = schema.get("properties", {})
        least = {"kty": "OKP"} if schema.get("minProperties") else {}
        return least | {name: example(known[name], document) for name in schema.get("required", [])}
    if kind == "array":
        return [example(schema["items"], document)] * schema.get("minItems", 0)
    return _scalar(kind, schema)


def _scalar(kind: str, schema: dict[str, Any]) -> Any:  # Any: as above
    if kind == "string":
        if "pattern" in schema:
            return EXAMPLES[schema["pattern"]].ljust(schema.get("minLength", 0), "0")
        return FORMATS.get(schema.get("format", ""), "x" * max(1, schema.get("minLength", 1)))
    if kind in {"integer", "number"}:
        return int(schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1))
    return {"boolean": False, "null": None}[kind]


def _resolved(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        schema = document["components"]["schemas"][name]
    return schema
