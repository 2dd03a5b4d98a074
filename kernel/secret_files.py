"""Secrets in files: made once, whole or not at all, for the owner only, however many processes start together."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

OWNER_ONLY_FOLDER = 0o700
OWNER_ONLY = 0o600


def made_once(path: Path, make: Callable[[], bytes]) -> bytes:
    """What the file holds; who comes first makes it, and everybody else reads that."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=OWNER_ONLY_FOLDER)
        pending = _written(path, make(), OWNER_ONLY)
        try:
            os.link(pending, path)
        except FileExistsError:
            pass  # another process was first
        finally:
            pending.unlink()
    return path.read_bytes()


def replaced(path: Path, content: bytes, mode: int = OWNER_ONLY) -> None:
    """Put new content in the file's place; a reader sees the old or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=OWNER_ONLY_FOLDER)
    _written(path, content, mode).replace(path)


def _written(path: Path, content: bytes, mode: int) -> Path:
    pending = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(pending, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return pending
