"""What an operator may set for evidence."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from kernel.settings import Settings as KernelSettings


class Settings(KernelSettings):
    """Read from the environment under ``YAOSU_EVIDENCE_``."""

    model_config = SettingsConfigDict(env_prefix="YAOSU_EVIDENCE_", extra="ignore", frozen=True)

    origin: str = Field(
        default="yaosu.local/evidence", pattern=r"^[!-*,-~]{1,200}$",
        description="The log's name in checkpoints, a URL without scheme; it stays as it was when the log was opened.",
    )  # fmt: skip
    sequencer_interval_seconds: float = Field(
        default=0.1, gt=0, le=1, description="How often the sequencer looks for waiting deposits."
    )
