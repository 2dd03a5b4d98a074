"""Which metrics, labels and label values a PromQL query names."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import promql_parser

_PARTS = ("expr", "lhs", "rhs", "args", "param", "vector_selector")


@dataclass
class Named:
    """One metric that a query names, with the labels asked of it: name → the values compared with, as written."""

    metric: str
    labels: dict[str, str] = field(default_factory=dict)


def named_in(query: str) -> list[Named]:
    """Every metric of the query; raises ``ValueError`` when it is no PromQL."""
    return list(_selectors(promql_parser.parse(query), frozenset()))


def _selectors(node: Any, grouped: frozenset[str]) -> Iterator[Named]:  # Any: the parser has no types
    if type(node).__name__ == "VectorSelector":
        labels = {matcher.name: matcher.value for matcher in node.matchers.matchers}
        yield Named(node.name, {**dict.fromkeys(grouped, ""), **labels})
        return
    modifier = getattr(node, "modifier", None)
    if type(node).__name__ == "AggregateExpr" and modifier is not None:
        grouped = frozenset(modifier.labels)
    for part in _PARTS:
        found = getattr(node, part, None)
        for child in found if isinstance(found, list) else [found]:
            if type(child).__module__.startswith(("promql_parser", "builtins")) and hasattr(child, "prettify"):
                yield from _selectors(child, grouped)
