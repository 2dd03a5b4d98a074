"""What an operator may do to any service: look at its health, its dead letters and its numbers."""

from datetime import datetime

from fastapi import Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text

from kernel.clock import business_now
from kernel.dead_letters import DeadLetters
from kernel.web import PUBLIC, OnceKey, Router, View, allow


class HealthView(View):
    """Whether the service can do its work, and its business time."""

    service: str
    ready: bool
    business_at: datetime


class DeadLetterView(View):
    """One parked event."""

    id: int
    topic: str
    key: str
    type: str
    version: int
    cause: str
    parked_at: datetime


class LetterDone(View):
    """A parked event that is parked no more."""

    id: int
    state: str


def operations_router(name: str, letters: DeadLetters) -> Router:
    """The routes that every service has."""
    router = Router(tags=["operations"])

    @router.get("/health", dependencies=[PUBLIC])
    async def health(request: Request) -> HealthView:
        """Whether the database answers; 503 when it does not."""
        database = request.app.state.database
        async with database.transaction() as conn:
            await conn.execute(text("SELECT 1"))
        return HealthView(service=name, ready=True, business_at=await business_now(database))

    @router.get("/metrics", dependencies=[PUBLIC])
    async def metrics() -> Response:
        """Prometheus text."""
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    @router.get("/dead-letters", dependencies=[allow("operator")])
    async def dead_letters() -> list[DeadLetterView]:
        """The events that are parked, oldest first, at most 100."""
        return [DeadLetterView.model_validate(letter) for letter in await letters.all_parked()]

    @router.post("/dead-letters/{letter_id}:replay", dependencies=[allow("operator")])
    async def replay(letter_id: int, once: OnceKey) -> LetterDone:
        """React to it again, after its cause was mended."""
        done = LetterDone(id=letter_id, state="REPLAYED")
        await letters.replay(letter_id, once, done)
        return done

    @router.post("/dead-letters/{letter_id}:dismiss", dependencies=[allow("operator")])
    async def dismiss(letter_id: int, once: OnceKey) -> LetterDone:
        """Give it up; later events of its key go on."""
        done = LetterDone(id=letter_id, state="DISMISSED")
        await letters.dismiss(letter_id, once, done)
        return done

    return router
