"""Puts rights together."""

from pathlib import Path

from kernel.hosting import Rpc, Service, Surroundings
from kernel.web import service_app
from rights.config import Settings
from rights.inbound import events, grpc, jobs
from rights.inbound.http import ROUTERS
from rights.outbound.audit import CHECKERS
from rights.outbound.catalog import GrpcCatalog
from rights.outbound.events import as_contract
from rights.outbound.evidence import GrpcEvidence
from rights.outbound.gauges import GAUGES
from rights.outbound.onboarding import GrpcParties
from rights.outbound.storage import opener
from rights.outbound.tables import GRANTS
from rights.ports import Registering, Rules
from yaosu.rights.v1 import rights_service_pb2, rights_service_pb2_grpc


def rules_of(settings: Settings) -> Rules:
    """The settings as rules."""
    bands = (("A", settings.grade_a_ppm), ("B", settings.grade_b_ppm), ("C", settings.grade_c_ppm), ("D", 0))
    return Rules(settings.near_copy_ppm, bands, settings.attachment_bytes_max, settings.value_valid_months)


def build(surroundings: Surroundings) -> Service:
    """The service, over what it is given."""
    registering = Registering(
        work=opener(surroundings.database, as_contract, surroundings.sealer),
        catalog=GrpcCatalog(surroundings.peers("catalog")),
        parties=GrpcParties(surroundings.peers("onboarding")),
        evidence=GrpcEvidence(surroundings.peers("evidence")),
        objects=surroundings.objects,
        rules=rules_of(Settings()),
    )
    return Service(
        name="rights",
        app=service_app("Rights 数据资产登记评价", surroundings.edges, registering, ROUTERS),
        ports=registering,
        migrations=Path(__file__).parent / "migrations",
        grants=GRANTS,
        rpcs=[
            Rpc(
                rights_service_pb2_grpc.add_RightsServiceServicer_to_server,
                rights_service_pb2.DESCRIPTOR.services_by_name["RightsService"].full_name,
                grpc.Registrar(registering),
                grpc.CALLERS,
            )
        ],
        reactions=events.REACTIONS,
        jobs=jobs.JOBS,
        checkers=CHECKERS,
        gauges=GAUGES,
    )
