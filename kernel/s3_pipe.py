"""Where an asynchronous stream meets a client that reads in a thread: a few pieces ahead, no more."""

import asyncio
from collections.abc import Awaitable
from queue import SimpleQueue

from kernel.objects import Digests

PIECES_AHEAD = 4


class BrokenOffError(Exception):
    """The stream will not come to its end."""


class Pipe:
    """Written in the event loop, read in one thread; the digests are taken as the bytes pass."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.digests = Digests()
        self._loop, self._room = loop, asyncio.Semaphore(PIECES_AHEAD)
        self._pieces: SimpleQueue[bytes | BrokenOffError] = SimpleQueue()
        self._rest = memoryview(b"")
        self._is_read, self._has_ended = True, False

    async def put(self, piece: bytes) -> bool:
        """Hand a piece over as soon as there is room; whether anybody still reads."""
        await self._room.acquire()
        if self._is_read and piece:
            self._pieces.put(piece)
        return self._is_read

    def end(self) -> None:
        """There is no more to come."""
        self._pieces.put(b"")

    def break_off(self) -> None:
        """Whoever reads gets an error instead of the end, so that half a stream is never taken for a whole one."""
        self._pieces.put(BrokenOffError())

    def is_read_no_more(self, _reader: Awaitable[object]) -> None:
        """The reader has ended, for whatever reason; whoever waits for room is let go."""
        self._is_read = False
        self._room.release()

    def read(self, size: int) -> bytes:
        """Exactly so many bytes, fewer only at the end."""
        taken = bytearray()
        while len(taken) < size and not self._has_ended:
            if not self._rest:
                self._rest = memoryview(self._next())
                self._has_ended = not self._rest
            missing = size - len(taken)
            taken += self._rest[:missing]
            self._rest = self._rest[missing:]
        return bytes(taken)

    def _next(self) -> bytes:
        piece = self._pieces.get()
        if isinstance(piece, BrokenOffError):
            raise piece
        if piece:
            self._loop.call_soon_threadsafe(self._room.release)
            self.digests.update(piece)
        return piece
