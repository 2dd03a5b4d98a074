"""A folder of its own for each market whose story is told."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.market.process import folder_for_a_market


@pytest.fixture
def data(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where a market may put its data; it writes no trust file into the user's home."""
    with folder_for_a_market() as folder:
        monkeypatch.setenv("XDG_CONFIG_HOME", str(folder.with_name("home")))
        yield folder
