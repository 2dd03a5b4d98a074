"""A service's role owns nothing and enters one database; what older markets owned is handed over, and goes on."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text

from evidence.outbound.tables import GRANTS
from kernel.database import Database
from kernel.grants import apply_grants, whole
from kernel.migrations import migrate
from kernel.safety import prove_safe
from market.postgres import Server

NAMES = ("alpha", "beta")
MIGRATIONS = Path(__file__).parents[2] / "services" / "evidence" / "migrations"


@pytest.fixture
async def server(postgres: Server) -> AsyncIterator[Server]:
    """The run's server, without the databases of these tests."""
    yield postgres
    connection = await postgres.connect()
    for name in NAMES:
        await connection.execute(f"DROP DATABASE IF EXISTS yaosu_{name} WITH (FORCE)")
        await connection.execute(f"DROP ROLE IF EXISTS yaosu_{name}")
        await connection.execute(f"DROP ROLE IF EXISTS yaosu_{name}_owner")
    await connection.close()


async def made_ready(server: Server, name: str) -> Database:
    """The database as a start of the market leaves it, under the service's role."""
    await server.create(NAMES)
    as_owner = server.as_owner(name)
    await migrate(as_owner.engine, MIGRATIONS)
    await apply_grants(as_owner.engine, f"yaosu_{name}", whole(GRANTS))
    await as_owner.close()
    return Database(server.url_of(name), name=name, pool_connections=1)


async def test_a_new_database_passes_the_proof_and_may_be_made_ready_again(server: Server) -> None:
    for _ in range(2):
        database = await made_ready(server, "alpha")
        await prove_safe(database, whole(GRANTS), may_lose_data=True)
        await database.close()


async def test_a_service_enters_no_other_services_database(server: Server) -> None:
    await server.create(NAMES)
    own = Database(server.url_of("alpha"), name="alpha")
    await (await own.dedicated()).close()
    other = own.url.set(database="yaosu_beta").render_as_string(hide_password=False)
    for closed in (other, own.url.set(database="postgres").render_as_string(hide_password=False)):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await Database(closed, name="alpha").dedicated()


async def test_the_markets_own_server_asks_everybody_for_a_password(server: Server) -> None:
    await server.create(NAMES)
    for role in ("yaosu_alpha", "postgres"):
        url = server.admin.set(drivername="postgresql+asyncpg", username=role, password="guessed")
        with pytest.raises(asyncpg.InvalidPasswordError):
            await Database(url.render_as_string(hide_password=False), name="stranger").dedicated()


async def test_nobody_logs_in_as_the_owner(server: Server) -> None:
    await server.create(NAMES)
    url = server.admin.set(drivername="postgresql+asyncpg", username="yaosu_alpha_owner", database="yaosu_alpha")
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
        await Database(url.render_as_string(hide_password=False), name="stranger").dedicated()


async def test_a_database_that_belonged_to_its_service_is_handed_over_with_what_is_in_it(server: Server) -> None:
    connection = await server.connect()
    await connection.execute(f"CREATE ROLE yaosu_alpha LOGIN CREATEDB PASSWORD '{server._password('yaosu_alpha')}'")
    await connection.execute("CREATE DATABASE yaosu_alpha OWNER yaosu_alpha")
    await connection.execute("REVOKE ALL ON DATABASE yaosu_alpha FROM PUBLIC")
    await connection.close()
    before = Database(server.url_of("alpha"), name="alpha", pool_connections=1)
    await migrate(before.engine, MIGRATIONS)
    async with before.transaction() as conn:
        await conn.execute(text("INSERT INTO clock (business_at, machine_at) VALUES (now(), now())"))
    await before.close()

    database = await made_ready(server, "alpha")
    await prove_safe(database, whole(GRANTS), may_lose_data=True)
    async with database.transaction() as conn:
        assert await conn.scalar(text("SELECT count(*) FROM clock")) == 1
    with pytest.raises(Exception, match="permission denied for table checkpoints"):
        async with database.transaction() as conn:
            await conn.execute(text("DELETE FROM checkpoints"))
    await database.close()


async def test_without_an_administrator_nothing_is_made(server: Server) -> None:
    plain = Server(server.admin._replace(username=None, password=None), server.secret)
    await plain.create(["alpha"])
    connection = await server.connect()
    assert await connection.fetch("SELECT rolname FROM pg_roles WHERE rolname LIKE 'yaosu_alpha%'") == []
    await connection.close()
