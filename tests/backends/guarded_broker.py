"""A real Kafka broker over TLS that asks for a password and allows nothing by itself; for tests of who may do what."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from kernel.kafka_login import MECHANISM, BrokerLogin
from market.backends.kafka import KafkaNotToBeHad, resolved
from market.roster import SERVICES
from tests.conftest import need
from tests.market.process import free_port

ADMINISTRATOR = "administrator"
PASSWORD = "a password of the test broker"
AUTHORITY = "authority.pem"
START_SECONDS_MAX = 90.0
POLL_SECONDS = 0.3


def settings(folder: Path, port: int, controller: int) -> str:
    """One node that is broker and controller; only the controller's own link goes without a password."""
    own = f'username="{ADMINISTRATOR}" password="{PASSWORD}"'
    login = "org.apache.kafka.common.security.scram.ScramLoginModule required"
    return "\n".join([
        "process.roles=broker,controller", "node.id=1", f"controller.quorum.voters=1@127.0.0.1:{controller}",
        f"listeners=GUARDED://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}",
        f"advertised.listeners=GUARDED://127.0.0.1:{port}",
        "listener.security.protocol.map=GUARDED:SASL_SSL,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name=GUARDED", "controller.listener.names=CONTROLLER",
        "ssl.keystore.type=PEM", f"ssl.keystore.location={folder}/broker.pem",
        "ssl.truststore.type=PEM", f"ssl.truststore.location={folder}/{AUTHORITY}",
        f"sasl.enabled.mechanisms={MECHANISM}", f"sasl.mechanism.inter.broker.protocol={MECHANISM}",
        f"listener.name.guarded.{MECHANISM.lower()}.sasl.jaas.config={login} {own};",
        "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        f"super.users=User:{ADMINISTRATOR};User:ANONYMOUS", "allow.everyone.if.no.acl.found=false",
        "offsets.topic.replication.factor=1", "transaction.state.log.replication.factor=1",
        "transaction.state.log.min.isr=1", "auto.create.topics.enable=false",
        "group.initial.rebalance.delay.ms=0", f"log.dirs={folder}/data",
    ])  # fmt: skip


def certify(folder: Path) -> None:
    """A certificate for this machine's own address, which is its own authority."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "broker")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
        .public_bytes(Encoding.PEM)
    )
    (folder / AUTHORITY).write_bytes(certificate)
    (folder / "broker.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + certificate
    )


@contextmanager
def guarded_broker(folder: Path) -> Iterator[BrokerLogin]:
    """Start it with a user for each service; nothing is left running."""
    try:
        jars = resolved()
    except KafkaNotToBeHad as error:
        need("Kafka", error)
    port = free_port()
    java = ["java", "-Xmx384m", "-cp", f"{jars}/*"]
    certify(folder)
    properties = folder / "server.properties"
    properties.write_text(settings(folder, port, free_port()))
    users = [f"{MECHANISM}=[name={name},password={PASSWORD}]" for name in (ADMINISTRATOR, *SERVICES)]
    scram = [word for user in users for word in ("--add-scram", user)]
    subprocess.run(
        [*java, "kafka.tools.StorageTool", "format", "-t", "MkU3OEVBNTcwNTJENDM2Qk", "-c", str(properties), *scram],
        check=True, capture_output=True,
    )  # fmt: skip
    administrator = BrokerLogin(f"127.0.0.1:{port}", ADMINISTRATOR, PASSWORD, folder / AUTHORITY)
    with (folder / "log").open("wb") as log:
        broker = subprocess.Popen([*java, "kafka.Kafka", str(properties)], stdout=log, stderr=subprocess.STDOUT)
        try:
            _wait(administrator, broker, folder / "log")
            yield administrator
        finally:
            broker.kill()
            broker.wait()


def _wait(administrator: BrokerLogin, broker: "subprocess.Popen[bytes]", log: Path) -> None:
    ends_at = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < ends_at and broker.poll() is None:
        with suppress(KafkaError):
            KafkaAdminClient(**administrator.options()).close()
            return
        with suppress(subprocess.TimeoutExpired):
            broker.wait(POLL_SECONDS)
    message = f"the broker does not start: {log.read_text(errors='replace')[-3000:]}"
    raise TimeoutError(message)
