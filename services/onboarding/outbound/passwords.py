"""Password hashes by Argon2id (RFC 9106, second recommended option), in threads, few at a time."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from onboarding.domain.doors import TooBusy

AT_ONCE = 2  # each takes 64 MiB and a core
WAITING_MAX = 32
RETRY_AFTER_SECONDS = 3
Answer = TypeVar("Answer")


class Argon2Passwords:
    """Hashes away from the event loop; who comes when the queue is full is asked to come again."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
        self._threads = ThreadPoolExecutor(AT_ONCE, "argon2")
        self._waiting = 0
        self._nobody: str | None = None

    async def digest(self, password: str) -> str:
        """The hash with its salt and parameters."""
        return await self._run(self._hasher.hash, password)

    async def fits(self, password: str, password_hash: str | None) -> bool:
        """Whether the password has this hash; without a hash it takes as long, and does not fit."""
        if password_hash is None:
            nobody = self._nobody or await self.digest("nobody's password")
            self._nobody = nobody
            await self._run(self._verify, nobody, password)
            return False
        return await self._run(self._verify, password_hash, password)

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[..., Answer], *given: str) -> Answer:
        if self._waiting >= WAITING_MAX:
            raise TooBusy(retry_after_seconds=RETRY_AFTER_SECONDS)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *given)
        finally:
            self._waiting -= 1

    async def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(wait=False)
