"""What the routes of rights have in common."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Path, Request

from kernel.web import Code, Page, Shape, Text
from rights.ports import Registering

Item = TypeVar("Item")
LINES_MAX = 50


async def ports_of(request: Request) -> Registering:
    """This service's ports."""
    ports: Registering = request.app.state.ports
    return ports


Ports = Annotated[Registering, Depends(ports_of)]
Id = Annotated[Code, Path()]


class Reasoned(Shape):
    """Why."""

    reason: Text


def next_after(items: Sequence[Item], page: Page, key: Callable[[Item], str]) -> str | None:
    """Where the next page begins, when this one is full."""
    return key(items[-1]) if len(items) == page.limit else None


Json = Any  # a JSON value
