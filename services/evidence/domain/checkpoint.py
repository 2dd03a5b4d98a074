"""Checkpoints: C2SP signed notes that state how large the log is and what its root is."""

from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from evidence.domain.events import CheckpointSigned

_ED25519_NOTE = b"\x01"
_KEY_ID_BYTES = 4


@dataclass(frozen=True)
class LogKey:
    """The key that signs the log's checkpoints, under the log's name."""

    origin: str
    private: Ed25519PrivateKey

    @classmethod
    def new(cls, origin: str) -> "LogKey":
        """A new key for a new log."""
        return cls(origin, Ed25519PrivateKey.generate())

    @classmethod
    def from_seed(cls, origin: str, seed: bytes) -> "LogKey":
        """The key again, from its 32 secret bytes."""
        return cls(origin, Ed25519PrivateKey.from_private_bytes(seed))

    @property
    def seed(self) -> bytes:
        """The 32 secret bytes, to be sealed."""
        return self.private.private_bytes_raw()

    @property
    def _typed_public(self) -> bytes:
        return _ED25519_NOTE + self.private.public_key().public_bytes_raw()

    @property
    def key_id(self) -> bytes:
        """SHA-256(name ‖ LF ‖ type ‖ public key), its first four bytes (C2SP signed-note)."""
        return sha256(self.origin.encode() + b"\n" + self._typed_public).digest()[:_KEY_ID_BYTES]

    @property
    def vkey(self) -> str:
        """What a verifier needs: ``name+hash+base64``."""
        return f"{self.origin}+{self.key_id.hex()}+{b64encode(self._typed_public).decode()}"

    def sign_note(self, text: str) -> str:
        """The text, an empty line and one signature line; the text must end with a line feed."""
        signature = b64encode(self.key_id + self.private.sign(text.encode())).decode()
        return f"{text}\n\N{EM DASH} {self.origin} {signature}\n"


@dataclass(frozen=True)
class Checkpoint:
    """The log at one size, as signed."""

    origin: str
    size: int
    root: bytes
    note: str
    signed_at: datetime

    @classmethod
    def sign(cls, key: LogKey, size: int, root: bytes, at: datetime) -> tuple["Checkpoint", CheckpointSigned]:
        """State the log's size and root (C2SP tlog-checkpoint)."""
        note = key.sign_note(checkpoint_text(key.origin, size, root))
        return cls(key.origin, size, root, note, at), CheckpointSigned(key.origin, size, root.hex(), at)


def checkpoint_text(origin: str, size: int, root: bytes) -> str:
    """The three lines that are signed."""
    return f"{origin}\n{size}\n{b64encode(root).decode()}\n"


def note_is_signed(note: str, text: str, vkey: str) -> bool:
    """Whether the note is exactly this text with one signature by the verifier key."""
    origin, key_id, typed_public = vkey.split("+", 2)
    before, _, encoded = note.rpartition(" ")
    if before != f"{text}\n\N{EM DASH} {origin}" or not encoded.endswith("\n"):
        return False
    try:
        signature = b64decode(encoded[:-1], validate=True)
        if signature[:_KEY_ID_BYTES].hex() != key_id:
            return False
        public = Ed25519PublicKey.from_public_bytes(b64decode(typed_public)[1:])
        public.verify(signature[_KEY_ID_BYTES:], text.encode())
    except (ValueError, InvalidSignature):
        return False
    return True
