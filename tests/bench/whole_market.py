"""The demo as a newcomer runs it, and starts of the market on what it left."""

import time
from pathlib import Path
from statistics import median

from tests.bench.figures import Figure
from tests.bench.sizes import Sizes
from tests.journeys.inputs import REAL, SAMPLES, are_there
from tests.market.process import Process, run

WARM_START_SECONDS = 5.0
DEMO_SECONDS = 90.0
DEMO_SECONDS_MAX = 1800.0
ROUTE = "/rights/v1/profiles"


def measure(data: Path, sizes: Sizes) -> list[Figure]:
    """The demo, then so many warm starts."""
    is_real = sizes.real_inputs and are_there(REAL)
    inputs, name = (REAL, "the real inputs") if is_real else (SAMPLES, "the samples")
    began = time.perf_counter()
    ended = run(
        data.with_name("home"), "demo", "--data", str(data), "--patients", str(inputs.patients),
        "--conditions", str(inputs.conditions), "--bim", str(inputs.bim), seconds=DEMO_SECONDS_MAX,
    )  # fmt: skip
    elapsed = time.perf_counter() - began
    if ended.returncode:
        raise RuntimeError(ended.stdout + ended.stderr)
    demo = Figure("demo_seconds", f"yaosu demo on {name}", elapsed, "s", target=DEMO_SECONDS)
    return [demo, *_warm_starts(data, sizes.starts)]


def _warm_starts(data: Path, number: int) -> list[Figure]:
    health, service = [], []
    for _ in range(number):
        process = Process.market(data)
        began = time.perf_counter()
        process.start()
        process.answers("/health")
        health.append(time.perf_counter() - began)
        process.answers(ROUTE)
        service.append(time.perf_counter() - began)
        process.stop()
    return [
        Figure("warm_start_health_seconds", f"warm start to /health, median of {number}", median(health), "s"),
        Figure("warm_start_route_seconds", f"warm start to a service's route, median of {number}", median(service), "s",
               target=WARM_START_SECONDS),
    ]  # fmt: skip
