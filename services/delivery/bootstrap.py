"""Puts delivery together."""

from pathlib import Path

from delivery.config import MEBIBYTE, Settings
from delivery.inbound import events, http, jobs
from delivery.outbound.audit import CHECKERS
from delivery.outbound.catalog import GrpcCatalog
from delivery.outbound.events import as_contract
from delivery.outbound.gauges import GAUGES
from delivery.outbound.onboarding import GrpcParties
from delivery.outbound.rooms.stores import Stores
from delivery.outbound.rooms.warm import RoomLimits, WarmRooms
from delivery.outbound.storage import SqlWork
from delivery.outbound.tables import GRANTS
from delivery.outbound.trading import GrpcTrade
from delivery.ports import Delivering, Limits
from kernel.hosting import Service, Surroundings
from kernel.web import service_app


def build(surroundings: Surroundings) -> Service:
    """The service, over what it is given."""
    settings = Settings()
    catalog = GrpcCatalog(surroundings.peers("catalog"))
    memory = settings.room_memory_mebibytes * MEBIBYTE
    rooms = WarmRooms(
        catalog, Stores(surroundings.scratch / "delivery-files", catalog), surroundings.sealer,
        RoomLimits(
            rooms_max=settings.rooms_max, threads=settings.room_threads, memory_bytes=memory, room_bytes=memory,
            answer_seconds=settings.room_answer_seconds, load_seconds=settings.room_load_seconds,
        ),
    )  # fmt: skip
    ports = Delivering(
        work=SqlWork.opener(surroundings.database, as_contract),
        catalog=catalog,
        trade=GrpcTrade(surroundings.peers("trading")),
        parties=GrpcParties(surroundings.peers("onboarding")),
        rooms=rooms,
        sealer=surroundings.sealer,
        limits=Limits(settings.abandon_after_seconds, settings.link_seconds, settings.cohort_populations_max),
    )
    return Service(
        name="delivery",
        app=service_app("Delivery 交付", surroundings.edges, ports, [http.router]),
        ports=ports,
        migrations=Path(__file__).parent / "migrations",
        grants=GRANTS,
        reactions=events.REACTIONS,
        jobs=jobs.jobs(warm=settings.warm_rooms),
        checkers=CHECKERS,
        gauges=GAUGES,
        closing=[rooms.close],
    )
