"""What a service may do with its own tables: data beside them, applied after migrating, compared at each start.

Every table and sequence stands in a service's ``GRANTS`` with the verbs that its role gets, written as SQL writes them:
``"SELECT, INSERT, UPDATE (sent_at)"``. What does not stand there, the role may not touch.
"""

import re
from collections.abc import Mapping

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

Grants = Mapping[str, str]
# What is written once and read ever after: no row of it is changed or taken away by the service.
APPEND = "SELECT, INSERT"
CHANGE = "SELECT, INSERT, UPDATE"
# The kernel's own tables, in every service's database.
KERNEL_GRANTS: Grants = {
    "alembic_version": "SELECT",
    "barred_parties": f"{APPEND}, DELETE",
    "clock": CHANGE,
    "dead_letters": f"{APPEND}, UPDATE (state)",
    "heard": f"{APPEND}, UPDATE (version)",
    "idempotency_keys": f"{APPEND}, UPDATE (resource, status, body, media_type)",
    "inbox": APPEND,
    "outbox": f"{APPEND}, UPDATE (sent_at)",
}
BUS_GRANTS: Grants = {"bus_log": APPEND, "bus_places": f"{APPEND}, UPDATE (place)"}
_VERB = re.compile(r"\s*(\w+)\s*(?:\(([^)]*)\))?\s*(?:,|$)")
_EACH = tuple[str, str, str]  # table, verb, column or ""


def owner_of(role: str) -> str:
    """The role that owns what the service's role may only use; nobody logs in as it."""
    return f"{role}_owner"


def whole(grants: Grants) -> Grants:
    """A service's grants with those of the kernel's tables."""
    return {**KERNEL_GRANTS, **grants}


def spelled(grants: Grants) -> set[_EACH]:
    """Each single privilege: the table (with its schema), the verb, and the column when it is for one only."""
    found = set()
    for table, verbs in grants.items():
        name = table if "." in table else f"public.{table}"
        for verb, columns in _VERB.findall(verbs):
            found |= {(name, verb.upper(), column.strip()) for column in columns.split(",")}
    return found


async def apply_grants(engine: AsyncEngine, role: str, grants: Grants) -> None:
    """Give the role what is written and nothing else; when that is so already, one query is all it costs.

    ``engine`` acts as the owner.
    """
    async with engine.begin() as conn:
        if await held(conn, role) == spelled(grants) and not await open_to_all(conn):
            return
        for schema in sorted({name.partition(".")[0] for name, _, _ in spelled(grants)}):
            await conn.exec_driver_sql(f"REVOKE ALL ON SCHEMA {schema} FROM PUBLIC, {role}")
            await conn.exec_driver_sql(f"GRANT USAGE ON SCHEMA {schema} TO {role}")
            for what in ("TABLES", "SEQUENCES"):
                await conn.exec_driver_sql(f"REVOKE ALL ON ALL {what} IN SCHEMA {schema} FROM PUBLIC, {role}")
        for name, verbs in grants.items():
            kind = "SEQUENCE" if verbs == "USAGE" else "TABLE"
            await conn.exec_driver_sql(f"GRANT {verbs} ON {kind} {name} TO {role}")


async def held(conn: "AsyncConnection | asyncpg.Connection[asyncpg.Record]", role: str) -> set[_EACH]:
    """What the role was really granted, itself or as part of everybody, by the server's own catalogue."""
    if isinstance(conn, AsyncConnection):
        rows = (await conn.execute(text(_HELD.replace("$1", ":role")), {"role": role})).all()
    else:
        rows = await conn.fetch(_HELD, role)
    return {(row[0], row[1], row[2]) for row in rows}


async def open_to_all(conn: AsyncConnection) -> bool:
    """Whether everybody may use the public schema, as a new database allows."""
    return bool(await conn.scalar(text(_OPEN)))


_GRANTEES = "a.grantee IN (0, (SELECT oid FROM pg_roles WHERE rolname = CAST($1 AS text)))"
_OURS = "n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg_toast%'"
_HELD = f"""
    SELECT n.nspname || '.' || c.relname, a.privilege_type, ''
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) a
    WHERE {_OURS} AND {_GRANTEES}
    UNION
    SELECT n.nspname || '.' || c.relname, a.privilege_type, t.attname::text
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         JOIN pg_attribute t ON t.attrelid = c.oid, aclexplode(t.attacl) a
    WHERE {_OURS} AND {_GRANTEES}"""  # noqa: S608 - constants of this module
_OPEN = """
    SELECT EXISTS (SELECT FROM pg_namespace n, aclexplode(n.nspacl) a WHERE n.nspname = 'public' AND a.grantee = 0)"""
