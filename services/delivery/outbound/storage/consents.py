"""Consents in PostgreSQL."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import func, insert, select, update

from delivery.domain.consent import Consent, ConsentState
from delivery.domain.refusals import ConsentAlreadyGiven, ConsentNotFound
from delivery.outbound.storage.rows import CONSENT, consent_of
from delivery.outbound.tables import consents, uses
from kernel.connection import Connection
from kernel.refusals import StateChanged

CONSTRAINTS = {"consent_given_once": ConsentAlreadyGiven}


class SqlConsents:
    """See ``ports.Consents``."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def add(self, consent: Consent, payload_sha256: str) -> None:
        """See the port."""
        values = {
            **asdict(consent.receipt), "id": consent.id, "person_party_id": consent.person_party_id,
            "identity_pseudonym": consent.identity_pseudonym, "key_id": consent.key_id,
            "receipt_text": consent.receipt_text, "receipt_sha256": consent.receipt_sha256,
            "payload_sha256": payload_sha256, "given_at": consent.given_at, "state": consent.state,
        }  # fmt: skip
        self._conn.later(insert(consents), values, CONSTRAINTS)

    async def hold(self, consent_id: str, person_party_id: str) -> Consent:
        """See the port."""
        own = (consents.c.id == consent_id, consents.c.person_party_id == person_party_id)
        row = (await self._conn.execute(select(*CONSENT).where(*own).with_for_update())).mappings().one_or_none()
        if row is None:
            raise ConsentNotFound
        return consent_of(row)

    async def last_used_at(self, consent_id: str) -> datetime | None:
        """See the port."""
        metered = (uses.c.consent_id == consent_id, uses.c.state == "METERED")
        at: datetime | None = await self._conn.scalar(select(func.max(uses.c.settled_at)).where(*metered))
        return at

    async def save_withdrawn(self, consent: Consent) -> None:
        """See the port."""
        given = (consents.c.id == consent.id, consents.c.state == ConsentState.GIVEN)
        values = {"state": consent.state, "withdrawn_at": consent.withdrawn_at}
        if (await self._conn.execute(update(consents).where(*given).values(values))).rowcount != 1:
            raise StateChanged

    async def of_person(self, person_party_id: str, limit: int, after: str) -> list[Consent]:
        """See the port."""
        query = select(*CONSENT).where(consents.c.person_party_id == person_party_id)
        if after:
            query = query.where(consents.c.id < after)
        rows = await self._conn.execute(query.order_by(consents.c.id.desc()).limit(limit))
        return [consent_of(row) for row in rows.mappings()]
