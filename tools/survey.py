"""Looks through the project: its modules, refusals, promises, settings, and each service as its bootstrap makes it."""

import importlib
import pkgutil
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn, Protocol

from kernel.bus import PostgresBus
from kernel.checkers import KERNEL_CHECKERS
from kernel.database import Database
from kernel.hosting import Host, Service, Surroundings
from kernel.objects import FolderStore
from kernel.refusals import KINDS, Refusal
from kernel.rpc import Peer
from kernel.sealing import Sealer
from kernel.settings import Settings
from kernel.tokens import ServiceKeys, TokenVerifier
from market.audit import ACROSS

ROOT = Path(__file__).resolve().parents[1]
_NOWHERE = "postgresql+asyncpg://nobody@nowhere.invalid/nothing"


def services() -> list[str]:
    """The names of the services."""
    return sorted(path.parent.name for path in (ROOT / "services").glob("*/__init__.py"))


def sources(*folders: str) -> Iterator[Path]:
    """Our own Python files, of the folders named or of all."""
    for folder in folders or ("kernel", "services", "market", "tools", "tests"):
        yield from sorted(path for path in (ROOT / folder).rglob("*.py") if "__pycache__" not in path.parts)


@cache
def modules() -> tuple[ModuleType, ...]:
    """Every module of the kernel, the services and the market; Alembic loads the migrations by itself."""
    found = []
    for package in ("kernel", *services(), "market"):
        top = importlib.import_module(package)
        found.append(top)
        names = [entry.name for entry in pkgutil.walk_packages(top.__path__, f"{package}.")]
        found += [importlib.import_module(name) for name in names if not name.endswith((".migrations", ".__main__"))]
    return tuple(found)


def owner_of(thing: type) -> str:
    """The package that a class belongs to: a service, the kernel or the market."""
    return thing.__module__.partition(".")[0]


def _beneath(parent: type[Refusal]) -> Iterator[type[Refusal]]:
    for child in parent.__subclasses__():
        yield child
        yield from _beneath(child)


def refusals() -> list[type[Refusal]]:
    """Every fact that the project may refuse with, by name."""
    owners = {"kernel", "market", *services()}
    there = {module.__name__: module for module in modules()}
    facts = {
        fact
        for fact in _beneath(Refusal)
        if fact.__name__ not in KINDS and owner_of(fact) in owners and hasattr(there[fact.__module__], fact.__name__)
    }
    return sorted(facts, key=lambda fact: (fact.__name__, fact.__module__))


class Checked(Protocol):
    """As much of a checker as a page tells."""

    @property
    def promise(self) -> str:
        """Which promise."""

    @property
    def statement(self) -> str:
        """What always holds."""

    @property
    def planted_by(self) -> str:
        """The test that shows the check can fail."""


def checkers() -> list[tuple[str, Checked]]:
    """Every checker with who looks: each service, every service, the market between them."""
    found: list[tuple[str, Checked]] = [(name, checker) for name in services() for checker in built(name).checkers]
    found += [("every service", checker) for checker in KERNEL_CHECKERS]
    found += [("between services", across) for across in ACROSS]
    return sorted(found, key=lambda one: (one[0], _in_order(one[1].promise)))


def _in_order(promise: str) -> tuple[str, int, str]:
    plain, _, suffix = promise.partition(".")
    letters = plain.rstrip("0123456789")
    return letters, int(plain[len(letters) :] or 0), suffix


def settings() -> list[type[Settings]]:
    """Every class of settings, the kernel's first."""
    owners = {module.__name__ for module in modules()}
    kinds = (kind for kind in Settings.__subclasses__() if kind.__module__ in owners)
    return [Settings, *sorted(kinds, key=lambda kind: kind.__module__)]


async def _nobody(*_: object) -> NoReturn:
    message = "a survey calls nobody"
    raise LookupError(message)


class _Silent(Peer):
    """A peer that hands out stubs and is never called."""

    def __init__(self, name: str) -> None:
        self.name = name

    def stub(self, stub: Any) -> Any:  # Any: generated, untyped
        """Nothing to call."""
        return stub(_Channel())


class _Channel:
    def __getattr__(self, _name: str) -> Any:  # Any: as grpc's channel
        return lambda *_args, **_kwargs: _nobody


@cache
def built(name: str) -> Service:
    """The service as its bootstrap makes it, over things that are never used: nothing is started, nobody is called."""
    folder = Path(tempfile.mkdtemp(prefix="yaosu-survey-"))
    given = Surroundings(
        name=name,
        database=Database(_NOWHERE, name=name),
        bus=PostgresBus(Database(_NOWHERE, name="bus")),
        objects=FolderStore(folder / "objects"),
        sealer=Sealer.from_file(folder / "key"),
        keys=ServiceKeys(folder / "keys", name),
        tokens=TokenVerifier(_nobody),
        peers=_Silent,
        scratch=folder,
    )
    service: Service = importlib.import_module(f"{name}.bootstrap").build(given)
    Host(service, given)  # adds the routes that every service has
    return service
