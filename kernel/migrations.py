"""Alembic for every service: each service's ``migrations/env.py`` calls ``run``."""

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from kernel.crash_points import reached
from kernel.schema import KERNEL_TABLES


def create_kernel_tables(op: Any) -> None:  # Any: Alembic's operations proxy
    """What each service's first revision begins with."""
    for statement in KERNEL_TABLES:
        op.execute(statement)


def run() -> None:
    """Run the revisions on the connection that ``migrate`` handed over, all in one transaction."""
    from alembic import context  # noqa: PLC0415 - as in _upgrade

    connection: Connection = context.config.attributes["connection"]
    context.configure(
        connection=connection, target_metadata=None, transaction_per_migration=False,
        on_version_apply=lambda **_: reached("migration.between_steps"),
    )  # fmt: skip
    with context.begin_transaction():
        context.run_migrations()


def newest_revision(folder: Path) -> str:
    """The revision a service's database should have; a file's name begins with its revision, e.g. ``0001_uses.py``."""
    return max(path.name.partition("_")[0] for path in (folder / "versions").glob("[0-9]*_*.py"))


async def migrate(engine: AsyncEngine, folder: Path) -> None:
    """Bring a database to the newest revision; when it is there already, one query is all it costs."""
    async with engine.begin() as conn:
        known = await conn.scalar(text("SELECT to_regclass('alembic_version') IS NOT NULL"))
        if known and await conn.scalar(text("SELECT version_num FROM alembic_version")) == newest_revision(folder):
            return
        await conn.run_sync(_upgrade, folder)


def _upgrade(connection: Connection, folder: Path) -> None:
    # Alembic takes a good part of a second to import, and a market that is up to date does not need it.
    from alembic import command  # noqa: PLC0415 - see above
    from alembic.config import Config  # noqa: PLC0415 - see above

    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
