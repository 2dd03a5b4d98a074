"""C2SP checkpoints: reading them strictly, and checking them with a pinned key."""

from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from market.verify.encoding import MalformedError, exact_base64, exact_number
from market.verify.refusals import CheckpointNotSigned, CheckpointOfAnotherLog

DASH = "\N{EM DASH}"
ED25519_NOTE = 1
HASH_BYTES = 32
KEY_ID_BYTES = 4
SIGNATURE_BYTES = 64


@dataclass(frozen=True)
class VerifierKey:
    """A C2SP verifier key: name, key id, and the Ed25519 public key."""

    name: str
    key_id: bytes
    public: bytes

    @classmethod
    def read(cls, vkey: str, kind: int = ED25519_NOTE) -> "VerifierKey":
        """From ``name+hash+base64``; malformed when it is of another kind, or the hash not that of name and key."""
        name, _, rest = vkey.partition("+")
        digits, _, encoded = rest.partition("+")
        typed = exact_base64(encoded)
        key_id = sha256(name.encode() + b"\n" + typed).digest()[:KEY_ID_BYTES]
        well_named = name and name.isprintable() and not any(character.isspace() for character in name)
        if not well_named or digits != key_id.hex() or len(typed) != 1 + HASH_BYTES or typed[0] != kind:
            raise MalformedError
        return cls(name, key_id, typed[1:])


@dataclass(frozen=True)
class Checkpoint:
    """Origin, size and root, with the one signature line that certificates carry.

    C2SP tells clients to pass over signatures of unknown keys. Certificates carry exactly the log's own, so a second
    line is refused: no byte of a certificate stays unchecked.
    """

    origin: str
    size: int
    root: bytes
    signer: str
    signature: bytes

    @classmethod
    def read(cls, note: str) -> "Checkpoint":
        """From the text of a signed note; malformed unless it is written exactly as ``text`` writes it."""
        lines = note.split("\n")
        if len(lines) != 6 or lines[3] or lines[5]:  # noqa: PLR2004 - the six lines of a checkpoint
            raise MalformedError
        dash, signer, encoded = [*lines[4].split(" "), "", ""][:3]
        checkpoint = cls(lines[0], exact_number(lines[1]), exact_base64(lines[2]), signer, exact_base64(encoded))
        shaped = (
            checkpoint.origin
            and dash == DASH
            and len(checkpoint.root) == HASH_BYTES
            and len(checkpoint.signature) == KEY_ID_BYTES + SIGNATURE_BYTES
        )
        if not shaped or checkpoint.note != note:
            raise MalformedError
        return checkpoint

    @property
    def text(self) -> str:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"

    @property
    def note(self) -> str:
        """The whole signed note."""
        return f"{self.text}\n{DASH} {self.signer} {b64encode(self.signature).decode()}\n"

    def verify(self, origin: str, key: VerifierKey) -> None:
        """Refuse unless it is this log's and signed by this key."""
        if self.origin != origin:
            raise CheckpointOfAnotherLog(particular=self.origin)
        if self.signer != key.name or self.signature[:KEY_ID_BYTES] != key.key_id:
            raise CheckpointNotSigned(particular=self.signer)
        try:
            Ed25519PublicKey.from_public_bytes(key.public).verify(self.signature[KEY_ID_BYTES:], self.text.encode())
        except (InvalidSignature, ValueError) as error:
            raise CheckpointNotSigned from error
