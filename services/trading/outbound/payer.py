"""The licensed payer, and the built-in one: a simulated bank whose callbacks come twice, late or never, by its seed."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import TextClause, text

from kernel.calendar import SHANGHAI
from kernel.canonical import canonical
from kernel.connection import Connection
from kernel.database import Database
from kernel.money import PPM
from kernel.refusals import Conflict
from kernel.sealing import Sealer
from kernel.signatures import (
    SignatureInvalid,
    key_from,
    new_key,
    private_bytes,
    public_jwk,
    sign_compact,
    verify_compact,
)  # fmt: skip
from trading.domain.payments import BankLine, Direction, Instruction, Notice

NOTICE_TYPE = "yaosu-payer-notice"


class InstructionChanged(Conflict):
    """The payer knows this reference with another amount or account. A reference names one instruction for ever."""

    zh = "支付机构已有同一参考号但金额或账户不同的指令。一个参考号只对应一条指令。"


class SupervisedAccountShort(Conflict):
    """The supervised account does not hold so much. Check the ledger against the payer's statement at once."""

    zh = "监管账户余额不足。请立即核对账本与支付机构对账单。"


@dataclass(frozen=True)
class Misbehaviour:
    """Which callbacks come twice, late or never. The seed and the instruction's number decide."""

    seed: int = 1
    twice_ppm: int = 0
    late_ppm: int = 0
    never_ppm: int = 0
    late_seconds: float = 1.0
    silent_numbers: frozenset[int] = field(default=frozenset())

    def delays(self, number: int) -> list[float]:
        """After how many seconds each callback of this instruction is sent; none at all: never."""
        if number in self.silent_numbers or self._draw("never", number) < self.never_ppm:
            return []
        first = self.late_seconds if self._draw("late", number) < self.late_ppm else 0.0
        return [first, first] if self._draw("twice", number) < self.twice_ppm else [first]

    def _draw(self, what: str, number: int) -> int:
        digest = hashlib.sha256(f"{self.seed}/{what}/{number}".encode()).digest()
        return int.from_bytes(digest[:8]) % PPM


