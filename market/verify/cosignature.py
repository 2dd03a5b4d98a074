"""C2SP cosignatures (tlog-cosignature v1): a witness states that a checkpoint continues all that it saw before."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from market.verify.checkpoint import DASH, HASH_BYTES, KEY_ID_BYTES, SIGNATURE_BYTES, Checkpoint, VerifierKey
from market.verify.encoding import MalformedError, exact_base64, exact_number
from market.verify.merkle import verify_consistency
from market.verify.proof_file import PATH_MAX
from market.verify.refusals import CosignatureMissing, CosignedMalformed, WitnessSawLess
from market.verify.trust import Trust

ED25519_COSIGNATURE = 4
TIME_BYTES = 8
TIME_MAX = 2**63 - 1
COSIGNATURES_MAX = 32
OLD = "old "


def cosigned_text(checkpoint: Checkpoint, seconds: int) -> bytes:
    """What a witness signs: a header, the time, the checkpoint's three lines."""
    return f"cosignature/v1\ntime {seconds}\n{checkpoint.text}".encode()


@dataclass(frozen=True)
class CosigningKey:
    """A witness's own key; its name is no log's."""

    name: str
    private: Ed25519PrivateKey

    @property
    def _typed_public(self) -> bytes:
        return bytes([ED25519_COSIGNATURE]) + self.private.public_key().public_bytes_raw()

    @property
    def vkey(self) -> str:
        """What whoever demands this witness is given: ``name+hash+base64``, of type 4."""
        key_id = sha256(self.name.encode() + b"\n" + self._typed_public).digest()[:KEY_ID_BYTES]
        return f"{self.name}+{key_id.hex()}+{b64encode(self._typed_public).decode()}"

    def cosign(self, checkpoint: Checkpoint, at: datetime) -> str:
        """The checkpoint's note with our line beneath the log's."""
        seconds = int(at.timestamp())
        key_id = VerifierKey.read(self.vkey, ED25519_COSIGNATURE).key_id
        signed = key_id + seconds.to_bytes(TIME_BYTES, "big") + self.private.sign(cosigned_text(checkpoint, seconds))
        return f"{checkpoint.note}{DASH} {self.name} {b64encode(signed).decode()}\n"


@dataclass(frozen=True)
class Cosigned:
    """A checkpoint with the lines that witnesses added, and the proof that it continues a smaller tree, if given."""

    checkpoint: Checkpoint
    lines: tuple[tuple[str, bytes], ...]
    from_size: int | None = None
    path: tuple[bytes, ...] = ()

    @classmethod
    def read(cls, text: str) -> "Cosigned":
        """From a cosigned note, or from one beneath a proof, as C2SP's ``add-checkpoint`` writes it."""
        try:
            if not text.startswith(OLD):
                return cls(*_note(text))
            head, _, note = text.partition("\n\n")
            first, *rest = head.split("\n")
            path = tuple(exact_base64(line) for line in rest)
            if len(path) > PATH_MAX or any(len(value) != HASH_BYTES for value in path):
                raise MalformedError
            return cls(*_note(note), exact_number(first.removeprefix(OLD)), path)
        except ValueError as error:
            raise CosignedMalformed from error

    def demand(self, witness: VerifierKey) -> datetime:
        """When this witness cosigned it; refused unless it did."""
        for name, signed in self.lines:
            if name != witness.name or signed[:KEY_ID_BYTES] != witness.key_id:
                continue
            seconds = int.from_bytes(signed[KEY_ID_BYTES : KEY_ID_BYTES + TIME_BYTES], "big")
            signature = signed[KEY_ID_BYTES + TIME_BYTES :]
            if seconds > TIME_MAX or len(signature) != SIGNATURE_BYTES:
                raise CosignatureMissing(particular=witness.name)
            try:
                key = Ed25519PublicKey.from_public_bytes(witness.public)
                key.verify(signature, cosigned_text(self.checkpoint, seconds))
                return datetime.fromtimestamp(seconds, UTC)
            except (InvalidSignature, ValueError, OverflowError, OSError) as error:
                raise CosignatureMissing(particular=witness.name) from error
        raise CosignatureMissing(particular=witness.name)


def _note(note: str) -> tuple[Checkpoint, tuple[tuple[str, bytes], ...]]:
    """The log's own part, read as strictly as ever, and the lines beneath it."""
    lines = note.split("\n")
    if len(lines) < 6 or lines[-1] or len(lines) - 6 > COSIGNATURES_MAX:  # noqa: PLR2004 - the six lines of a checkpoint
        raise MalformedError
    added = []
    for line in lines[5:-1]:
        dash, name, encoded = [*line.split(" "), "", ""][:3]
        signed = exact_base64(encoded)
        if dash != DASH or not name or len(signed) <= KEY_ID_BYTES or line != f"{dash} {name} {encoded}":
            raise MalformedError
        added.append((name, signed))
    return Checkpoint.read("\n".join([*lines[:5], ""])), tuple(added)


@dataclass(frozen=True)
class Witnessed:
    """Which witness saw the log when, and how large it was then."""

    name: str
    at: datetime
    size: int


def need_witness(vkey: str, cosigned: Cosigned, certified: Checkpoint, trust: Trust) -> Witnessed:
    """Refuse unless the witness cosigned the tree that the certificate stands in, or a larger one that continues it."""
    try:
        witness = VerifierKey.read(vkey, ED25519_COSIGNATURE)
    except ValueError as error:
        raise CosignatureMissing(particular=vkey) from error
    seen = cosigned.checkpoint
    seen.verify(trust.origin, trust.log_key)
    at = cosigned.demand(witness)
    if seen.size < certified.size:
        raise WitnessSawLess(particular=f"{seen.size} < {certified.size}")
    if cosigned.from_size is not None and cosigned.from_size != certified.size:
        raise WitnessSawLess(particular=f"{cosigned.from_size} ≠ {certified.size}")
    verify_consistency(certified.size, seen.size, certified.root, seen.root, cosigned.path)
    return Witnessed(witness.name, at, seen.size)


def with_proof(from_size: int, path: Sequence[bytes], note: str) -> str:
    """A file for ``--cosigned``: the proof from the certificate's tree on, then the cosigned note."""
    return "\n".join([f"{OLD}{from_size}", *(b64encode(value).decode() for value in path)]) + f"\n\n{note}"


def split_certificate(data: bytes) -> tuple[bytes, Cosigned | None]:
    """A certificate file as the market writes it, and the cosigned checkpoint if the file carries cosignatures."""
    head, gap, note = data.decode("utf-8", "surrogateescape").partition("\n\n")
    lines = note.split("\n")
    if len(lines) <= 6:  # noqa: PLR2004 - the six lines of a checkpoint that carries the log's signature alone
        return data, None
    plain = "\n".join([*lines[:5], ""])
    return f"{head}{gap}{plain}".encode("utf-8", "surrogateescape"), Cosigned.read(note)
