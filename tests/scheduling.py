"""Which tests run in the same process, and which begin first."""

import pytest
from xdist.scheduler import LoadScopeScheduling

STORIES = "tests/journeys/"
RACES = "tests/races/"


class ByFile(LoadScopeScheduling):  # type: ignore[misc]  # xdist ships no types
    """A file's tests share what they set up. Whole stories are long: each is a unit of its own, by what it is told of.

    ``--dist loadgroup`` would do, were its marks not without effect under the newest pytest.
    """

    def _split_scope(self, nodeid: str) -> str:
        file, _, test = nodeid.partition("::")
        if not file.startswith(STORIES):
            return file
        told_of = test.partition("[")[2]
        return f"{file}[{told_of}" if told_of else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByFile:
    """Called when there are several processes."""
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, so that no process waits for the other at the end."""
    items.sort(key=lambda item: (not item.nodeid.startswith(STORIES), not item.nodeid.startswith(RACES)))
