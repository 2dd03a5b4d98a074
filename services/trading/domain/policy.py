"""ODRL 2.2 offers and agreements from a closed vocabulary: a term that is not known is refused, never dropped."""

from collections.abc import Mapping, Sequence
from typing import Any

from kernel.canonical import canonical, sha256_hex
from trading.domain.refusals import PolicyTermUnknown

CONTEXT = "http://www.w3.org/ns/odrl.jsonld"
PROFILE = "urn:yaosu:odrl:1"

PERMITTED_ACTIONS = frozenset({"use", "read", "derive", "aggregate", "index", "display", "reproduce", "transform"})
PROHIBITED_ACTIONS = PERMITTED_ACTIONS | {"distribute", "grantUse", "sell", "transfer", "extract", "modify"}
DUTY_ACTIONS = frozenset(
    {"compensate", "attribute", "delete", "inform", "obtainConsent", "anonymize", "ensureExclusivity"}
)
_ORDER = frozenset({"eq", "lt", "lteq", "gt", "gteq"})
_SET = frozenset({"eq", "isAnyOf", "isNoneOf"})
# Operand → its name in the document, the operators it takes, and the type of its right side.
OPERANDS: Mapping[str, tuple[str, frozenset[str], type]] = {
    "purpose": ("purpose", _SET, str),
    "count": ("count", _ORDER, int),
    "date_time": ("dateTime", _ORDER, str),
    "spatial": ("spatial", _SET, str),
    "recipient": ("recipient", _SET, str),
    "k": ("yaosu:k", frozenset({"gteq", "eq"}), int),
}
_BY_DOCUMENT_NAME = {document: (operators, kind) for document, operators, kind in OPERANDS.values()}
RULES = {"permissions": PERMITTED_ACTIONS, "prohibitions": PROHIBITED_ACTIONS, "obligations": DUTY_ACTIONS}
_DOCUMENT_RULES = {"permission": PERMITTED_ACTIONS, "prohibition": PROHIBITED_ACTIONS, "obligation": DUTY_ACTIONS}
_POLICY_MEMBERS = frozenset({
    "@context", "@type", "uid", "profile", "assigner", "assignee", "permission", "prohibition", "obligation",
    "yaosu:terms",
})  # fmt: skip
RULES_MAX = 20
TEXT_MAX = 200

Json = dict[str, Any]  # a JSON object


def _known(term: object, known: Sequence[str] | frozenset[str], where: str) -> None:
    if term not in known:
        raise PolicyTermUnknown(term=str(term)[:TEXT_MAX], where=where, known=sorted(known))


def _check_right_side(value: object, operator: str, kind: type, where: str) -> None:
    several = operator in {"isAnyOf", "isNoneOf"}
    values = value if several and isinstance(value, list) and value else [value]
    if several != isinstance(value, list):
        raise PolicyTermUnknown(term=operator, where=where, known=["one value, or a list for isAnyOf and isNoneOf"])
    for each in values:
        fits = type(each) is kind and (len(each) <= TEXT_MAX if isinstance(each, str) else True)
        if not fits or (isinstance(each, int) and each < 0):
            raise PolicyTermUnknown(term=str(each)[:TEXT_MAX], where=where, known=[kind.__name__])


def _constraint(given: Json) -> Json:
    for member in given:
        _known(member, ("left_operand", "operator", "right_operand"), "constraint")
    _known(given.get("left_operand"), frozenset(OPERANDS), "left_operand")
    document, operators, kind = OPERANDS[given["left_operand"]]
    _known(given.get("operator"), operators, "operator")
    _check_right_side(given.get("right_operand"), given["operator"], kind, document)
    return {"leftOperand": document, "operator": given["operator"], "rightOperand": given["right_operand"]}


