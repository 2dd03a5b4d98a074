"""The unified social credit code of legal persons and other organisations (GB 32100-2015)."""

from collections.abc import Iterator

from onboarding.domain.refusals import CreditCodeMalformed

CODE_LENGTH = 18
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # no I, O, S, V, Z (table 1)
WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)  # 3^(i-1) mod 31
AUTHORITIES = "123456789ANY"  # the first character: who registers the organisation
ESTABLISHMENT_AUTHORITY = "1"  # 机构编制: organs, institutions, mass organisations
_REGION = slice(2, 8)  # six digits of GB/T 2260
_FULL_WIDTH = range(0xFF01, 0xFF5F)


def check_character(first_seventeen: str) -> str:
    """The eighteenth character: 31 minus the weighted sum of the others, mod 31."""
    total = sum(ALPHABET.index(character) * weight for character, weight in zip(first_seventeen, WEIGHTS, strict=True))
    return ALPHABET[-total % len(ALPHABET)]


def checked_credit_code(text: str) -> str:
    """The code as it was given; refused, with the first thing wrong, when it cannot be one."""
    problem = next(_problems(text), None)
    if problem is not None:
        raise CreditCodeMalformed(problem=problem)
    return text


def _problems(text: str) -> Iterator[str]:
    if any(ord(character) in _FULL_WIDTH for character in text):
        yield "it holds full-width characters (全角); type it with half-width digits and letters (半角)"
    if any(character.isspace() for character in text):
        yield "it holds spaces; leave them out"
    if text != text.upper():
        yield "it holds lower-case letters; write them in upper case"
    if len(text) != CODE_LENGTH:
        yield f"it has {len(text)} characters and must have {CODE_LENGTH}"
    strange = sorted({character for character in text if character not in ALPHABET})
    if strange:
        yield f"it holds {' '.join(strange)}; only digits and the letters A to Y without I, O, S, V occur"
    if text[0] not in AUTHORITIES:
        yield f"no registration authority has the sign {text[0]} (first character)"
    if not text[_REGION].isdecimal():
        yield "characters 3 to 8 are the region and must be digits"
    if check_character(text[:-1]) != text[-1]:
        yield "the last character does not fit the others; compare it with the licence, character by character"


def issued_to_institutions(code: str) -> bool:
    """Whether the establishment authority issued the code, so that it names an organ or a public institution."""
    return code.startswith(ESTABLISHMENT_AUTHORITY)
