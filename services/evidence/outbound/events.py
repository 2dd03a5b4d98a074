"""Evidence's events as contracts."""

from google.protobuf.message import Message

from evidence.domain.events import CheckpointSigned, Deposited
from yaosu.evidence.v1 import events_pb2


def as_contract(event: object) -> Message:
    """The protobuf message of a domain event."""
    match event:
        case Deposited():
            return events_pb2.Deposited(
                deposit_sha256=event.deposit_sha256,
                index=event.index,
                topic=event.topic,
                event_id=event.event_id,
                aggregate_id=event.aggregate_id,
                deposited_at=event.deposited_at,
            )
        case CheckpointSigned():
            return events_pb2.CheckpointSigned(
                origin=event.origin, size=event.size, root=event.root, signed_at=event.signed_at
            )
    message = f"no contract for {type(event).__name__}"
    raise TypeError(message)
