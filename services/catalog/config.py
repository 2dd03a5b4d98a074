"""What an operator may set for catalog."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from kernel.settings import Settings as KernelSettings

GIBIBYTE = 1024**3


class Settings(KernelSettings):
    """Read from the environment under ``YAOSU_CATALOG_``."""

    model_config = SettingsConfigDict(env_prefix="YAOSU_CATALOG_", extra="ignore", frozen=True)

    file_bytes_max: int = Field(default=2 * GIBIBYTE, ge=1, description="How large one file of a version may be.")
    upload_seconds: int = Field(
        default=3600, ge=1, le=7 * 24 * 3600,
        description="Within how long a client must begin an upload straight to the object store.",
    )  # fmt: skip
    workers: int = Field(default=2, ge=1, le=64, description="How many processes look at bytes at the same time.")
    worker_memory_mib: int = Field(
        default=2048, ge=256, description="Memory that DuckDB may use in one of them before it spills to disk."
    )
    worker_deadline_seconds: float = Field(
        default=1800, gt=0, description="How long one task may take before its process is killed."
    )
    worker_tasks_max: int = Field(default=20, ge=1, description="After so many tasks a process is replaced.")
    attempts_max: int = Field(
        default=3, ge=1, description="How often a task whose process broke down is tried before its version fails."
    )
