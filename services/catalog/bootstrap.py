"""Puts catalog together."""

from pathlib import Path

from catalog.config import Settings
from catalog.inbound import events, grpc, http, jobs
from catalog.outbound import events as contracts
from catalog.outbound.audit import checkers
from catalog.outbound.byte_store import Shelves
from catalog.outbound.gauges import GAUGES
from catalog.outbound.storage import SqlWork
from catalog.outbound.tables import GRANTS
from catalog.outbound.workshop import Workshop
from catalog.ports import Cataloguing
from kernel.hosting import Rpc, Service, Surroundings
from kernel.web import service_app
from yaosu.catalog.v1 import catalog_service_pb2, catalog_service_pb2_grpc


def build(surroundings: Surroundings) -> Service:
    """The service, over what it is given."""
    settings = Settings()
    workshop = Workshop(
        processes=settings.workers, memory_mib=settings.worker_memory_mib,
        deadline_seconds=settings.worker_deadline_seconds, tasks_per_process=settings.worker_tasks_max,
    )  # fmt: skip
    cataloguing = Cataloguing(
        work=SqlWork.opener(surroundings.database, contracts.as_contract),
        bytes=Shelves(surroundings.objects, surroundings.scratch),
        workers=workshop,
        sealer=surroundings.sealer,
        file_bytes_max=settings.file_bytes_max,
        upload_seconds=settings.upload_seconds,
        attempts_max=settings.attempts_max,
    )
    return Service(
        name="catalog",
        app=service_app("Catalog 公共数据运营", surroundings.edges, cataloguing, http.ROUTERS),
        ports=cataloguing,
        migrations=Path(__file__).parent / "migrations",
        grants=GRANTS,
        rpcs=[
            Rpc(
                catalog_service_pb2_grpc.add_CatalogServiceServicer_to_server,
                catalog_service_pb2.DESCRIPTOR.services_by_name["CatalogService"].full_name,
                grpc.Librarian(cataloguing, contracts),
                grpc.CALLERS,
            )
        ],
        reactions=events.REACTIONS,
        jobs=jobs.JOBS,
        checkers=checkers(surroundings.objects),
        gauges=GAUGES,
        closing=[workshop.close],
    )
