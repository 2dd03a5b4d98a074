"""Behind the front a service is a process: requests and answers pass through piece by piece."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from market.doors import HOST, bound, has_started, quiet_server
from market.stack.forwarding import Forwarder

MEBIBYTE = 1024 * 1024


class Behind:
    """The service: what it got, and pieces that it gives out one by one."""

    def __init__(self) -> None:
        self.pieces: asyncio.Queue[bytes] = asyncio.Queue()
        self.got: asyncio.Queue[bytes] = asyncio.Queue()
        self.app = Starlette(
            routes=[
                Route("/facts/{rest:path}", self.facts, methods=["GET", "POST"]),
                Route("/echo", self.echo, methods=["POST"]),
                Mount("/stream", self.stream),
                Route("/refuse-early", self.refuse_early, methods=["POST"]),
            ]
        )

    async def facts(self, request: Request) -> JSONResponse:
        headers = dict(request.headers)
        facts = {"target": request.url.path, "query": request.url.query, "headers": headers, "method": request.method}
        return JSONResponse(facts, headers={"X-Twice": "1", "Cache-Control": "no-store"})

    async def echo(self, request: Request) -> PlainTextResponse:
        return PlainTextResponse(await request.body())

    async def stream(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """An answer in pieces, one for each piece of the request; by hand, since Starlette reads ahead."""
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while (message := await receive())["type"] == "http.request":
            if message["body"]:
                await self.got.put(message["body"])
                await send({"type": "http.response.body", "body": await self.pieces.get(), "more_body": True})
            if not message["more_body"]:
                break
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def refuse_early(self, request: Request) -> PlainTextResponse:
        return PlainTextResponse("no", 413)


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[int]:
    door = bound(0)
    server = quiet_server(app, 0)
    serving = asyncio.create_task(server.serve(sockets=[door]))
    await has_started(server)
    try:
        yield int(door.getsockname()[1])
    finally:
        server.should_exit = server.force_exit = True
        await serving
        door.close()


@asynccontextmanager
async def before(port: int) -> AsyncIterator[httpx.AsyncClient]:
    forwarder = Forwarder(HOST, port)
    async with served(forwarder) as front, httpx.AsyncClient(base_url=f"http://{HOST}:{front}", timeout=30) as http:
        yield http
    forwarder.close()


@pytest.fixture
async def behind() -> Behind:
    return Behind()


@pytest.fixture
async def http(behind: Behind) -> AsyncIterator[httpx.AsyncClient]:
    async with served(behind.app) as port, before(port) as client:
        yield client


async def test_a_request_arrives_as_it_was_sent(http: httpx.AsyncClient) -> None:
    answer = await http.post("/facts/a%2Fb/ord_1:pay?x=%E5%A4%AE&y=1", content=b"{}", headers={"Idempotency-Key": "k"})
    seen = answer.json()
    assert (seen["query"], seen["method"]) == ("x=%E5%A4%AE&y=1", "POST")
    assert (seen["headers"]["idempotency-key"], seen["headers"]["content-length"]) == ("k", "2")
    assert (answer.headers["x-twice"], answer.headers["cache-control"]) == ("1", "no-store")
    assert len(answer.headers.get_list("date")) == 1


async def test_only_the_front_says_whom_a_request_is_from(http: httpx.AsyncClient) -> None:
    seen = (await http.get("/facts/", headers={"X-Forwarded-For": "9.9.9.9"})).json()
    assert seen["headers"]["x-forwarded-for"] == "127.0.0.1"


async def test_bodies_of_any_form_and_size_come_back_whole(http: httpx.AsyncClient) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for number in range(300):
            yield bytes([number % 251]) * 10_007

    body = bytes(range(256)) * (4 * MEBIBYTE // 256)
    for content, wanted in ((body, body), (chunks(), b"".join([piece async for piece in chunks()])), (b"", b"")):
        assert (await http.post("/echo", content=content)).content == wanted
    answers = await asyncio.gather(*(http.post("/echo", content=b"%d" % number) for number in range(200)))
    assert [int(answer.content) for answer in answers] == list(range(200))


async def test_neither_direction_waits_for_the_end_of_the_other(behind: Behind, http: httpx.AsyncClient) -> None:
    sent: asyncio.Queue[bytes] = asyncio.Queue()

    async def body() -> AsyncIterator[bytes]:
        while piece := await sent.get():
            yield piece

    async with asyncio.timeout(30):
        await sent.put(b"one")
        request = asyncio.create_task(http.send(http.build_request("POST", "/stream/", content=body()), stream=True))
        assert await behind.got.get() == b"one"  # before the request has ended
        await sent.put(b"two")
        await sent.put(b"")
        await behind.pieces.put(b"eins")
        answer = await request
        pieces = answer.aiter_raw()
        assert await anext(pieces) == b"eins"  # before the answer has ended
        await behind.pieces.put(b"zwei")
        assert [piece async for piece in pieces] == [b"zwei"]


async def test_an_answer_without_a_body_ends(http: httpx.AsyncClient) -> None:
    for _ in range(3):
        answer = await http.head("/facts/")
        assert (answer.status_code, answer.content) == (200, b"")
        assert int(answer.headers["content-length"]) > 0


async def test_an_answer_that_comes_before_the_whole_request_is_passed_on(http: httpx.AsyncClient) -> None:
    async with asyncio.timeout(30):
        answer = await http.post("/refuse-early", content=b"x" * 8 * MEBIBYTE)
    assert (answer.status_code, answer.content) == (413, b"no")


async def test_a_service_that_is_away_is_a_problem_that_may_be_repeated() -> None:
    door = bound(0)
    port = int(door.getsockname()[1])
    door.close()
    async with before(port) as http:
        answer = await http.post("/anything", content=b"x")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert answer.json()["type"] == "/problems/temporarily-unavailable"


async def test_a_service_that_was_started_again_is_found_again(behind: Behind) -> None:
    async with served(behind.app) as port, before(port) as http:
        assert (await http.get("/facts/1")).status_code == 200
        forwarder_port = port
    async with before(forwarder_port) as http:
        assert (await http.get("/facts/1")).status_code == 503
        door = bound(forwarder_port)
        server = quiet_server(behind.app, forwarder_port)
        serving = asyncio.create_task(server.serve(sockets=[door]))
        await has_started(server)
        assert (await http.get("/facts/1")).status_code == 200
        server.should_exit = server.force_exit = True
        await serving
        assert (await http.get("/facts/1")).status_code == 503
        door.close()


async def test_an_answer_that_breaks_off_breaks_off_for_the_client_too() -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(cut, HOST, 0)
    async with server, before(int(server.sockets[0].getsockname()[1])) as http:
        with pytest.raises(httpx.RemoteProtocolError):
            await http.get("/")
