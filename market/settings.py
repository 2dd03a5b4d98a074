"""What whoever runs a market may set about the ground it stands on."""

from pathlib import Path
from typing import Literal

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
    kafka: str = Field(
        default="", validation_alias="YAOSU_KAFKA",
        description="Apache Kafka's bootstrap servers, `host:port` separated by commas. Empty: a log in "
        "PostgreSQL.",
    )  # fmt: skip
    kafka_user: str = Field(
        default="", validation_alias="YAOSU_KAFKA_USER",
        description="The name for logging in to Kafka (SASL SCRAM-SHA-512). Empty: the service's own when there is "
        "a password, else no login.",
    )  # fmt: skip
    kafka_password_file: Path | None = Field(
        default=None, validation_alias="YAOSU_KAFKA_PASSWORD_FILE", description="A file with that user's password."
    )
    kafka_ca: Path | None = Field(
        default=None, validation_alias="YAOSU_KAFKA_CA",
        description="The authority of the brokers' certificates (PEM); with it Kafka is spoken to over TLS only.",
    )  # fmt: skip
    kafka_partitions: int = Field(
        default=3, ge=1, le=1000, validation_alias="YAOSU_KAFKA_PARTITIONS",
        description="Partitions of a topic that is made here; those of a topic that is there already stay.",
    )  # fmt: skip
    s3: str = Field(
        default="", validation_alias="YAOSU_S3", repr=False,
        description="The bucket of any S3-compatible store in which files are kept: "
        "`http(s)://KEY:SECRET@HOST:PORT/BUCKET`; it is made when it is not there. Empty: the market's folder.",
    )  # fmt: skip
    s3_public: str = Field(
        default="", validation_alias="YAOSU_S3_PUBLIC",
        description="`http(s)://HOST:PORT` by which clients of the market reach that store, for uploads that they "
        "bring there themselves. Empty: as the services do.",
    )  # fmt: skip
    backends: Literal["packages", "containers"] = Field(
        default="packages", validation_alias="YAOSU_BACKENDS",
        description="How the stack and the tests start the servers that no address names: from packages, or in "
        "containers of the images of `deploy/compose.yaml`, by the container engine of this machine.",
    )  # fmt: skip
    grpc_listen: str = Field(
        default="", validation_alias="YAOSU_GRPC_LISTEN",
        description="Where this service answers gRPC, e.g. `0.0.0.0:9000`, if that is not the address by which the "
        "others know it in `YAOSU_PEERS`.",
    )  # fmt: skip
    tls_cert: Path | None = Field(
        default=None, validation_alias="YAOSU_TLS_CERT",
        description="This service's certificate chain (PEM; its DNS name is the service's name), shown to the other "
        "services on every address that is not a socket. Read anew when the file changes. Without the three files "
        "the market's own authority in `keys/tls` signs one.",
    )  # fmt: skip
    tls_key: Path | None = Field(
        default=None, validation_alias="YAOSU_TLS_KEY", description="The key of that certificate (PEM)."
    )
    tls_ca: Path | None = Field(
        default=None, validation_alias="YAOSU_TLS_CA",
        description="The authority's certificate (PEM); whoever shows none signed by it is not let in.",
    )  # fmt: skip
