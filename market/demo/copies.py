"""What somebody might do to a file to register it again: other line numbers, another order, the same content."""

import csv
import random
import re
from pathlib import Path

_REFERENCE = re.compile(r"#(\d+)|'(?:[^']|'')*'")


def shuffle_rows(source: Path, target: Path, *, seed: int = 20260803) -> None:
    """The same table with its rows in another order."""
    with source.open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    random.Random(seed).shuffle(rows)  # noqa: S311 - any order will do
    with target.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])


def re_export(source: Path, target: Path, *, seed: int = 20260803) -> None:
    """The same building model as another tool would write it: instances renumbered, lines reordered."""
    head, instances, tail = _parts(source.read_text(encoding="utf-8", errors="surrogateescape"))
    chance = random.Random(seed)  # noqa: S311 - any order will do
    numbers = [number for number, _ in instances]
    fresh = dict(zip(numbers, chance.sample(range(1, 10 * len(numbers) + 1), len(numbers)), strict=True))
    chance.shuffle(instances)

    def renumbered(found: re.Match[str]) -> str:
        return f"#{fresh[int(found[1])]}" if found[1] else found[0]

    lines = [f"#{fresh[number]}={_REFERENCE.sub(renumbered, body)};" for number, body in instances]
    text = "\n".join([head, *lines, tail])
    target.write_text(text, encoding="utf-8", errors="surrogateescape")


def _parts(text: str) -> tuple[str, list[tuple[int, str]], str]:
    start = text.index("DATA;") + len("DATA;")
    end = text.rindex("ENDSEC;")
    instances = []
    for statement in _statements(text[start:end]):
        number, _, body = statement.partition("=")
        instances.append((int(number.strip().lstrip("#")), body.strip()))
    return text[:start], instances, text[end:]


def _statements(data: str) -> list[str]:
    """Split at the semicolons that stand outside of strings."""
    statements, began, in_string = [], 0, False
    for place, character in enumerate(data):
        if character == "'":
            in_string = not in_string
        elif character == ";" and not in_string:
            statements.append(data[began:place].strip())
            began = place + 1
    return [statement for statement in statements if statement]


def edited_model(source: Path, target: Path) -> None:
    """A new version of a building model: one property that a designer changed."""
    text = source.read_text(encoding="utf-8", errors="surrogateescape")
    head, _, tail = text.partition("FILE_NAME('")
    target.write_text(f"{head}FILE_NAME('v2-{tail}", encoding="utf-8", errors="surrogateescape")
