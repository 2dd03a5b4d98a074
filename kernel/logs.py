"""Structured logs: JSON lines for machines, coloured lines for a terminal."""

import logging
import sys
from typing import TextIO

import structlog


def set_up_logs(level: str = "INFO", *, as_json: bool | None = None, to: TextIO | None = None) -> None:
    """Once per process. JSON unless standard error is a terminal."""
    stream = to or sys.stderr
    as_json = not stream.isatty() if as_json is None else as_json
    renderer = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(
            # A trace with local variables would show tokens and answers.
            exception_formatter=structlog.dev.plain_traceback
        )
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info if as_json else _as_is,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        # Standard error is looked up for every line: whoever redirects it for a while gets the lines of that while.
        logger_factory=lambda *_names: structlog.WriteLogger(file=to or sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=logging.WARNING, stream=stream, force=True)
    # It warns whenever one of its steps takes a tenth of a second, which on a busy machine is often, and no fault.
    logging.getLogger("kafka.net.selector").setLevel(logging.ERROR)


def _as_is(_logger: object, _name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    return event
