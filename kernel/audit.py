"""Checkers: each looks in live data for violations of one promise."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlalchemy import text

from kernel.connection import Connection

VIOLATIONS_SHOWN_MAX = 20


@dataclass(frozen=True)
class Checker:
    """One promise of one service, how it is checked, and the test that proves the check can fail."""

    promise: str
    statement: str
    planted_by: str
    find: Callable[[Connection], Awaitable[list[str]]]


def none_of(sql: str) -> Callable[[Connection], Awaitable[list[str]]]:
    """A check that a query finds no row; each row found is written out as a violation."""

    async def find(conn: Connection) -> list[str]:
        rows = (await conn.execute(text(sql))).mappings().fetchmany(VIOLATIONS_SHOWN_MAX)
        return [", ".join(f"{name}={value}" for name, value in row.items()) for row in rows]

    return find
