"""What all processes write, in one view and in a file for each."""

import json
import logging
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path

from rich.console import Console
from rich.markup import escape

FILE_BYTES_MAX = 8 * 1024 * 1024
FILES_KEPT = 2
_COLOURS = ("cyan", "magenta", "green", "yellow", "blue", "bright_cyan", "bright_magenta", "bright_green")
_OF_NO_INTEREST = {"event", "timestamp", "level", "exception"}
_LEVEL_COLOURS = {"warning": "yellow", "error": "red", "critical": "red"}


class Logbook:
    """Files in a folder, and lines on the console that begin with the process's name."""

    def __init__(self, folder: Path, console: Console) -> None:
        self._folder, self._console = folder, console
        self._files: dict[str, RotatingFileHandler] = {}
        self._last: dict[str, str] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def path(self, name: str) -> Path:
        """The file of one process."""
        return self._folder / f"{name.replace(' ', '-')}.log"

    def last_line(self, name: str) -> str:
        """The last that one process wrote."""
        return self._last.get(name, "it wrote nothing")

    def hears(self, name: str) -> Callable[[str], None]:
        """What takes the lines of one process."""
        file = self._files.setdefault(
            name, RotatingFileHandler(self.path(name), maxBytes=FILE_BYTES_MAX, backupCount=FILES_KEPT)
        )
        colour = _COLOURS[list(self._files).index(name) // 2 % len(_COLOURS)]

        def heard(line: str) -> None:
            file.emit(logging.LogRecord(name, logging.INFO, "", 0, line, None, None))
            self._last[name] = line
            self._console.print(f"[{colour}]{name:18}[/{colour}] {for_people(line)}", soft_wrap=True)

        return heard

    def close(self) -> None:
        """Close the files."""
        for file in self._files.values():
            file.close()


def for_people(line: str) -> str:
    """A line of JSON as words, marked up by its level; any other line as it is."""
    try:
        said = json.loads(line)
        event, level = str(said["event"]), str(said.get("level", ""))
    except (ValueError, KeyError, TypeError):
        return escape(line)
    facts = " ".join(f"{name}={value}" for name, value in said.items() if name not in _OF_NO_INTEREST)
    words = escape(f"{event} {facts}".rstrip() + (f"\n{said['exception']}" if said.get("exception") else ""))
    colour = _LEVEL_COLOURS.get(level)
    return f"[{colour}]{words}[/{colour}]" if colour else words
