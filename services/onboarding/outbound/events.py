"""Our events as the contracts that the others read."""

import json
from collections.abc import Mapping
from datetime import datetime

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from onboarding.domain.events import KeyRotated, PartyApproved, PartyReinstated, PartySuspended
from onboarding.domain.keys import PartyKey
from onboarding.domain.party import Party, PartyState
from onboarding.domain.roles import EntityKind
from yaosu.onboarding.v1 import events_pb2 as told
from yaosu.onboarding.v1 import onboarding_service_pb2 as contract

KINDS: Mapping[EntityKind, contract.EntityKind] = {
    EntityKind.STATE_OWNED_ENTERPRISE: contract.ENTITY_KIND_STATE_OWNED_ENTERPRISE,
    EntityKind.PRIVATE_ENTERPRISE: contract.ENTITY_KIND_PRIVATE_ENTERPRISE,
    EntityKind.PUBLIC_INSTITUTION: contract.ENTITY_KIND_PUBLIC_INSTITUTION,
    EntityKind.NATURAL_PERSON: contract.ENTITY_KIND_NATURAL_PERSON,
}
STATES: Mapping[PartyState, contract.PartyState] = {
    PartyState.APPLIED: contract.PARTY_STATE_APPLIED,
    PartyState.APPROVED: contract.PARTY_STATE_APPROVED,
    PartyState.SUSPENDED: contract.PARTY_STATE_SUSPENDED,
    PartyState.REFUSED: contract.PARTY_STATE_REFUSED,
}


def as_contract(event: object) -> Message:
    """The event as the message that goes out."""
    match event:
        case PartyApproved():
            party = contract.Party(
                party_id=event.party_id, name=event.name, entity_kind=KINDS[event.entity_kind],
                credit_code=event.credit_code, state=contract.PARTY_STATE_APPROVED, roles=sorted(event.roles),
                keys=[key_contract(key) for key in event.keys], identity_pseudonym=event.identity_pseudonym,
            )  # fmt: skip
            return told.PartyApproved(party=party, approved_at=moment(event.approved_at))
        case PartySuspended():
            return told.PartySuspended(
                party_id=event.party_id, reason=event.reason, suspended_at=moment(event.suspended_at)
            )
        case PartyReinstated():
            return told.PartyReinstated(party_id=event.party_id, reinstated_at=moment(event.reinstated_at))
        case KeyRotated():
            return told.KeyRotated(
                party_id=event.party_id, key=key_contract(event.key), replaced_key_id=event.replaced_key_id
            )
    message = f"no contract for {type(event).__name__}"
    raise TypeError(message)


def party_contract(party: Party, keys: list[PartyKey]) -> contract.Party:
    """A party as the other services see it."""
    return contract.Party(
        party_id=party.id, name=party.name, entity_kind=KINDS[party.entity_kind], credit_code=party.credit_code,
        state=STATES[party.state], roles=sorted(party.roles), keys=[key_contract(key) for key in keys],
        identity_pseudonym=party.identity_pseudonym,
    )  # fmt: skip


def key_contract(key: PartyKey) -> contract.PartyKey:
    """A public key as the other services see it."""
    until = moment(key.valid_until_at) if key.valid_until_at else None
    return contract.PartyKey(
        key_id=key.id, jwk=json.dumps(key.jwk, separators=(",", ":"), sort_keys=True),
        valid_from_at=moment(key.valid_from_at), valid_until_at=until,
    )  # fmt: skip


def moment(at: datetime) -> Timestamp:
    """The moment as protobuf has it."""
    stamp = Timestamp()
    stamp.FromDatetime(at)
    return stamp
