"""How the command line speaks: its console, what several commands are asked for, and mistakes said in one line."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from market.complaints import Complaint

console = Console(highlight=False)
Data = Annotated[Path, typer.Option(help="The market's folder; made at the first start.")]
DEFAULT_DATA = Path("var/market")


class clear_errors:  # noqa: N801 - reads as a phrase
    """Say what is wrong in one line; the trace is for bugs."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Complaint):
            console.print(f"[red]{escape(str(error))}[/red]", soft_wrap=True)
            raise typer.Exit(2) from error
