"""Parties: applying, being decided on, and who may see whom."""

from typing import Any

import pytest

from kernel.calendar import SHANGHAI
from kernel.refusals import Refusal
from onboarding.domain.party import TRANSITIONS, Application, Contact, Party, PartyState
from onboarding.domain.refusals import RolesIncompatible, RoleUnfit
from onboarding.domain.roles import APART, ROLES_OF_KIND, EntityKind, check_roles
from tests.onboarding.building import PASSWORD, Onboarded, application, credit_code, refused
from yaosu.onboarding.v1 import events_pb2 as told
from yaosu.onboarding.v1 import onboarding_service_pb2 as contract

from datetime import datetime  # isort: skip

AT = datetime(2026, 10, 8, 9, 0, tzinfo=SHANGHAI)


async def test_an_organisation_applies_and_takes_part_once_approved(onboarding: Onboarded) -> None:
    party = await onboarding.apply(roles_wanted=["provider", "buyer"])
    assert (party.view["state"], party.view["roles"]) == ("APPLIED", [])
    answer = await onboarding.decide(party.id, "approve", roles=["provider"])
    assert (answer.json()["state"], answer.json()["roles"]) == ("APPROVED", ["provider"])
    mine = (await (await party.log_in()).get("/parties/mine")).json()
    assert mine == answer.json()
    approved = [event for event in await onboarding.running.told() if isinstance(event, told.PartyApproved)][-1]
    assert approved.party.party_id == party.id
    assert approved.party.credit_code == party.view["credit_code"]
    assert approved.party.entity_kind == contract.ENTITY_KIND_PRIVATE_ENTERPRISE
    assert list(approved.party.roles) == ["provider"]


async def test_one_credit_code_is_one_party(onboarding: Onboarded) -> None:
    first = await onboarding.apply()
    again = application(credit_code=first.view["credit_code"])
    refused(await onboarding.public.post("/parties", json=again), "party-already-known", 409)


async def test_a_refused_organisation_may_apply_again(onboarding: Onboarded) -> None:
    first = await onboarding.apply()
    assert (await onboarding.decide(first.id, "refuse")).json()["reason"] == "as the test has it"
    second = await onboarding.apply(credit_code=first.view["credit_code"])
    assert second.id != first.id


async def test_the_same_key_applies_once(onboarding: Onboarded) -> None:
    body, headers = application(), {"Idempotency-Key": "apply-1"}
    first = await onboarding.public.post("/parties", json=body, headers=headers)
    again = await onboarding.public.post("/parties", json=body, headers=headers)
    assert (again.status_code, again.json()) == (201, first.json())
    other = application(name="另一家")
    refused(await onboarding.public.post("/parties", json=other, headers=headers), "key-reused", 422)


async def test_a_wrong_application_leaves_nothing_behind(onboarding: Onboarded) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"credit_code": "９１350100M000100Y43"}, "credit-code-malformed"),
        ({"credit_code": credit_code("12")}, "credit-code-contradicts-kind"),
        ({"entity_kind": "public_institution", "credit_code": credit_code("91")}, "credit-code-contradicts-kind"),
        ({"entity_kind": "public_institution", "roles_wanted": ["bank"]}, "role-unfit"),
        ({"roles_wanted": ["insured_person"]}, "role-unfit"),
        ({"roles_wanted": ["admin"]}, "role-unfit"),
        ({"roles_wanted": ["reviewer", "provider"]}, "roles-incompatible"),
        ({"administrator": {"username": "short-one", "password": "elevenchars"}}, "password-too-weak"),
        ({"administrator": {"username": "Upper-Case", "password": PASSWORD}}, "invalid-fields"),
        ({"entity_kind": "natural_person"}, "invalid-fields"),
        ({"name": "\u200b"}, "invalid-fields"),
        ({"roles_wanted": []}, "invalid-fields"),
        ({"surprise": 1}, "invalid-fields"),
    ]
    for other, reason in cases:
        before = (await onboarding.operator.get("/parties")).json()["items"]
        refused(await onboarding.public.post("/parties", json=application(**other)), reason, 422)
        assert (await onboarding.operator.get("/parties")).json()["items"] == before


async def test_an_application_needs_a_key(onboarding: Onboarded) -> None:
    answer = await onboarding.public.post("/parties", json=application(), headers={"Idempotency-Key": ""})
    assert answer.status_code == 400


