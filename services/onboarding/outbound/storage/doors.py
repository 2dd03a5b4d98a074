"""Sessions, counted attempts and used assertions."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, insert, select, text, update

from kernel.connection import Connection
from onboarding.domain.doors import AssertionReplayed
from onboarding.domain.session import ASSERTION_SKEW_SECONDS, ATTEMPTS_WINDOW, Assertion, Attempts, Session
from onboarding.outbound.tables import session as sessions

DOOR_CONSTRAINTS = {"an_assertion_is_used_once": AssertionReplayed}


class SqlSessions:
    """Live and ended sessions."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def add(self, session: Session) -> None:
        """Keep a new one."""
        values = {
            "id": session.id, "party_id": session.party_id, "member_id": session.member_id,
            "token_sha256": session.token_sha256, "ends_at": session.ends_at,
        }  # fmt: skip
        await self._conn.execute(insert(sessions).values(values))

    async def by_token(self, token_sha256: str) -> Session | None:
        """The session that this token belongs to."""
        row = (await self._conn.execute(select(sessions).where(sessions.c.token_sha256 == token_sha256))).one_or_none()
        if row is None:
            return None
        return Session(row.id, row.party_id, row.member_id, row.token_sha256, row.ends_at, row.ended_at)

    async def end(self, session_id: str) -> bool:
        """End one; whether it was live."""
        ended = update(sessions).where(sessions.c.id == session_id, sessions.c.ended_at.is_(None))
        return bool((await self._conn.execute(ended.values(ended_at=func.now()))).rowcount)

    async def end_of_member(self, member_id: str) -> None:
        """End all of a person's."""
        ended = update(sessions).where(sessions.c.member_id == member_id, sessions.c.ended_at.is_(None))
        await self._conn.execute(ended.values(ended_at=func.now()))

    async def end_of_party(self, party_id: str) -> None:
        """End all of a party's people's."""
        ended = update(sessions).where(sessions.c.party_id == party_id, sessions.c.ended_at.is_(None))
        await self._conn.execute(ended.values(ended_at=func.now()))


class SqlDoors:
    """Counts on machine time."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def count_attempt(self, username: str) -> Attempts:
        """Count one more in the running window, or begin a new window."""
        row = (await self._conn.execute(_COUNT, {"username": username, "window": ATTEMPTS_WINDOW})).one()
        return Attempts(row.tries, row.window_ends_at)

    async def forget_attempts(self, username: str) -> None:
        """The right password wipes the slate."""
        await self._conn.execute(text("DELETE FROM login_attempt WHERE username = :username"), {"username": username})

    async def use(self, party_id: str, assertion: Assertion) -> None:
        """Mark it as used; refused when it was."""
        lapses_at = datetime.fromtimestamp(assertion.expires_at_seconds, UTC) + timedelta(
            seconds=2 * ASSERTION_SKEW_SECONDS
        )
        values = {"party_id": party_id, "jti": assertion.jti, "lapses_at": lapses_at}
        self._conn.later(_USE, values, DOOR_CONSTRAINTS)

    async def forget_lapsed(self) -> int:
        """Drop what can no longer matter; sessions are kept for a month."""
        dropped = 0
        for statement in _LAPSED:
            dropped += (await self._conn.execute(text(statement))).rowcount
        return dropped


_COUNT = text("""
    INSERT INTO login_attempt (username, count, window_ends_at) VALUES (:username, 1, now() + :window)
    ON CONFLICT (username) DO UPDATE SET
        count = CASE WHEN login_attempt.window_ends_at <= now() THEN 1 ELSE login_attempt.count + 1 END,
        window_ends_at = CASE WHEN login_attempt.window_ends_at <= now() THEN excluded.window_ends_at
                         ELSE login_attempt.window_ends_at END
    RETURNING count AS tries, window_ends_at""")
_USE = text("INSERT INTO used_assertion (party_id, jti, lapses_at) VALUES (:party_id, :jti, :lapses_at)")
_LAPSED = (
    "DELETE FROM login_attempt WHERE window_ends_at <= now()",
    "DELETE FROM used_assertion WHERE lapses_at <= now()",
    "DELETE FROM session WHERE ends_at <= now() - interval '31 days'",
)
