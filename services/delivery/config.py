"""What an operator may set for delivery."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from kernel.settings import Settings as KernelSettings

MEBIBYTE = 1024 * 1024


class Settings(KernelSettings):
    """Read from the environment under ``YAOSU_DELIVERY_``."""

    model_config = SettingsConfigDict(env_prefix="YAOSU_DELIVERY_", extra="ignore", frozen=True)

    abandon_after_seconds: float = Field(
        default=60.0, ge=1, le=3600, description="After how long a use that a stop left half-way is closed."
    )
    link_seconds: float = Field(default=60.0, ge=1, le=120, description="How long a link for one download works.")
    cohort_populations_max: int = Field(
        default=2000, ge=1, le=100_000, description="How many populations of one dataset a buyer may be told of."
    )
    rooms_max: int = Field(default=4, ge=1, le=64, description="How many rooms are kept warm.")
    warm_rooms: bool = Field(
        default=True,
        description="Whether rooms are made ready before anybody asks; off in a mere worker.",
    )
    room_threads: int = Field(default=1, ge=1, le=16, description="Threads of the engine in each room.")
    room_memory_mebibytes: int = Field(
        default=1024, ge=64, le=65_536, description="Memory of the engine in each room, and of its process on top."
    )
    room_answer_seconds: float = Field(default=10.0, gt=0, le=120, description="After how long a late room is killed.")
    room_load_seconds: float = Field(default=300.0, gt=0, le=3600, description="How long loading a room may take.")
