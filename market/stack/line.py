"""A kept connection to a service, and one exchange of a request and its answer over it."""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field

import httptools
from starlette.types import Receive, Scope, Send

READ_BYTES = 64 * 1024
IDLE_SECONDS_MAX = 30.0
# What belongs to one connection (RFC 9110, 7.6.1), and what only the front may say.
_NOT_PASSED_ON = {
    b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade", b"expect",
    b"x-forwarded-for", b"x-forwarded-proto", b"forwarded",
}  # fmt: skip
_NOT_PASSED_BACK = {b"connection", b"keep-alive", b"transfer-encoding", b"date", b"server"}


class PeerWentAwayError(Exception):
    """The connection ended before the answer did."""


@dataclass
class Line:
    """A connection to the service."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    was_used: bool = False
    idle_since: float = 0.0

    @property
    def may_be_used_again(self) -> bool:
        """Whether the service has not closed it, and is not just about to."""
        return not self.reader.at_eof() and time.monotonic() - self.idle_since < IDLE_SECONDS_MAX

    def rest(self) -> None:
        """Wait for the next exchange."""
        self.was_used, self.idle_since = True, time.monotonic()

    def close(self) -> None:
        """Let go of it."""
        self.writer.close()


@dataclass
class _Heard:
    """What httptools reads out of the bytes of an answer; it calls the four methods."""

    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    pieces: list[bytes] = field(default_factory=list)
    head_is_whole: bool = False
    is_whole: bool = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self.head_is_whole = True

    def on_body(self, piece: bytes) -> None:
        self.pieces.append(piece)

    def on_message_complete(self) -> None:
        self.is_whole = True

    def taken(self) -> bytes:
        """The body that came since the last time."""
        piece, self.pieces = b"".join(self.pieces), []
        return piece

    def ends_with_connection(self) -> bool:
        """Whether nothing but the end of the connection says where the body ends."""
        return self.head_is_whole and not {b"content-length", b"transfer-encoding"} & {name for name, _ in self.headers}


class Exchange:
    """One request and its answer, both passed on piece by piece; the answer may come before the request ends."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope, self._receive, self._send = scope, receive, send
        names = {name for name, _ in scope["headers"]}
        self._is_chunked = b"transfer-encoding" in names
        self._has_body = self._is_chunked or b"content-length" in names
        self._sent_all = self._ended = False
        self.answer_has_begun = False

    @property
    def may_be_repeated(self) -> bool:
        """Whether it changes nothing, and nothing of it is used up."""
        return self._scope["method"] in {"GET", "HEAD"} and not self._has_body and not self.answer_has_begun

    async def over(self, line: Line) -> bool:
        """Hold it over this connection; whether the connection can be used again."""
        uploading = asyncio.create_task(self._upload(line))
        try:
            return await self._download(line) and self._sent_all
        finally:
            uploading.cancel()
            await asyncio.gather(uploading, return_exceptions=True)

    def _head(self) -> bytes:
        scope = self._scope
        target = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
        lines = [b"%s %s HTTP/1.1" % (scope["method"].encode(), target)]
        lines += [b"%s: %s" % pair for pair in scope["headers"] if pair[0] not in _NOT_PASSED_ON]
        if scope.get("client"):
            lines.append(b"x-forwarded-for: " + scope["client"][0].encode())
        if self._is_chunked:
            lines.append(b"transfer-encoding: chunked")
        return b"\r\n".join([*lines, b"", b""])

    async def _upload(self, line: Line) -> None:
        # When the service takes no more it has answered already, or it is gone; reading the answer tells which.
        with suppress(OSError):
            line.writer.write(self._head())
            while not self._sent_all and (message := await self._receive())["type"] == "http.request":
                piece, is_last = message.get("body", b""), not message.get("more_body", False)
                if self._is_chunked:
                    piece = (b"%x\r\n%s\r\n" % (len(piece), piece) if piece else b"") + (
                        b"0\r\n\r\n" if is_last else b""
                    )
                line.writer.write(piece)
                await line.writer.drain()
                self._sent_all = is_last
            if self._sent_all:
                await self._receive()  # "http.disconnect": the client has gone, or has its answer
            if not self._ended:
                line.close()

    async def _download(self, line: Line) -> bool:
        heard = _Heard()
        parser = httptools.HttpResponseParser(heard)
        while not heard.is_whole:
            data = await line.reader.read(READ_BYTES)
            if not data:
                if not heard.ends_with_connection():
                    raise PeerWentAwayError
                break
            parser.feed_data(data)
            if heard.head_is_whole and not self.answer_has_begun:
                await self._begin(parser.get_status_code(), heard)
            heard.is_whole |= self.answer_has_begun and self._scope["method"] == "HEAD"
            if piece := heard.taken():
                await self._send({"type": "http.response.body", "body": piece, "more_body": True})
        self._ended = True
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})
        return heard.is_whole and bool(parser.should_keep_alive())

    async def _begin(self, status: int, heard: _Heard) -> None:
        self.answer_has_begun = True
        headers = [pair for pair in heard.headers if pair[0] not in _NOT_PASSED_BACK]
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
