"""Catalog: what is on offer, in which immutable versions, and what is in it."""
