"""A server in a container, of the image and with the settings that ``deploy/compose.yaml`` gives it."""

import hashlib
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from docker.errors import DockerException
from testcontainers.core.container import DockerContainer
from testcontainers.core.docker_client import DockerClient, get_docker_host
from testcontainers.core.exceptions import ContainerConnectException, ContainerStartException

from market.complaints import Complaint

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = ROOT / "deploy" / "compose.yaml"
HOST = "127.0.0.1"
DEFAULT_ENGINE = "unix:///var/run/docker.sock"
_ENGINE_FAILURES = (DockerException, ContainerStartException, ContainerConnectException, OSError)


class ContainersNotToBeHad(Complaint):
    """No container can be started here; says why."""


@dataclass(frozen=True)
class Definition:
    """What the compose file says of one server, for the container engine."""

    name: str
    image: str
    environment: dict[str, str]
    command: list[str] | None
    volume: str
    secrets: tuple[str, ...]
    options: dict[str, Any] = field(default_factory=dict)  # Any: the engine's own shapes

    @classmethod
    def of(cls, name: str, compose: Path = COMPOSE) -> "Definition":
        """Read it."""
        if not compose.is_file():
            message = (
                f"servers in containers are those of {compose}, which is not here; run from a clone of the project"
            )
            raise ContainersNotToBeHad(message)
        service = yaml.safe_load(compose.read_text())["services"][name]
        options = {key: service[key] for key in ("user", "read_only", "cap_drop", "security_opt") if key in service}
        options |= {key: _plain(service[key]) for key in ("entrypoint",) if key in service}
        options["tmpfs"] = dict.fromkeys(service.get("tmpfs", []), "")
        options |= {key: service[key] for key in ("shm_size",) if key in service}
        options["healthcheck"] = _check(service["healthcheck"])
        (volume,) = [one.partition(":")[2] for one in service["volumes"]]
        return cls(
            name, service["image"], dict(service.get("environment", {})), _plain(service.get("command")), volume,
            tuple(service.get("secrets", ())), {**options, "hostname": name},
        )  # fmt: skip


def _check(compose: dict[str, Any]) -> dict[str, Any]:  # Any: JSON values
    """The engine counts in nanoseconds."""
    times = {key: int(value.removesuffix("s")) * 10**9 for key, value in compose.items() if str(value).endswith("s")}
    return {**compose, **times}


def _plain(words: list[str] | None) -> list[str] | None:
    """Compose writes a dollar twice where it is not Compose's own."""
    return None if words is None else [word.replace("$$", "$") for word in words]


def _need_engine() -> None:
    host = get_docker_host() or DEFAULT_ENGINE
    if host.startswith("unix://") and not Path(host.removeprefix("unix://")).exists():
        message = f"YAOSU_BACKENDS=containers needs a container engine; none is at {host} (set DOCKER_HOST?)"
        raise ContainersNotToBeHad(message)


class Contained:
    """One server in a container that goes when this process does; its data stay in a volume named after the folder."""

    def __init__(self, definition: Definition, folder: Path, inner_port: int, port: int) -> None:
        self._definition, self._folder = definition, folder
        self._inner_port, self._port = inner_port, port
        self._container: DockerContainer | None = None
        self._said = ""

    @property
    def volume(self) -> str:
        """The name of the volume with its data."""
        digest = hashlib.sha256(str(self._folder.resolve()).encode()).hexdigest()
        return f"yaosu-{self._definition.name}-{digest[:16]}"

    def start(self) -> None:
        """Start it; the image is fetched at first need."""
        given, options = self._definition, dict(self._definition.options)
        tmpfs = options.pop("tmpfs")
        _need_engine()
        try:
            self._container = container = DockerContainer(given.image, env=given.environment, **options)
            if given.command:
                container.with_command(given.command)
            # Only this machine reaches it.
            container.ports = {f"{self._inner_port}/tcp": (HOST, self._port)}  # type: ignore[dict-item]  # the engine takes an address too
            container.with_volume_mapping(self.volume, given.volume, "rw")
            for name in given.secrets:
                container.with_volume_mapping(self._folder / name, f"/run/secrets/{name}", "ro")
            for path in tmpfs:
                container.with_tmpfs_mount(path)
            container.start()
        except _ENGINE_FAILURES as error:
            self.kill()
            message = f"{given.name} cannot be started in a container (YAOSU_BACKENDS=containers): {error}"
            raise ContainersNotToBeHad(message) from error

    @property
    def lives(self) -> bool:
        """Whether it runs."""
        if self._container is None:
            return False
        self._container.reload()
        return self._container.status in {"created", "running"}

    @property
    def is_healthy(self) -> bool:
        """What its own check found last."""
        if self._container is None:
            return False
        self._container.reload()
        return str(self._container.get_wrapped_container().health) == "healthy"

    @property
    def last_words(self) -> str:
        """The end of what it wrote."""
        if self._container is not None:
            with suppress(*_ENGINE_FAILURES):
                self._said = b"".join(self._container.get_logs()).decode(errors="replace")[-2000:]
        return self._said

    def stop(self, patience_seconds: float = 20.0) -> None:
        """Ask it to end, and end it when it does not."""
        if self._container is not None:
            with suppress(*_ENGINE_FAILURES):
                self._container.get_wrapped_container().stop(timeout=int(patience_seconds))
        self.kill()

    def kill(self) -> None:
        """End it at once, as a crash would; the volume stays."""
        if self._container is not None:
            self._said = self.last_words
            with suppress(*_ENGINE_FAILURES):
                self._container.stop(force=True, delete_volume=False)
            self._container = None

    def forget(self) -> None:
        """Let the data go; it must not run."""
        try:
            with closing(DockerClient().client) as engine:
                engine.volumes.get(self.volume).remove(force=True)
        except DockerException as error:
            message = f"the volume {self.volume} cannot be removed: {error}"
            raise ContainersNotToBeHad(message) from error
