"""The canonical records of the steps that are deposited as evidence: digests, names and amounts, never data."""

from datetime import date, datetime
from typing import Any

from kernel.calendar import SHANGHAI
from kernel.canonical import canonical
from pledge.domain.booking import Booking
from pledge.domain.events import (
    LoanApproved,
    LoanContracted,
    LoanDisbursed,
    LoanRepaid,
    PledgeConfirmed,
    PledgeReleased,
)
from pledge.domain.loan import Loan
from pledge.domain.pledge import Pledge


def _record(kind: str, members: dict[str, Any]) -> bytes:  # Any: JSON values and moments
    def written(value: object) -> object:
        if isinstance(value, datetime):
            return value.astimezone(SHANGHAI).isoformat()
        return value.isoformat() if isinstance(value, date) else value

    return canonical({"record": kind, **{name: written(value) for name, value in members.items()}})


def booking_record(booking: Booking) -> bytes:
    """An entry on the balance sheet."""
    return _record("booking", {
        "booking_id": booking.booking_id, "party_id": booking.party_id, "dataset_id": booking.dataset_id,
        "lineage_root": booking.lineage_root, "classification": booking.classification.value, "basis": booking.basis,
        "measurement": booking.measurement, "cost_fen": booking.cost_fen, "life_months": booking.life_months,
        "certificate_number": booking.certificate_number, "booked_at": booking.booked_at,
    })  # fmt: skip


def loan_record(event: object, loan: Loan) -> bytes | None:
    """What is deposited of a loan's step; none for steps that are not."""
    named = {
        "loan_id": loan.loan_id, "borrower_party_id": loan.borrower_party_id, "bank_party_id": loan.bank_party_id,
        "lineage_root": loan.lineage_root, "principal_fen": loan.principal_fen,
    }  # fmt: skip
    match event:
        case LoanApproved():
            return _record("loan approved", {
                **named, "approvers": [approval.subject_id for approval in loan.approvals],
                "valuation_fen": loan.valuation_fen, "limit_fen": loan.limit_fen, "approved_at": event.approved_at,
            })  # fmt: skip
        case LoanContracted() if loan.contract is not None:
            return _record("loan contracted", {
                **named, "loan_contract_sha256": loan.contract.loan_contract_sha256,
                "pledge_contract_sha256": loan.contract.pledge_contract_sha256,
                "signatures": [
                    {"party_id": made.party_id, "way": made.way, "subject_id": made.subject_id, "jws": made.jws}
                    for made in loan.contract.signatures
                ],
                "contracted_at": loan.contracted_at,
            })  # fmt: skip
        case LoanDisbursed():
            return _record("loan disbursed", {
                **named, "pledge_id": loan.pledge_id, "disbursed_at": event.disbursed_at, "matures_on": loan.matures_on,
            })  # fmt: skip
        case LoanRepaid():
            return _record("loan repaid", {**named, "repaid_fen": loan.repaid_fen, "repaid_at": event.repaid_at})
    return None


def pledge_record(event: object, pledge: Pledge) -> bytes | None:
    """What is deposited of a pledge's step; none for steps that are not."""
    named = {
        "pledge_id": pledge.pledge_id, "loan_id": pledge.loan_id, "bank_party_id": pledge.bank_party_id,
        "borrower_party_id": pledge.borrower_party_id, "lineage_root": pledge.lineage_root,
        "encumbrance_id": pledge.encumbrance_id, "principal_fen": pledge.principal_fen,
    }  # fmt: skip
    registration = pledge.registration
    match event:
        case PledgeConfirmed() if registration is not None:
            return _record("pledge confirmed", {
                **named, "registry": registration.registry, "registration_number": registration.registration_number,
                "proof_sha256": registration.proof_sha256, "confirmed_at": pledge.confirmed_at,
            })  # fmt: skip
        case PledgeReleased() if registration is not None:
            return _record("pledge released", {
                **named, "releasers": [made.subject_id for made in pledge.releasers],
                "cancellation_proof_sha256": registration.cancellation_proof_sha256, "released_at": event.released_at,
            })  # fmt: skip
    return None
