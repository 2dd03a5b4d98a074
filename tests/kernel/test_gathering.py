"""Transactions that share a commit: all of them or each by itself, and each is told only of its own."""

import asyncio
from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from kernel.gathering import Gathering
from kernel.statements import Said
from tests.conftest import Running, StartService


@pytest.fixture
async def notes(service: StartService, monkeypatch: pytest.MonkeyPatch) -> Running:
    """The notes service."""
    monkeypatch.syspath_prepend("tests/kernel")
    return await service("notes")


class Table:
    """Takes each number once, as an index does; slow enough that others come meanwhile."""

    def __init__(self) -> None:
        self.kept: list[int] = []
        self.trips: list[int] = []

    async def one(self, what: Said) -> None:
        await self.many(what.sql, [what.arguments])

    async def many(self, _sql: str, arguments: Sequence[Sequence[Any]]) -> None:
        self.trips.append(len(arguments))
        await asyncio.sleep(0)
        numbers = [each[0] for each in arguments]
        if set(numbers) & set(self.kept) or len(set(numbers)) < len(numbers):
            raise IntegrityError(str(numbers), None, Exception())
        self.kept += numbers


async def _sent(table: Table, numbers: Sequence[int], at_most: int = 32) -> list[bool]:
    gathering = Gathering(table.one, table.many, at_most)
    sent = (gathering.send(Said("INSERT", (number,), touches=True)) for number in numbers)
    return [outcome is None for outcome in await asyncio.gather(*sent, return_exceptions=True)]


async def test_what_comes_while_one_is_under_way_shares_the_next_commit() -> None:
    table = Table()
    assert all(await _sent(table, range(10)))
    assert table.trips == [10]
    assert sorted(table.kept) == list(range(10))


async def test_a_bad_one_spoils_no_other() -> None:
    table = Table()
    assert await _sent(table, [1, 2, 2, 3]) == [True, True, False, True]
    assert table.kept == [1, 2, 3]


async def test_a_lot_has_a_limit_and_one_means_a_commit_each() -> None:
    table, alone = Table(), Table()
    assert all(await _sent(table, range(10), at_most=4))
    assert table.trips == [4, 4, 2]
    assert all(await _sent(alone, range(5), at_most=1))
    assert alone.trips == [1] * 5


async def test_requests_at_once_share_commits_and_each_gets_its_own_answer(
    notes: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    lots: list[int] = []
    send = Gathering._send_lot

    async def counted(self: Gathering, sql: str, lot: Any) -> None:
        lots.append(len(lot))
        await send(self, sql, lot)

    monkeypatch.setattr(Gathering, "_send_lot", counted)
    writer = notes.client_for("pty_a", "writer")

    async def keep(turn: int) -> httpx.Response:
        # Every fifth comes twice under one key, the second time with other words: refused, and nobody else is.
        key = f"k{turn - turn % 5}" if turn % 5 == 1 else f"k{turn}"
        return await writer.post("/notes", json={"words": f"w{turn}"}, headers={"Idempotency-Key": key})

    answers = await asyncio.gather(*(keep(turn) for turn in range(40)))
    kept = [answer for answer in answers if answer.status_code == 201]
    refused = [answer for answer in answers if answer.status_code != 201]
    assert len(kept) == 32
    assert {answer.json()["type"] for answer in refused} == {"/problems/key-reused"}
    assert max(lots) > 1
    async with notes.given.database.transaction() as conn:
        words = set((await conn.scalars(text("SELECT words FROM note"))).all())
    assert words == {answer.json()["words"] for answer in kept}
