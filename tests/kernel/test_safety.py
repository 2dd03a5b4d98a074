"""A service starts only as a role that can do no more than is written, on a server that keeps what it acknowledges."""

import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
from sqlalchemy import text

from kernel.database import Database
from kernel.grants import BUS_GRANTS, Grants, spelled, whole
from kernel.safety import Unsafe, prove_safe
from market.postgres import Server
from market.roster import SERVICES
from tests.conftest import Running, StartService

ROLE = "yaosu_evidence"
PLANTED = {
    "an extra verb": ("GRANT DELETE ON checkpoints TO {role}", "may DELETE public.checkpoints, which is not written"),
    "an extra column": ("GRANT UPDATE (payload) ON outbox TO {role}", "may UPDATE public.outbox.payload"),
    "a verb that truncates": ("GRANT TRUNCATE ON outbox TO {role}", "its role can empty its outbox"),
    "a verb for everybody": ("GRANT UPDATE ON nodes TO PUBLIC", "its role can change nodes"),
    "a deleting hand": ("GRANT DELETE ON inbox TO {role}", "its role can delete from inbox"),
    "a verb that is missing": (
        "REVOKE INSERT ON deposits FROM {role}",
        "may not INSERT public.deposits",
    ),
    "room for tables": ("GRANT CREATE ON SCHEMA public TO {role}", "its role can make tables"),
    "a table of its own": ("ALTER TABLE nodes OWNER TO {role}", "its role owns nodes"),
    "temporary tables": ("GRANT TEMPORARY ON DATABASE {database} TO {role}", "may make schemas or temporary tables"),
}
PLANTED_ROLES = {
    "a superuser": ("ALTER ROLE {role} SUPERUSER", "ALTER ROLE {role} NOSUPERUSER", "is a superuser"),
    "over row security": ("ALTER ROLE {role} BYPASSRLS", "ALTER ROLE {role} NOBYPASSRLS", "passes over row security"),
    "a maker of roles": ("ALTER ROLE {role} CREATEROLE", "ALTER ROLE {role} NOCREATEROLE", "can make roles"),
    "a runner of programs": (
        "GRANT pg_read_server_files, pg_execute_server_program TO {role}",
        "REVOKE pg_read_server_files, pg_execute_server_program FROM {role}",
        "its role can run programs on the server",
    ),
    "its own owner": ("CREATE ROLE {role}_owner; GRANT {role}_owner TO {role}", "DROP ROLE {role}_owner", "belongs to"),
}  # fmt: skip


def grants_of(service: str) -> Grants:
    """What is written beside the tables; a test's database holds the bus too."""
    return {**whole(importlib.import_module(f"{service}.bootstrap").GRANTS), **BUS_GRANTS}


async def reasons(running: Running, *, may_lose_data: bool = True) -> list[str]:
    """Why the service would not start."""
    try:
        await prove_safe(running.database, grants_of(running.service.name), may_lose_data=may_lose_data)
    except Unsafe as refused:
        return refused.reasons
    return []


async def plant(running: Running, statements: str) -> None:
    """Change something as the administrator."""
    names = {"role": f"yaosu_{running.service.name}", "database": running.database.url.database}
    async with running.given.database.transaction() as conn:
        for statement in statements.split("; "):
            await conn.exec_driver_sql(statement.format(**names))


@pytest.mark.parametrize("name", SERVICES)
async def test_each_service_may_do_what_is_written_and_nothing_is_left_unwritten(
    service: StartService, name: str
) -> None:
    running = await service(name)
    assert await reasons(running) == []
    async with running.given.database.transaction() as conn:
        tables = set((await conn.scalars(text(TABLES))).all())
    assert tables == {table for table, _, _ in spelled(grants_of(name))}


TABLES = """
    SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
      AND (c.relkind IN ('r', 'p', 'v', 'm') OR c.relkind = 'S' AND NOT EXISTS (
          SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'i'))"""


@pytest.mark.parametrize("name", PLANTED)
async def test_a_role_that_may_do_more_or_less_is_found(service: StartService, name: str) -> None:
    statement, reason = PLANTED[name]
    evidence = await service("evidence")
    await plant(evidence, statement)
    found = await reasons(evidence)
    assert any(reason in one for one in found), found


