"""Which kind of entity may hold which role, and which roles one party may not hold together."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from onboarding.domain.refusals import RolesIncompatible, RoleUnfit

ADMIN = "admin"  # a member's or client's role: manages its own party
OPERATOR = "operator"
INSURED_PERSON = "insured_person"
IDENTITY_VERIFIER = "identity_verifier"


class EntityKind(StrEnum):
    """主体类型: decides accounting, whether a right may be pledged, approvals and where income goes."""

    STATE_OWNED_ENTERPRISE = "state_owned_enterprise"
    PRIVATE_ENTERPRISE = "private_enterprise"
    PUBLIC_INSTITUTION = "public_institution"
    NATURAL_PERSON = "natural_person"


ORGANISATIONS = frozenset(EntityKind) - {EntityKind.NATURAL_PERSON}

_ANY_ORGANISATION = frozenset({"provider", "buyer", "supplier", "reviewer", IDENTITY_VERIFIER})
# An appraiser is a company or partnership (Asset Appraisal Law art. 15), a bank a company (Commercial Bank Law art. 2).
# An authorised operator is chosen among enterprises; what authorises it is a public body.
_ENTERPRISE = _ANY_ORGANISATION | {"bank", "appraiser", "law_firm", OPERATOR, "authorised_operator"}

ROLES_OF_KIND: Mapping[EntityKind, frozenset[str]] = {
    EntityKind.STATE_OWNED_ENTERPRISE: _ENTERPRISE,
    EntityKind.PRIVATE_ENTERPRISE: _ENTERPRISE,
    EntityKind.PUBLIC_INSTITUTION: _ANY_ORGANISATION | {"implementing_body", "regulator"},
    EntityKind.NATURAL_PERSON: frozenset({INSURED_PERSON}),
}

_MARKET_SIDES = frozenset({"provider", "buyer", "bank", "appraiser", "law_firm", "authorised_operator"})
# Whoever holds the first role may hold none of the second.
APART: Mapping[str, frozenset[str]] = {
    "reviewer": frozenset({"provider", "supplier", "authorised_operator"}),
    "implementing_body": frozenset({"authorised_operator"}),
    "appraiser": frozenset({"provider", "authorised_operator", "bank"}),
    OPERATOR: _MARKET_SIDES,
    "regulator": _MARKET_SIDES,
}


def check_roles(kind: EntityKind, roles: Iterable[str]) -> frozenset[str]:
    """The roles as a set; refused when the kind may not hold one, or when one checks another."""
    asked = frozenset(roles)
    unfit = asked - ROLES_OF_KIND[kind]
    if unfit:
        raise RoleUnfit(entity_kind=kind, roles_unfit=sorted(unfit), roles_open=sorted(ROLES_OF_KIND[kind]))
    for role in sorted(asked):
        clashing = asked & APART.get(role, frozenset())
        if clashing:
            raise RolesIncompatible(role=role, not_with=sorted(clashing))
    return asked
