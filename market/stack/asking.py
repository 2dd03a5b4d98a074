"""Asking another process on this machine over HTTP: small questions, short answers."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from market.health import Ask

HOST = "127.0.0.1"
ANSWER_BYTES_MAX = 8 * 1024 * 1024


class NotWellError(Exception):
    """It answered, and not with 200."""


async def get(port: int, path: str) -> tuple[int, bytes]:
    """Status and body; a connection for each question, since who is asked may be another process the next time."""
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        writer.write(f"GET {path} HTTP/1.0\r\nHost: {HOST}:{port}\r\n\r\n".encode())
        answer = await reader.read(ANSWER_BYTES_MAX)
        while piece := await reader.read(ANSWER_BYTES_MAX - len(answer)):
            answer += piece
    finally:
        writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split(b" ", 2)[1]), body


def asks(port: int, path: str) -> Ask:
    """A question after the health of a process."""

    async def ask() -> Mapping[str, Any]:  # Any: JSON values
        try:
            status, body = await get(port, path)
        except (OSError, IndexError) as error:
            message = "does not answer"
            raise NotWellError(message) from error
        told: dict[str, Any] = json.loads(body)
        if status != 200:  # noqa: PLR2004 - OK
            raise NotWellError(str(told.get("why") or told.get("detail") or told))
        return {name: value for name, value in told.items() if name not in {"service", "ready"}}

    return ask
