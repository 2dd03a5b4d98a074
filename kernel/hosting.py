"""What a service is to whoever runs it, and what it is given."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import grpc
from fastapi import FastAPI
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from kernel.audit import Checker
from kernel.auditing import Auditor
from kernel.bus import Bus
from kernel.checkers import KERNEL_CHECKERS
from kernel.clock import ClockServicer
from kernel.database import Database
from kernel.dead_letters import DeadLetters
from kernel.gauges import Asked, Gauges
from kernel.grants import Grants, apply_grants, whole
from kernel.jobs import Job
from kernel.migrations import migrate
from kernel.objects import ObjectStore
from kernel.operations import operations_router
from kernel.reactions import Listening, Reactions
from kernel.rpc import CHANNEL_OPTIONS, Door, Peer
from kernel.safety import prove_safe
from kernel.sealing import Sealer
from kernel.settings import Settings
from kernel.tls import OwnCertificate, server_credentials
from kernel.tokens import ServiceKeys, TokenVerifier
from kernel.web import Edges
from kernel.worker import Worker
from yaosu.kernel.v1 import clock_service_pb2, clock_service_pb2_grpc

STOP_GRACE_SECONDS = 2.0


@dataclass(frozen=True)
class Surroundings:
    """What a service is given: nothing of it knows the service."""

    name: str
    database: Database
    bus: Bus
    objects: ObjectStore
    sealer: Sealer
    keys: ServiceKeys
    tokens: TokenVerifier
    peers: Callable[[str], Peer]
    scratch: Path
    movable_clock: bool = False

    @property
    def edges(self) -> Edges:
        """For ``service_app``."""
        return Edges(self.name, self.database, self.tokens, self.sealer.derived("idempotency"))


@dataclass(frozen=True)
class Rpc:
    """One gRPC service of ours: its generated adder and descriptor, the servicer, and who may call each method."""

    add: Callable[[Any, grpc.aio.Server], None]  # Any: generated, untyped
    full_name: str
    servicer: object
    callers: Mapping[str, set[str]]


@dataclass(frozen=True)
class Service:
    """A service, put together by its bootstrap."""

    name: str
    app: FastAPI
    ports: Any  # Any: each service's own record of ports
    migrations: Path
    grants: Grants
    rpcs: Sequence[Rpc] = ()
    reactions: Reactions = field(default_factory=dict)
    jobs: Sequence[Job] = ()
    checkers: Sequence[Checker] = ()
    gauges: Sequence[Asked] = ()
    closing: Sequence[Callable[[], Any]] = ()  # Any: coroutines without a result, called when the service stops


class Host:
    """Runs one service in this process: its gRPC server and its worker; the HTTP app is served by the caller."""

    def __init__(self, service: Service, given: Surroundings) -> None:
        self.service, self.given = service, given
        ears = [
            Listening(service.name, topic, reactions, service.ports, given.database, given.bus)
            for topic, reactions in service.reactions.items()
        ]
        gauges = Gauges(service.name, given.database, given.bus, service.gauges)
        show_gauges = partial(gauges.keep_asking, Settings().gauges_every_seconds)
        auditor = Auditor(service.name, given.database, (*service.checkers, *KERNEL_CHECKERS))
        keep_looking = partial(auditor.keep_looking, Settings().audit_every_seconds)
        self.worker = Worker(
            service.name, service.ports, given.database, given.bus, ears, list(service.jobs),
            beside=[show_gauges, keep_looking],
        )  # fmt: skip
        service.app.include_router(
            operations_router(service.name, DeadLetters(given.database, ears)), prefix=f"/{service.name}/v1"
        )
        self._server: grpc.aio.Server | None = None
        self._stack = AsyncExitStack()

    async def migrate(self, as_owner: Database) -> None:
        """Bring the service's database to its newest form, and let the service's role do what it needs there."""
        await migrate(as_owner.engine, self.service.migrations)
        await apply_grants(as_owner.engine, str(self.given.database.url.username), whole(self.service.grants))

    async def prove_safe(self, *, may_lose_data: bool) -> None:
        """Refuse to start as a role that may do more than it needs, or on a server that may lose what it keeps."""
        await prove_safe(self.given.database, whole(self.service.grants), may_lose_data=may_lose_data)

    async def listen(self, address: str, certificate: OwnCertificate | None = None) -> None:
        """Answer gRPC at the address; with a certificate, only whoever shows one of the same authority."""
        callers = {"SetClock": frozenset({"onboarding"})}
        for rpc in self.service.rpcs:
            callers |= {method: frozenset(names) for method, names in rpc.callers.items()}
        door = Door(self.service.name, self.given.keys, callers, certified=certificate is not None)
        server = grpc.aio.server(interceptors=(door,), options=CHANNEL_OPTIONS)
        for rpc in self.service.rpcs:
            rpc.add(rpc.servicer, server)
        clock = ClockServicer(self.given.database, movable=self.given.movable_clock)
        clock_service_pb2_grpc.add_ClockServiceServicer_to_server(clock, server)
        alive = health.aio.HealthServicer()  # type: ignore[attr-defined]  # the stubs do not know it
        await alive.set("", health_pb2.HealthCheckResponse.SERVING)
        health_pb2_grpc.add_HealthServicer_to_server(alive, server)
        names = [rpc.full_name for rpc in self.service.rpcs]
        names.append(clock_service_pb2.DESCRIPTOR.services_by_name["ClockService"].full_name)
        reflection.enable_server_reflection((*names, reflection.SERVICE_NAME), server)
        if certificate is None:
            server.add_insecure_port(address)
        else:
            server.add_secure_port(address, server_credentials(certificate))
        await server.start()
        self._server = server

    async def close(self) -> None:
        """Stop answering, then let go of everything."""
        if self._server is not None:
            await self._server.stop(STOP_GRACE_SECONDS)
        for close in self.service.closing:
            await close()
        await self.given.database.close()
