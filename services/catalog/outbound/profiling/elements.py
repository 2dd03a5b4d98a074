"""What an IFC model is made of, told without the numbers and the order that its writer chose."""

import hashlib
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import ifcopenshell
import ifcopenshell.util.element

from catalog.domain.refusals import FileNotAModel

_LEFT_OUT = {"OwnerHistory", "GlobalId"}
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
    digest = _digester(frozenset())
    instances: Iterable[Instance] = model
    for instance in instances:
        yield digest(instance)


def content_digests(model: ifcopenshell.file) -> Iterator[bytes]:
    """One digest for each element: what it is, whatever its GlobalId, history and absolute place."""
    digest = _digester(frozenset(_LEFT_OUT))
    for element in model.by_type("IfcProduct"):
        yield digest(element)


def _digester(left_out: frozenset[str]) -> Callable[[Instance], bytes]:
    known: dict[int, bytes] = {}

    def digest(instance: Instance) -> bytes:
        """Depth first with a stack of our own: geometry nests deeper than Python's."""
        number = instance.id()
        if number and number in known:
            return known[number]
        stack = [instance]
        while stack:
            top = stack[-1]
            waiting = [child for child in _children(top, left_out) if child.id() not in known]
            if waiting and len(stack) < DEPTH_MAX:
                stack.extend(waiting)
                continue
            stack.pop()
            known[top.id()] = _told(top, left_out, known)
        return known[number]

    return digest


DEPTH_MAX = 100_000


def _is_instance(value: object) -> bool:
    return isinstance(value, ifcopenshell.entity_instance)


def _attributes(instance: Instance, left_out: frozenset[str]) -> Iterator[Any]:  # Any: as below
    kind = instance.is_a()
    for place in range(len(instance)):
        name = instance.attribute_name(place)
        # The way up to storey and site is left out: moving a whole building makes no other one of its doors.
        if name not in left_out and not (left_out and kind == "IfcLocalPlacement" and name == "PlacementRelTo"):
            yield instance[place]


def _children(instance: Instance, left_out: frozenset[str]) -> Iterator[Instance]:
    pending = list(_attributes(instance, left_out))
    while pending:
        value = pending.pop()
        if isinstance(value, tuple):
            pending.extend(value)
        elif _is_instance(value):
            if value.id():
                yield value
            else:
                pending.extend(value)


def _told(instance: Instance, left_out: frozenset[str], known: dict[int, bytes]) -> bytes:
    sha = hashlib.sha256(instance.is_a().encode())
    for value in _attributes(instance, left_out):
        sha.update(_written(value, known))
    return sha.digest()


def _written(value: Any, known: dict[int, bytes]) -> bytes:  # Any: what STEP can say
    if isinstance(value, float):
        return b"f" + struct.pack(">d", float(f"{value:.{SIGNIFICANT}g}"))
    if isinstance(value, tuple):
        return b"(" + b"".join(_written(item, known) for item in value) + b")"
    if _is_instance(value):
        if value.id():
            return b"#" + known.get(value.id(), b"")
        kind: bytes = value.is_a().encode()
        return b"[" + kind + b"".join(_written(item, known) for item in value) + b"]"
    return b"v" + str(value).encode() + b"\0"


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
