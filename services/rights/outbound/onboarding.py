"""Who takes part and with which keys, asked of onboarding."""

import json
from datetime import UTC, datetime
from typing import Any

from kernel.refusals import NotFound
from kernel.rpc import Peer
from rights.ports import PartyFacts
from yaosu.onboarding.v1.onboarding_service_pb2 import PARTY_STATE_APPROVED, GetPartyRequest, Party
from yaosu.onboarding.v1.onboarding_service_pb2_grpc import OnboardingServiceStub


class GrpcParties:
    """See ``ports.Parties``."""

    def __init__(self, peer: Peer) -> None:
        self._peer, self._stub = peer, peer.stub(OnboardingServiceStub)

    async def _party(self, party_id: str) -> Party:
        answer = await self._peer.call(self._stub.GetParty, GetPartyRequest(party_id=party_id))
        party: Party = answer.party
        return party

    async def facts(self, party_id: str) -> PartyFacts:
        """A party as it stands; an unknown one is not approved."""
        try:
            party = await self._party(party_id)
        except NotFound:
            return PartyFacts(party_id, approved=False, roles=frozenset())
        return PartyFacts(party_id, approved=party.state == PARTY_STATE_APPROVED, roles=frozenset(party.roles))

    async def key_in_use(self, party_id: str, key_id: str, at: datetime) -> dict[str, Any] | None:
        """The public JWK of a party's key, when it is in use; a key put out of use signs nothing any more."""
        for key in (await self._party(party_id)).keys:
            ended = key.HasField("valid_until_at") and key.valid_until_at.ToDatetime(tzinfo=UTC) <= at
            if key.key_id == key_id and not ended:
                jwk: dict[str, Any] = json.loads(key.jwk)
                return jwk
        return None
