"""Who is asking: the person or machine, the party it acts for, and the roles it has there."""

from contextvars import ContextVar
from dataclasses import dataclass

from kernel.refusals import RoleMissing


@dataclass(frozen=True)
class Caller:
    """A subject that showed a valid market token."""

    party_id: str
    subject_id: str
    roles: frozenset[str]
    session_id: str = ""

    def need(self, *roles: str) -> None:
        """Refuse unless the caller has one of the roles."""
        if self.roles.isdisjoint(roles):
            raise RoleMissing(roles_needed=sorted(roles))

    def has(self, *roles: str) -> bool:
        """Whether the caller has one of the roles."""
        return not self.roles.isdisjoint(roles)


# Set by the two edges; the unit of work reads it, so that a suspended party is stopped in whatever it does.
current_caller: ContextVar[Caller | None] = ContextVar("current_caller", default=None)
