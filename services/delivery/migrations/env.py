"""Runs delivery's revisions."""

from kernel.migrations import run

run()
