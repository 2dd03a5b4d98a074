"""The manifest of a version: which files it is, to the last byte."""

from collections.abc import Iterable
from dataclasses import dataclass

from kernel.canonical import canonical, sha256_hex


@dataclass(frozen=True)
class File:
    """One file as it is kept: digests in lower-case hex, one SHA-256 for each 8 MiB."""

    name: str
    size: int
    sha256: str
    sm3: str
    part_sha256s: tuple[str, ...]


def manifest_of(files: Iterable[File]) -> bytes:
    """The RFC 8785 manifest, files sorted by name."""
    return canonical({
        "files": [
            {"name": file.name, "size": file.size, "sha256": file.sha256, "sm3": file.sm3,
             "part_sha256s": list(file.part_sha256s)}
            for file in sorted(files, key=lambda file: file.name)
        ]
    })  # fmt: skip


def digest_of(manifest: bytes) -> str:
    """The version's digest: SHA-256 of its manifest."""
    return sha256_hex(manifest)
