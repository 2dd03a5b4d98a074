"""A small market in which everything has happened once: the story on the samples, told, then looked at from outside."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from sqlalchemy import text

from kernel.database import Database
from kernel.hosting import Host
from market.embedded import build_host
from market.ground import Ground
from market.roster import SERVICES
from tests.authorisation.callers import Callers
from tests.authorisation.operations import Operation, operations_of
from tests.journeys.inputs import SAMPLES
from tests.market.process import run

STORY_SECONDS_MAX = 600.0
# Of which object a path's parameter is, and whose it is.
OWNED = {
    ("onboarding", "party_id"): "SELECT id, id FROM party WHERE 'provider' = ANY(roles)",
    ("onboarding", "client_id"): "SELECT id, party_id FROM client",
    ("onboarding", "member_id"): "SELECT id, party_id FROM member",
    ("onboarding", "identity_id"): "SELECT id, party_id FROM outside_identity",
    ("catalog", "authorisation_id"): "SELECT id, operator_party_id FROM authorisations",
    ("catalog", "dataset_id"): "SELECT id, owner_party_id FROM datasets WHERE latest_version_id <> ''",
    ("catalog", "derivation_id"): "SELECT id, operator_party_id FROM derivations",
    ("catalog", "product_id"): "SELECT id, owner_party_id FROM products",
    ("catalog", "version_id"): "SELECT v.id, d.owner_party_id FROM versions v JOIN datasets d ON d.id = v.dataset_id "
    "WHERE number > 0",
    ("delivery", "consent_id"): "SELECT id, person_party_id FROM consents",
    ("delivery", "contract_id"): "SELECT contract_id, buyer_party_id FROM entitlements",
    ("evidence", "size"): "SELECT size::text, '' FROM checkpoints",
    ("evidence", "sha256"): "SELECT sha256, '' FROM deposits",
    ("pledge", "booking_id"): "SELECT booking_id, party_id FROM bookings",
    ("pledge", "loan_id"): "SELECT loan_id, bank_party_id FROM loans",
    ("pledge", "pledge_id"): "SELECT pledge_id, bank_party_id FROM pledges",
    ("pledge", "watch_id"): "SELECT w.watch_id, l.bank_party_id FROM watches w JOIN loans l USING (loan_id)",
    ("rights", "dataset_id"): "SELECT dataset_id, registrant_party_id FROM certificates",
    ("rights", "number"): "SELECT number, registrant_party_id FROM certificates",
    ("rights", "registration_id"): "SELECT registration_id, applicant_party_id FROM registrations",
    ("rights", "objection_id"): "SELECT objection_id, party_id FROM objections",
    ("rights", "kind"): "SELECT 'application', ''",
    ("rights", "report_id"): "SELECT report_id, issuer_party_id FROM reports",
    ("rights", "encumbrance_id"): "SELECT encumbrance_id, holder_party_id FROM encumbrances",
    ("trading", "contract_id"): "SELECT contract_id, buyer_party_id FROM contracts",
    ("trading", "listing_id"): "SELECT listing_id, provider_party_id FROM listings",
    ("trading", "number"): "SELECT number, provider_party_id FROM certificates",
    ("trading", "order_id"): "SELECT order_id, buyer_party_id FROM orders",
    ("trading", "settlement_id"): "SELECT settlement_id, provider_party_id FROM settlements",
    ("trading", "statement_id"): "SELECT statement_id, provider_party_id FROM statements",
    ("trading", "top_up_id"): "SELECT top_up_id, party_id FROM top_ups",
}


@dataclass
class World:
    """Services that answer, without workers: nothing moves but by what is asked."""

    ground: Ground
    hosts: Mapping[str, Host]
    callers: Callers
    objects: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)

    @property
    def operations(self) -> list[Operation]:
        """Of all services."""
        return [one for name, host in self.hosts.items() for one in operations_of(name, host.service.app)]

    async def ask(self, operation: Operation, values: Mapping[str, str], token: str) -> httpx.Response:
        """The operation, asked with a body of its form and a key of its own."""
        headers = {"Idempotency-Key": f"{operation}"[:100]} | ({"Authorization": f"Bearer {token}"} if token else {})
        if operation.body:
            headers["Content-Type"] = "application/json"
        transport = httpx.ASGITransport(self.hosts[operation.service].service.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://market", timeout=60) as http:
            return await http.request(
                operation.method, operation.at(dict(values)), headers=headers, content=operation.body or None
            )

    def calls_of(self, host: Host) -> dict[str, frozenset[str]]:
        """Each gRPC method of a service with the services that its bootstrap lets call it."""
        return {
            f"{rpc.full_name}/{method}": frozenset(names)
            for rpc in host.service.rpcs
            for method, names in rpc.callers.items()
        }

    async def contents(self) -> dict[str, str]:
        """What every table of the business holds, as a digest of its rows."""
        found = dict[str, str]()
        for name in self.hosts:
            owner = self.ground.server.as_owner(name)
            found |= {f"{name}.{table}": digest for table, digest in (await _digests(owner)).items()}
            await owner.close()
        return found


async def _digests(database: Database) -> dict[str, str]:
    async with database.transaction() as conn:
        tables = (await conn.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))).scalars()
        digests = dict[str, str]()
        for table in sorted(tables):
            rows = "SELECT md5(coalesce(string_agg(t::text, ';' ORDER BY t::text), ''))"
            digests[table] = str(await conn.scalar(text(f"{rows} FROM {table} t")))
        return digests


@asynccontextmanager
async def told_and_opened(data: Path) -> AsyncIterator[World]:
    """Tell the story by the command, then open the services on what it left, with keys of ours for tokens."""
    told = await asyncio.to_thread(run, data.with_name("home"), "demo", "--data", str(data), "--patients",
                                   str(SAMPLES.patients), "--conditions", str(SAMPLES.conditions), "--bim",
                                   str(SAMPLES.bim), seconds=STORY_SECONDS_MAX)  # fmt: skip
    assert told.returncode == 0, told.stdout[-3000:] + told.stderr[-3000:]
    ground, callers = await Ground.open(data, movable_clock=True), Callers()
    hosts = {name: build_host(ground, name) for name in SERVICES}
    try:
        for host in hosts.values():
            host.given.tokens.fetch = callers.jwks
            await ground.listen(host)
        world = World(ground, hosts, callers)
        for (service, parameter), query in OWNED.items():
            world.objects[service, parameter] = await _first(hosts[service].given.database, query)
        yield world
    finally:
        await asyncio.gather(*(host.close() for host in hosts.values()), return_exceptions=True)
        await ground.close()


async def _first(database: Database, query: str) -> tuple[str, str]:
    """The first object and its owner; one that the story has none of is a guess, and nobody's."""
    async with database.transaction() as conn:
        row = (await conn.execute(text(f"{query} ORDER BY 1 LIMIT 1"))).first()
    return (str(row[0]), str(row[1])) if row else ("", "")
