"""Puts pledge together."""

from pathlib import Path

from kernel.hosting import Service, Surroundings
from kernel.web import service_app
from pledge.config import Settings
from pledge.inbound import events, jobs
from pledge.inbound.http import ROUTERS
from pledge.outbound.audit import CHECKERS
from pledge.outbound.events import as_contract
from pledge.outbound.gauges import GAUGES
from pledge.outbound.onboarding import PartiesAtOnboarding
from pledge.outbound.outside_registry import ManualRegister
from pledge.outbound.rights import RegistryAtRights
from pledge.outbound.storage import SqlWork
from pledge.outbound.tables import GRANTS
from pledge.ports import Pledging


def build(surroundings: Surroundings) -> Service:
    """The service, over what it is given."""
    settings = Settings()
    work = SqlWork.opener(surroundings.database, as_contract)
    pledging = Pledging(
        work=work,
        registry=RegistryAtRights(surroundings.peers("rights")),
        parties=PartiesAtOnboarding(surroundings.peers("onboarding")),
        outside=ManualRegister(work),
        sealer=surroundings.sealer,
        default_after_days=settings.default_after_days,
    )
    return Service(
        name="pledge",
        app=service_app("Pledge 数据资产运营", surroundings.edges, pledging, ROUTERS),
        ports=pledging,
        migrations=Path(__file__).parent / "migrations",
        grants=GRANTS,
        reactions=events.REACTIONS,
        jobs=jobs.JOBS,
        checkers=CHECKERS,
        gauges=GAUGES,
    )
