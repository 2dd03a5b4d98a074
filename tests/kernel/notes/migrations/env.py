"""Runs the revisions of the notes service."""

from kernel.migrations import run

run()
