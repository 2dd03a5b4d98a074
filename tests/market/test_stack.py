"""The stack: what is killed comes back, health says so meanwhile, and nothing outlives whoever started it."""

import os
import signal
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from market.files import LOGS_FOLDER, OPERATOR_FILE, SERVERS_FILE
from tests.market.process import Process, folder_for_a_market, free_port, run

PATIENCE_SECONDS = 120.0
PARTS = {"servers", "onboarding api", "onboarding worker", "evidence api", "evidence worker"}
Health = dict[str, Any]


@pytest.fixture(scope="module")
def stack() -> Iterator[Process]:
    with folder_for_a_market() as data:
        port = free_port()
        only = ["--without", "kafka", "--without", "s3", "--only", "onboarding", "--only", "evidence"]
        process = Process(["stack", "--data", str(data), "--port", str(port), *only], data.with_name("home"), port)
        process.start()
        process.says("The market is open")
        yield process
        if process.lives():
            process.stop()


def data_of(stack: Process) -> Path:
    return Path(stack.arguments[2])


def health_of(stack: Process) -> Health:
    health: Health = httpx.get(f"{stack.url}/health", timeout=30).json()
    return health


def wait_until(stack: Process, holds: Callable[[Health], bool]) -> Health:
    ends_at = time.monotonic() + PATIENCE_SECONDS
    while not holds(health := health_of(stack)):
        assert time.monotonic() < ends_at, (health, stack.written)
    return health


def pids_of(stack: Process) -> dict[str, int]:
    health = wait_until(stack, lambda health: health["ready"])
    return {name: part["pid"] for name, part in health["parts"].items()}


def test_each_service_has_a_process_for_its_api_and_one_for_its_worker(stack: Process) -> None:
    pids = pids_of(stack)
    assert set(pids) == PARTS
    assert len({*pids.values(), stack.process.pid}) == len(PARTS) + 1
    assert all(psutil.pid_exists(pid) for pid in pids.values())
    assert health_of(stack)["parts"]["evidence worker"]["holds_lease"] is True


def test_they_answer_behind_one_port_with_the_same_addresses_as_embedded(stack: Process) -> None:
    key = httpx.get(f"{stack.url}/evidence/v1/key").raise_for_status().json()
    assert key["vkey"].startswith(key["origin"])
    assert httpx.get(f"{stack.url}/onboarding/v1/clock").json()["movable"] is True
    assert httpx.get(f"{stack.url}/evidence/v1/nowhere").json()["type"] == "/problems/route-unknown"
    assert httpx.get(f"{stack.url}/rights/v1/health").status_code == httpx.codes.NOT_FOUND


def test_the_numbers_of_all_processes_are_gathered(stack: Process) -> None:
    httpx.get(f"{stack.url}/evidence/v1/key").raise_for_status()
    text = httpx.get(f"{stack.url}/metrics").raise_for_status().text
    assert 'yaosu_http_requests_total{process="evidence api",' in text
    assert 'process="onboarding worker"' in text
    assert text.count("# TYPE yaosu_http_requests_total counter") == 1


def test_the_logs_of_all_processes_are_one_view_and_a_file_each(stack: Process) -> None:
    logs = data_of(stack) / LOGS_FOLDER
    for name in ("onboarding api", "onboarding worker", "evidence api", "evidence worker"):
        stack.says(f"{name:18}")
        assert '"service"' in (logs / f"{name.replace(' ', '-')}.log").read_text()


def test_what_holds_passwords_is_for_the_owner_only(stack: Process) -> None:
    for name in (SERVERS_FILE, OPERATOR_FILE):
        assert stat.S_IMODE((data_of(stack) / name).stat().st_mode) == 0o600


@pytest.mark.parametrize("part", sorted(PARTS))
def test_health_says_who_does_not_answer_and_who_is_killed_comes_back(stack: Process, part: str) -> None:
    pid = pids_of(stack)[part]
    os.kill(pid, signal.SIGSTOP)
    silent = wait_until(stack, lambda health: not health["parts"][part]["ready"])
    assert (silent["ready"], silent["parts"][part]["pid"]) == (False, pid)
    assert httpx.get(f"{stack.url}/health", timeout=30).status_code == httpx.codes.SERVICE_UNAVAILABLE
    os.kill(pid, signal.SIGKILL)
    again = wait_until(stack, lambda health: health["ready"])
    assert again["parts"][part]["pid"] != pid
    assert again["parts"][part]["starts"] == 2
    assert "ended with -9" in stack.written


def test_a_folder_stays_a_market_of_one_kind(stack: Process, data: Path) -> None:
    (data / "keys").mkdir(parents=True)
    home = data.with_name("home")
    refused = run(home, "stack", "--data", str(data), "--port", str(free_port()))
    assert (refused.returncode, "holds an embedded market" in refused.stdout) == (2, True), refused
    refused = run(home, "stack", "--data", str(data_of(stack)), "--port", str(free_port()))
    assert (refused.returncode, "another market runs on" in refused.stdout) == (2, True), refused


def test_killed_itself_it_leaves_nothing_running_and_starts_again_with_the_same_data(stack: Process) -> None:
    before = httpx.get(f"{stack.url}/evidence/v1/key").raise_for_status().json()
    beneath = psutil.Process(stack.process.pid).children(recursive=True)
    assert {*pids_of(stack).values()} <= {process.pid for process in beneath}
    stack.kill()
    assert psutil.wait_procs(beneath, timeout=PATIENCE_SECONDS)[1] == []
    assert not (data_of(stack) / "postgres" / "postmaster.pid").exists()

    stack.start()
    stack.answers("/health")
    assert httpx.get(f"{stack.url}/evidence/v1/key").raise_for_status().json() == before
    beneath = psutil.Process(stack.process.pid).children(recursive=True)
    assert stack.stop(signal.SIGINT) == 0, stack.written
    assert psutil.wait_procs(beneath, timeout=PATIENCE_SECONDS)[1] == []
    assert not (data_of(stack) / "postgres" / "postmaster.pid").exists()
