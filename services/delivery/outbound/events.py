"""Our events as contracts."""

from datetime import datetime

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from delivery.domain.events import ConsentGiven, ConsentTakenBack, UseMetered, UseRefused
from yaosu.delivery.v1 import events_pb2


def as_contract(event: object) -> Message:
    """The message of ``yaosu.delivery.v1`` that an event is told as."""
    match event:
        case ConsentGiven():
            return events_pb2.ConsentGiven(
                consent_id=event.consent_id, contract_id=event.contract_id, receipt_sha256=event.receipt_sha256,
                given_at=_at(event.given_at),
            )  # fmt: skip
        case ConsentTakenBack():
            return events_pb2.ConsentWithdrawn(
                consent_id=event.consent_id, contract_id=event.contract_id, withdrawn_at=_at(event.withdrawn_at)
            )
        case UseMetered():
            return events_pb2.UseMetered(
                use_id=event.use_id, contract_id=event.contract_id, mode=event.mode, policy_case=event.policy_case,
                version_digest=event.version_digest, used_at=_at(event.used_at),
                provider_party_id=event.provider_party_id, lineage_root=event.lineage_root,
                buyer_party_id=event.buyer_party_id,
            )  # fmt: skip
        case UseRefused():
            return events_pb2.UseRefused(
                use_id=event.use_id, contract_id=event.contract_id, reason=event.reason,
                refused_at=_at(event.refused_at),
            )  # fmt: skip
    message = f"no contract for {type(event).__name__}"
    raise TypeError(message)


def _at(moment: datetime) -> Timestamp:
    at = Timestamp()
    at.FromDatetime(moment)
    return at
