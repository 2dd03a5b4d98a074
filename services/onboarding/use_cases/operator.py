"""The first operator: somebody must be there to approve the others."""

from dataclasses import dataclass

from onboarding.domain.member import Client, ClientState, digest_of
from onboarding.domain.party import Application, Contact, Party
from onboarding.domain.roles import ADMIN, OPERATOR, EntityKind
from onboarding.ports import Onboarding

SECRET_CHARACTERS_MIN = 32


@dataclass(frozen=True)
class OperatorReady:
    """The market operator's party and the client it acts through."""

    party_id: str
    client_id: str


async def ensure_operator(app: Onboarding, client_id: str, client_secret: str) -> OperatorReady:
    """Make the operator's party and client unless they are there; a secret that differs takes the old one's place."""
    if len(client_secret) < SECRET_CHARACTERS_MIN:
        message = f"the operator's secret must have at least {SECRET_CHARACTERS_MIN} characters"
        raise ValueError(message)
    async with app.work(None) as work:
        await work.signing_keys.take_turn()
        known = await work.clients.find(client_id)
        if known is not None:
            if not known.opens_with(client_secret):
                known.secret_sha256, known.state = digest_of(client_secret), ClientState.ACTIVE
                await work.clients.save(known)
            return OperatorReady(known.party_id, known.id)
        party = Party.apply(
            Application(
                name=app.rules.operator_name, name_en="Market operator",
                entity_kind=EntityKind.STATE_OWNED_ENTERPRISE, credit_code=app.rules.operator_credit_code,
                roles_wanted=frozenset({OPERATOR}), contact=Contact("", "", ""),
            ),
            at=work.now,
        )  # fmt: skip
        approved = party.approve({OPERATOR}, at=work.now)
        await work.parties.add(party)
        await work.clients.add(
            Client(client_id, party.id, "operator", digest_of(client_secret), frozenset({OPERATOR, ADMIN}))
        )
        work.tell(approved, about=party.id)
        return OperatorReady(party.id, client_id)
