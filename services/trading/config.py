"""What an operator may set for trading."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from kernel.settings import Settings as KernelSettings


class Settings(KernelSettings):
    """Read from the environment under ``YAOSU_TRADING_``."""

    model_config = SettingsConfigDict(env_prefix="YAOSU_TRADING_", extra="ignore", frozen=True)

    payer_seed: int = Field(default=1, description="Seed of the simulated bank's misbehaviour.")
    payer_twice_ppm: int = Field(
        default=200_000, ge=0, le=1_000_000, description="Callbacks that the simulated bank sends twice, of a million."
    )
    payer_late_ppm: int = Field(
        default=200_000, ge=0, le=1_000_000, description="Callbacks that the simulated bank sends late, of a million."
    )
    payer_never_ppm: int = Field(
        default=50_000, ge=0, le=1_000_000, description="Callbacks that the simulated bank never sends, of a million."
    )
    payer_late_seconds: float = Field(default=1.0, ge=0, description="How late a late callback is.")
    ask_payer_after_seconds: float = Field(
        default=3.0, gt=0, description="After how long without an answer the payer is asked about an instruction."
    )
    resume_after_seconds: float = Field(
        default=2.0, gt=0, description="After how long without a change an unfinished step is taken up again."
    )
