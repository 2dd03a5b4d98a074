"""A small market for these tests: a log with entries, an issuer's key, and certificates written as evidence does."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from joserfc.jwk import OKPKey

from evidence.domain.checkpoint import Checkpoint, LogKey
from evidence.domain.proof_file import proof_file
from evidence.domain.tree import Frontier, Node, hash_of, inclusion_path, leaf_hash, nodes_of
from kernel.canonical import canonical
from kernel.signatures import new_key, public_jwk, sign_compact

ISSUER = "https://market.example/rights"
KID = "rights-2026"


def claims(**changes: object) -> dict[str, Any]:
    """What a registration certificate states."""
    return {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential", "DataPropertyRegistrationCertificate"],
        "id": "urn:yaosu:certificate:YS-2026-000001",
        "issuer": ISSUER,
        "validFrom": "2026-03-02T10:00:00+08:00",
        "validUntil": "2029-03-02T10:00:00+08:00",
        "credentialSubject": {"holders": ["pty_1"], "lineage_root": "ds_1", "right": "OPERATE", "名称": "数据产品"},
        **changes,
    }


@dataclass
class SmallMarket:
    """One log, one issuer."""

    origin: str = "market.example/log"
    log_key: LogKey = field(init=False)
    issuer_key: OKPKey = field(default_factory=new_key)
    leaves: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.log_key = LogKey.new(self.origin)

    def deposit(self, *datas: bytes) -> None:
        """Append to the log."""
        self.leaves += [leaf_hash(data) for data in datas]

    def signed(self, payload: dict[str, Any] | bytes | None = None, *, kid: str = KID, typ: str = "vc+jwt") -> bytes:
        """The credential's exact bytes."""
        body = payload if isinstance(payload, bytes) else canonical(payload or claims())
        return sign_compact(body, self.issuer_key, kid, typ).encode()

    def tree(self) -> tuple[Frontier, dict[Node, bytes]]:
        """The log's tree."""
        nodes: dict[Node, bytes] = {}
        frontier = Frontier(0, [])
        for leaf in self.leaves:
            nodes.update(frontier.append(leaf))
        return frontier, nodes

    def checkpoint(self, key: LogKey | None = None) -> Checkpoint:
        """The log as signed now."""
        frontier, _ = self.tree()
        return Checkpoint.sign(key or self.log_key, frontier.size, frontier.root, datetime.now(UTC))[0]

    def proof(self, index: int) -> list[bytes]:
        """The inclusion proof of an entry."""
        _, nodes = self.tree()
        spans = inclusion_path(index, len(self.leaves))
        return [hash_of(span, {node: nodes[node] for node in nodes_of([span])}) for span in spans]

    def file(self, jwt: bytes) -> bytes:
        """The certificate file of a credential that stands in the log."""
        index = self.leaves.index(leaf_hash(jwt))
        return proof_file(index, self.proof(index), self.checkpoint().note, jwt).encode()

    def certificate(self, payload: dict[str, Any] | bytes | None = None, *, kid: str = KID) -> bytes:
        """A credential signed, deposited among others, and written out."""
        jwt = self.signed(payload, kid=kid)
        self.deposit(*(f"before {number}".encode() for number in range(5)), jwt, b"after")
        return self.file(jwt)

    def trust(self, **changes: object) -> dict[str, Any]:
        """The market's trust file."""
        return {
            "format": 1,
            "log": {"origin": self.origin, "vkey": self.log_key.vkey},
            "issuers": [
                {
                    "issuer": ISSUER, "jwk": public_jwk(self.issuer_key), "kid": KID,
                    "valid_from": "2026-01-01T00:00:00+08:00", "valid_until": None,
                }
            ],
            **changes,
        }  # fmt: skip
