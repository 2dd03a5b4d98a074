"""What runs in each process of a stack, from its first line to its last."""

import importlib
import os
import signal
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from pathlib import Path

import uvloop

from kernel.logs import set_up_logs
from market.complaints import Complaint

COMPLAINED = 2
GRACE_SECONDS = 20.0
NAME_CHARACTERS_MAX = 15  # as many as the system keeps


@dataclass(frozen=True)
class Task:
    """What one process does: an async function by its whole name, since whoever asks for it need not load it."""

    name: str
    function: str
    arguments: tuple[object, ...]
    environment: Mapping[str, str]


def run_forked(task: Task, written: "Connection[bytes, bytes]") -> None:
    """Do the task; what it writes goes to whoever started it, and it ends with that one."""
    os.setsid()  # Ctrl-C reaches only the one who ends the others in their order
    for output in (1, 2):
        os.dup2(written.fileno(), output)
    written.close()
    _call(task.name)
    os.environ.update(task.environment)
    set_up_logs(os.environ.get("YAOSU_LOG_LEVEL", "INFO"))
    threading.Thread(target=_end_with_parent, name="leash", daemon=True).start()
    module, _, function = task.function.rpartition(".")
    try:
        uvloop.run(getattr(importlib.import_module(module), function)(*task.arguments))
    except Complaint as complaint:
        print(complaint, file=sys.stderr)  # noqa: T201 - its last line, which the stack repeats
        sys.exit(COMPLAINED)


def _call(name: str) -> None:
    """Let ``ps`` and ``top`` show which process it is, where the system knows how."""
    shown = Path("/proc/self/comm")
    if shown.exists():
        shown.write_text(name[:NAME_CHARACTERS_MAX])


def _end_with_parent() -> None:
    """A pipe tells when the other side is gone, however that came about; then end as if told to, or else at once."""
    parent = parent_process()
    if parent is None:
        return
    wait([parent.sentinel])
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(GRACE_SECONDS)
    os._exit(1)
