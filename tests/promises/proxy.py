"""A fault proxy: TCP between a client and a server, where each direction can be slowed, cut, stopped or reset."""

import asyncio
import random
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

PIECE_BYTES = 16 * 1024
RESET = struct.pack("ii", 1, 0)  # closing sends RST


@dataclass
class Faults:
    """What one direction of the link does to the bytes."""

    latency_seconds: float = 0.0
    jitter_seconds: float = 0.0
    bytes_per_second: int = 0  # 0: as fast as it comes
    swallow: bool = False  # half-open: the connection stands and nothing comes through
    limit_bytes: int = 0  # so many bytes of each connection, then it is reset; 0: no limit


@dataclass
class Proxy:
    """One link. ``target``: a TCP address or the path of a unix socket; ``down``: nobody is there."""

    target: tuple[str, int] | Path
    seed: int = 0
    to_server: Faults = field(default_factory=Faults)
    to_client: Faults = field(default_factory=Faults)
    port: int = 0
    passed_bytes: int = 0
    connections: int = 0
    _down: bool = False

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # noqa: S311 - the same faults at each run
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.reset()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def reset(self) -> None:
        """Break every connection that stands, at once and rudely."""
        for writer in list(self._open):
            _reset(writer)

    def cut(self) -> None:
        """Break what stands, and refuse whoever comes until ``heal``."""
        self._down = True
        self.reset()

    def heal(self) -> None:
        """Everything passes as if the proxy were not there."""
        self._down, self.to_server, self.to_client = False, Faults(), Faults()
        # A connection whose bytes were swallowed never comes right by itself.
        self.reset()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._down:
            _reset(writer)
            return
        self.connections += 1
        try:
            if isinstance(self.target, Path):
                far_reader, far_writer = await asyncio.open_unix_connection(self.target)
            else:
                far_reader, far_writer = await asyncio.open_connection(*self.target)
        except OSError:
            _reset(writer)
            return
        self._open |= {writer, far_writer}
        ways = [
            asyncio.create_task(self._pass(reader, far_writer, "to_server")),
            asyncio.create_task(self._pass(far_reader, writer, "to_client")),
        ]
        self._tasks |= set(ways)
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            self._tasks -= set(ways)
            self._open -= {writer, far_writer}
            for end in (writer, far_writer):
                end.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: str) -> None:
        passed = 0
        with suppress(OSError):
            while piece := await reader.read(PIECE_BYTES):
                faults: Faults = getattr(self, way)
                await self._delay(faults, len(piece))
                if faults.swallow:
                    continue
                if faults.limit_bytes and passed + len(piece) > faults.limit_bytes:
                    writer.write(piece[: max(0, faults.limit_bytes - passed)])
                    self.reset()
                    return
                writer.write(piece)
                await writer.drain()
                passed += len(piece)
                self.passed_bytes += len(piece)

    async def _delay(self, faults: Faults, size: int) -> None:
        seconds = 0.0
        if faults.latency_seconds or faults.jitter_seconds:
            seconds = max(0.0, faults.latency_seconds + self._chance.uniform(-1, 1) * faults.jitter_seconds)
        if faults.bytes_per_second:
            seconds += size / faults.bytes_per_second
        if seconds:
            await asyncio.sleep(seconds)


def _reset(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    if connection is not None and connection.family != socket.AF_UNIX:
        with suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()
