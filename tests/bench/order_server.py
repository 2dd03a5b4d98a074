"""One api process of trading for the measurement of orders: the real service and database, its neighbours stood in for.

``python -m tests.bench.order_server`` with JSON on standard input: folder, url, port, commits_together, key.
"""

import json
import sys
from pathlib import Path
from typing import Any

import grpc
import uvloop

from kernel.bus import PostgresBus
from kernel.database import Database
from kernel.hosting import Surroundings
from kernel.objects import FolderStore
from kernel.rpc import Peer
from kernel.sealing import Sealer
from kernel.tokens import ServiceKeys, TokenVerifier
from market.doors import quiet_server
from market.starting import begin_start, end_start
from tests.trading.fakes import FakeCatalog, FakeEvidence, FakeParties, FakeRights
from trading.bootstrap import build


async def serve(asked: dict[str, Any]) -> None:
    """Until it is stopped."""
    folder = Path(asked["folder"])
    database = Database(asked["url"], name="trading", commits_together=asked["commits_together"])
    keys = ServiceKeys(folder / "keys", "trading")

    async def jwks() -> dict[str, Any]:
        return {"keys": [asked["key"]]}

    def nobody(name: str) -> Peer:
        return Peer(name, grpc.aio.insecure_channel("unix:/nowhere"), keys)

    service = build(Surroundings(
        name="trading", database=database, bus=PostgresBus(database), objects=FolderStore(folder / "objects"),
        sealer=Sealer.from_file(folder / "trading.key"), keys=keys, tokens=TokenVerifier(jwks), peers=nobody,
        scratch=folder,
    ))  # fmt: skip
    neighbours = {
        "catalog": FakeCatalog(), "rights": FakeRights(), "parties": FakeParties(), "evidence": FakeEvidence(),
    }  # fmt: skip
    for port, neighbour in neighbours.items():
        object.__setattr__(service.ports, port, neighbour)
    end_start()
    await quiet_server(service.app, asked["port"]).serve()


if __name__ == "__main__":
    begin_start()
    uvloop.run(serve(json.loads(sys.stdin.readline())))
