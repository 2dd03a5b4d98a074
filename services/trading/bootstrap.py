"""Puts trading together."""

from pathlib import Path

from kernel.hosting import Rpc, Service, Surroundings
from kernel.web import service_app
from trading.config import Settings
from trading.inbound import events, grpc, jobs
from trading.inbound.http import ROUTERS
from trading.outbound.audit import CHECKERS
from trading.outbound.catalog import GrpcCatalog
from trading.outbound.events import as_contract
from trading.outbound.evidence import GrpcEvidence
from trading.outbound.gauges import GAUGES
from trading.outbound.onboarding import GrpcParties
from trading.outbound.payer import Misbehaviour, SimulatedBank
from trading.outbound.rights import GrpcRights
from trading.outbound.storage import opener
from trading.outbound.storage.hot_holds import SqlHotHolds
from trading.outbound.tables import GRANTS
from trading.ports import Trading
from yaosu.trading.v1 import trading_service_pb2, trading_service_pb2_grpc


def build(surroundings: Surroundings) -> Service:
    """The service, over what it is given."""
    settings = Settings()
    misbehaviour = Misbehaviour(
        settings.payer_seed, settings.payer_twice_ppm, settings.payer_late_ppm, settings.payer_never_ppm,
        settings.payer_late_seconds,
    )  # fmt: skip
    database, sealer = surroundings.database, surroundings.sealer
    trading = Trading(
        work=opener(database, as_contract, sealer),
        holds=SqlHotHolds(database),
        catalog=GrpcCatalog(surroundings.peers("catalog")),
        rights=GrpcRights(surroundings.peers("rights")),
        parties=GrpcParties(surroundings.peers("onboarding")),
        evidence=GrpcEvidence(surroundings.peers("evidence")),
        payer=SimulatedBank(database, sealer, misbehaviour),
        resume_after_seconds=settings.resume_after_seconds,
        ask_payer_after_seconds=settings.ask_payer_after_seconds,
    )
    return Service(
        name="trading",
        app=service_app("Trading 数据要素流通", surroundings.edges, trading, ROUTERS),
        ports=trading,
        migrations=Path(__file__).parent / "migrations",
        grants=GRANTS,
        rpcs=[
            Rpc(
                trading_service_pb2_grpc.add_TradingServiceServicer_to_server,
                trading_service_pb2.DESCRIPTOR.services_by_name["TradingService"].full_name,
                grpc.Seller(trading),
                grpc.CALLERS,
            )
        ],
        reactions=events.REACTIONS,
        jobs=jobs.JOBS,
        checkers=CHECKERS,
        gauges=GAUGES,
    )
