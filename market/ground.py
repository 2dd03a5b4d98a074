"""What all services of one market stand on: its folder, its PostgreSQL, its bus, its objects and its keys."""

import json
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc

from kernel.bus import Bus, PostgresBus
from kernel.database import Database
from kernel.grants import BUS_GRANTS, apply_grants
from kernel.hosting import Host, Surroundings
from kernel.objects import FolderStore, ObjectStore
from kernel.rpc import CHANNEL_OPTIONS, Peer
from kernel.safety import Unsafe
from kernel.sealing import Sealer
from kernel.secret_files import made_once
from kernel.settings import Settings
from kernel.tls import CertificateFiles, CertificateUnfit, CertifiedChannel, OwnCertificate
from kernel.tokens import ServiceKeys, TokenVerifier
from market.access import topic_of
from market.authority import Authority
from market.brokers import broker_login
from market.complaints import Complaint
from market.postgres import Server, start_postgres
from market.roster import SERVICES
from market.settings import MarketSettings
from yaosu.onboarding.v1.onboarding_service_pb2 import GetSigningKeysRequest
from yaosu.onboarding.v1.onboarding_service_pb2_grpc import OnboardingServiceStub

OWNER_ONLY = 0o700


class DatabaseUnfit(Complaint):
    """A database does not keep what it should, lets a service do too much, or cannot be migrated from here."""


class StoreUnfit(Complaint):
    """Files cannot be kept where the environment says."""


class CertificateMissing(Complaint):
    """A service that answers on the network has no certificate that fits."""


