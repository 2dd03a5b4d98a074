"""An Apache Kafka broker of one's own: KRaft mode on Java, its jars resolved by ``deploy/kafka/pom.xml``."""

import asyncio
import fcntl
import shutil
import socket
import subprocess
import uuid
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from kernel.bus import EVENT_BYTES_MAX
from market.backends.tethered import Program, Tethered
from market.complaints import Complaint

ROOT = Path(__file__).resolve().parents[2]
POM = ROOT / "deploy" / "kafka" / "pom.xml"
LIBS = ROOT / "var" / "kafka" / "libs"
RESOLVE_SECONDS_MAX = 600
START_SECONDS_MAX = 120.0
POLL_SECONDS = 0.1
_JAVA = ("-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn")
_PROPERTIES = """\
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
controller.quorum.voters=1@127.0.0.1:{controller_port}
log.dirs={logs}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
log.retention.ms=-1
log.cleaner.dedupe.buffer.size=8388608
message.max.bytes={message_bytes_max}
replica.fetch.max.bytes={message_bytes_max}
"""


class KafkaNotToBeHad(Complaint):
    """No broker can be started here; says what is missing."""


@dataclass
class Kafka:
    """A running broker."""

    address: str
    _program: Program
    _folder: Path

    def environment(self) -> dict[str, str]:
        """What tells a service about it."""
        return {"YAOSU_KAFKA": self.address}

    async def is_alive(self) -> bool:
        """Whether it takes connections."""
        host, _, port = self.address.rpartition(":")
        try:
            async with asyncio.timeout(5):
                _, writer = await asyncio.open_connection(host, int(port))
        except (OSError, TimeoutError):
            return False
        writer.close()
        return True

    def kill(self) -> None:
        """As a crash would."""
        self._program.kill()

    def stop(self) -> None:
        """In good order."""
        self._program.stop()

    def wipe(self) -> None:
        """As a lost disk would: end it and forget everything that it held; ``start`` begins with nothing."""
        self.kill()
        shutil.rmtree(self._folder / "logs")
        _format(_classes(resolved()), self._folder / "server.properties")

    async def start(self) -> None:
        """Start it, on the same data and the same port; returns when it answers."""
        self._program.start()
        ends_at = asyncio.get_running_loop().time() + START_SECONDS_MAX
        while not await self.is_alive():
            if not self._program.lives or asyncio.get_running_loop().time() > ends_at:
                self._program.kill()
                message = f"Kafka does not start on {self._folder}: {self._program.last_words}"
                raise KafkaNotToBeHad(message)
            await asyncio.sleep(POLL_SECONDS)


@asynccontextmanager
async def start_kafka(folder: Path, port: int = 0) -> AsyncIterator[Kafka]:
    """A broker whose data lie in the folder; the port it once took stays its own."""
    libs = await asyncio.to_thread(resolved)
    folder.mkdir(parents=True, exist_ok=True)
    properties, port = _configured(folder, port)
    classes = _classes(libs)
    if not (folder / "logs" / "meta.properties").exists():
        await asyncio.to_thread(_format, classes, properties)
    program = Tethered([*classes, "kafka.Kafka", str(properties)], folder / "kafka.log")
    kafka = Kafka(f"127.0.0.1:{port}", program, folder)
    try:
        await kafka.start()
        yield kafka
    finally:
        await asyncio.to_thread(kafka.stop)


def resolved(libs: Path = LIBS) -> Path:
    """The folder with the broker's jars, resolved at first need; one process resolves, the others wait for it."""
    for program, package in (("java", "openjdk-17-jre-headless"), ("mvn", "maven")):
        if shutil.which(program) is None and not (program == "mvn" and (libs / "whole").exists()):
            message = f"Kafka needs {program}, which is not here; on Debian: apt install {package}"
            raise KafkaNotToBeHad(message)
    libs.mkdir(parents=True, exist_ok=True)
    with (libs.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (libs / "whole").exists() or (libs / "whole").read_text() != POM.read_text():
            _resolve(libs)
            (libs / "whole").write_text(POM.read_text())
    return libs


def _resolve(libs: Path) -> None:
    for jar in libs.glob("*.jar"):
        jar.unlink()
    command = ["mvn", "-q", "-B", "-f", str(POM), "dependency:copy-dependencies", f"-DoutputDirectory={libs}"]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=RESOLVE_SECONDS_MAX, check=False)  # noqa: S603 - a command of ours
    except subprocess.TimeoutExpired as error:
        message = f"Maven did not resolve Kafka's jars in {RESOLVE_SECONDS_MAX} s; is Maven Central reached?"
        raise KafkaNotToBeHad(message) from error
    if ended.returncode:
        message = f"Maven could not resolve Kafka's jars: {(ended.stdout + ended.stderr)[-1000:]}"
        raise KafkaNotToBeHad(message)


def _configured(folder: Path, port: int) -> tuple[Path, int]:
    properties = folder / "server.properties"
    if properties.exists():
        listeners = next(line for line in properties.read_text().splitlines() if line.startswith("listeners="))
        known = int(listeners.split(",")[0].rpartition(":")[2])
        if port in {0, known}:
            return properties, known
    port = port or _free_port()
    properties.write_text(_PROPERTIES.format(
        port=port, controller_port=_free_port(), logs=folder / "logs", message_bytes_max=EVENT_BYTES_MAX,
    ))  # fmt: skip
    return properties, port


def _classes(libs: Path) -> list[str]:
    return ["java", *_JAVA, "-cp", f"{libs}/*"]


def _format(classes: list[str], properties: Path) -> None:
    cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    command = [*classes, "kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(properties)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=START_SECONDS_MAX, check=False)  # noqa: S603 - a command of ours
    if ended.returncode:
        message = f"Kafka's storage cannot be formatted: {(ended.stdout + ended.stderr)[-1000:]}"
        raise KafkaNotToBeHad(message)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
