"""Onboarding's parties over gRPC."""

import json
from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp

from kernel.refusals import NotFound
from kernel.rpc import Peer
from pledge.domain.party import KeyFact, PartyFacts
from yaosu.onboarding.v1 import onboarding_service_pb2 as contract
from yaosu.onboarding.v1.onboarding_service_pb2_grpc import OnboardingServiceStub


def moment(message: object, name: str) -> datetime | None:
    """A timestamp field; none when unset."""
    if not message.HasField(name):  # type: ignore[attr-defined] # every generated message has it
        return None
    stamp: Timestamp = getattr(message, name)
    return stamp.ToDatetime(tzinfo=UTC)


class PartiesAtOnboarding:
    """See ``Parties``."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._stub = peer.stub(OnboardingServiceStub)

    async def find(self, party_id: str) -> PartyFacts | None:
        """See the port."""
        try:
            answer = await self._peer.call(self._stub.GetParty, contract.GetPartyRequest(party_id=party_id))
        except NotFound:
            return None
        party: contract.Party = answer.party
        kind = contract.EntityKind.Name(party.entity_kind).removeprefix("ENTITY_KIND_").lower()
        keys = [
            KeyFact(
                key.key_id, json.loads(key.jwk), moment(key, "valid_from_at") or datetime.min.replace(tzinfo=UTC),
                moment(key, "valid_until_at"),
            )
            for key in party.keys
        ]  # fmt: skip
        approved = party.state == contract.PARTY_STATE_APPROVED
        return PartyFacts(party_id, party.name, kind, party.credit_code, approved, frozenset(party.roles), keys)
