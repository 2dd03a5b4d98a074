"""Versions: files that are collected, looked at and published, and never change after that."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from catalog.domain.manifest import File, digest_of, manifest_of
from catalog.domain.refusals import (
    FileNameRefused,
    FileNotAnnounced,
    FilesMissing,
    VersionNotOpen,
    VersionNotPublished,
    WrongKindOfFile,
)  # fmt: skip
from catalog.domain.themes import SUFFIXES, Form

FILES_MAX = 100
_NAME = re.compile(r"[\w一-鿿][\w一-鿿.\-]{0,119}")


class VersionState(StrEnum):
    """OPEN → PROFILING → PUBLISHED or FAILED; that of a derivation begins with DERIVING."""

    OPEN = "OPEN"
    DERIVING = "DERIVING"
    PROFILING = "PROFILING"
    PUBLISHED = "PUBLISHED"
    FAILED = "FAILED"


TRANSITIONS = {
    VersionState.OPEN: {VersionState.PROFILING},
    VersionState.DERIVING: {VersionState.PROFILING, VersionState.FAILED},
    VersionState.PROFILING: {VersionState.PUBLISHED, VersionState.FAILED},
    VersionState.PUBLISHED: set(),
    VersionState.FAILED: set(),
}


@dataclass(frozen=True)
class Version:
    """One version. ``number`` counts the published ones of a dataset; 0 until then."""

    id: str
    dataset_id: str
    state: VersionState
    announced: tuple[str, ...]
    files: tuple[File, ...]
    opened_at: datetime
    number: int = 0
    manifest: str = ""
    digest: str = ""
    refusal: dict[str, Any] | None = None  # Any: the JSON of a problem document
    attempts: int = 0
    published_at: datetime | None = None
    version: int = 1

    def becomes(self, state: VersionState) -> "Version":
        """The next state, where the table of transitions allows it."""
        if state not in TRANSITIONS[self.state]:
            raise VersionNotOpen(version_id=self.id, state=self.state)
        return replace(self, state=state)

    def need_open_for(self, name: str) -> None:
        """Refuse a file that it does not announce, or that comes too late."""
        if name not in self.announced:
            raise FileNotAnnounced(announced=list(self.announced))
        if self.state is not VersionState.OPEN:
            raise VersionNotOpen(version_id=self.id, state=self.state)

    def need_published(self) -> None:
        """Refuse unless it stands."""
        if self.state is not VersionState.PUBLISHED:
            raise VersionNotPublished(version_id=self.id, state=self.state)

    def closed(self) -> "Version":
        """All files are here; they will be looked at."""
        if self.state is not VersionState.OPEN:
            raise VersionNotOpen(version_id=self.id, state=self.state)
        missing = sorted(set(self.announced) - {file.name for file in self.files})
        if missing:
            raise FilesMissing(missing=missing)
        return self.becomes(VersionState.PROFILING)

    def published(self, number: int, at: datetime) -> "Version":
        """The manifest is fixed, and with it the digest."""
        manifest = manifest_of(self.files)
        return replace(
            self.becomes(VersionState.PUBLISHED), number=number, manifest=manifest.decode(), digest=digest_of(manifest),
            published_at=at,
        )  # fmt: skip

    def failed(self, refusal: dict[str, Any]) -> "Version":  # Any: the JSON of a problem document
        """The bytes are bad; the refusal says why."""
        return replace(self.becomes(VersionState.FAILED), refusal=refusal)


def check_names(names: Sequence[str], form: Form) -> None:
    """File names that cannot lead out of any folder, each once, and of the dataset's kind."""
    if len({name.casefold() for name in names}) != len(names):
        raise FileNameRefused(why="a name comes twice")
    for name in names:
        if not _NAME.fullmatch(name) or ".." in name:
            raise FileNameRefused(name=name)
        if not name.lower().endswith(SUFFIXES[form]):
            raise WrongKindOfFile(name=name, taken=list(SUFFIXES[form]), why="the name has another ending")
