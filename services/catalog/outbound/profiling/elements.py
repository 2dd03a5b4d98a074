"""What an IFC model is made of, told without the numbers and the order that its writer chose."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import ifcopenshell
import ifcopenshell.util.element

from catalog.domain.refusals import FileNotAModel

SIGNIFICANT = 9
Instance = Any  # ifcopenshell tells its types in part only, and by its class attributes are unknown


def open_model(name: str, path: Path) -> ifcopenshell.file:
    """The model; ``FileNotAModel`` when the bytes are none, or end too early."""
    with path.open("rb") as file:
        head = file.read(4096)
        file.seek(max(0, path.stat().st_size - 4096))
        tail = file.read()
    if not head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"ISO-10303-21;"):
        raise FileNotAModel(file=name, why="it does not begin with ISO-10303-21")
    if b"END-ISO-10303-21;" not in tail:
        raise FileNotAModel(file=name, why="it is cut short")
    try:
        model = ifcopenshell.open(str(path), format=".ifc")
        is_model = isinstance(model, ifcopenshell.file) and bool(model.by_type("IfcProject"))
    except Exception as error:
        raise FileNotAModel(file=name, why="it cannot be read") from error
    if not is_model:
        raise FileNotAModel(file=name, why="it holds no IfcProject")
    return model


def rooted(model: ifcopenshell.file) -> list[Instance]:
    """Everything that has a GlobalId."""
    return list(model.by_type("IfcRoot"))


def instance_digests(model: ifcopenshell.file) -> Iterator[bytes]:
    """One digest for each instance: what it says, references told by what they lead to."""
    digests = _Digests(_WHOLE)
    instances: Iterable[Instance] = model
    for instance in instances:
        yield digests.of(model, instance.id())


def content_digests(model: ifcopenshell.file) -> Iterator[bytes]:
    """One digest for each element: what it is, whatever its GlobalId, history and absolute place."""
    digests = _Digests(_CONTENT)
    for element in model.by_type("IfcProduct"):
        yield digests.of(model, element.id())


# What a line of STEP consists of, as far as it matters here: strings, references, real numbers.
_TOKEN = re.compile(r"'(?:[^']|'')*'|#\d+|[-+]?\d+\.\d*(?:[eE][-+]?\d+)?")
_REFERENCE = re.compile(r"'(?:[^']|'')*'|#(\d+)")
_WHOLE = re.compile(r"^#\d+=")
# GlobalId and history stand first in whatever has them. The way up to storey and site is left out: moving a whole
# building makes no other one of its doors.
_CONTENT = re.compile(r"^#\d+=(?:(IFCLOCALPLACEMENT\()[^,]*|(\w+\()'[^']{22}',(?:#\d+|\$))?")


class _Digests:
    """Digests of instances by the text of their lines, which the library writes far faster than it hands out values."""

    def __init__(self, left_out: re.Pattern[str]) -> None:
        self._left_out = left_out
        self._known: dict[int, bytes] = {}

    def of(self, model: ifcopenshell.file, number: int) -> bytes:
        """Depth first with a stack of our own: geometry nests deeper than Python's."""
        known, lines = self._known, dict[int, str]()
        stack = [number]
        while stack:
            top = stack[-1]
            if top in known:
                stack.pop()
                continue
            if top in lines:
                known[top] = self._told(lines.pop(top))
                stack.pop()
                continue
            line = lines[top] = self._line(model, top)
            references = {int(found) for found in _REFERENCE.findall(line) if found}
            stack.extend(child for child in references if child not in known and child not in lines)
        return known[number]

    def _line(self, model: ifcopenshell.file, number: int) -> str:
        line = str(model.by_id(number))
        return self._left_out.sub(_kept, line, count=1)

    def _told(self, line: str) -> bytes:
        return hashlib.sha256(_TOKEN.sub(self._written, line).encode()).digest()

    def _written(self, token: re.Match[str]) -> str:
        text = token[0]
        if text[0] == "#":
            return "#" + self._known.get(int(text[1:]), b"").hex()
        return text if text[0] == "'" else f"{float(text):.{SIGNIFICANT}g}"


def _kept(head: re.Match[str]) -> str:
    return "".join(filter(None, head.groups()))


def element_rows(model: ifcopenshell.file) -> list[tuple[str | None, ...]]:
    """The model's elements as a table: global_id, class, name, type, storey, material."""
    util = ifcopenshell.util.element
    rows: list[tuple[str | None, ...]] = []
    elements: Sequence[Instance] = model.by_type("IfcElement")
    for element in elements:
        kind, place = util.get_type(element), util.get_container(element)
        material: Instance = util.get_material(element)
        rows.append((
            str(element.GlobalId), element.is_a(), _text(element.Name), _text(kind and kind.Name),
            _text(place and place.Name), _text(material and getattr(material, "Name", material.is_a())),
        ))  # fmt: skip
    return rows


def _text(value: object) -> str | None:
    return None if value is None else str(value)
