"""Profiles and sketches of real bytes: plain functions on files, run in a process of their own."""

from catalog.outbound.profiling.models import profile_model
from catalog.outbound.profiling.sketches import sketch_model, sketch_table
from catalog.outbound.profiling.tables import profile_table

__all__ = ["profile_model", "profile_table", "sketch_model", "sketch_table"]
