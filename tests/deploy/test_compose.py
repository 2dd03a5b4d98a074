"""The compose file: every service whole, hardened, waiting for what it needs, and with secrets in files only."""

import re
from typing import Any

import yaml

from market.roster import SERVICES
from tests.deploy.conftest import DEPLOY

Composed = dict[str, Any]  # Any: Compose's own shapes
# Their images write into their own program folders at the start.
NOT_READ_ONLY = {"kafka", "keycloak"}
ADDED = {"postgres", "kafka", "seaweedfs", "keycloak", "prometheus", "grafana"}


def test_there_are_an_api_a_worker_and_a_migration_for_each_service(composed: Composed) -> None:
    wanted = {f"{name}-{part}" for name in SERVICES for part in ("api", "worker", "migration")}
    assert set(composed["services"]) == wanted | ADDED


def test_every_container_is_hardened(composed: Composed) -> None:
    for name, service in composed["services"].items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service.get("read_only", False) or name in NOT_READ_ONLY, name
        assert not service.get("privileged"), name
        assert "network_mode" not in service, name


def test_images_are_named_by_a_version(composed: Composed) -> None:
    for name, service in composed["services"].items():
        assert re.search(r":v?\d+\.\d+(\.\d+)?[\w.-]*$", service["image"]), name


def test_processes_wait_for_what_they_stand_on_and_are_watched(composed: Composed) -> None:
    for name, service in composed["services"].items():
        if name.endswith("-migration"):
            assert {how["condition"] for how in service["depends_on"].values()} == {"service_healthy"}
            assert service["restart"] == "no"
            continue
        assert service["healthcheck"]["test"], name
        if name.endswith(("-api", "-worker")):
            needs = {other: how["condition"] for other, how in service["depends_on"].items()}
            migration = f"{name.rpartition('-')[0]}-migration"
            assert needs == {
                "postgres": "service_healthy", "kafka": "service_healthy", "seaweedfs": "service_healthy",
                migration: "service_completed_successfully",
            }  # fmt: skip


def test_no_secret_stands_in_the_file(composed: Composed) -> None:
    for name, service in composed["services"].items():
        for setting, value in (service.get("environment") or {}).items():
            is_file = setting.endswith(("_FILE", "__FILE"))
            assert is_file or not re.search(r"PASSWORD|SECRET|TOKEN$", setting), f"{name}: {setting}"
            assert not re.search(r"://[^/]*:[^/]*@", str(value or "")), f"{name}: {setting}"
    assert all("file" in secret for secret in composed["secrets"].values())


def test_only_the_machine_itself_reaches_a_published_port(composed: Composed) -> None:
    for name, service in composed["services"].items():
        for port in service.get("ports", []):
            assert port["host_ip"] == "127.0.0.1", name


def test_the_stores_are_reached_by_our_processes_only(composed: Composed) -> None:
    assert composed["networks"]["stores"]["internal"] is True
    for name, service in composed["services"].items():
        if name in {"prometheus", "grafana", "keycloak"}:
            assert "stores" not in service["networks"], name


def test_prometheus_reads_every_process() -> None:
    jobs = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())["scrape_configs"]
    targets = {target for job in jobs for config in job["static_configs"] for target in config["targets"]}
    assert targets == {f"{name}-api:8000" for name in SERVICES} | {f"{name}-worker:8001" for name in SERVICES}
