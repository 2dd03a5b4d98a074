"""The insured persons of the medical case: how each is named, what each consents to, what came back."""

import csv
import hmac
import secrets
import unicodedata
from dataclasses import dataclass
from pathlib import Path

CONTRACT_PURPOSE = "underwriting"


@dataclass(frozen=True)
class Applicant:
    """One person of the file: the hospital's id, and the identity number that only the person and the insurer know."""

    record_id: str
    identity_number: str
    living: bool


def applicants_of(path: Path) -> list[Applicant]:
    """Everybody in the file."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        return [Applicant(row["Id"], row["SSN"], not row["DEATHDATE"]) for row in csv.DictReader(file)]


def normalised(identity_number: str) -> bytes:
    """NFKC, no spaces or hyphens, upper case."""
    text = unicodedata.normalize("NFKC", identity_number)
    return "".join(character for character in text if not character.isspace() and character != "-").upper().encode()


def pseudonym(key: bytes, identity_number: str) -> str:
    """HMAC-SM3 of the normalised number, lower-case hex: the name of a person under this key."""
    return hmac.new(key, normalised(identity_number), "sm3").hexdigest()


def new_identity_key() -> bytes:
    """What the identity verifier and the public data operator share."""
    return secrets.token_bytes(32)
