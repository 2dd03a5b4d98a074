"""What an operator may set for onboarding."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from kernel.settings import Settings as KernelSettings
from kernel.tokens import MARKET_TOKEN_SECONDS_MAX


class Settings(KernelSettings):
    """Read from the environment under ``YAOSU_ONBOARDING_``."""

    model_config = SettingsConfigDict(env_prefix="YAOSU_ONBOARDING_", extra="ignore", frozen=True)

    session_hours: int = Field(default=12, ge=1, le=24, description="How long a person stays logged in, in hours.")
    token_seconds: int = Field(
        default=MARKET_TOKEN_SECONDS_MAX, ge=30, le=MARKET_TOKEN_SECONDS_MAX,
        description="How long a market token holds, in seconds.",
    )  # fmt: skip
    operator_name: str = Field(
        default="运营方 Market operator", min_length=1, max_length=200, description="The first operator's name."
    )
    operator_credit_code: str = Field(
        default="91370214MA3C000036", description="The first operator's unified social credit code."
    )
    clock_may_pass_present: bool = Field(
        default=False, description="Whether business time may be moved beyond the present. Only for tests."
    )
    clock_services: tuple[str, ...] = Field(
        default=("catalog", "rights", "trading", "delivery", "pledge", "evidence"),
        description="The other services that keep business time, as a JSON array of names.",
    )
