"""What an operator may set for pledge."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from kernel.settings import Settings as KernelSettings


class Settings(KernelSettings):
    """Read from the environment under ``YAOSU_PLEDGE_``."""

    model_config = SettingsConfigDict(env_prefix="YAOSU_PLEDGE_", extra="ignore", frozen=True)

    default_after_days: int = Field(
        default=90, ge=1, le=3650, description="So many days after its maturity an overdue loan counts as defaulted."
    )
