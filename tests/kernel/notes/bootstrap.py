"""A service that keeps notes, tells of each, and hears of parties."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request
from google.protobuf.message import Message
from sqlalchemy import text

from kernel.barring import BARRING
from kernel.grants import APPEND
from kernel.hosting import Service, Surroundings
from kernel.ids import new_id
from kernel.refusals import Conflict
from kernel.told import Told
from kernel.web import CallerOf, OnceKey, Router, Shape, View, Whole, allow, service_app
from kernel.work import UnitOfWork
from yaosu.onboarding.v1.events_pb2 import KeyRotated, PartyApproved

GRANTS = {"note": APPEND}


class NoteKnown(Conflict):
    """There is such a note. Write another."""

    zh = "已有相同的记录。请写别的内容。"


class NoteIn(Shape):
    """A note to keep."""

    words: str
    stars: Whole = 0


@dataclass
class Note:
    """A note that is kept."""

    id: str
    words: str


class NoteView(View):
    """A note as it is shown."""

    id: str
    words: str

    @classmethod
    def of(cls, note: Note) -> "NoteView":
        """The view of a note."""
        return cls(id=note.id, words=note.words)


@dataclass
class Noting:
    """What the notes service needs."""

    work: Callable[..., UnitOfWork]
    fail_on: str = ""
    outside: Any = None


router = Router(prefix="/notes")
_KEEP = text("INSERT INTO note VALUES (:id, :words)")


async def _ports(request: Request) -> Noting:
    ports: Noting = request.app.state.ports
    return ports


Ports = Annotated[Noting, Depends(_ports)]


@router.post("", status_code=201, dependencies=[allow("writer")])
async def keep_note(note: NoteIn, app: Ports, _caller: CallerOf, once: OnceKey) -> NoteView:
    """Keep a note."""
    async with app.work(once) as work:
        if await work.conn.scalar(text("SELECT 1 FROM note WHERE words = :words"), {"words": note.words}):
            raise NoteKnown(words=note.words)
        kept = Note(new_id("not"), note.words)
        work.conn.later(_KEEP, {"id": kept.id, "words": kept.words})
        work.tell(kept, about=kept.words, deposit=kept.words.encode())
        work.settle(kept)
    return NoteView.of(kept)


@router.get("", dependencies=[allow()])
async def count_notes(app: Ports) -> int:
    """How many notes there are."""
    async with app.work() as work:
        return int(await work.conn.scalar(text("SELECT count(*) FROM note")) or 0)


def as_contract(event: object) -> Message:
    """Some contract will do."""
    assert isinstance(event, Note)
    return KeyRotated(party_id=event.words)


async def when_party_approved_note_it(app: Noting, event: PartyApproved, told: Told) -> None:
    """Keep the name; fails on the name that the test planted."""
    async with app.work(told) as work:
        name = event.party.name
        values = {"id": new_id("not"), "words": f"{name} {told.version}"}
        await work.conn.execute(text("INSERT INTO note VALUES (:id, :words)"), values)
        if name == app.fail_on:
            message = "planted"
            raise ValueError(message)


def build(surroundings: Surroundings) -> Service:
    """Put it together."""
    ports = Noting(UnitOfWork.opener(surroundings.database, as_contract))
    app = service_app("Notes", surroundings.edges, ports, [router])
    reactions = {"yaosu.onboarding.v1": {**BARRING, PartyApproved: when_party_approved_note_it}}
    return Service("notes", app, ports, Path(__file__).parent / "migrations", GRANTS, reactions=reactions)
