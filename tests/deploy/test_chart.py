"""The chart renders to valid objects of the restricted profile, and agrees with the code about who calls whom."""

import json
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]  # it has no types
import pytest
import yaml

from market.roster import SERVICES
from tests.deploy.conftest import CHART, KUBERNETES, Documents, tool
from tools.survey import ROOT, built

Chart = Callable[..., Documents]
# These come with KEDA and the Prometheus operator, whose schemas are not Kubernetes' own.
OTHERS = {"keda.sh/v1alpha1", "monitoring.coreos.com/v1"}
VALUES = yaml.safe_load((CHART / "values.yaml").read_text())


def _pods(documents: Documents) -> Iterator[tuple[str, dict[str, Any]]]:
    for document in documents:
        if document["kind"] in {"Deployment", "Job"}:
            yield document["metadata"]["name"], document["spec"]["template"]["spec"]


def _of_kind(documents: Documents, kind: str) -> Documents:
    return [document for document in documents if document["kind"] == kind]


def test_every_object_is_valid_for_kubernetes(chart: Chart) -> None:
    known = [document for document in chart() if document["apiVersion"] not in OTHERS]
    assert len(known) > 50
    for document in known:
        kubernetes_validate.validate(document, KUBERNETES, strict=True)


def test_each_service_has_an_api_a_worker_and_a_migration_before_them(chart: Chart) -> None:
    deployments = {document["metadata"]["name"] for document in _of_kind(chart(), "Deployment")}
    assert deployments == {f"yaosu-{name}-{part}" for name in SERVICES for part in ("api", "worker")}
    jobs = _of_kind(chart(), "Job")
    assert {job["spec"]["template"]["spec"]["containers"][0]["args"][1] for job in jobs} == set(SERVICES)
    assert {job["metadata"]["annotations"]["helm.sh/hook"] for job in jobs} == {"pre-install,pre-upgrade"}


def test_pods_keep_to_the_restricted_profile_and_write_only_where_they_may(chart: Chart) -> None:
    for name, pod in _pods(chart()):
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert pod["automountServiceAccountToken"] is False, name
        for container in pod["containers"]:
            allowed = container["securityContext"]
            assert allowed["readOnlyRootFilesystem"] is True, name
            assert allowed["allowPrivilegeEscalation"] is False, name
            assert allowed["capabilities"] == {"drop": ["ALL"]}, name
            assert {"requests", "limits"} <= set(container["resources"]), name


def test_probes_ask_routes_that_exist(chart: Chart) -> None:
    for document in _of_kind(chart(), "Deployment"):
        container = document["spec"]["template"]["spec"]["containers"][0]
        service = container["args"][1]
        routes = set(json.loads((ROOT / "docs" / "openapi" / f"{service}.json").read_text())["paths"])
        if container["args"][0] == "work":
            routes = {"/health", "/metrics"}
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            assert container[probe]["httpGet"]["path"] in routes, document["metadata"]["name"]


def test_services_let_in_exactly_whom_the_code_lets_in() -> None:
    for name in SERVICES:
        # Business time is spread by onboarding to every other service (kernel/hosting.py).
        callers = {"onboarding"} | {
            caller for rpc in built(name).rpcs for who in rpc.callers.values() for caller in who
        }
        assert set(VALUES["services"][name]["calledBy"]) == callers - {name}, name


def test_the_network_is_closed_but_for_callers(chart: Chart) -> None:
    policies = {document["metadata"]["name"]: document["spec"] for document in _of_kind(chart(), "NetworkPolicy")}
    deny = policies["yaosu-deny"]
    assert deny["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in deny
    for name in SERVICES:
        doors = [rule for rule in policies[f"yaosu-{name}"]["ingress"] if rule["ports"][0]["port"] == "grpc"]
        inside = [peer["podSelector"]["matchExpressions"][0]["values"] for rule in doors for peer in rule["from"]]
        assert inside == [VALUES["services"][name]["calledBy"]]


def test_every_deployment_has_a_budget_and_more_than_one_pod(chart: Chart) -> None:
    budgets = {document["metadata"]["name"] for document in _of_kind(chart(), "PodDisruptionBudget")}
    scaled = {document["spec"]["scaleTargetRef"]["name"]: document["spec"]["minReplicas"]
              for document in _of_kind(chart(), "HorizontalPodAutoscaler")}  # fmt: skip
    for document in _of_kind(chart(), "Deployment"):
        name = document["metadata"]["name"]
        assert name in budgets
        assert document["spec"].get("replicas", scaled.get(name, 0)) >= 2, name


def test_the_rules_and_dashboards_are_those_of_the_folder(chart: Chart) -> None:
    (rules,) = _of_kind(chart(), "PrometheusRule")
    assert rules["spec"] == yaml.safe_load((CHART / "rules.yml").read_text())
    (boards,) = [found for found in _of_kind(chart(), "ConfigMap") if found["metadata"]["name"].endswith("dashboards")]
    assert set(boards["data"]) == {path.name for path in (CHART / "dashboards").glob("*.json")}


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ("database.address=postgresql://admin:secret@db:5432", "/database/address"),
        ("settings.PATH=/tmp", "'PATH'"),
        ("services.shop.calledBy={rights}", "'shop'"),
        ("kafka.bootstrap=", "/kafka/bootstrap"),
        ("image.digest=latest", "/image/digest"),
    ],
)
def test_values_that_cannot_work_are_refused_before_anything_is_made(wrong: str, named: str) -> None:
    command = [str(tool("helm")), "template", "y", str(CHART), "--values", str(CHART / "ci-values.yaml"),
               "--kube-version", f"{KUBERNETES}.0", "--set", wrong]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert named in done.stderr


def test_a_broker_that_asks_who_comes_is_told_by_each_pod(chart: Chart) -> None:
    for name, pod in _pods(chart("kafka.login=true", "kafka.tls=true")):
        said = {entry["name"]: entry.get("value") for entry in pod["containers"][0]["env"]}
        assert said["YAOSU_KAFKA_USER"] in name
        files = {
            item["path"] for volume in pod["volumes"] if volume["name"] == "keys" for item in volume["secret"]["items"]
        }
        assert {f"/data/keys/{file}" for file in files} >= {said["YAOSU_KAFKA_PASSWORD_FILE"], said["YAOSU_KAFKA_CA"]}
