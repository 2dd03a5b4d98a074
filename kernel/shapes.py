"""Shapes of what comes in and goes out over HTTP: nothing unknown, nothing that only looks alike."""

import unicodedata
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict, StringConstraints

from kernel.calendar import SHANGHAI
from kernel.money import FEN_MAX

_INVISIBLE = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}


class Shape(BaseModel):
    """What a caller sends. Unknown members are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class View(BaseModel):
    """What a caller gets."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


def plain_text(value: str) -> str:
    """NFC, trimmed, without control, format or private characters; line feeds may stay."""
    text = unicodedata.normalize("NFC", value).strip()
    if not text:
        message = "must not be empty"
        raise ValueError(message)
    if any(unicodedata.category(character) in _INVISIBLE and character != "\n" for character in text):
        message = "must not contain control or invisible characters"
        raise ValueError(message)
    return text


def plain_line(value: str) -> str:
    """As ``plain_text``, and on one line."""
    line = plain_text(value)
    if "\n" in line:
        message = "must be one line"
        raise ValueError(message)
    return line


def plain_code(value: str) -> str:
    """An identifier or code: visible ASCII only, so that full-width twins are refused rather than guessed at."""
    if not value.isascii() or not value.isprintable() or " " in value:
        message = "must be plain ASCII without spaces; full-width characters are not taken"
        raise ValueError(message)
    return value


def aware(value: datetime) -> datetime:
    """A moment with its offset, between the years 1900 and 2200, told in Shanghai time."""
    if value.tzinfo is None:
        message = "must carry an offset, e.g. 2026-10-01T09:00:00+08:00"
        raise ValueError(message)
    if not 1900 <= value.year <= 2200:  # noqa: PLR2004 - the bounds are the rule
        message = "must lie between the years 1900 and 2200"
        raise ValueError(message)
    return value.astimezone(SHANGHAI)


FenIn = Annotated[int, Strict(), Field(ge=1, le=FEN_MAX, description="An amount in fen.")]
Whole = Annotated[int, Strict(), Field(ge=0, le=FEN_MAX)]
Ppm = Annotated[int, Strict(), Field(ge=0, le=1_000_000, description="Parts per million.")]
Flag = Annotated[bool, Strict()]
Name = Annotated[str, StringConstraints(max_length=200), AfterValidator(plain_line)]
Text = Annotated[str, StringConstraints(max_length=4000), AfterValidator(plain_text)]
Code = Annotated[str, StringConstraints(min_length=1, max_length=128), AfterValidator(plain_code)]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Jws = Annotated[
    str,
    StringConstraints(min_length=20, max_length=262_144, pattern=r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$"),
]
Moment = Annotated[datetime, AfterValidator(aware)]
