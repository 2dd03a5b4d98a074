"""Small things every service's storage needs: a change that must hit one row, broken constraints as refusals."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Table, update
from sqlalchemy.exc import IntegrityError

from kernel.connection import Connection
from kernel.refusals import Refusal, StateChanged


async def change(
    conn: Connection,
    table: Table,
    *,
    key: Mapping[str, Any],
    version: int,
    values: Mapping[str, Any],  # Any: column values
) -> None:
    """Update the one row of this key and version, raising its version by one; refused when it is no longer so."""
    statement = update(table).values(**values, version=version + 1).where(table.c.version == version)
    for column, value in key.items():
        statement = statement.where(table.c[column] == value)
    if (await conn.execute(statement)).rowcount != 1:
        raise StateChanged


@asynccontextmanager
async def refusing(constraints: Mapping[str, type[Refusal]], **facts: Any) -> AsyncIterator[None]:  # Any: JSON values
    """Turn a broken constraint into the refusal it stands for, by the constraint's name."""
    try:
        yield
    except IntegrityError as error:
        name = str(getattr(getattr(error.orig, "__cause__", None), "constraint_name", ""))
        if name in constraints:
            raise constraints[name](**facts) from error
        raise
