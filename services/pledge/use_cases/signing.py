"""Signatures of parties under what they agreed to."""

from datetime import datetime

from kernel.callers import Caller
from kernel.refusals import Malformed
from kernel.signatures import header_of, verify_compact
from pledge.domain.application import Application, Consent, Signature
from pledge.domain.party import PartyFacts
from pledge.domain.refusals import ConsentInvalid, SignatureNotGiven, SignatureNotOurs

CONSENT_TYPE = "yaosu-pledge-consent"
CONTRACT_TYPE = "yaosu-loan-contract"


def consent_of(wanted: Application, jws: str, co_holders: list[PartyFacts], at: datetime) -> Consent:
    """The consent that a JWS is; refused unless signed by a co-holder's key over this very application."""
    try:
        key_id = str(header_of(jws).get("kid", ""))
        for party in co_holders:
            key = party.key(key_id, at)
            if key is not None and verify_compact(jws, dict(key.jwk), CONSENT_TYPE) == wanted.consent_text():
                return Consent(party.party_id, jws)
    except Malformed as malformed:
        raise ConsentInvalid from malformed
    raise ConsentInvalid


def signature_of(caller: Caller, party: PartyFacts | None, jws: str | None, text: bytes, at: datetime) -> Signature:
    """The caller's signature: its JWS verified against its party's keys, or without one its attested click."""
    if jws is None:
        return Signature(caller.party_id, "click", None, caller.subject_id, at, None)
    key_id = str(header_of(jws).get("kid", ""))
    key = party.key(key_id, at) if party else None
    if key is None or verify_compact(jws, dict(key.jwk), CONTRACT_TYPE) != text:
        raise SignatureNotOurs
    return Signature(caller.party_id, "jws", key_id, caller.subject_id, at, jws)


def one_way(jws: str | None, *, click: bool) -> None:
    """Refuse unless exactly one way of signing was chosen."""
    if (jws is not None) == click:
        raise SignatureNotGiven
