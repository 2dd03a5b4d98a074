"""Who takes part and with which keys, asked of onboarding."""

import json
from datetime import UTC, datetime

from delivery.ports import PartyKnown
from kernel.rpc import Peer
from yaosu.onboarding.v1.onboarding_service_pb2 import GetPartyRequest, PartyKey
from yaosu.onboarding.v1.onboarding_service_pb2_grpc import OnboardingServiceStub


class GrpcParties:
    """See ``ports.Parties``."""

    def __init__(self, peer: Peer) -> None:
        self._peer, self._stub = peer, peer.stub(OnboardingServiceStub)

    async def party(self, party_id: str, at: datetime) -> PartyKnown:
        """See the port."""
        party = (await self._peer.call(self._stub.GetParty, GetPartyRequest(party_id=party_id))).party
        return PartyKnown(
            party_id=party.party_id, name=party.name, identity_pseudonym=party.identity_pseudonym,
            keys={key.key_id: json.loads(key.jwk) for key in party.keys if _in_use(key, at)},
        )  # fmt: skip


def _in_use(key: PartyKey, at: datetime) -> bool:
    begun = not key.HasField("valid_from_at") or key.valid_from_at.ToDatetime(tzinfo=UTC) <= at
    return begun and (not key.HasField("valid_until_at") or at < key.valid_until_at.ToDatetime(tzinfo=UTC))
