"""Files of a version: what its manifest says, ranges by part, links for one download."""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from delivery.domain.refusals import BytesNotAsPublished, FileNotFound, RangeNotOnPart

PART_BYTES = 8 * 1024 * 1024
_RANGE = re.compile(r"bytes=(\d{1,15})-(\d{0,15})")


@dataclass(frozen=True)
class ManifestFile:
    """One file as the manifest has it."""

    name: str
    size: int
    sha256: str
    part_sha256s: tuple[str, ...]


@dataclass(frozen=True)
class Manifest:
    """The files of a version; its text digests to the version's digest."""

    digest: str
    files: tuple[ManifestFile, ...]

    @classmethod
    def read(cls, text: str, digest: str) -> "Manifest":
        """Refused unless the text has the digest."""
        if sha256(text.encode()).hexdigest() != digest:
            raise BytesNotAsPublished(version_digest=digest)
        return cls(digest, tuple(
            ManifestFile(file["name"], file["size"], file["sha256"], tuple(file["part_sha256s"]))
            for file in json.loads(text)["files"]
        ))  # fmt: skip

    def file(self, name: str) -> ManifestFile:
        """The file of this name; without a name, the only one."""
        found = [file for file in self.files if file.name == name or (not name and len(self.files) == 1)]
        if not found:
            raise FileNotFound(file_names=[file.name for file in self.files])
        return found[0]


@dataclass(frozen=True)
class Span:
    """The bytes from ``start`` up to and without ``end``; ``start`` lies on a part."""

    start: int
    end: int
    whole: bool


def span_of(header: str | None, size: int) -> Span:
    """The span that a Range header asks for (RFC 9110, one span, beginning on a part)."""
    if header is None:
        return Span(0, size, whole=True)
    matched = _RANGE.fullmatch(header.replace(" ", ""))
    if matched is None:
        raise RangeNotOnPart(part_bytes=PART_BYTES, size_bytes=size)
    start = int(matched[1])
    end = min(int(matched[2]) + 1, size) if matched[2] else size
    if start % PART_BYTES or start >= end:
        raise RangeNotOnPart(part_bytes=PART_BYTES, size_bytes=size)
    return Span(start, end, whole=False)


@dataclass(frozen=True)
class FileLink:
    """A link for one download: only the digest of its token is kept."""

    token_sha256: str
    use_id: str
    buyer_party_id: str
    file_name: str
    expires_at: datetime | None = None
    opened_at: datetime | None = None
