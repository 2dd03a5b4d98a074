"""Servers in containers: what the engine is asked for, and what is said where there is none.

No engine stands behind these tests: what they show is what one would be asked for, not that a server then answers.
"""

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml
from testcontainers.core.config import testcontainers_config

from market.backends.chosen import start_kafka, start_postgres, start_seaweed
from market.backends.contained import KAFKA_PORT, POSTGRES_PORT, S3_PORT
from market.backends.containers import COMPOSE, Contained, ContainersNotToBeHad, Definition

PORTS = {"postgres": POSTGRES_PORT, "kafka": KAFKA_PORT, "seaweedfs": S3_PORT}
NUMBER = "c0ffee"


class Engine(ThreadingHTTPServer):
    """Takes down what it is asked for, and says yes."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answering)
        self.created: dict[str, Any] = {}
        self.asked: list[str] = []


class _Answering(BaseHTTPRequestHandler):
    server: Engine
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = self._taken()
        if path.endswith("/logs"):
            return self._answer(200, b"")
        found: dict[str, Any] = {
            "ApiVersion": "1.50",
            "MinAPIVersion": "1.24",
            "Id": NUMBER,
            "Name": path.rsplit("/", 1)[1],
        }
        found |= {"State": {"Status": "running", "Health": {"Status": "healthy"}}, "Config": {"Tty": True, "Image": ""}}
        return self._answer(200, json.dumps(found).encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self._taken().endswith("/containers/create"):
            self.server.created = json.loads(body)
            return self._answer(201, json.dumps({"Id": NUMBER, "Warnings": []}).encode())
        return self._answer(204, b"")

    def do_DELETE(self) -> None:
        self._taken()
        self._answer(204, b"")

    def _taken(self) -> str:
        path = self.path.partition("?")[0]
        self.server.asked.append(f"{self.command} {path.removeprefix('/v1.50')}")
        return path

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: object) -> None:
        """Nothing."""


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """A container engine's door with nothing behind it."""
    door = Engine()
    monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{door.server_port}")
    monkeypatch.setattr(testcontainers_config, "ryuk_disabled", True)
    serving = Thread(target=door.serve_forever)
    serving.start()
    yield door
    door.shutdown()
    serving.join()
    door.server_close()


@pytest.mark.parametrize("name", PORTS)
def test_the_engine_is_asked_for_what_the_compose_file_says(engine: Engine, name: str, tmp_path: Path) -> None:
    contained = Contained(Definition.of(name), tmp_path, PORTS[name], 12345)
    contained.start()
    contained.kill()
    said, wanted = yaml.safe_load(COMPOSE.read_text())["services"][name], engine.created
    assert wanted["Image"] == said["image"]
    assert dict(line.split("=", 1) for line in wanted.get("Env") or []) == said.get("environment", {})
    assert wanted.get("Cmd") == said.get("command")
    assert wanted.get("Entrypoint") == (
        [one.replace("$$", "$") for one in said["entrypoint"]] if "entrypoint" in said else None
    )
    assert wanted.get("User") == said.get("user")
    assert wanted["Healthcheck"]["Test"] == said["healthcheck"]["test"]
    assert wanted["Healthcheck"]["Interval"] == int(said["healthcheck"]["interval"][:-1]) * 10**9
    machine = wanted["HostConfig"]
    assert machine["CapDrop"] == ["ALL"]
    assert machine["SecurityOpt"] == ["no-new-privileges:true"]
    assert machine.get("ReadonlyRootfs", False) == said.get("read_only", False)
    assert set(machine.get("Tmpfs") or {}) == set(said.get("tmpfs", []))
    files = {one.rsplit(":", 2)[1] for one in machine["Binds"]}
    assert files == {said["volumes"][0].partition(":")[2], *(f"/run/secrets/{one}" for one in said.get("secrets", []))}
    assert machine["PortBindings"] == {f"{PORTS[name]}/tcp": [{"HostIp": "127.0.0.1", "HostPort": "12345"}]}


def test_a_container_that_is_killed_leaves_its_data(engine: Engine, tmp_path: Path) -> None:
    contained = Contained(Definition.of("kafka"), tmp_path, KAFKA_PORT, 12345)
    assert not contained.lives
    contained.start()
    assert contained.lives
    assert contained.is_healthy
    contained.kill()
    assert not contained.lives
    assert f"DELETE /containers/{NUMBER}" in engine.asked
    assert not any("volumes" in line for line in engine.asked)
    contained.forget()
    assert f"DELETE /volumes/{contained.volume}" in engine.asked


def test_two_folders_are_two_volumes(tmp_path: Path) -> None:
    definition = Definition.of("postgres")
    names = {Contained(definition, tmp_path / one, POSTGRES_PORT, 1).volume for one in ("one", "other")}
    assert len(names) == 2


@pytest.mark.parametrize("host", ["unix://{folder}/nobody.sock", "tcp://127.0.0.1:1"])
@pytest.mark.parametrize("start", [start_kafka, start_seaweed, start_postgres])
async def test_without_an_engine_it_is_said_why(
    start: Callable[..., Any], host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", host.format(folder=tmp_path))
    monkeypatch.setenv("YAOSU_BACKENDS", "containers")
    monkeypatch.delenv("YAOSU_DATABASE_URL", raising=False)
    starting = start(tmp_path, b"tests") if start is start_postgres else start(tmp_path).__aenter__()
    with pytest.raises(ContainersNotToBeHad, match="YAOSU_BACKENDS=containers"):
        await starting


async def test_a_database_with_an_address_needs_no_container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YAOSU_BACKENDS", "containers")
    monkeypatch.setenv("YAOSU_DATABASE_URL", "postgresql://somebody@elsewhere:5432/postgres")
    assert (await start_postgres(tmp_path, b"tests")).admin.host == "elsewhere"
