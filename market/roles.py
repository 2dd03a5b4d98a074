"""Each service's database, the role that owns it and the role that uses it: made, and put right where they are not.

The owner migrates and is nobody's login. The service logs in, owns nothing, and may do what its ``GRANTS`` say.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import asyncpg

from kernel.grants import owner_of

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
MODEST = "NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION"
# Passwords here are 256 random bits, which nobody guesses however fast; many rounds would only slow each connection.
SCRAM_ROUNDS = 64
SCRAM_ROUNDS_SINCE = 160_000


@dataclass(frozen=True)
class Wanted:
    """A database by the name of its role, and that role's password; one that the operator gave may be a new one."""

    role: str
    password: str
    is_given: bool = False


async def make_roles(connection: Connection, wanted: list[Wanted]) -> list[str]:
    """Roles and databases that are not there yet; returns the databases that still belong to the service's own role."""
    # Several processes start at once; the lock goes with the connection.
    await connection.execute("SELECT pg_advisory_lock(hashtext('yaosu roles'))")
    await _few_rounds(connection)
    roles = {row["rolname"]: row for row in await connection.fetch(_ROLES)}
    databases = {row["datname"]: row["owner"] for row in await connection.fetch(_DATABASES)}
    for one in wanted:
        await _make_role(connection, one, roles)
        await _make_database(connection, one.role, databases)
    await connection.execute("SELECT pg_advisory_unlock(hashtext('yaosu roles'))")
    return [one.role for one in wanted if databases.get(one.role) == one.role]


async def _few_rounds(connection: Connection) -> None:
    if connection.get_server_version().major * 10_000 >= SCRAM_ROUNDS_SINCE:
        await connection.execute(f"SET scram_iterations = {SCRAM_ROUNDS}")


async def _make_role(connection: Connection, one: Wanted, roles: Mapping[str, asyncpg.Record]) -> None:
    owner = owner_of(one.role)
    if owner not in roles:
        await connection.execute(f"CREATE ROLE {owner} NOLOGIN {MODEST}")
        await connection.execute(f"GRANT {owner} TO CURRENT_USER")
    if one.role not in roles:
        await connection.execute(f"CREATE ROLE {one.role} LOGIN {MODEST} PASSWORD {_literal(one.password)}")
        return
    if roles[one.role]["too_much"]:
        await connection.execute(f"ALTER ROLE {one.role} {MODEST}")
    if one.is_given:
        await connection.execute(f"ALTER ROLE {one.role} PASSWORD {_literal(one.password)}")


def _literal(words: str) -> str:
    return "'" + words.replace("'", "''") + "'"


async def _make_database(connection: Connection, role: str, databases: Mapping[str, str]) -> None:
    if role in databases:
        return
    await connection.execute(f"CREATE DATABASE {role} OWNER {owner_of(role)}")
    await connection.execute(f"REVOKE ALL ON DATABASE {role} FROM PUBLIC")
    await connection.execute(f"GRANT CONNECT ON DATABASE {role} TO {role}")


async def hand_over(connection: Connection, role: str) -> None:
    """In a database made before there were owners: all that the service's role owns goes to the owner."""
    owner = owner_of(role)
    async with connection.transaction():
        await connection.execute(f"REASSIGN OWNED BY {role} TO {owner}")
        await connection.execute(f"ALTER DATABASE {role} OWNER TO {owner}")
        await connection.execute(f"REVOKE ALL ON DATABASE {role} FROM PUBLIC, {role}")
        await connection.execute(f"GRANT CONNECT ON DATABASE {role} TO {role}")


_ROLES = """
    SELECT rolname, rolsuper OR rolbypassrls OR rolcreatedb OR rolcreaterole OR rolreplication AS too_much
    FROM pg_roles"""
_DATABASES = "SELECT datname, pg_get_userbyid(datdba) AS owner FROM pg_database"
