"""Rows of our tables as what they stand for; joined queries give each table's columns a prefix."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Label, RowMapping, Table, func, select

from delivery.domain.consent import Consent, ConsentState, ConsentUse, Receipt
from delivery.domain.entitlement import Entitlement, Mode
from delivery.domain.use import Asked, Use, UseState
from delivery.outbound.tables import consents, entitlements, impediments, uses
from kernel.calendar import SHANGHAI

Columns = RowMapping | Mapping[str, Any]  # Any: column values

STANDS_AGAINST: ColumnElement[Any] = (
    select(func.array_agg(impediments.c.reason))
    .where(impediments.c.about.in_([entitlements.c.lineage_root, entitlements.c.authorisation_id]))
    .scalar_subquery()
)


def prefixed(table: Table, prefix: str) -> Sequence[Label[Any]]:
    """All columns of a table under names with the prefix."""
    return [column.label(f"{prefix}{column.name}") for column in table.c]


ENTITLEMENT = [*prefixed(entitlements, "e_"), STANDS_AGAINST.label("e_suspended_for")]
CONSENT = prefixed(consents, "c_")
USE = prefixed(uses, "u_")


def entitlement_of(row: Columns) -> Entitlement:
    """An entitlement, with what stands against it."""
    names = set(Entitlement.__dataclass_fields__) - {"deliveries", "suspended_for"}
    return Entitlement(
        **{name: _told(row[f"e_{name}"]) for name in names},
        deliveries=tuple(row["e_deliveries"]),
        suspended_for=tuple(sorted(row["e_suspended_for"] or ())),
    )


def consent_of(row: Columns) -> Consent:
    """A consent."""
    receipt = Receipt(
        subject_token=row["c_subject_token"], insurer_party_id=row["c_insurer_party_id"],
        supplier_party_id=row["c_supplier_party_id"], product_id=row["c_product_id"],
        contract_id=row["c_contract_id"], purpose=row["c_purpose"], policy_case=row["c_policy_case"],
        look_back_years=row["c_look_back_years"], valid_until=_there(row["c_valid_until"]),
        use=ConsentUse(row["c_use"]),
        notice_sha256=row["c_notice_sha256"],
    )  # fmt: skip
    return Consent(
        id=row["c_id"], person_party_id=row["c_person_party_id"], identity_pseudonym=row["c_identity_pseudonym"],
        key_id=row["c_key_id"], receipt=receipt, receipt_text=row["c_receipt_text"],
        receipt_sha256=row["c_receipt_sha256"], given_at=_there(row["c_given_at"]), state=ConsentState(row["c_state"]),
        withdrawn_at=_local(row["c_withdrawn_at"]),
    )  # fmt: skip


def use_of(row: Columns) -> Use:
    """A use."""
    asked = Asked(
        contract_id=row["u_contract_id"], mode=Mode(row["u_mode"]), buyer_party_id=row["u_buyer_party_id"],
        caller_subject_id=row["u_caller_subject_id"], purpose=row["u_purpose"], policy_case=row["u_policy_case"],
        subject_token=row["u_subject_token"], consent_id=row["u_consent_id"], key=row["u_key"],
        request_sha256=row["u_request_sha256"],
    )  # fmt: skip
    return Use(
        id=row["u_id"], asked=asked, state=UseState(row["u_state"]), version_id=row["u_version_id"],
        intended_at=_there(row["u_intended_at"]), takes_single_consent=row["u_takes_single_consent"],
        held_fen=row["u_held_fen"], version_digest=row["u_version_digest"], answer_digest=row["u_answer_digest"],
        reason=row["u_reason"], problem=row["u_problem"], settled_at=_local(row["u_settled_at"]),
    )  # fmt: skip


def _there(moment: datetime) -> datetime:
    return moment.astimezone(SHANGHAI)


def _local(moment: datetime | None) -> datetime | None:
    return None if moment is None else _there(moment)


def _told(value: Any) -> Any:  # Any: a column's value
    return _there(value) if isinstance(value, datetime) else value
