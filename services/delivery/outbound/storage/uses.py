"""Uses on record, in PostgreSQL; the statements of the busiest path are built once."""

from typing import Any

from sqlalchemy import Float, Text, and_, bindparam, func, insert, or_, select, text, update

from delivery.domain.consent import Consent, ConsentState
from delivery.domain.refusals import ConsentAlreadyUsed
from delivery.domain.use import Asked, Use, UseState
from delivery.outbound.storage.rows import CONSENT, ENTITLEMENT, USE, consent_of, entitlement_of, use_of
from delivery.outbound.tables import consents, entitlements, uses
from delivery.ports import Standing
from kernel.connection import Connection
from kernel.once import KeyUnfinished
from kernel.refusals import StateChanged
from kernel.storage import refusing

CONSTRAINTS = {"one_use_of_a_single_consent": ConsentAlreadyUsed, "one_use_a_key": KeyUnfinished}

_STANDING = (
    select(*ENTITLEMENT, *CONSENT, *USE)
    .select_from(
        entitlements.outerjoin(
            consents, and_(consents.c.id == bindparam("consent"), consents.c.contract_id == entitlements.c.contract_id)
        ).outerjoin(
            uses,
            and_(
                uses.c.buyer_party_id == entitlements.c.buyer_party_id,
                uses.c.mode == bindparam("mode"),
                uses.c.key == bindparam("key"),
            ),
        )
    )
    .where(entitlements.c.contract_id == bindparam("contract"), entitlements.c.buyer_party_id == bindparam("buyer"))
)
_OWN_CONSENT = and_(consents.c.id == uses.c.consent_id, consents.c.contract_id == uses.c.contract_id)
_USE_AND_TERMS = uses.join(entitlements, uses.c.contract_id == entitlements.c.contract_id)
_STANDING_OF = (
    select(*ENTITLEMENT, *CONSENT, *USE)
    .select_from(_USE_AND_TERMS.outerjoin(consents, _OWN_CONSENT))
    .where(uses.c.id == bindparam("use"))
)
_NEW = (
    "id", "contract_id", "mode", "buyer_party_id", "caller_subject_id", "purpose", "policy_case", "subject_token",
    "consent_id", "takes_single_consent", "key", "request_sha256", "state", "version_id", "intended_at", "reason",
    "problem", "settled_at",
)  # fmt: skip
_INTEND = insert(uses).values({
    **{name: bindparam(name) for name in _NEW},
    "abandon_at": func.now() + bindparam("abandon_after_seconds", type_=Float) * text("interval '1 second'"),
})  # fmt: skip
_OUTCOME = ("state", "held_fen", "version_digest", "answer_digest", "reason", "problem", "settled_at", "answers")
# What was read is held to by the change itself: the use is still intended, its consent still given and kept so until
# the commit. A change that finds otherwise touches nothing.
_CONSENT_STANDS = or_(
    uses.c.consent_id == "",
    bindparam("new_state", type_=Text) != UseState.METERED.value,
    select(consents.c.id)
    .where(consents.c.id == bindparam("consent"), consents.c.state == ConsentState.GIVEN)
    .with_for_update(read=True)
    .exists(),
)
_SETTLE = (
    update(uses)
    .where(uses.c.id == bindparam("use"), uses.c.state == UseState.INTENDED, _CONSENT_STANDS)
    .values({name: bindparam(f"new_{name}") for name in _OUTCOME})
)


class SqlUses:
    """See ``ports.Uses``."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def standing(self, asked: Asked) -> Standing | None:
        """See the port."""
        values = {
            "consent": asked.consent_id, "mode": asked.mode.value, "key": asked.key, "contract": asked.contract_id,
            "buyer": asked.buyer_party_id,
        }  # fmt: skip
        row = (await self._conn.execute(_STANDING, values)).mappings().one_or_none()
        return _standing(row) if row else None

    async def standing_of(self, use_id: str) -> Standing:
        """See the port."""
        return _standing((await self._conn.execute(_STANDING_OF, {"use": use_id})).mappings().one())

    async def intend(self, use: Use, abandon_after_seconds: float) -> None:
        """See the port."""
        self._conn.later(_INTEND, {**_values(use), "abandon_after_seconds": abandon_after_seconds}, CONSTRAINTS)

    async def add_refused(self, use: Use) -> None:
        """See the port."""
        async with refusing(CONSTRAINTS):
            await self._conn.execute(insert(uses), _values(use))

    async def settle(self, use: Use) -> None:
        """See the port."""
        values = {
            "use": use.id, "consent": use.asked.consent_id, "new_state": use.state.value, "new_held_fen": use.held_fen,
            "new_version_digest": use.version_digest, "new_answer_digest": use.answer_digest,
            "new_reason": use.reason, "new_problem": use.problem, "new_settled_at": use.settled_at,
            "new_answers": 1 if use.state is UseState.METERED else 0,
        }  # fmt: skip
        self._conn.later(_SETTLE, values, untouched=StateChanged, use_id=use.id)

    async def answered_again(self, use_id: str) -> None:
        """See the port."""
        await self._conn.execute(update(uses).where(uses.c.id == use_id).values(answers=uses.c.answers + 1))

    async def abandoned(self, limit: int) -> list[Use]:
        """See the port."""
        late = (uses.c.state == UseState.INTENDED, uses.c.abandon_at < func.now())
        rows = await self._conn.execute(select(*USE).where(*late).order_by(uses.c.abandon_at).limit(limit))
        return [use_of(row) for row in rows.mappings()]

    async def of_contract(self, contract_id: str, limit: int, after: str) -> list[Use]:
        """See the port."""
        query = select(*USE).where(uses.c.contract_id == contract_id)
        if after:
            query = query.where(uses.c.id < after)
        rows = await self._conn.execute(query.order_by(uses.c.id.desc()).limit(limit))
        return [use_of(row) for row in rows.mappings()]

    async def of_person(self, person_party_id: str, limit: int, after: str) -> list[tuple[Use, Consent]]:
        """See the port."""
        joined = uses.join(consents, consents.c.id == uses.c.consent_id)
        query = select(*USE, *CONSENT).select_from(joined).where(consents.c.person_party_id == person_party_id)
        if after:
            query = query.where(uses.c.id < after)
        rows = await self._conn.execute(query.order_by(uses.c.id.desc()).limit(limit))
        return [(use_of(row), consent_of(row)) for row in rows.mappings()]


def _standing(row: Any) -> Standing:  # Any: a joined row
    return Standing(
        entitlement_of(row),
        consent_of(row) if row["c_id"] is not None else None,
        use_of(row) if row["u_id"] is not None else None,
    )


def _values(use: Use) -> dict[str, Any]:  # Any: column values
    asked = use.asked
    return {
        "id": use.id, "contract_id": asked.contract_id, "mode": asked.mode.value,
        "buyer_party_id": asked.buyer_party_id, "caller_subject_id": asked.caller_subject_id,
        "purpose": asked.purpose, "policy_case": asked.policy_case, "subject_token": asked.subject_token,
        "consent_id": asked.consent_id, "takes_single_consent": use.takes_single_consent, "key": asked.key,
        "request_sha256": asked.request_sha256, "state": use.state.value, "version_id": use.version_id,
        "intended_at": use.intended_at, "reason": use.reason, "problem": use.problem, "settled_at": use.settled_at,
    }  # fmt: skip
