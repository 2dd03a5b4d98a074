"""A witness: keeps the last checkpoint it saw, outside the market, and refuses a log that shrank or forked since."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from market.verify.checkpoint import Checkpoint
from market.verify.encoding import MalformedError
from market.verify.merkle import verify_consistency
from market.verify.refusals import CheckpointMalformed, LogForked, LogShrank
from market.verify.trust import Trust


@dataclass(frozen=True)
class Witness:
    """One log, as its trust file names it, and the file that holds what was seen last."""

    kept_at: Path
    trust: Trust

    def seen(self) -> Checkpoint | None:
        """What was seen last; nothing before the first time."""
        try:
            note = self.kept_at.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        return self._checked(note)

    def may_take(self, note: str) -> tuple[int, int]:
        """The sizes between which a proof is needed before ``observe``; the same twice where none is."""
        old, new = self.seen(), self._checked(note)
        return (old.size if old is not None else new.size), new.size

    def observe(self, note: str, proof: Sequence[bytes] = ()) -> Checkpoint:
        """Take a newer checkpoint with the proof that it continues what was seen; refuses anything else.

        What was seen survives a restart, and a refused checkpoint changes nothing.
        """
        old, new = self.seen(), self._checked(note)
        if old is not None:
            if new.size < old.size:
                raise LogShrank(particular=f"{old.size} → {new.size}")
            if new.size == old.size and new.root != old.root:
                raise LogForked(particular=str(new.size))
            verify_consistency(old.size, new.size, old.root, new.root, proof)
        self._keep(new)
        return new

    def _checked(self, note: str) -> Checkpoint:
        try:
            checkpoint = Checkpoint.read(note)
        except MalformedError as error:
            raise CheckpointMalformed from error
        checkpoint.verify(self.trust.origin, self.trust.log_key)
        return checkpoint

    def _keep(self, checkpoint: Checkpoint) -> None:
        self.kept_at.parent.mkdir(parents=True, exist_ok=True)
        pending = self.kept_at.with_name(f"{self.kept_at.name}.{os.getpid()}")
        with pending.open("wb") as file:
            file.write(checkpoint.note.encode())
            file.flush()
            os.fsync(file.fileno())
        pending.replace(self.kept_at)
