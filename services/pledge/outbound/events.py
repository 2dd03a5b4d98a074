"""Pledge's events as contracts."""

import dataclasses

from google.protobuf.message import Message

from pledge.domain import events
from yaosu.pledge.v1 import events_pb2

# Each domain event has the fields of the message of its name.
_CONTRACTS: dict[type, type[Message]] = {
    events.AssetBooked: events_pb2.AssetBooked,
    events.LoanApplied: events_pb2.LoanApplied,
    events.LoanRefused: events_pb2.LoanRefused,
    events.LoanApproved: events_pb2.LoanApproved,
    events.LoanContracted: events_pb2.LoanContracted,
    events.LoanDisbursed: events_pb2.LoanDisbursed,
    events.LoanRepaid: events_pb2.LoanRepaid,
    events.LoanStepTaken: events_pb2.LoanStepTaken,
    events.WatchRaised: events_pb2.WatchRaised,
    events.PledgeRequested: events_pb2.PledgeRequested,
    events.PledgeHeld: events_pb2.PledgeHeld,
    events.PledgeRefused: events_pb2.PledgeRefused,
    events.PledgeSearched: events_pb2.PledgeSearched,
    events.PledgeRegistered: events_pb2.PledgeRegistered,
    events.PledgeConfirmed: events_pb2.PledgeConfirmed,
    events.PledgeReleased: events_pb2.PledgeReleased,
    events.PledgeStepTaken: events_pb2.PledgeStepTaken,
}


def as_contract(event: object) -> Message:
    """The protobuf message of a domain event; raises KeyError for what is none."""
    contract = _CONTRACTS[type(event)]
    fields = {field.name: getattr(event, field.name) for field in dataclasses.fields(event)}  # type: ignore[arg-type] # the table holds dataclasses only
    return contract(**fields)
