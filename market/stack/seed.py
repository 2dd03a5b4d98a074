"""What the processes of a stack need, loaded once: they are forked from here, so that fourteen start like one.

Loading takes seconds, forking milliseconds; and what was loaded before shares its memory.
"""

import gc
import importlib

from market.starting import load_services

gc.disable()
for name in ("kernel.worker_view", "market.processes", "market.stack.servers", "market.verify.command", "typer"):
    importlib.import_module(name)
load_services()
gc.freeze()  # what is looked through by the collector is written to, and would be shared no longer
gc.enable()
