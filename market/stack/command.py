"""What ``yaosu stack`` does and shows: the logs of all processes above, how each of them is below."""

import asyncio
import json
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.table import Table

from market.files import LOGS_FOLDER, OPERATOR_FILE, TRUST_FILE
from market.health import PartHealth
from market.stack.logbook import Logbook
from market.stack.run import SERVERS, Stack, open_stack
from market.starting import end_start
from market.verify.command import pin_trust

LOOK_SECONDS = 2.0


async def run_stack(data: Path, services: Sequence[str], without: Sequence[str], port: int, console: Console) -> None:
    """Until Ctrl-C, which also ends a start that takes long."""
    stopped, itself, is_open = asyncio.Event(), asyncio.current_task(), False

    def stop() -> None:
        if not stopped.is_set() and not is_open and itself is not None:
            itself.cancel()
        stopped.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    console.print("服务器与各服务正在启动 Servers and services are starting; this takes a while.")
    logbook = Logbook(data / LOGS_FOLDER, console)
    try:
        async with open_stack(data, logbook, port=port, services=services, without=without) as stack:
            is_open = True
            end_start()
            if (data / TRUST_FILE).exists():
                pin_trust(json.loads((data / TRUST_FILE).read_bytes()), say=console.print)
            console.print(f"[bold green]市场已开放 The market is open:[/bold green] {stack.url}")
            console.print(
                f"运营方凭证 The operator's credential: {data / OPERATOR_FILE}. Ctrl-C ends it.", soft_wrap=True
            )
            await _show(stack, console, stopped)
    except asyncio.CancelledError:
        if not stopped.is_set():
            raise
    finally:
        logbook.close()
    console.print(f"市场已关闭，数据保存在 The market is closed; its data stay in {data}", soft_wrap=True)


async def _show(stack: Stack, console: Console, stopped: asyncio.Event) -> None:
    """On a terminal a table that stays below the logs; else a line whenever something has changed."""
    known: dict[str, bool] = {}
    with Live(console=console, auto_refresh=False, transient=True) as live:
        while not stopped.is_set():
            health = await stack.health()
            if console.is_terminal:
                live.update(table_of(stack, health), refresh=True)
            for name, part in health.items():
                if known.get(name, True) != part.is_ready:
                    words = "正常 is well again" if part.is_ready else f"异常 is not well: {part.told.get('why', '')}"
                    console.print(f"{name} {words}", markup=False, soft_wrap=True)
            known = {name: part.is_ready for name, part in health.items()}
            try:
                await asyncio.wait_for(stopped.wait(), LOOK_SECONDS)
            except TimeoutError:
                continue


def table_of(stack: Stack, health: Mapping[str, PartHealth]) -> Table:
    """A row for each service, and one for the servers under them."""
    table = Table(title=f"要素 Yaosu {stack.url}")
    for heading in ("service", "api", "worker"):
        table.add_column(heading)
    for name in stack.services:
        table.add_row(name, *(_cell(stack, f"{name} {kind}", health) for kind in ("api", "worker")))
    table.add_row(SERVERS, _cell(stack, SERVERS, health), "")
    return table


def _cell(stack: Stack, name: str, health: Mapping[str, PartHealth]) -> str:
    part, found = stack.parts[name], health[name]
    colour = "green" if found.is_ready else "red"
    again = f" ({part.starts - 1} restarts)" if part.starts > 1 else ""
    words = "ready" if found.is_ready else str(found.told.get("why", "not ready"))[:60]
    return f"[{colour}]{words}[/{colour}] pid {part.pid or '–'}{again}"