def rules_from(terms: Json) -> dict[str, list[Json]]:
    """The rules of a listing's own terms, in document form; refused when any term is unknown."""
    for member in terms:
        _known(member, frozenset(RULES), "terms")
    made: dict[str, list[Json]] = {}
    for name, actions in RULES.items():
        given = terms.get(name, [])
        if len(given) > RULES_MAX:
            raise PolicyTermUnknown(term=name, where="terms", known=[f"at most {RULES_MAX} rules"])
        made[name] = [_rule(rule, actions, name) for rule in given]
    return made


def _rule(given: Json, actions: frozenset[str], where: str) -> Json:
    for member in given:
        _known(member, ("action", "constraints"), where)
    _known(given.get("action"), actions, f"{where}.action")
    rule: Json = {"action": given["action"]}
    if constraints := given.get("constraints"):
        rule["constraint"] = [_constraint(each) for each in constraints]
    return rule


def _one(left: str, operator: str, right: object) -> Json:
    return {"leftOperand": left, "operator": operator, "rightOperand": right}


def offer(listing_id: str, provider: str, product_id: str, purposes: Sequence[str], terms: Json, **facts: Any) -> Json:
    """The ODRL offer of a listing. Facts: ``exclusive``, and what else the agreement binds (JSON values)."""
    rules = rules_from(terms)
    use: Json = {"action": "use", "constraint": [_one("purpose", "isAnyOf", sorted(purposes))]}
    target = {"target": f"urn:yaosu:product:{product_id}"}
    obligations = [{"action": "compensate"}, *rules["obligations"]]
    if facts.get("exclusive"):
        obligations.append({"action": "ensureExclusivity"})
    return {
        "@context": CONTEXT,
        "@type": "Offer",
        "uid": f"urn:yaosu:listing:{listing_id}",
        "profile": PROFILE,
        "assigner": f"urn:yaosu:party:{provider}",
        "permission": [{**target, **use}, *({**target, **rule} for rule in rules["permissions"])],
        "prohibition": [
            {**target, **rule} for rule in ({"action": "distribute"}, {"action": "grantUse"}, *rules["prohibitions"])
        ],
        "obligation": obligations,
        "yaosu:terms": facts,
    }


def agreement(offered: Json, contract_id: str, buyer: str, purpose: str, starts: str, ends: str, **facts: Any) -> Json:
    """The agreement to an offer: one purpose, one term, two parties; nothing else of the offer changes."""
    use = dict(offered["permission"][0])
    use["constraint"] = [
        _one("purpose", "eq", purpose), _one("dateTime", "gteq", starts), _one("dateTime", "lt", ends)
    ]  # fmt: skip
    return {
        **offered,
        "@type": "Agreement",
        "uid": f"urn:yaosu:contract:{contract_id}",
        "assignee": f"urn:yaosu:party:{buyer}",
        "permission": [use, *offered["permission"][1:]],
        "yaosu:terms": {**offered["yaosu:terms"], **facts},
    }


def check_policy(policy: Json) -> None:
    """Refuse a document that has any member, action, operand or operator outside the vocabulary."""
    for member in policy:
        _known(member, _POLICY_MEMBERS, "policy")
    _known(policy.get("@type"), ("Offer", "Agreement"), "@type")
    for name, actions in _DOCUMENT_RULES.items():
        for rule in policy.get(name, []):
            for member in rule:
                _known(member, ("target", "action", "constraint"), name)
            _known(rule.get("action"), actions, f"{name}.action")
            for each in rule.get("constraint", []):
                for member in each:
                    _known(member, ("leftOperand", "operator", "rightOperand"), "constraint")
                _known(each.get("leftOperand"), frozenset(_BY_DOCUMENT_NAME), "leftOperand")
                operators, kind = _BY_DOCUMENT_NAME[each["leftOperand"]]
                _known(each.get("operator"), operators, "operator")
                _check_right_side(each.get("rightOperand"), each["operator"], kind, each["leftOperand"])


def digest_of(policy: Json) -> tuple[str, str]:
    """The canonical text and its SHA-256."""
    text = canonical(policy)
    return text.decode(), sha256_hex(text)