class SimulatedBank:
    """See ``ports.Payer``. It does at once what it is told, keeps its own books, and speaks when it likes."""

    def __init__(self, database: Database, sealer: Sealer, misbehaviour: Misbehaviour) -> None:
        self._database, self._sealer, self.misbehaviour = database, sealer, misbehaviour

    async def instruct(self, instruction: Instruction) -> None:
        """Book it, once for each reference."""
        values = {
            "reference": instruction.reference, "direction": instruction.direction.value,
            "account": instruction.account, "amount_fen": instruction.amount_fen,
        }  # fmt: skip
        async with self._database.transaction() as conn:
            # One at a time: the balance is looked at and then spent.
            await conn.execute(text("SELECT pg_advisory_xact_lock(hashtext('payer'))"))
            known = (await conn.execute(_KNOWN, values)).one_or_none()
            if known is not None:
                if (known.direction, known.account, known.amount_fen) != (
                    instruction.direction.value, instruction.account, instruction.amount_fen,
                ):  # fmt: skip
                    raise InstructionChanged(reference=instruction.reference)
                return
            credit, debit = await self._totals(conn)
            if instruction.direction is Direction.PAY_OUT and credit - debit < instruction.amount_fen:
                raise SupervisedAccountShort(amount_fen=instruction.amount_fen)
            number = int(await conn.scalar(_BOOK, values) or 0)
            for delay in self.misbehaviour.delays(number):
                await conn.execute(_CALL_BACK, {"reference": instruction.reference, "seconds": delay})

    async def ask(self, reference: str) -> Notice | None:
        """What became of it."""
        async with self._database.transaction() as conn:
            row = (await conn.execute(_KNOWN, {"reference": reference})).one_or_none()
        return Notice(reference, Direction(row.direction), row.amount_fen, "DONE") if row else None

    async def read(self, notice: str) -> Notice:
        """A notice whose signature is the bank's."""
        async with self._database.transaction() as conn:
            key = await self._key(conn)
        payload = verify_compact(notice, public_jwk(key_from(key)), NOTICE_TYPE)
        try:
            told = json.loads(payload)
            return Notice(
                str(told["reference"]), Direction(told["direction"]), int(told["amount_fen"]), str(told["outcome"])
            )
        except (ValueError, KeyError, TypeError) as error:
            raise SignatureInvalid from error

    async def due(self, limit: int) -> Sequence[tuple[int, str]]:
        """Callbacks whose time has come, signed."""
        async with self._database.transaction() as conn:
            rows = (await conn.execute(_DUE, {"limit": limit})).all()
            if not rows:
                return []
            key = key_from(await self._key(conn))
        return [(row.callback_id, sign_compact(_notice(row), key, "payer", NOTICE_TYPE)) for row in rows]

    async def delivered(self, callback_id: int) -> None:
        """The callback was taken in."""
        async with self._database.transaction() as conn:
            await conn.execute(_DELIVERED, {"callback_id": callback_id})

    async def lines(self, after: int, limit: int) -> Sequence[BankLine]:
        """The statement, oldest first."""
        return await self._read_lines(_LINES, {"after": after, "limit": limit})

    async def lines_of(self, references: Sequence[str]) -> Sequence[BankLine]:
        """The lines that carry these references."""
        return await self._read_lines(_LINES_OF, {"references": list(references)})

    async def _read_lines(self, query: TextClause, values: dict[str, object]) -> list[BankLine]:
        async with self._database.transaction() as conn:
            rows = (await conn.execute(query, values)).all()
        return [
            BankLine(row.number, row.reference, Direction(row.direction), row.account, row.amount_fen,
                     row.booked_at.astimezone(SHANGHAI))
            for row in rows
        ]  # fmt: skip

    async def totals(self) -> tuple[int, int]:
        """All that came in and all that went out."""
        async with self._database.transaction() as conn:
            return await self._totals(conn)

    async def _totals(self, conn: Connection) -> tuple[int, int]:
        row = (await conn.execute(_TOTALS)).one()
        return int(row.credit), int(row.debit)

    async def _key(self, conn: Connection) -> bytes:
        sealed = await conn.scalar(_KEY)
        if sealed is None:
            await conn.execute(_ADD_KEY, {"sealed": self._sealer.seal(private_bytes(new_key()))})
            sealed = await conn.scalar(_KEY)
        return self._sealer.unseal(sealed)


def _notice(row: object) -> bytes:
    return canonical({
        "reference": row.reference, "direction": row.direction, "amount_fen": row.amount_fen, "outcome": "DONE",  # type: ignore[attr-defined]  # a row
    })  # fmt: skip


_KNOWN = text("SELECT direction, account, amount_fen FROM payer.instructions WHERE reference = :reference")
_BOOK = text("""
    INSERT INTO payer.instructions (reference, direction, account, amount_fen, booked_at)
    VALUES (:reference, :direction, :account, :amount_fen,
            now() + COALESCE((SELECT business_at - machine_at FROM clock), interval '0')) RETURNING number""")
_CALL_BACK = text("""
    INSERT INTO payer.callbacks (reference, due_at) VALUES (:reference, now() + make_interval(secs => :seconds))""")
_DUE = text("""
    SELECT callback_id, reference, direction, amount_fen
    FROM payer.callbacks JOIN payer.instructions USING (reference)
    WHERE delivered_at IS NULL AND due_at <= now() ORDER BY callback_id LIMIT :limit""")
_DELIVERED = text("UPDATE payer.callbacks SET delivered_at = now() WHERE callback_id = :callback_id")
_LINES = text("""
    SELECT number, reference, direction, account, amount_fen, booked_at FROM payer.instructions
    WHERE number > :after ORDER BY number LIMIT :limit""")
_LINES_OF = text("""
    SELECT number, reference, direction, account, amount_fen, booked_at FROM payer.instructions
    WHERE reference = ANY(CAST(:references AS text[])) ORDER BY number""")
_TOTALS = text("""
    SELECT COALESCE(sum(amount_fen) FILTER (WHERE direction = 'COLLECT'), 0) AS credit,
           COALESCE(sum(amount_fen) FILTER (WHERE direction = 'PAY_OUT'), 0) AS debit FROM payer.instructions""")
_KEY = text("SELECT sealed_private FROM payer.keys")
_ADD_KEY = text("INSERT INTO payer.keys (sealed_private) VALUES (:sealed) ON CONFLICT DO NOTHING")
