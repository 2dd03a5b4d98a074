"""Alembic's entry; the kernel runs the revisions."""

from kernel.migrations import run

run()
