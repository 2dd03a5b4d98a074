"""What an operator may set for onboarding."""

from typing import Literal

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
    oidc_issuer: str = Field(
        default="",
        description="The OpenID Connect provider whose tokens are exchanged for the market's, exactly as its tokens "
        "name it. Empty: none.",
    )  # fmt: skip
    oidc_audience: str = Field(
        default="yaosu", min_length=1, description="For whom the provider's tokens must be made out (`aud`)."
    )
    oidc_algorithm: Literal["RS256", "PS256", "ES256", "Ed25519", "EdDSA"] = Field(
        default="RS256", description="The one algorithm that the provider's tokens are signed with."
    )
    oidc_token_type: str = Field(
        default="at+jwt", min_length=1,
        description="The `typ` in the header of the provider's access tokens (RFC 9068).",
    )  # fmt: skip
    oidc_claimed_type: str = Field(
        default="",
        description="The `typ` among the claims, where a provider tells access tokens from ID tokens by that, as "
        "Keycloak does with `Bearer` (then the header's `typ` is `JWT`).",
    )  # fmt: skip
    oidc_jwks_url: str = Field(
        default="", description="Where the provider publishes its keys; empty: as its discovery document says."
    )
    oidc_leeway_seconds: int = Field(
        default=30, ge=0, le=60, description="How far the provider's clock may be off, in seconds."
    )
    oidc_age_seconds_max: int = Field(
        default=3600, ge=60, le=86400, description="How old a provider's token may be, however long it says it holds."
    )
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
