"""Figures from the database: each query answers, what is gone is shown no more, and a wrong one stops nothing."""

import pytest
from prometheus_client import REGISTRY, Gauge

from kernel.bus import PostgresBus
from kernel.gauges import Asked, Gauges
from market.roster import SERVICES
from tests.conftest import Running, StartService

MOODS = Gauge("test_moods", "Only for this test", ["service", "mood"])


@pytest.fixture
async def notes(service: StartService, monkeypatch: pytest.MonkeyPatch) -> Running:
    """The notes service."""
    monkeypatch.syspath_prepend("tests/kernel")
    return await service("notes")


def _value(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, labels)


def _gauges(running: Running, *asked: Asked) -> Gauges:
    bus = running.given.bus
    assert isinstance(bus, PostgresBus)
    return Gauges(running.service.name, running.given.database, bus, asked)


async def test_every_query_of_every_service_answers(service: StartService) -> None:
    for name in SERVICES:
        running = await service(name)
        await _gauges(running, *running.service.gauges).ask()
        failed = [
            sample.labels["gauge"]
            for metric in REGISTRY.collect() if metric.name == "yaosu_gauge_failures"
            for sample in metric.samples if sample.labels["service"] == name and sample.name.endswith("_total")
        ]  # fmt: skip
        assert not failed, name
        assert _value("yaosu_outbox_unsent_events", service=name) is not None


async def test_a_row_that_is_gone_is_shown_no_more(notes: Running) -> None:
    happy, both = "SELECT 'happy' AS mood, 2 AS value", "SELECT 'happy' AS mood, 1 AS value UNION SELECT 'sad', 3"
    gauges = _gauges(notes, Asked(MOODS, both))
    await gauges.ask()
    assert _value("test_moods", service="notes", mood="sad") == 3
    gauges._asked = (Asked(MOODS, happy),)
    await gauges.ask()
    assert _value("test_moods", service="notes", mood="sad") is None
    assert _value("test_moods", service="notes", mood="happy") == 2


async def test_a_query_that_fails_is_counted_and_the_others_go_on(notes: Running) -> None:
    await _gauges(notes, Asked(MOODS, "SELECT nothing"), Asked(MOODS, "SELECT 'calm' AS mood, 1 AS value")).ask()
    assert (_value("yaosu_gauge_failures_total", service="notes", gauge="test_moods") or 0) >= 1
    assert _value("test_moods", service="notes", mood="calm") == 1
