"""The story by itself: told over HTTP in a process of its own, so that market and visitors each have a core."""

import json
import sys
from pathlib import Path

import uvloop
from rich.console import Console

from market.demo.telling import Inputs, tell


def main() -> None:
    """Standard input says where the market is and what to tell; what came of it is written to ``told``."""
    asked = json.load(sys.stdin)
    inputs = Inputs(*(Path(path) for path in asked["inputs"]))
    told = uvloop.run(tell(asked["url"], asked["operator"], Path(asked["data"]), inputs, Console()))
    Path(asked["told"]).write_text(json.dumps(told, ensure_ascii=False))


if __name__ == "__main__":
    main()
