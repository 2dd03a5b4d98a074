"""HTTP requests made as cheaply as Python can, so that the machine's processors are left to what is measured."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from itertools import count

from tests.bench.figures import share_of

_turn = count()


class Load:
    """How long each request took, and all together."""

    def __init__(self, seconds: list[float], elapsed: float) -> None:
        self.p50_ms, self.p95_ms = share_of(seconds, 0.5) * 1000, share_of(seconds, 0.95) * 1000
        self.rate = len(seconds) / elapsed


async def post(ports: Sequence[int], path: str, token: str, body: bytes, *, clients: int, seconds: float) -> Load:
    """So many clients at once, each on a connection of its own to the ports in turn, each waiting for its answer.

    Every request has an Idempotency-Key of its own, and every answer must be 201.
    """
    took: list[float] = []
    ends_at = time.perf_counter() + seconds

    async def client(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = (
            f"POST {path} HTTP/1.1\r\nHost: market\r\nAuthorization: Bearer {token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nIdempotency-Key: "
        ).encode()
        while time.perf_counter() < ends_at:
            began = time.perf_counter()
            writer.write(b"%sbench-%d-%d\r\n\r\n%s" % (head, port, next(_turn), body))
            await _created(reader)
            took.append(time.perf_counter() - began)
        writer.close()

    began = time.perf_counter()
    turns: Iterator[int] = (ports[turn % len(ports)] for turn in range(clients))
    await asyncio.gather(*map(client, turns))
    return Load(took, time.perf_counter() - began)


async def _created(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    body = await reader.readexactly(length)
    if not head.startswith(b"HTTP/1.1 201"):
        raise RuntimeError((head + body).decode())
