"""What all services of one market stand on: its folder, its PostgreSQL, its bus, its objects and its keys."""

import json
import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc

from kernel.bus import PostgresBus
from kernel.database import Database
from kernel.grants import BUS_GRANTS, apply_grants
from kernel.hosting import Host, Surroundings
from kernel.objects import FolderStore
from kernel.rpc import CHANNEL_OPTIONS, Peer
from kernel.safety import Unsafe
from kernel.sealing import Sealer
from kernel.tokens import ServiceKeys, TokenVerifier
from market.complaints import Complaint
from market.postgres import Server, start_postgres
from market.roster import SERVICES
from market.settings import MarketSettings
from yaosu.onboarding.v1.onboarding_service_pb2 import GetSigningKeysRequest
from yaosu.onboarding.v1.onboarding_service_pb2_grpc import OnboardingServiceStub

OWNER_ONLY = 0o700


class DatabaseUnfit(Complaint):
    """A database does not keep what it should, lets a service do too much, or cannot be migrated from here."""


@dataclass
class Ground:
    """A data folder that is open, with the server whose databases belong to it."""

    data: Path
    server: Server
    bus: PostgresBus
    sockets: Path
    movable_clock: bool
    addresses: Mapping[str, str] = field(default_factory=dict)
    _channels: dict[str, grpc.aio.Channel] = field(default_factory=dict)

    @classmethod
    async def open(
        cls, data: Path, *, movable_clock: bool, sockets: Path | None = None, addresses: Mapping[str, str] | None = None
    ) -> "Ground":
        """Open the folder, making at the first start what is not there yet."""
        data = data.resolve()  # rooms and tasks are processes that stand in another folder
        data.mkdir(parents=True, exist_ok=True)
        keys = data / "keys"
        keys.mkdir(mode=OWNER_ONLY, exist_ok=True)
        server = await start_postgres(data / "postgres", _secret(keys / "databases.key"))
        await server.create([*SERVICES, "bus"])
        bus = await _open_bus(server)
        # A socket's path may not be longer than 107 bytes, so it does not lie in the data folder.
        sockets = sockets or Path(tempfile.mkdtemp(prefix="yaosu-"))
        sockets.mkdir(mode=OWNER_ONLY, exist_ok=True)
        return cls(data, server, bus, sockets, movable_clock, addresses or {})

    @property
    def objects(self) -> FolderStore:
        """What the services share of files, by their digests."""
        return FolderStore(self.data / "objects")

    def address_of(self, service: str) -> str:
        """Where a service answers gRPC."""
        return self.addresses.get(service, f"unix:{self.sockets / service}.sock")

    def surroundings(self, service: str) -> Surroundings:
        """What one service is given."""
        keys = ServiceKeys(self.data / "keys" / "calls", service)
        scratch = self.data / "scratch" / service
        scratch.mkdir(parents=True, exist_ok=True)

        def peer(name: str) -> Peer:
            return Peer(name, self._channel(name), keys)

        onboarding = peer("onboarding")
        stub = onboarding.stub(OnboardingServiceStub)

        async def signing_keys() -> dict[str, Any]:
            answer = await onboarding.call(stub.GetSigningKeys, GetSigningKeysRequest())
            found: dict[str, Any] = json.loads(answer.jwks)
            return found

        return Surroundings(
            name=service,
            database=Database(self.server.url_of(service), name=service),
            bus=self.bus,
            objects=self.objects,
            sealer=Sealer.from_file(self.data / "keys" / f"{service}.sealing"),
            keys=keys,
            tokens=TokenVerifier(signing_keys),
            peers=peer,
            scratch=scratch,
            movable_clock=self.movable_clock,
        )

    def _channel(self, name: str) -> grpc.aio.Channel:
        if name not in self._channels:
            self._channels[name] = grpc.aio.insecure_channel(self.address_of(name), options=CHANNEL_OPTIONS)
        return self._channels[name]

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


async def _open_bus(server: Server) -> PostgresBus:
    if server.admin.username:
        as_owner = server.as_owner("bus")
        await PostgresBus(as_owner).create()
        await apply_grants(as_owner.engine, "yaosu_bus", BUS_GRANTS)
        await as_owner.close()
    return PostgresBus(Database(server.url_of("bus"), name="bus", pool_connections=10))


def _secret(path: Path) -> bytes:
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(32))
    return path.read_bytes()
