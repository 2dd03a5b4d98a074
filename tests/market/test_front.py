"""One port: each service under its own path, and the few pages that are the market's own."""

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from market.front import Front
from market.health import PartHealth


class Named:
    """Stands for a service's app: answers with its name and the path it was asked for."""

    def __init__(self, name: str) -> None:
        self._name = name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse(f"{self._name} {scope['path']}")(scope, receive, send)


async def well() -> dict[str, PartHealth]:
    return {name: PartHealth(is_ready=True) for name in ("rights", "trading")}


@pytest.fixture
def door() -> httpx.AsyncClient:
    front = Front({name: Named(name) for name in ("rights", "trading")}, well)
    return httpx.AsyncClient(transport=httpx.ASGITransport(front), base_url="http://market")


@pytest.mark.parametrize("path", ["/rights/v1/profiles", "/rights", "/trading/v1/orders/ord_1:pay"])
async def test_the_first_segment_names_the_service(door: httpx.AsyncClient, path: str) -> None:
    assert (await door.get(path)).text == f"{path.split('/')[1]} {path}"


@pytest.mark.parametrize("path", ["/nowhere", "/rightsx/v1", "//rights/v1", "/Rights/v1", "/v1/rights"])
async def test_a_path_of_no_service_is_a_problem_document(door: httpx.AsyncClient, path: str) -> None:
    answer = await door.get(f"http://market{path}")
    assert answer.status_code == httpx.codes.NOT_FOUND
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "/problems/route-unknown"


async def test_the_market_says_that_it_is_ready_and_where_the_pages_are(
    door: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.metadata.version", lambda _: "0.1.0")  # also where it runs without being installed
    ready = {"ready": True}
    assert (await door.get("/health")).json() == {
        "ready": True, "services": ["rights", "trading"], "parts": {"rights": ready, "trading": ready},
    }  # fmt: skip
    assert 'href="/rights/v1/docs"' in (await door.get("/")).text
    assert (await door.get("/metrics")).headers["content-type"].startswith("text/plain")
