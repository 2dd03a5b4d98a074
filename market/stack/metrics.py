"""The numbers of several processes in one Prometheus text: each series says which process it is from."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_SERIES = re.compile(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (.+)$")


@dataclass
class _Family:
    head: list[str]
    series: list[str] = field(default_factory=list)


def merged(texts: Mapping[str, str]) -> str:
    """One text out of one for each process; a family's help and type are said once, as the format demands."""
    families: dict[str, _Family] = {}
    for process, text in texts.items():
        family = families.setdefault("", _Family([]))
        for line in text.splitlines():
            if line.startswith("# HELP "):
                family = families.setdefault(line.split(" ", 3)[2], _Family([]))
            if line.startswith("#"):
                if line not in family.head:
                    family.head.append(line)
            elif found := _SERIES.match(line):
                family.series.append(_from(process, *found.groups()))
    return "\n".join(line for family in families.values() for line in [*family.head, *family.series]) + "\n"


def _from(process: str, name: str, labels: str | None, value: str) -> str:
    return f'{name}{{process="{process}"{"," + labels if labels else ""}}} {value}'
