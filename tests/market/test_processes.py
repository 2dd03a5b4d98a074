"""Production's shape: one service's database, servers and worker, each in a process of its own."""

import signal
from pathlib import Path

import httpx

from tests.market.process import Process, free_port, run


def test_one_service_is_migrated_served_and_worked_for_by_itself(data: Path) -> None:
    migrated = run(data.with_name("home"), "migrate", "evidence", "--data", str(data))
    assert migrated.returncode == 0, migrated
    assert "evidence: database is up to date" in migrated.stdout

    port = free_port()
    serving = Process(["serve", "evidence", "--data", str(data), "--port", str(port)], data.with_name("home"), port)
    seen = free_port()
    working = Process(["work", "evidence", "--data", str(data), "--port", str(seen)], data.with_name("home"), seen)
    try:
        serving.start()
        working.start()
        serving.answers("/evidence/v1/health")
        working.says('"event": "working"')
        log = httpx.get(f"{serving.url}/evidence/v1/key").raise_for_status().json()
        assert log["vkey"].startswith(log["origin"])
        assert httpx.get(f"{serving.url}/evidence/v1/nowhere").status_code == httpx.codes.NOT_FOUND
        working.answers("/health")
        working.shows('yaosu_lease_held{service="evidence"} 1.0')
        working.shows("yaosu_checkpoint_age_seconds")
        assert working.lives(), working.written
    finally:
        codes = [process.stop(signal.SIGTERM) for process in (working, serving) if process.lives()]
    assert codes == [0, 0], serving.written + working.written
