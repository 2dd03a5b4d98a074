"""Puts onboarding together."""

from datetime import timedelta
from pathlib import Path

from kernel.hosting import Rpc, Service, Surroundings
from kernel.web import service_app
from onboarding.config import Settings
from onboarding.domain.clock import ClockRules
from onboarding.domain.outside_identity import TokenRules
from onboarding.inbound import grpc
from onboarding.inbound.http import ROUTERS
from onboarding.inbound.jobs import JOBS
from onboarding.outbound.audit import CHECKERS
from onboarding.outbound.clocks import PeerClocks
from onboarding.outbound.gauges import GAUGES
from onboarding.outbound.passwords import Argon2Passwords
from onboarding.outbound.provider import OidcProvider
from onboarding.outbound.storage import work_over
from onboarding.outbound.tables import GRANTS
from onboarding.ports import Onboarding, Rules
from onboarding.use_cases.operator import OperatorReady, ensure_operator
from yaosu.onboarding.v1 import onboarding_service_pb2, onboarding_service_pb2_grpc

__all__ = ["OperatorReady", "build", "ensure_operator"]


def build(surroundings: Surroundings) -> Service:
    """The service, over what it is given."""
    settings = Settings()
    passwords = Argon2Passwords()
    tokens_from_outside = TokenRules(
        settings.oidc_issuer, settings.oidc_audience, settings.oidc_algorithm, settings.oidc_token_type,
        settings.oidc_claimed_type, settings.oidc_leeway_seconds, settings.oidc_age_seconds_max,
    )  # fmt: skip
    onboarding = Onboarding(
        work=work_over(surroundings.database, surroundings.sealer),
        passwords=passwords,
        provider=OidcProvider(tokens_from_outside, settings.oidc_jwks_url) if settings.oidc_issuer else None,
        clocks=PeerClocks(surroundings.peers, settings.clock_services),
        rules=Rules(
            clock=ClockRules(surroundings.movable_clock, settings.clock_may_pass_present),
            session_lasts=timedelta(hours=settings.session_hours),
            token_seconds=settings.token_seconds,
            operator_name=settings.operator_name,
            operator_credit_code=settings.operator_credit_code,
        ),
    )
    return Service(
        name="onboarding",
        app=service_app("Onboarding 主体与身份", surroundings.edges, onboarding, ROUTERS),
        ports=onboarding,
        migrations=Path(__file__).parent / "migrations",
        grants=GRANTS,
        rpcs=[
            Rpc(
                onboarding_service_pb2_grpc.add_OnboardingServiceServicer_to_server,
                onboarding_service_pb2.DESCRIPTOR.services_by_name["OnboardingService"].full_name,
                grpc.Directory(onboarding),
                grpc.CALLERS,
            )
        ],
        jobs=JOBS,
        checkers=CHECKERS,
        gauges=GAUGES,
        closing=[passwords.close],
    )
