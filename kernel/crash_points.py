"""Named points at which a process can be made to die, so that tests prove what a crash there leaves behind.

``YAOSU_CRASH_AT=relay.after_send`` kills the process (as ``kill -9`` does) when it comes to that point the first time,
``relay.after_send:3`` the third time. Without the variable a point does nothing. Services have points of
their own, named after what they do; a test demands that each is known to the harness and really reached.
"""

import os
import signal
import threading
from collections.abc import Callable

SETTING = "YAOSU_CRASH_AT"
POINTS = {
    "request.after_claim": "the Idempotency-Key is looked up, the work is not begun",
    "request.before_commit": "the work of a request is done, its transaction is not committed",
    "request.after_commit": "the transaction of a request is committed, nothing is answered yet",
    "step.before_commit": "a step of a saga or a job is done, its transaction is not committed",
    "step.after_commit": "a step of a saga or a job is committed, the next is not begun",
    "relay.after_claim": "unsent events are read from the outbox, none is sent",
    "relay.after_send": "the events are handed to the bus, which has not acknowledged them",
    "relay.after_ack": "the bus has acknowledged the events, the outbox does not know it",
    "relay.after_mark": "the outbox knows that the events are sent",
    "consumer.after_poll": "events are read from the bus, none is handled",
    "consumer.after_inbox": "an event is about to have its effect, nothing is written",
    "consumer.before_commit": "the effect of an event is done, its transaction is not committed",
    "consumer.after_commit": "the effect of an event is committed, the next event is not begun",
    "consumer.before_place": "the effects of a batch are committed, its place on the bus is not",
    "objects.after_incoming": "a file is written where nobody looks for it",
    "objects.after_placed": "a file stands in the store, no row names it yet",
    "job.after_lease": "the worker holds its lease, a job is about to run",
    "migration.between_steps": "one revision is applied, the transaction goes on",
}


def _unarmed(_point: str) -> None:
    """What a point does in production."""


def armed(setting: str) -> Callable[[str], None]:
    """A ``reached`` that kills this process at the point that the setting names."""
    wanted, _, count = setting.partition(":")
    if not (count or "1").isdigit() or int(count or "1") < 1:
        message = f"{SETTING}={setting}: give NAME, or NAME:N with N from 1 on"
        raise ValueError(message)
    left, lock = int(count or "1"), threading.Lock()  # some points are reached in threads

    def reached(point: str) -> None:
        nonlocal left
        if point == wanted:
            with lock:
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

    return reached


reached: Callable[[str], None] = armed(os.environ[SETTING]) if os.environ.get(SETTING) else _unarmed
