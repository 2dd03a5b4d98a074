"""One service's worker for the measurement of events: the real service, its database and Kafka, and nobody beside it.

``python -m tests.bench.worker_process`` with JSON on standard input: service, folder, url, kafka.
"""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import grpc
import uvloop

from kernel.database import Database
from kernel.hosting import Host, Surroundings
from kernel.kafka_bus import KafkaBus
from kernel.kafka_login import BrokerLogin
from kernel.objects import FolderStore
from kernel.rpc import Peer
from kernel.sealing import Sealer
from kernel.tokens import ServiceKeys, TokenVerifier
from market.starting import begin_start, end_start


async def work(asked: dict[str, Any]) -> None:
    """Until it is stopped."""
    name, folder = str(asked["service"]), Path(asked["folder"])
    keys = ServiceKeys(folder / "keys", name)

    async def nobody_signs() -> dict[str, Any]:
        return {"keys": []}

    given = Surroundings(
        name=name, database=Database(asked["url"], name=name), bus=KafkaBus(BrokerLogin(asked["kafka"])),
        objects=FolderStore(folder / "objects"), sealer=Sealer.from_file(folder / f"{name}.key"), keys=keys,
        tokens=TokenVerifier(nobody_signs), scratch=folder,
        peers=lambda peer: Peer(peer, grpc.aio.insecure_channel("unix:/nowhere"), keys),
    )  # fmt: skip
    host = Host(importlib.import_module(f"{name}.bootstrap").build(given), given)
    end_start()
    await host.worker.run()


if __name__ == "__main__":
    begin_start()
    uvloop.run(work(json.loads(sys.stdin.readline())))
