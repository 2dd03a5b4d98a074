"""What whoever runs a market may set about the ground it stands on."""

from pathlib import Path

from pydantic import Field

from kernel.settings import Settings


class MarketSettings(Settings):
    """Read anew whenever a ground is opened."""

    database_url: str = Field(
        default="", validation_alias="YAOSU_DATABASE_URL",
        description="PostgreSQL that stands elsewhere: its administrator's address. Without a user in it, no role and "
        "no database is made or changed (that is what `yaosu migrate` does, with the administrator's address), and a "
        "service only logs in as its own role. Empty: a server of the market's own, in its folder.",
    )  # fmt: skip
    database_password_file: Path | None = Field(
        default=None, validation_alias="YAOSU_DATABASE_PASSWORD_FILE",
        description="A file with the password of the one service's role that `serve`, `work` or `migrate` is about. "
        "Else the password follows from `keys/databases.key` in the market's folder.",
    )  # fmt: skip
    database_may_lose_data: bool = Field(
        default=False, validation_alias="YAOSU_DATABASE_MAY_LOSE_DATA",
        description="Whether to work on a server that may lose what it acknowledged (fsync, full_page_writes or "
        "synchronous_commit is off). Only for tests; else a service refuses to start there.",
    )  # fmt: skip