@asynccontextmanager
async def for_a_while(running: Running, begin: str, end: str) -> AsyncIterator[None]:
    """Roles belong to the whole server: whatever is planted is taken away again."""
    await plant(running, begin)
    try:
        yield
    finally:
        await plant(running, end)


@pytest.mark.parametrize("name", PLANTED_ROLES)
async def test_a_role_with_powers_over_the_server_is_found(service: StartService, name: str) -> None:
    begin, end, reason = PLANTED_ROLES[name]
    evidence = await service("evidence")
    async with for_a_while(evidence, begin, end):
        found = await reasons(evidence)
    assert any(reason in one for one in found), found
    assert await reasons(evidence) == []


async def test_a_service_that_may_enter_another_ones_database_is_found(service: StartService, postgres: Server) -> None:
    evidence = await service("evidence")
    connection = await postgres.connect()
    try:
        await connection.execute("CREATE DATABASE yaosu_left_open")
        assert await reasons(evidence) == ["its role may enter the database yaosu_left_open"]
        await connection.execute("REVOKE ALL ON DATABASE yaosu_left_open FROM PUBLIC")
        assert await reasons(evidence) == []
    finally:
        await connection.execute("DROP DATABASE yaosu_left_open")
        await connection.close()


async def test_a_server_that_may_lose_what_it_acknowledged_is_refused_unless_it_is_meant(service: StartService) -> None:
    evidence = await service("evidence")
    found = await reasons(evidence, may_lose_data=False)
    assert [one.split()[2] for one in found] == ["fsync", "full_page_writes", "synchronous_commit"]


@pytest.mark.parametrize("password", ["postgres", ROLE, "changeme"])
async def test_a_password_that_is_guessed_first_is_refused(service: StartService, password: str) -> None:
    evidence = await service("evidence")
    await plant(evidence, f"ALTER ROLE {ROLE} PASSWORD '{password}'")
    weak = evidence.database.url.set(password=password)
    database = Database(weak.render_as_string(hide_password=False), name="evidence")
    try:
        with pytest.raises(Unsafe, match="password is one that is guessed first"):
            await prove_safe(database, grants_of("evidence"), may_lose_data=True)
    finally:
        await plant(evidence, f"ALTER ROLE {ROLE} PASSWORD '{evidence.database.url.password}'")
        await database.close()


async def test_what_is_tried_leaves_no_trace(service: StartService) -> None:
    evidence = await service("evidence")
    async with for_a_while(evidence, "ALTER ROLE {role} SUPERUSER", "ALTER ROLE {role} NOSUPERUSER"):
        assert "its role can make tables" in await reasons(evidence)
    connection = await evidence.given.database.dedicated()
    try:
        assert await connection.fetchval("SELECT to_regclass('made_by_a_service')") is None
        assert not await connection.fetchval("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = 'made_by_a_service')")
        with pytest.raises(asyncpg.UndefinedColumnError):
            await connection.execute("SELECT made_by_a_service FROM outbox")
    finally:
        await connection.close()


WRITTEN_ONCE = {
    "trading": ("postings", "ledger_transactions", "payer.instructions"),
    "evidence": ("nodes", "checkpoints"),
    "pledge": ("payments", "history", "incomes", "bookings"),
    "rights": ("reports", "contents", "barred_references"),
    "catalog": ("ceiling_prices", "derivations", "supplies"),
    "delivery": ("cohort_populations",),
    "onboarding": ("clock_setting",),
}


@pytest.mark.parametrize("name", WRITTEN_ONCE)
async def test_what_was_written_once_the_service_itself_cannot_change_or_remove(
    service: StartService, name: str
) -> None:
    running = await service(name)
    outbox = ("UPDATE outbox SET payload = ''", "UPDATE outbox SET aggregate_id = 'x'", "DELETE FROM outbox")
    for table in (*WRITTEN_ONCE[name], "inbox"):
        for verb in ("DELETE FROM {}", "TRUNCATE {} CASCADE", "SELECT FROM {} FOR UPDATE", "DROP TABLE {}"):
            await denied(running, verb.format(table))
    for statement in (*outbox, "TRUNCATE outbox", "ALTER TABLE outbox DISABLE TRIGGER ALL"):
        await denied(running, statement)
    async with running.database.transaction() as conn:
        await conn.execute(text("UPDATE outbox SET sent_at = now()"))


async def denied(running: Running, statement: str) -> None:
    """The service's own role may not."""
    connection = await running.database.dedicated()
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    finally:
        await connection.close()
