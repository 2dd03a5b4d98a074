"""A folder of its own for each market under test."""

from tests.market.conftest import data

__all__ = ["data"]
