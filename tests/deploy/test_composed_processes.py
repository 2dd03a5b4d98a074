"""What the compose file gives its processes is enough: two services start with it and call each other."""

import json
import re
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from market.backends.kafka import Kafka
from market.deployment_keys import make_keys
from market.postgres import Server
from market.roster import SERVICES
from tests.deploy.conftest import DEPLOY
from tests.market.process import Process, free_port, run

# They have their own suites; these two processes neither relay nor keep objects.
NOT_HERE = {"YAOSU_KAFKA", "YAOSU_S3", "SSL_CERT_FILE"}


class Composed:
    """The compose file's processes, started here: addresses and paths become this machine's, nothing else changes."""

    def __init__(self, folder: Path, postgres: Server) -> None:
        text = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", (DEPLOY / "compose.yaml").read_text())
        self._services: dict[str, Any] = yaml.safe_load(text)["services"]
        self._folder, self._postgres = folder, postgres
        make_keys(folder / "secrets")
        self._grpc = {name: free_port() for name in SERVICES}
        for name in ("onboarding", "evidence"):
            # A copy, in which nothing may change: in a container the folder is mounted read-only.
            shutil.copytree(folder / "secrets" / name, folder / name / "keys")
        shutil.copy(folder / "secrets" / "operator.json", folder / "onboarding" / "operator.json")

    def _here(self, words: str, service: str) -> str:
        return re.sub(r"^/data(?=/|$)", str(self._folder / service), words)

    def settings(self, process: str, *, as_administrator: bool) -> dict[str, str]:
        """The environment of a process of the file, with the addresses of this test."""
        service = process.partition("-")[0]
        admin = self._postgres.admin
        address = admin if as_administrator else admin.set(username=None, password=None, database="")
        given = self._services[process]["environment"].items()
        here = {key: self._here(str(value or ""), service) for key, value in given if key not in NOT_HERE}
        here["YAOSU_PEERS"] = ",".join(f"{name}=127.0.0.1:{port}" for name, port in self._grpc.items())
        if "YAOSU_GRPC_LISTEN" in here:
            here["YAOSU_GRPC_LISTEN"] = here["YAOSU_GRPC_LISTEN"].replace("9000", str(self._grpc[service]))
        # The suite's server need not survive a power cut.
        here |= {
            "YAOSU_DATABASE_URL": address.render_as_string(hide_password=False),
            "YAOSU_DATABASE_MAY_LOSE_DATA": "1",
        }
        return here

    def command(self, process: str, port: int = 0) -> list[str]:
        """Its command, with this machine's paths and port."""
        service = process.partition("-")[0]
        words = [self._here(word, service) for word in self._services[process]["command"]]
        return [str(port) if word in {"8000", "8001"} else word for word in words]


@pytest.fixture
def composed_here(tmp_path: Path, postgres: Server) -> Composed:
    """The compose file on this machine."""
    return Composed(tmp_path, postgres)


@pytest.fixture
def started(composed_here: Composed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Process]]:
    """Both services, migrated and answering."""
    running: dict[str, Process] = {}
    for name in ("onboarding", "evidence"):
        with monkeypatch.context() as environment:
            for key, value in composed_here.settings(f"{name}-migration", as_administrator=True).items():
                environment.setenv(key, value)
            migrated = run(tmp_path / f"{name}-home", *composed_here.command(f"{name}-migration"))
        assert migrated.returncode == 0, migrated
        port = free_port()
        command = composed_here.command(f"{name}-api", port)
        running[name] = Process(command, tmp_path / f"{name}-home", port,
                                composed_here.settings(f"{name}-api", as_administrator=False))  # fmt: skip
    try:
        for name, process in running.items():
            process.start()
            process.answers(f"/{name}/v1/health")
        yield running
    finally:
        for process in running.values():
            if process.lives():
                process.stop(signal.SIGTERM)


@pytest.mark.promises  # it needs a broker of its own, which takes its time to start
def test_a_worker_reads_its_topics_with_what_the_compose_file_gives_it(
    composed_here: Composed, tmp_path: Path, kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as environment:
        settings = composed_here.settings("evidence-migration", as_administrator=True) | kafka.environment()
        for key, value in settings.items():
            environment.setenv(key, value)
        migrated = run(tmp_path / "evidence-home", *composed_here.command("evidence-migration"))
    assert migrated.returncode == 0, migrated
    port = free_port()
    settings = composed_here.settings("evidence-worker", as_administrator=False) | kafka.environment()
    worker = Process(composed_here.command("evidence-worker", port), tmp_path / "evidence-home", port, settings)
    try:
        worker.start()
        worker.answers("/health")
        worker.shows('yaosu_lease_held{service="evidence"} 1.0')
        worker.shows('yaosu_bus_lag_events{service="evidence",topic="yaosu.rights.v1"} 0.0')
    finally:
        if worker.lives():
            worker.stop(signal.SIGTERM)


def test_two_services_start_with_what_the_compose_file_gives_them_and_call_each_other(
    started: dict[str, Process], tmp_path: Path
) -> None:
    credential = json.loads((tmp_path / "secrets" / "operator.json").read_text())
    asked = {"grant_type": "client_credentials", **credential}
    token = httpx.post(f"{started['onboarding'].url}/onboarding/v1/tokens", json=asked).raise_for_status().json()
    # To check the token, evidence asks onboarding for its keys: over mutual TLS, with its own key for calls.
    letters = httpx.get(
        f"{started['evidence'].url}/evidence/v1/dead-letters",
        headers={"Authorization": f"Bearer {token['access_token']}"}, timeout=30,
    )  # fmt: skip
    assert letters.status_code == httpx.codes.OK, letters.text
    assert letters.json() == []
    for name in started:
        folders = (tmp_path / "secrets" / name, tmp_path / name / "keys")
        given, now = ({path.name for path in folder.rglob("*")} for folder in folders)
        assert now == given, "something was written beside the keys"
