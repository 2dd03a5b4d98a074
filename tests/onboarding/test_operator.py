"""The first operator, and the doors for the other services."""

import json
from typing import Any

import grpc
import pytest

from kernel.rpc import Peer
from kernel.tokens import ServiceKeys, TokenVerifier
from onboarding.use_cases.operator import ensure_operator
from tests.onboarding.building import OPERATOR_ID, OPERATOR_SECRET, Onboarded, refused
from yaosu.onboarding.v1 import onboarding_service_pb2 as contract
from yaosu.onboarding.v1.onboarding_service_pb2_grpc import OnboardingServiceStub


async def _token(onboarding: Onboarded, secret: str):
    grant = {"grant_type": "client_credentials", "client_id": OPERATOR_ID, "client_secret": secret}
    return await onboarding.public.post("/tokens", json=grant)


async def test_the_first_operator_is_made_once(onboarding: Onboarded) -> None:
    own = (await onboarding.operator.get("/parties/mine")).json()
    assert (own["roles"], own["entity_kind"]) == (["operator"], "state_owned_enterprise")
    again = await ensure_operator(onboarding.running.ports, OPERATOR_ID, OPERATOR_SECRET)
    assert again.party_id == own["party_id"]
    assert len((await onboarding.operator.get("/parties")).json()["items"]) == 1
    assert (await _token(onboarding, OPERATOR_SECRET)).json()["roles"] == ["admin", "operator"]


async def test_whoever_runs_the_machine_may_give_the_operator_a_new_secret(onboarding: Onboarded) -> None:
    other = OPERATOR_SECRET[::-1]
    await ensure_operator(onboarding.running.ports, OPERATOR_ID, other)
    refused(await _token(onboarding, OPERATOR_SECRET), "credentials-wrong", 401)
    assert (await _token(onboarding, other)).status_code == 200


async def test_a_short_secret_is_not_taken(onboarding: Onboarded) -> None:
    with pytest.raises(ValueError, match="at least 32"):
        await ensure_operator(onboarding.running.ports, "cli_other", "short")


async def test_the_other_services_ask_for_parties_and_keys(onboarding: Onboarded, tmp_path) -> None:
    party = await onboarding.party("bank")
    key = await party.register_key()
    address = f"unix:{tmp_path / 'onboarding.sock'}"
    await onboarding.running.host.listen(address)
    channel = grpc.aio.insecure_channel(address)
    rights = Peer("onboarding", channel, ServiceKeys(tmp_path / "keys", "rights"))
    stub = rights.stub(OnboardingServiceStub)
    answer = await rights.call(stub.GetParty, contract.GetPartyRequest(party_id=party.id))
    assert (answer.party.party_id, list(answer.party.roles)) == (party.id, ["bank"])
    assert answer.party.state == contract.PARTY_STATE_APPROVED
    assert [json.loads(held.jwk) for held in answer.party.keys] == [key.jwk]
    with pytest.raises(Exception, match="PartyUnknown"):
        await rights.call(stub.GetParty, contract.GetPartyRequest(party_id="pty_nobody"))

    async def fetch() -> Any:
        return json.loads((await rights.call(stub.GetSigningKeys, contract.GetSigningKeysRequest())).jwks)

    token = (await party.log_in()).headers["authorization"].removeprefix("Bearer ")
    caller = await TokenVerifier(fetch).caller_of(token)
    assert (caller.party_id, caller.roles) == (party.id, frozenset({"admin", "bank"}))
    strangers = ServiceKeys(tmp_path / "keys", "stranger")
    stranger = Peer("onboarding", channel, strangers)
    with pytest.raises(Exception, match="TokenInvalid"):
        await stranger.call(stub.GetParty, contract.GetPartyRequest(party_id=party.id))
    await channel.close(None)
    await onboarding.running.host.close()
