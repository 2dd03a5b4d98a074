"""Puts evidence together."""

from pathlib import Path

from evidence.config import Settings
from evidence.inbound import events, grpc, http, jobs
from evidence.outbound.audit import CHECKERS
from evidence.outbound.events import as_contract
from evidence.outbound.gauges import GAUGES
from evidence.outbound.storage import SqlWork
from evidence.outbound.tables import GRANTS
from evidence.ports import Recording
from kernel.hosting import Rpc, Service, Surroundings
from kernel.web import service_app
from yaosu.evidence.v1 import evidence_service_pb2, evidence_service_pb2_grpc


def build(surroundings: Surroundings) -> Service:
    """The service, over what it is given."""
    settings = Settings()
    recording = Recording(SqlWork.opener(surroundings.database, as_contract), surroundings.sealer, settings.origin)
    app = service_app("Evidence 存证", surroundings.edges, recording, [http.router])
    return Service(
        name="evidence",
        app=app,
        ports=recording,
        migrations=Path(__file__).parent / "migrations",
        grants=GRANTS,
        rpcs=[
            Rpc(
                evidence_service_pb2_grpc.add_EvidenceServiceServicer_to_server,
                evidence_service_pb2.DESCRIPTOR.services_by_name["EvidenceService"].full_name,
                grpc.Prover(recording),
                grpc.CALLERS,
            )
        ],
        reactions=events.REACTIONS,
        jobs=jobs.jobs(settings.sequencer_interval_seconds),
        checkers=CHECKERS,
        gauges=GAUGES,
    )