@dataclass
class Ground:
    """A data folder that is open, with the server whose databases belong to it."""

    data: Path
    server: Server
    bus: Bus
    sockets: Path
    movable_clock: bool
    addresses: Mapping[str, str] = field(default_factory=dict)
    _channels: dict[tuple[str, str], grpc.aio.Channel | CertifiedChannel] = field(default_factory=dict)
    _certificates: dict[str, OwnCertificate] = field(default_factory=dict)

    @classmethod
    async def open(
        cls, data: Path, *, movable_clock: bool, sockets: Path | None = None,
        addresses: Mapping[str, str] | None = None, service: str = "",
    ) -> "Ground":  # fmt: skip
        """Open the folder, making at the first start what is not there yet; ``service``: the only one to live here."""
        data = data.resolve()  # rooms and tasks are processes that stand in another folder
        data.mkdir(parents=True, exist_ok=True)
        keys = data / "keys"
        keys.mkdir(mode=OWNER_ONLY, exist_ok=True)
        secret = made_once(keys / "databases.key", lambda: secrets.token_bytes(32))
        server = await start_postgres(data / "postgres", secret, service)
        names = [service] if server.given else [*SERVICES, "bus"]
        await server.create(names)
        bus = await _open_bus(server, service, make="bus" in names)
        # A socket's path may not be longer than 107 bytes, so it does not lie in the data folder.
        sockets = sockets or Path(tempfile.mkdtemp(prefix="yaosu-"))
        sockets.mkdir(mode=OWNER_ONLY, exist_ok=True)
        return cls(data, server, bus, sockets, movable_clock, addresses or {})

    def objects_of(self, service: str) -> ObjectStore:
        """The files that a service keeps, by their digests."""
        given = MarketSettings().s3
        if not given:
            return FolderStore(self.data / "objects")
        from kernel.s3_store import S3Address  # noqa: PLC0415 - the embedded market never needs S3's client
        from kernel.s3_uploads import S3Uploads  # noqa: PLC0415 - as above

        try:
            return S3Uploads(S3Address.of(given), service, MarketSettings().s3_public)
        except ValueError as error:
            message = f"YAOSU_S3 cannot be used: {error}"
            raise StoreUnfit(message) from error

    def address_of(self, service: str) -> str:
        """Where a service answers gRPC."""
        return self.addresses.get(service, f"unix:{self.sockets / service}.sock")

    def surroundings(self, service: str) -> Surroundings:
        """What one service is given."""
        keys = ServiceKeys(self.data / "keys" / "calls", service)
        scratch = self.data / "scratch" / service
        scratch.mkdir(parents=True, exist_ok=True)

        def peer(name: str) -> Peer:
            return Peer(name, self._channel(service, name), keys)

        onboarding = peer("onboarding")
        stub = onboarding.stub(OnboardingServiceStub)

        async def signing_keys() -> dict[str, Any]:
            answer = await onboarding.call(stub.GetSigningKeys, GetSigningKeysRequest())
            found: dict[str, Any] = json.loads(answer.jwks)
            return found

        return Surroundings(
            name=service,
            database=Database(self.server.url_of(service), name=service, commits_together=Settings().commits_together),
            bus=self.bus,
            objects=self.objects_of(service),
            sealer=Sealer.from_file(self.data / "keys" / f"{service}.sealing"),
            keys=keys,
            tokens=TokenVerifier(signing_keys),
            peers=peer,
            scratch=scratch,
            movable_clock=self.movable_clock,
        )

    def _channel(self, caller: str, callee: str) -> grpc.aio.Channel | CertifiedChannel:
        address, own = self.address_of(callee), (caller, callee)
        if address.startswith("unix:"):
            own = ("", callee)  # nobody shows a certificate there, so all share one
        if own not in self._channels:
            certificate = self.certificate_of(caller, address)
            self._channels[own] = (
                grpc.aio.insecure_channel(address, options=CHANNEL_OPTIONS)
                if certificate is None
                else CertifiedChannel(address, callee, certificate, CHANNEL_OPTIONS)
            )
        return self._channels[own]

    def certificate_of(self, service: str, address: str) -> OwnCertificate | None:
        """What a service shows at the address; none on a socket, which the file system guards."""
        if address.startswith("unix:"):
            return None
        if service not in self._certificates:
            self._certificates[service] = _certificate(self.data / "keys" / "tls", service)
        return self._certificates[service]

    async def listen(self, host: Host) -> None:
        """Let a service answer gRPC at its address."""
        name = host.service.name
        address = self.address_of(name)
        certificate = self.certificate_of(name, address)
        await host.listen(MarketSettings().grpc_listen or address, certificate)

    async def migrate(self, host: Host) -> None:
        """Bring a service's database to its newest form, by its owner's hand; needs the administrator's address."""
        if not self.server.admin.username:
            message = "the address in YAOSU_DATABASE_URL names no administrator; only with one is a database migrated"
            raise DatabaseUnfit(message)
        as_owner = self.server.as_owner(host.service.name)
        try:
            await host.migrate(as_owner)
        finally:
            await as_owner.close()

    async def prove(self, host: Host) -> None:
        """Let a service start only where its role and its server are as safe as they have to be."""
        try:
            await host.prove_safe(may_lose_data=MarketSettings().database_may_lose_data)
        except Unsafe as error:
            raise DatabaseUnfit(str(error)) from error

    async def close(self) -> None:
        """Let go of everything, and stop the server if it is ours."""
        for channel in self._channels.values():
            await channel.close(None)
        await self.bus.close()
        self.server.close()


async def _open_bus(server: Server, service: str, *, make: bool) -> Bus:
    login = broker_login(service)
    if login:
        from kernel.kafka_bus import KafkaBus  # noqa: PLC0415 - the embedded market never needs Kafka's client

        kafka = KafkaBus(login, MarketSettings().kafka_partitions)
        if make or server.admin.username:
            await kafka.create(topic_of(name) for name in ([service] if service else SERVICES))
        return kafka
    if make and server.admin.username:
        as_owner = server.as_owner("bus")
        await PostgresBus(as_owner).create()
        await apply_grants(as_owner.engine, "yaosu_bus", BUS_GRANTS)
        await as_owner.close()
    return PostgresBus(Database(server.url_of("bus"), name="bus", pool_connections=10))


def _certificate(folder: Path, service: str) -> OwnCertificate:
    """From the files that the operator names, else signed by the market's own authority."""
    settings = MarketSettings()
    given = settings.tls_cert, settings.tls_key, settings.tls_ca
    try:
        if settings.tls_cert and settings.tls_key and settings.tls_ca:
            return OwnCertificate(CertificateFiles(settings.tls_cert, settings.tls_key, settings.tls_ca))
    except CertificateUnfit as error:
        raise CertificateMissing(str(error)) from error
    if any(given):
        message = "YAOSU_TLS_CERT, YAOSU_TLS_KEY and YAOSU_TLS_CA belong together; set all three, or none"
        raise CertificateMissing(message)
    return Authority(folder).certificate_of(service)
