"""How the demo tells itself: chapters, steps and progress, for people and for log files."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

Between = Callable[[str], Awaitable[None]]


async def _nothing(_step: str) -> None:
    """Between two steps nothing happens, unless a test wants something to."""


class Story:
    """Says what is done, in Chinese and English; ``between`` is called before each step."""

    def __init__(self, console: Console, between: Between = _nothing) -> None:
        self._console, self._between = console, between
        self._progress = Progress(
            SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
            console=console, transient=not console.is_terminal, disable=not console.is_terminal,
        )  # fmt: skip
        self._chapter: Any = None  # Any: rich's task id

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def chapter(self, title: str, steps: int) -> None:
        """A new part of the story."""
        self._console.print(f"\n[bold]{title}[/bold]")
        self._chapter = self._progress.add_task(title, total=steps)

    @asynccontextmanager
    async def step(self, words: str) -> AsyncIterator[None]:
        """One step; it is said when it is done."""
        await self._between(words)
        yield
        self._console.print(f"  [green]✓[/green] {words}")
        if self._chapter is not None:
            self._progress.advance(self._chapter)

    def say(self, words: str) -> None:
        """A remark."""
        self._console.print(f"    [dim]{words}[/dim]")

    def refused(self, what: str, problem_type: str) -> None:
        """Something that had to be refused, and was."""
        self._console.print(f"  [red]✗[/red] {what} → [yellow]{problem_type}[/yellow]")

    async def each(self, title: str, work: Sequence[Coroutine[Any, Any, None]]) -> None:
        """Many alike, with a bar; when one fails, the others are given up."""
        bar = self._progress.add_task(title, total=len(work))

        async def counted(one: Coroutine[Any, Any, None]) -> None:
            await one
            self._progress.advance(bar)

        async with asyncio.TaskGroup() as tasks:
            for one in work:
                tasks.create_task(counted(one))
