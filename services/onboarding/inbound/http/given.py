"""What all of onboarding's routes take and answer."""

import unicodedata
from typing import Annotated, Generic, TypeVar

from fastapi import Depends, Path, Request, Response
from pydantic import AfterValidator, Field, StringConstraints

from kernel.web import View
from onboarding.ports import Onboarding

Item = TypeVar("Item")
ROLES_MAX = 16


async def ports_of(request: Request) -> Onboarding:
    """This service's ports."""
    ports: Onboarding = request.app.state.ports
    return ports


async def no_store(response: Response) -> None:
    """Nobody on the way may keep an answer that holds a token or a secret."""
    response.headers["Cache-Control"] = "no-store"


def one_form(value: str) -> str:
    """A password typed on any keyboard is the same password."""
    return unicodedata.normalize("NFC", value)


Ports = Annotated[Onboarding, Depends(ports_of)]
NO_STORE = Depends(no_store)
Id = Annotated[str, Path(pattern=r"^[a-z]{3}_[0-9a-z_]{1,60}$")]
Username = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._@-]{2,63}$")]
Password = Annotated[str, StringConstraints(min_length=1, max_length=256), AfterValidator(one_form)]
Role = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")]
Roles = Annotated[list[Role], Field(min_length=1, max_length=ROLES_MAX)]
Jwk = Annotated[dict[str, Annotated[str, StringConstraints(max_length=512)]], Field(min_length=1, max_length=12)]


class Listing(View, Generic[Item]):
    """A page of a list; ``next`` goes into ``after`` for the next one, and is null on the last."""

    items: list[Item]
    next: str | None


def listing(items: list[Item], limit: int, last_id: str) -> Listing[Item]:
    """A page, which may go on when it is full."""
    return Listing(items=items, next=last_id if len(items) == limit else None)
