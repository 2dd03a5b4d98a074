"""Secrets at rest: encrypted under a key that lies outside the database."""

import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE_BYTES = 12
_KEY_BYTES = 32


class Sealer:
    """AES-256-GCM under one service's own key."""

    def __init__(self, key: bytes) -> None:
        self._cipher, self._key = AESGCM(key), key

    @classmethod
    def from_file(cls, path: Path) -> "Sealer":
        """Open the key file, or make it (0600) at the first start."""
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            pending = path.with_suffix(f".{os.getpid()}")
            descriptor = os.open(pending, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_bytes(_KEY_BYTES))
                file.flush()
                os.fsync(file.fileno())
            pending.rename(path)
        return cls(path.read_bytes())

    def seal(self, data: bytes) -> bytes:
        """Nonce and ciphertext; each sealing of the same data differs."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, data, None)

    def unseal(self, sealed: bytes) -> bytes:
        """The data; raises ``cryptography.exceptions.InvalidTag`` when it was sealed by another key or changed."""
        return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)

    def derived(self, label: str) -> bytes:
        """A further 32-byte key for one stated purpose (RFC 5869)."""
        return HKDF(hashes.SHA256(), _KEY_BYTES, None, label.encode()).derive(self._key)
