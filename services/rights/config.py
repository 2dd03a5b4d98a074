"""What an operator may set for rights."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from kernel.settings import Settings as KernelSettings


class Settings(KernelSettings):
    """Read from the environment under ``YAOSU_RIGHTS_``."""

    model_config = SettingsConfigDict(env_prefix="YAOSU_RIGHTS_", extra="ignore", frozen=True)

    near_copy_ppm: int = Field(
        default=800_000, ge=100_000, le=1_000_000,
        description="From this similarity on, of a million, a registration is held as a near copy.",
    )  # fmt: skip
    grade_a_ppm: int = Field(default=900_000, ge=0, le=1_000_000, description="Least quality score of grade A.")
    grade_b_ppm: int = Field(default=800_000, ge=0, le=1_000_000, description="Least quality score of grade B.")
    grade_c_ppm: int = Field(default=600_000, ge=0, le=1_000_000, description="Least quality score of grade C.")
    attachment_bytes_max: int = Field(
        default=50 * 1024 * 1024, ge=1024, description="The largest attachment taken, in bytes."
    )
    value_valid_months: int = Field(
        default=12, ge=1, le=36, description="For so many months from its base date a value report may be relied on."
    )
