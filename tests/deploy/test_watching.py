"""What dashboards and alerts ask for is what the code shows, and each alert says what to do."""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY, Counter, Histogram
from prometheus_client.process_collector import ProcessCollector

from tests.deploy.promql import named_in
from tools.survey import ROOT, modules, sources

CHART = ROOT / "deploy" / "helm" / "yaosu"
RUNBOOK = ROOT / "docs" / "operations.md"
# Prometheus adds these to whatever it reads.
ADDED = {"instance", "job"}
OWN_OF_PROMETHEUS = {"up"}
SEVERITIES = {"critical", "warning", "info"}


@cache
def shown() -> dict[str, set[str]]:
    """Each series that a process of ours may show, with its labels."""
    modules()
    series: dict[str, set[str]] = {name: set() for name in OWN_OF_PROMETHEUS}
    for collector in set(REGISTRY._collector_to_names):
        names, labels = REGISTRY._collector_to_names[collector], getattr(collector, "_labelnames", ())
        family = getattr(collector, "_name", "") if isinstance(collector, Counter | Histogram) else ""
        for name in set(names) - {family}:
            series[name] = {*labels, *({"le"} if name.endswith("_bucket") else ())}
    for metric in ProcessCollector(registry=None).collect():
        series |= {sample.name: set() for sample in metric.samples}
    return series


def rules() -> list[dict[str, Any]]:
    """The alert rules."""
    return [rule for group in yaml.safe_load((CHART / "rules.yml").read_text())["groups"] for rule in group["rules"]]


def boards() -> Iterator[dict[str, Any]]:
    """The dashboards."""
    for path in sorted((CHART / "dashboards").glob("*.json")):
        yield json.loads(path.read_text())


def queries() -> list[tuple[str, str]]:
    """Where it stands, and the query."""
    asked = [(f"alert {rule['alert']}", rule["expr"]) for rule in rules()]
    for board in boards():
        for panel in board["panels"]:
            asked += [(f"{board['uid']}: {panel['title']}", target["expr"]) for target in panel.get("targets", [])]
    return asked


def wrong_with(query: str) -> list[str]:
    """What the query names and no process of ours shows."""
    wrong = []
    for named in named_in(query):
        if named.metric not in shown():
            wrong.append(f"no metric {named.metric}")
            continue
        strange = set(named.labels) - shown()[named.metric] - ADDED
        wrong += [f"{named.metric} has no label {label}" for label in sorted(strange)]
    return wrong


def test_there_are_a_dashboard_of_the_market_and_four_more() -> None:
    titles = {board["uid"] for board in boards()}
    assert titles == {f"yaosu-{name}" for name in ("market", "services", "events", "money", "collateral")}


@pytest.mark.parametrize(("where", "query"), queries())
def test_a_query_names_what_the_code_shows(where: str, query: str) -> None:
    assert not wrong_with(query), where


@pytest.mark.parametrize(
    "query",
    [
        "rate(yaosu_http_requests[5m])",
        "sum by (shop) (yaosu_outbox_unsent_events)",
        'max(yaosu_bus_lag_events{partition="1"})',
        "yaosu_lease_held unless max(yaosu_nothing offset 1d)",
    ],
)
def test_a_query_that_names_something_else_is_found(query: str) -> None:
    assert wrong_with(query)


def test_states_in_queries_are_states_of_the_code() -> None:
    written = " ".join(path.read_text() for path in sources("services"))
    for where, query in queries():
        for named in named_in(query):
            for state in filter(None, named.labels.get("state", "").split("|")):
                assert f"'{state}'" in written or f'"{state}"' in written, f"{where}: {state}"


def test_every_figure_that_a_service_asks_for_stands_in_a_dashboard_or_an_alert() -> None:
    asked = " ".join(query for _, query in queries())
    unseen = {name for name in shown() if name.startswith("yaosu_") and not re.search(rf"\b{_family(name)}", asked)}
    assert not unseen


def _family(name: str) -> str:
    return re.sub(r"_(total|created|bucket|count|sum)$", "", name)


def _anchors() -> set[str]:
    headings = re.findall(r"^#{2,4} (.+)$", RUNBOOK.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: str(rule["alert"]))
def test_an_alert_says_how_bad_it_is_and_where_the_runbook_tells_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in SEVERITIES
    page, _, anchor = rule["annotations"]["runbook"].partition("#")
    assert ROOT / page == RUNBOOK
    assert anchor in _anchors()
    assert f"`{rule['alert']}`" in RUNBOOK.read_text(), "the runbook names the alert"
    assert rule["annotations"]["summary"]


def test_no_two_alerts_have_one_name() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(names) == len(set(names))
