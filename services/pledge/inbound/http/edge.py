"""What all of pledge's routes share: its ports, and which part of a list is wanted."""

from typing import Annotated

from fastapi import Depends, Path, Request

from kernel.web import PageOf
from pledge.ports import Part, Pledging


async def ports_of(request: Request) -> Pledging:
    """This service's ports."""
    ports: Pledging = request.app.state.ports
    return ports


async def part_of(page: PageOf) -> Part:
    """The part of the list that the query names."""
    return Part(page.limit, page.after)


Ports = Annotated[Pledging, Depends(ports_of)]
PartOf = Annotated[Part, Depends(part_of)]
Id = Annotated[str, Path(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9_-]+$")]


def following(names: list[str], part: Part) -> str | None:
    """What to give as ``after`` for the next part; none when this is the last."""
    return names[-1] if len(names) == part.limit else None
