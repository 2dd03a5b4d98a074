"""Verifying a certificate file, step by step, from its bytes to the pinned keys."""

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from market.verify.checkpoint import Checkpoint
from market.verify.cosignature import Cosigned, Witnessed, need_witness, split_certificate
from market.verify.credential import Credential
from market.verify.merkle import is_included, leaf_hash
from market.verify.proof_file import ProofFile
from market.verify.refusals import CosignatureMissing, FileNotCanonical, FileUnreadable, NotInLog
from market.verify.trust import Trust
from market.verify.verdict import Verdict

FILE_BYTES_MAX = 1024 * 1024


@dataclass(frozen=True)
class WitnessDemand:
    """The verifier key of a witness that must have cosigned, and its checkpoint if that came in a file apart."""

    vkey: str
    given: Cosigned | None = None


def verify_file(
    path: Path, trust: Trust, *, at: datetime | None = None, demand: WitnessDemand | None = None
) -> Verdict:
    """Verify a certificate file; refuses with a ``NotVerified``. ``at``: the moment for which validity is told."""
    try:
        with path.open("rb") as file:
            data = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise FileUnreadable(particular=str(path)) from error
    if len(data) > FILE_BYTES_MAX:
        raise FileUnreadable(particular=str(path))
    return verify_text(data, trust, at=at, demand=demand)


def verify_text(
    data: bytes, trust: Trust, *, at: datetime | None = None, demand: WitnessDemand | None = None
) -> Verdict:
    """Verify a certificate's bytes. Cosignatures in the file are looked at only where a witness is demanded."""
    if not data:
        raise FileNotCanonical
    carried = None
    if demand is not None:
        data, carried = split_certificate(data)
    proof = ProofFile.read(data)
    checkpoint = proof.checkpoint
    checkpoint.verify(trust.origin, trust.log_key)
    if not is_included(leaf_hash(proof.extra), proof.index, checkpoint.size, proof.path, checkpoint.root):
        raise NotInLog
    witnessed = _witnessed(demand, carried, checkpoint, trust) if demand is not None else None
    credential = Credential.read(proof.extra)
    credential.verify(trust)
    return Verdict(
        id=credential.id,
        kind=credential.kind,
        issuer=credential.issuer,
        kid=credential.kid,
        valid_from=credential.valid_from,
        valid_until=credential.valid_until,
        subject=credential.subject,
        credential_sha256=sha256(proof.extra).hexdigest(),
        origin=checkpoint.origin,
        index=proof.index,
        tree_size=checkpoint.size,
        root=checkpoint.root.hex(),
        trust_fingerprint=trust.fingerprint,
        verified_at=at or datetime.now(UTC),
        witnessed=witnessed,
    )


def _witnessed(demand: WitnessDemand, carried: Cosigned | None, checkpoint: Checkpoint, trust: Trust) -> Witnessed:
    cosigned = carried or demand.given
    if cosigned is None:
        raise CosignatureMissing(particular=demand.vkey)
    if carried is not None and len(carried.lines) > 1:  # no byte of a certificate stays unchecked
        raise FileNotCanonical
    return need_witness(demand.vkey, cosigned, checkpoint, trust)
