"""Settings from the environment: each with a description, checked at the start."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from kernel.gathering import COMMITS_TOGETHER_MAX


class Settings(BaseSettings):
    """What every service may be told. A service's own settings extend this under ``YAOSU_<SERVICE>_``."""

    model_config = SettingsConfigDict(env_prefix="YAOSU_", extra="ignore", frozen=True)

    movable_clock: bool = Field(
        default=False, validation_alias="YAOSU_MOVABLE_CLOCK",
        description="Whether an operator may move business time. Only for demonstrations and tests.",
    )  # fmt: skip
    log_level: str = Field(
        default="INFO", validation_alias="YAOSU_LOG_LEVEL", description="DEBUG, INFO, WARNING or ERROR."
    )
    commits_together: int = Field(
        default=COMMITS_TOGETHER_MAX, ge=1, le=1000, validation_alias="YAOSU_COMMITS_TOGETHER",
        description="How many transactions of one statement each may share one commit when they come at the same "
                    "time (group commit); 1: every one has a commit of its own.",
    )  # fmt: skip
    audit_every_seconds: float = Field(
        default=600, ge=1, le=86_400, validation_alias="YAOSU_AUDIT_EVERY_SECONDS",
        description="How often a worker looks for violations of its service's promises in the live data.",
    )  # fmt: skip
    gauges_every_seconds: float = Field(
        default=15, ge=1, le=3600, validation_alias="YAOSU_GAUGES_EVERY_SECONDS",
        description="How often a worker asks its database for the figures that it shows to Prometheus.",
    )  # fmt: skip
