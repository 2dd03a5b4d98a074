"""Secrets at rest: encrypted under a key that lies outside the database."""

import secrets
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from kernel.secret_files import made_once

_NONCE_BYTES = 12
_KEY_BYTES = 32


class Sealer:
    """AES-256-GCM under one service's own key."""

    def __init__(self, key: bytes) -> None:
        self._cipher, self._key = AESGCM(key), key

    @classmethod
    def from_file(cls, path: Path) -> "Sealer":
        """Open the key file, or make it (0600) at the first start."""
        return cls(made_once(path, lambda: secrets.token_bytes(_KEY_BYTES)))

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
