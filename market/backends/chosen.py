"""The real servers under a stack and under the tests, as ``YAOSU_BACKENDS`` says: from packages, or in containers."""

from contextlib import AbstractAsyncContextManager
from pathlib import Path
from types import ModuleType

from market import postgres
from market.backends import kafka, seaweed
from market.backends.kafka import Kafka
from market.backends.seaweed import Seaweed
from market.complaints import Complaint
from market.postgres import Server
from market.settings import MarketSettings

CONTAINERS = "containers"


class TestcontainersMissing(Complaint):
    """Servers are wanted in containers, and what starts containers is not installed."""


async def start_postgres(folder: Path, secret: bytes) -> Server:
    """The one that ``YAOSU_DATABASE_URL`` names, else one on the folder."""
    settings = MarketSettings()
    if settings.backends == CONTAINERS and not settings.database_url:
        started: Server = await _contained().start_postgres(folder, secret)
        return started
    return await postgres.start_postgres(folder, secret)


def start_kafka(folder: Path) -> AbstractAsyncContextManager[Kafka]:
    """A broker on the folder."""
    if MarketSettings().backends == CONTAINERS:
        starting: AbstractAsyncContextManager[Kafka] = _contained().start_kafka(folder)
        return starting
    return kafka.start_kafka(folder)


def start_seaweed(folder: Path) -> AbstractAsyncContextManager[Seaweed]:
    """An object store on the folder."""
    if MarketSettings().backends == CONTAINERS:
        starting: AbstractAsyncContextManager[Seaweed] = _contained().start_seaweed(folder)
        return starting
    return seaweed.start_seaweed(folder)


def _contained() -> ModuleType:
    """Only who wants containers needs what starts them; it is among the developers' packages."""
    try:
        from market.backends import contained  # noqa: PLC0415 - see above
    except ImportError as error:
        message = f"YAOSU_BACKENDS=containers needs testcontainers and PyYAML: make setup-dev ({error})"
        raise TestcontainersMissing(message) from error
    return contained
