"""The counts of the last long run, for docs/promises.md; kept in the tree so that the page can say them."""

import fcntl
import json
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from tests.promises.verdict import Verdict
from tools.survey import ROOT

# Kept in the tree only when asked, since the page that shows them would be stale after every run.
KEPT_IN_TREE = os.environ.get("YAOSU_KEEP_COUNTS") == "1"
COUNTS = ROOT / ("docs" if KEPT_IN_TREE else "var") / "promises-counts.json"


def keep_counts(size: str, run: str, verdict: Verdict, steps: int, schedule: Sequence[str]) -> None:
    """Write down what one run came to, beside the others of its size."""
    _keep(size, run, {
        "on": datetime.now(UTC).date().isoformat(), "commit": _commit(), "steps": steps, "keys": verdict.asked,
        "keys_once_unknown": verdict.once_unknown, "keys_asked_again": verdict.reasked,
        "faults": dict(sorted(Counter(schedule).items())),
        "promises_checked": len(verdict.findings), "violations": len(verdict.violations),
    })  # fmt: skip


def keep_race(name: str, rounds: int, won: Mapping[str, int], faults: Sequence[str]) -> None:
    """Write down how often each side won."""
    _keep("races", name, {
        "on": datetime.now(UTC).date().isoformat(), "commit": _commit(), "rounds": rounds,
        "won": dict(sorted(won.items())), "violations": len(faults),
    })  # fmt: skip


def _keep(size: str, run: str, counts: dict[str, object]) -> None:
    """Tests that run at once write one after the other."""
    COUNTS.parent.mkdir(exist_ok=True)
    with COUNTS.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        kept = json.loads(file.read() or "{}")
        kept.setdefault(size, {})[run] = counts
        file.truncate(0)
        file.write(json.dumps(kept, ensure_ascii=False, indent=1, sort_keys=True) + "\n")


def _commit() -> str:
    told = subprocess.run(
        [shutil.which("git") or "git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return told.stdout.strip()
