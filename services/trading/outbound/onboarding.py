"""Who takes part and with which keys, asked of onboarding."""

import json
from datetime import UTC, datetime
from typing import Any

from kernel.rpc import Peer
from yaosu.onboarding.v1.onboarding_service_pb2 import GetPartyRequest
from yaosu.onboarding.v1.onboarding_service_pb2_grpc import OnboardingServiceStub


class GrpcParties:
    """See ``ports.Parties``."""

    def __init__(self, peer: Peer) -> None:
        self._peer, self._stub = peer, peer.stub(OnboardingServiceStub)

    async def key_in_use(self, party_id: str, key_id: str, at: datetime) -> dict[str, Any] | None:
        """The public JWK of a party's key, when it is in use; a key put out of use signs nothing any more."""
        answer = await self._peer.call(self._stub.GetParty, GetPartyRequest(party_id=party_id))
        for key in answer.party.keys:
            ended = key.HasField("valid_until_at") and key.valid_until_at.ToDatetime(tzinfo=UTC) <= at
            if key.key_id == key_id and not ended:
                jwk: dict[str, Any] = json.loads(key.jwk)
                return jwk
        return None
