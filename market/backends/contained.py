"""PostgreSQL, Kafka and SeaweedFS in containers, behind the same interface as those from packages."""

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import asyncpg
from sqlalchemy.engine import URL

from kernel.secret_files import OWNER_ONLY_FOLDER, made_once, replaced
from market.backends.containers import HOST, Contained, ContainersNotToBeHad, Definition
from market.backends.kafka import Kafka
from market.backends.seaweed import Seaweed
from market.postgres import Server, password_of

POSTGRES_PORT, KAFKA_PORT, S3_PORT = 5432, 9092, 8333
START_SECONDS_MAX = 120.0
POLL_SECONDS = 0.2


@dataclass
class ContainedKafka(Kafka):
    """A broker in a container."""

    contained: Contained

    async def is_alive(self) -> bool:
        """See ``Kafka``; the engine itself takes connections before the broker does, so its word is asked too."""
        return await asyncio.to_thread(lambda: self.contained.is_healthy) and await super().is_alive()

    def wipe(self) -> None:
        """See ``Kafka``; the image formats an empty volume by itself."""
        self.kill()
        self.contained.forget()


@dataclass
class ContainedPostgres(Server):
    """A PostgreSQL in a container."""

    contained: Contained = field(kw_only=True)

    def close(self) -> None:
        """Stop it."""
        self.contained.stop()

    async def start(self) -> None:
        """Start it, on the same data and the same port; returns when it answers."""
        await asyncio.to_thread(self.contained.start)
        ends_at = asyncio.get_running_loop().time() + START_SECONDS_MAX
        while not await self._answers():
            if not self.contained.lives or asyncio.get_running_loop().time() > ends_at:
                message = f"PostgreSQL does not start in its container: {self.contained.last_words}"
                self.contained.kill()
                raise ContainersNotToBeHad(message)
            await asyncio.sleep(POLL_SECONDS)

    async def _answers(self) -> bool:
        try:
            connection = await self.connect()
        except (OSError, asyncpg.PostgresError, TimeoutError):
            return False
        await connection.close()
        return True


async def start_postgres(folder: Path, secret: bytes) -> Server:
    """A server whose data lie in a volume of its own; only its port and password stay in the folder."""
    port, password = _port_of(folder), password_of("postgres", secret)
    _secret_file(folder / "postgres.password", password)
    contained = Contained(Definition.of("postgres"), folder, POSTGRES_PORT, port)
    admin = URL.create("postgresql", username="postgres", password=password, host=HOST, port=port, database="postgres")
    server = ContainedPostgres(admin, secret, contained=contained)
    await server.start()
    return server


@asynccontextmanager
async def start_kafka(folder: Path) -> AsyncIterator[Kafka]:
    """A broker that says the machine's own port of itself."""
    port, given = _port_of(folder), Definition.of("kafka")
    told = {**given.environment, "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://{HOST}:{port}"}
    contained = Contained(replace(given, environment=told), folder, KAFKA_PORT, port)
    kafka = ContainedKafka(f"{HOST}:{port}", contained, folder, contained)
    try:
        await kafka.start()
        yield kafka
    finally:
        await asyncio.to_thread(kafka.stop)


@asynccontextmanager
async def start_seaweed(folder: Path) -> AsyncIterator[Seaweed]:
    """An object store with a key of its own."""
    port = _port_of(folder)
    key, secret = (_secret_file(folder / name, secrets.token_hex(20)) for name in ("objects.key", "objects.secret"))
    contained = Contained(Definition.of("seaweedfs"), folder, S3_PORT, port)
    seaweed = Seaweed(f"{HOST}:{port}", key, secret, contained, folder)
    try:
        await seaweed.start()
        yield seaweed
    finally:
        await asyncio.to_thread(seaweed.stop)


def _port_of(folder: Path) -> int:
    """The port that it once took stays its own."""
    return int(made_once(folder / "port", lambda: str(_free_port()).encode()))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _secret_file(path: Path, content: str) -> str:
    """Nobody but the owner may enter the folder; in the container the file is read by another user."""
    path.parent.chmod(OWNER_ONLY_FOLDER)
    if not path.exists():
        replaced(path, content.encode(), mode=0o644)
    return path.read_text()
