"""Sessions: a person logs in, stays a while, and leaves."""

from kernel.callers import Caller
from onboarding.domain.doors import CredentialsWrong, SessionEnded
from onboarding.domain.member import MemberState, digest_of
from onboarding.domain.session import Session, Stay, member_as_caller
from onboarding.ports import Onboarding
from onboarding.use_cases.tokens import token_for


async def open_session(app: Onboarding, username: str, password: str) -> Stay:
    """Log in. Each try counts before the password is looked at, so that many at once are no way round the limit."""
    async with app.work(None) as work:
        attempts = await work.doors.count_attempt(username)
        attempts.must_be_few(at=work.machine_now)
        known = await work.members.by_username(username)
    # A name nobody has takes as long as one that somebody has.
    if not await app.passwords.fits(password, known.password_hash if known else None) or known is None:
        raise CredentialsWrong
    async with app.work(None) as work:
        party = await work.parties.hold(known.party_id)
        member = await work.members.hold(known.id)
        if member.state is not MemberState.ACTIVE:
            raise CredentialsWrong
        session, session_token = Session.open(member, app.rules.session_lasts, at=work.machine_now)
        token = await token_for(app, work, member_as_caller(member, party, session.id))
        await work.sessions.add(session)
        await work.doors.forget_attempts(username)
        return Stay(token, session, session_token)


async def renew_session(app: Onboarding, session_token: str) -> Stay:
    """A fresh access token, with the roles that hold now."""
    async with app.work(None) as work:
        session = await work.sessions.by_token(digest_of(session_token))
        if session is None:
            raise SessionEnded
        party = await work.parties.get(session.party_id)
        party.must_not_be_suspended()
        session.must_be_live(at=work.machine_now)
        member = await work.members.hold(session.member_id)
        return Stay(await token_for(app, work, member_as_caller(member, party, session.id)), session, None)


async def end_session(app: Onboarding, caller: Caller) -> None:
    """Log out: the session gives no more tokens."""
    async with app.work(None) as work:
        if not await work.sessions.end(caller.session_id):
            raise SessionEnded


async def forget_lapsed(app: Onboarding) -> int:
    """Drop what no longer keeps a door: lapsed attempts, lapsed assertions, sessions long over."""
    async with app.work(None) as work:
        return await work.doors.forget_lapsed()
