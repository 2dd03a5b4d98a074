"""Search words for Chinese and English alike: Chinese runs become pairs of characters, the rest words."""

import re
import unicodedata

WORDS_MAX = 60
_RUNS = re.compile(r"[一-鿿㐀-䶿]+|[a-z0-9]+")


def words_of(text: str) -> list[str]:
    """The words by which a text is found, in order."""
    words: list[str] = []
    for run in _RUNS.findall(unicodedata.normalize("NFKC", text).lower()):
        if run[0].isascii():
            words.append(_stem(run))
        elif len(run) == 1:
            words.append(run)
        else:
            words += [run[place : place + 2] for place in range(len(run) - 1)]
    return words


def indexed(text: str) -> str:
    """As ``words_of``, and each Chinese character alone too, so that one character finds as well."""
    words = words_of(text)
    singles = [character for character in text if "一" <= character <= "鿿"]
    return " ".join([*words, *singles])


def asked(text: str) -> str:
    """A tsquery that wants every word; empty when nothing is asked."""
    return " & ".join(words_of(text)[:WORDS_MAX])


def _stem(word: str) -> str:
    """The plural's s is dropped, so that models finds model."""
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word  # noqa: PLR2004 - shorter words are not plurals
