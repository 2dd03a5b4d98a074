"""Alembic for every service: each service's ``migrations/env.py`` calls ``run``."""

from pathlib import Path
from typing import Any

from alembic import command, context
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from kernel.schema import KERNEL_TABLES


def create_kernel_tables(op: Any) -> None:  # Any: Alembic's operations proxy
    """What each service's first revision begins with."""
    for statement in KERNEL_TABLES:
        op.execute(statement)


def run() -> None:
    """Run the revisions on the connection that ``migrate`` handed over, all in one transaction."""
    connection: Connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=None, transaction_per_migration=False)
    with context.begin_transaction():
        context.run_migrations()


def _config(folder: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


async def migrate(engine: AsyncEngine, folder: Path) -> None:
    """Bring a database to the newest revision; when it is there already, one query is all it costs."""
    head = ScriptDirectory(str(folder)).get_current_head()
    async with engine.begin() as conn:
        known = await conn.scalar(text("SELECT to_regclass('alembic_version') IS NOT NULL"))
        if known and await conn.scalar(text("SELECT version_num FROM alembic_version")) == head:
            return

        def upgrade(connection: Connection) -> None:
            config = _config(folder)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

        await conn.run_sync(upgrade)
