"""How a route gets at the service's ports, and the shapes that several routes share."""

from typing import Annotated, Any, Self, TypeVar

from fastapi import Depends, Path, Request
from pydantic import AfterValidator, StringConstraints

from catalog.ports import Cataloguing
from kernel.shapes import plain_text
from kernel.web import View

Item = TypeVar("Item")


async def ports_of(request: Request) -> Cataloguing:
    """This service's ports."""
    ports: Cataloguing = request.app.state.ports
    return ports


Ports = Annotated[Cataloguing, Depends(ports_of)]
Id = Annotated[str, Path(max_length=64)]
# Titles and descriptions in the second language may be left empty.
Words = Annotated[str, StringConstraints(max_length=4000), AfterValidator(lambda text: text and plain_text(text))]
Json = dict[str, Any]  # Any: JSON values


def next_of(items: list[Any], limit: int, name: str) -> str | None:  # Any: views, whose id stands under the name
    """Where the next page begins; nothing when this page was not full."""
    return str(getattr(items[-1], name)) if len(items) == limit else None


class PageView(View):
    """A page; ``next`` is what to send as ``after``, null on the last one."""

    next: str | None

    @classmethod
    def around(cls, items: list[Any], limit: int, name: str) -> Self:  # Any: the subclass's own views
        """The page of these items."""
        return cls.model_validate({"items": items, "next": next_of(items, limit, name)})
