"""Onboarding over gRPC: who a party is, and which keys sign market tokens."""

import json

from onboarding.outbound.events import party_contract
from onboarding.ports import Onboarding
from onboarding.use_cases import keys, signing_keys
from yaosu.onboarding.v1.onboarding_service_pb2 import (
    GetPartyRequest,
    GetPartyResponse,
    GetSigningKeysRequest,
    GetSigningKeysResponse,
)  # fmt: skip
from yaosu.onboarding.v1.onboarding_service_pb2_grpc import OnboardingServiceServicer

_EVERY_SERVICE = {"onboarding", "catalog", "rights", "trading", "delivery", "pledge", "evidence"}
CALLERS = {"GetParty": _EVERY_SERVICE, "GetSigningKeys": _EVERY_SERVICE}


class Directory(OnboardingServiceServicer):
    """See the contract."""

    def __init__(self, onboarding: Onboarding) -> None:
        self._onboarding = onboarding

    async def GetParty(self, request: GetPartyRequest, _context: object) -> GetPartyResponse:  # noqa: N802 - the contract's name
        """See the contract."""
        party, held = await keys.party_with_keys(self._onboarding, request.party_id)
        return GetPartyResponse(party=party_contract(party, held))

    async def GetSigningKeys(  # noqa: N802 - the contract's name
        self, _request: GetSigningKeysRequest, _context: object
    ) -> GetSigningKeysResponse:
        """See the contract."""
        published = await signing_keys.published_keys(self._onboarding)
        return GetSigningKeysResponse(jwks=json.dumps({"keys": list(published)}))
