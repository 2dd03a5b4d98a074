"""How an identity number is written before it is turned into a token."""

import hmac
import unicodedata

_MINUS = "−"  # U+2212: typed for a hyphen, yet not of category Pd


def normalise(text: str) -> str:
    """NFKC, without white space and hyphens, upper case: full-width and hyphenated twins become one."""
    return "".join(
        character
        for character in unicodedata.normalize("NFKC", text)
        if not character.isspace() and unicodedata.category(character) != "Pd" and character != _MINUS
    ).upper()


def token(key: bytes, text: str) -> str:
    """HMAC-SM3 (GB/T 32905, GB/T 15852.2) of the normalised text, lower-case hex."""
    return hmac.new(key, normalise(text).encode(), "sm3").hexdigest()
