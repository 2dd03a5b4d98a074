"""HTTP requests made as cheaply as Python can, so that the machine's processors are left to what is measured."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from itertools import count

from tests.bench.figures import share_of

_turn = count()
NEVER = float("inf")
Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Load:
    """How long each request took, and all together."""

    def __init__(self, seconds: list[float], elapsed: float) -> None:
        self.p50_ms, self.p95_ms = share_of(seconds, 0.5) * 1000, share_of(seconds, 0.95) * 1000
        self.rate = len(seconds) / elapsed


def request(path: str, token: str, key: str, body: bytes) -> bytes:
    """The bytes of a POST with a key of its own."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: market\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nIdempotency-Key: {key}\r\n\r\n"
    )
    return head.encode() + body


def repeated(path: str, token: str, body: bytes) -> Iterator[bytes]:
    """The same request without end, each time under a new key."""
    before, after = request(path, token, "\0", body).split(b"\0")
    return (b"%sbench-%d%s" % (before, turn, after) for turn in _turn)


async def send(
    ports: Sequence[int], requests: Iterator[bytes], *, clients: int, seconds: float = NEVER, status: int = 201
) -> Load:
    """So many clients at once, each on a connection of its own to the ports in turn, each waiting for its answer.

    Every answer must have the status.
    """
    took: list[float] = []
    ends_at = time.perf_counter() + seconds

    async def client(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for each in requests:
            began = time.perf_counter()
            writer.write(each)
            answered, told = await answer(reader)
            if answered != status:
                message = f"{answered}: {told.decode()}"
                raise RuntimeError(message)
            took.append(time.perf_counter() - began)
            if time.perf_counter() > ends_at:
                break
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(client(ports[turn % len(ports)]) for turn in range(clients)))
    return Load(took, time.perf_counter() - began)


async def answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Status and body of the next answer."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    return int(head[9:12]), await reader.readexactly(length)
