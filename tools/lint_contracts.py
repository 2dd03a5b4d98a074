"""Holds the contracts in proto/ to one set of names: ``python -m tools.lint_contracts``."""

import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    ServiceDescriptorProto,
)
from grpc_tools import protoc

from tools.survey import ROOT

_FLOATING = {FieldDescriptorProto.TYPE_DOUBLE, FieldDescriptorProto.TYPE_FLOAT}
_WHOLE = {FieldDescriptorProto.TYPE_INT64, FieldDescriptorProto.TYPE_UINT64}
_SNAKE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*\Z")
_CAMEL = re.compile(r"([A-Z][a-z0-9]*)+\Z")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def complaints(folder: Path) -> list[str]:
    """What is wrong with the contracts beneath the folder, each as one line."""
    return [line for file in described(folder) for line in _of_file(file)]


def described(folder: Path) -> list[FileDescriptorProto]:
    """The contracts beneath the folder as protoc understands them, with their comments."""
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*.proto"))
    with tempfile.TemporaryDirectory() as scratch:
        written = Path(scratch) / "contracts"
        # The well-known types come with grpc_tools; protoc finds them by its own include folder.
        include = Path(protoc.__file__).parent / "_proto"
        arguments = [
            "protoc",
            f"-I{folder}",
            f"-I{include}",
            "--include_source_info",
            f"--descriptor_set_out={written}",
        ]
        if protoc.main([*arguments, *names]) != 0:
            sys.exit("protoc refuses the contracts")
        return list(FileDescriptorSet.FromString(written.read_bytes()).file)


def _of_file(file: FileDescriptorProto) -> Iterator[str]:
    where = file.name
    if file.package.replace(".", "/") != str(Path(where).parent):
        yield f"{where}: package {file.package} does not stand in its own folder"
    if not re.fullmatch(r"yaosu\.[a-z]+\.v[1-9][0-9]*", file.package):
        yield f"{where}: package {file.package} is not yaosu.<service>.v<number>"
    if file.syntax != "proto3":
        yield f"{where}: not proto3"
    for message in file.message_type:
        yield from _of_message(where, message)
    for enum in file.enum_type:
        yield from _of_enum(where, enum)
    for service in file.service:
        yield from _of_service(where, service)


def _of_message(where: str, message: DescriptorProto) -> Iterator[str]:
    if not _CAMEL.match(message.name):
        yield f"{where}: message {message.name} is not CamelCase"
    for field in message.field:
        yield from _of_field(f"{where}: {message.name}.{field.name}", field)
    for nested in message.nested_type:
        if not nested.options.map_entry:
            yield from _of_message(where, nested)
    for enum in message.enum_type:
        yield from _of_enum(where, enum)


def _of_field(where: str, field: FieldDescriptorProto) -> Iterator[str]:
    if not _SNAKE.match(field.name):
        yield f"{where} is not snake_case"
    if field.type in _FLOATING:
        yield f"{where} is a floating number; take an integer with its unit in the name"
    if field.name.endswith("_fen") and field.type not in _WHOLE:
        yield f"{where} is money and not an int64"
    is_moment = field.type_name == ".google.protobuf.Timestamp"
    if is_moment != field.name.endswith("_at"):
        yield f"{where}: a moment ends in _at, and only a moment does"


def _of_enum(where: str, enum: EnumDescriptorProto) -> Iterator[str]:
    prefix = _HUMP.sub("_", enum.name).upper()
    if enum.value[0].name != f"{prefix}_UNSPECIFIED" or enum.value[0].number != 0:
        yield f"{where}: enum {enum.name} does not begin with {prefix}_UNSPECIFIED = 0"
    for value in enum.value:
        if not value.name.startswith(f"{prefix}_"):
            yield f"{where}: {value.name} does not begin with {prefix}_"


def _of_service(where: str, service: ServiceDescriptorProto) -> Iterator[str]:
    if not service.name.endswith("Service"):
        yield f"{where}: {service.name} does not end in Service"
    for method in service.method:
        asked, answered = (name.rpartition(".")[2] for name in (method.input_type, method.output_type))
        if asked != f"{method.name}Request" or answered != f"{method.name}Response":
            yield f"{where}: {method.name} does not take {method.name}Request and give {method.name}Response"


def main() -> None:
    """Print what is wrong; end with 1 when anything is."""
    found = complaints(ROOT / "proto")
    print("\n".join(found) or "Contracts: nothing to say.")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
