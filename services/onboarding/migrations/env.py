"""Alembic's way in."""

from kernel.migrations import run

run()