async def test_a_user_name_is_one_persons(onboarding: Onboarded) -> None:
    first = await onboarding.apply()
    body = application(administrator={"username": first.username, "password": PASSWORD})
    refused(await onboarding.public.post("/parties", json=body), "username-taken", 409)


async def test_only_oversight_and_the_party_itself_see_a_party(onboarding: Onboarded) -> None:
    one, other = await onboarding.party(), await onboarding.party("buyer")
    stranger = await other.log_in()
    refused(await stranger.get(f"/parties/{one.id}"), "party-unknown", 404)
    refused(await stranger.get("/parties"), "role-missing", 403)
    refused(await onboarding.public.get(f"/parties/{one.id}"), "token-missing", 401)
    assert (await (await one.log_in()).get(f"/parties/{one.id}")).status_code == 200
    regulator = await (await onboarding.party("regulator", kind="public_institution")).log_in()
    assert (await regulator.get(f"/parties/{one.id}")).json()["party_id"] == one.id
    refused(await regulator.post(f"/parties/{one.id}:suspend", json={"reason": "x"}), "role-missing", 403)
    refused(await stranger.post(f"/parties/{other.id}:approve", json={"roles": ["bank"]}), "role-missing", 403)


async def test_lists_come_in_pages(onboarding: Onboarded) -> None:
    ids = [(await onboarding.apply()).id for _ in range(3)]
    seen, after = [], ""
    while after is not None:
        page = (
            await onboarding.operator.get("/parties", params={"limit": 2, "after": after, "state": "APPLIED"})
        ).json()
        seen += [party["party_id"] for party in page["items"]]
        after = page["next"]
    assert seen == ids


async def test_before_approval_a_member_sees_its_party_and_nothing_else(onboarding: Onboarded) -> None:
    party = await onboarding.apply()
    admin = await party.log_in()
    assert (await admin.get("/parties/mine")).json()["state"] == "APPLIED"
    refused(await admin.get("/parties/mine/members"), "role-missing", 403)


@pytest.mark.parametrize("state", PartyState)
@pytest.mark.parametrize("step", ["approve", "refuse", "suspend", "reinstate"])
def test_a_party_moves_only_as_the_table_says(state: PartyState, step: str) -> None:
    leads_to = {
        ("approve", PartyState.APPLIED): PartyState.APPROVED,
        ("refuse", PartyState.APPLIED): PartyState.REFUSED,
        ("suspend", PartyState.APPROVED): PartyState.SUSPENDED,
        ("reinstate", PartyState.SUSPENDED): PartyState.APPROVED,
    }.get((step, state))
    party = _party()
    party.state = state
    steps = {
        "approve": lambda: party.approve({"provider"}, at=AT),
        "refuse": lambda: party.refuse("why", at=AT),
        "suspend": lambda: party.suspend("why", at=AT),
        "reinstate": lambda: party.reinstate(at=AT),
    }
    if leads_to is None:
        with pytest.raises(Refusal, match="TransitionNotAllowed"):
            steps[step]()
        assert party.state is state
    else:
        steps[step]()
        assert party.state is leads_to
        assert leads_to in TRANSITIONS[state]


def _party() -> Party:
    contact = Contact("王", "0532-12345678", "wang@example.com")
    wanted = frozenset({"provider"})
    return Party.apply(Application("示例", "", EntityKind.PRIVATE_ENTERPRISE, credit_code(), wanted, contact), at=AT)


ALL_ROLES = sorted(frozenset().union(*ROLES_OF_KIND.values()))


@pytest.mark.parametrize("kind", EntityKind)
@pytest.mark.parametrize("role", ALL_ROLES)
def test_the_entity_kind_decides_the_roles(kind: EntityKind, role: str) -> None:
    if role in ROLES_OF_KIND[kind]:
        assert check_roles(kind, [role]) == {role}
    else:
        with pytest.raises(RoleUnfit):
            check_roles(kind, [role])


def test_a_public_institution_lends_and_appraises_nothing() -> None:
    assert ROLES_OF_KIND[EntityKind.PUBLIC_INSTITUTION].isdisjoint({"bank", "appraiser", "operator"})


@pytest.mark.parametrize("role", APART)
def test_nobody_checks_itself(role: str) -> None:
    for other in APART[role]:
        kinds = [kind for kind in EntityKind if {role, other} <= ROLES_OF_KIND[kind]]
        for kind in kinds:
            with pytest.raises(RolesIncompatible):
                check_roles(kind, [role, other])
