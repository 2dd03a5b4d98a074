"""How a broker is reached: where it is, by whose name, and whose word its certificate rests on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

MECHANISM = "SCRAM-SHA-512"
BOOTSTRAP_MILLISECONDS = 10_000


@dataclass(frozen=True)
class BrokerLogin:
    """Bootstrap servers (``host:port``, separated by commas), plainly or as a user by SASL; over TLS with an authority.

    The password stays out of ``repr``, so that no log line shows it.
    """

    servers: str
    user: str = ""
    password: str = field(default="", repr=False)
    authority: Path | None = None
    mechanism: str = MECHANISM

    def options(self) -> Mapping[str, object]:
        """What every client of kafka-python takes."""
        how = ("SASL_" if self.user else "") + ("SSL" if self.authority else "PLAINTEXT")
        given: dict[str, object] = {
            "bootstrap_servers": self.servers.split(","), "security_protocol": how,
            "bootstrap_timeout_ms": BOOTSTRAP_MILLISECONDS,
        }  # fmt: skip
        if self.authority:
            given["ssl_cafile"] = str(self.authority)
        if self.user:
            given |= {"sasl_mechanism": self.mechanism, "sasl_plain_username": self.user,
                      "sasl_plain_password": self.password}  # fmt: skip
        return given
