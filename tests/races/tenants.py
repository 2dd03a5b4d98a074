"""What tenants try over HTTP at one right, and how it is made free again for the next round."""

import random
from collections.abc import Awaitable, Callable

from market.demo.client import Actor, Refused
from market.demo.rights_steps import _attach
from tests.promises.workload import Asset
from tests.races.processes import Several
from tests.races.racing import LOST, Call, Caller

BUYERS = ("insurer", "facility", "co_designer")
OFFICERS = {"bank": ("bank", "bank_2"), "second_bank": ("second_bank", "second_bank_2")}
Undo = Callable[[], Awaitable[object]]


class Right:
    """One certified right of the designer's; whoever takes it leaves word how it is given back."""

    def __init__(self, several: Several, asset: Asset, loans: dict[str, str]) -> None:
        self.several, self.asset, self._loans = several, asset, loans
        self._stage = several.workload.stage
        self._contracts: dict[str, dict[str, str]] = {}
        self._transfer = ""
        self.freeing: dict[str, Undo] = {}

    @classmethod
    async def made(cls, several: Several, chance: random.Random) -> "Right":
        """A certificate, an exclusive listing, and each bank's loan on it, contracted."""
        workload = several.workload
        asset = await workload.publish("designer", chance)
        loans = {bank: (await workload._loan(asset, chance, bank))[0] for bank in OFFICERS}
        await workload.offer(asset, chance, exclusive=True)
        return cls(several, asset, loans)

    @property
    def _owner(self) -> Actor:
        return self._stage[self.asset.owner]

    # What stands ready before each race.

    async def ready(self) -> None:
        """Every buyer needs nothing but the last signature, the transfer nothing but to be handed in."""
        for name in BUYERS:
            if name not in self._contracts:
                self._contracts[name] = await self._contract(name)
        if not self._transfer:
            self._transfer = await self._joined()

    async def _contract(self, buyer: str) -> dict[str, str]:
        wanted = {"listing_id": self.asset.listings[-1], "purpose": "analysis"}
        while True:
            try:
                order = await self._stage[buyer].post("/trading/v1/orders", wanted)
            except Refused as refused:
                if refused.type != "/problems/listing-not-open":
                    raise
                # Trading hears a moment later that a burden is there, and a moment later that it is gone.
                await self._owner.until(f"/trading/v1/listings/{wanted['listing_id']}", "state", "PUBLISHED")
                continue
            contract: dict[str, str] = order["contract"]
            await self._sign(self._owner, contract)
            return contract

    async def _sign(self, actor: Actor, contract: dict[str, str]) -> dict[str, str]:
        signature = actor.sign(contract["agreement"].encode(), "yaosu-agreement")
        path = f"/trading/v1/contracts/{contract['contract_id']}"
        signed: dict[str, str] = await actor.post(f"{path}:sign", {"signature": signature})
        return signed

    async def _joined(self) -> str:
        taker = self._stage["facility"]
        registration = await self._owner.post("/rights/v1/registrations", {
            "profile": "nda-2026", "type": "transfer", "previous_certificate": self.asset.certificate,
            "transferee_party_id": taker.party_id, "rights": ["HOLD", "USE", "OPERATE"],
        })  # fmt: skip
        path = f"/rights/v1/registrations/{registration['registration_id']}"
        await _attach(self._owner, path, ["transfer_contract"], self.asset.certificate)
        await taker.post(f"{path}:join")
        return str(registration["registration_id"])

    # Who takes it.

    def pledges(self, bank: str) -> list[Caller]:
        """Both officers of a bank, by either door."""
        return [Caller("pledge", self._pledging(officer, bank)) for officer in self.several.both(*OFFICERS[bank])]

    def _pledging(self, officer: Actor, bank: str) -> Call:
        async def call() -> str:
            pledge = await officer.post("/pledge/v1/pledges", {"loan_id": self._loans[bank]})
            path = f"/pledge/v1/pledges/{pledge['pledge_id']}"
            if (await officer.until(path, "state", "HELD", "REFUSED"))["state"] == "REFUSED":
                return LOST
            self.freeing[path] = lambda: self.cancel(officer, path)
            return path

        return call

    async def cancel(self, officer: Actor, path: str) -> str:
        """Give a reserved pledge up."""
        await officer.post(f"{path}:cancel", {"reason": "race over"})
        await officer.until(path, "state", "CANCELLED")
        return path

    def sales(self) -> list[Caller]:
        """Each buyer's last signature, by one door and the other in turn."""
        ones, others = self.several.both(*BUYERS)[: len(BUYERS)], self.several.both(*BUYERS)[len(BUYERS) :]
        doors = [ones[0], others[1], ones[2]]
        return [Caller("sale", self._buying(name, actor)) for name, actor in zip(BUYERS, doors, strict=True)]

    def _buying(self, name: str, buyer: Actor) -> Call:
        async def call() -> str:
            contract = self._contracts.pop(name)
            await self._sign(buyer, contract)
            path = f"/trading/v1/contracts/{contract['contract_id']}"
            if (await buyer.until(path, "state", "IN_FORCE", "REFUSED"))["state"] == "REFUSED":
                return LOST
            self.freeing[path] = lambda: buyer.post(f"{path}:end")
            return path

        return call

    def transfers(self) -> list[Caller]:
        """The holder hands the transfer in, by both doors."""
        return [Caller("transfer", self._handing_in(actor)) for actor in self.several.both(self.asset.owner)]

    def _handing_in(self, giver: Actor) -> Call:
        async def call() -> str:
            path = f"/rights/v1/registrations/{self._transfer}"
            await giver.post(f"{path}:submit")
            self.freeing[path] = lambda: self._withdraw(path)
            return path

        return call

    async def _withdraw(self, path: str) -> None:
        await self._owner.post(f"{path}:withdraw")
        self._transfer = ""

    def seizures(self) -> list[Caller]:
        """Orders of a court, which always find their place."""
        return [Caller("seizure", self._seizing(actor)) for actor in self.several.both("market")]

    def _seizing(self, actor: Actor) -> Call:
        async def call() -> str:
            order = {"dataset_id": self.asset.dataset_id, "court": "城阳区人民法院", "order_number": "1"}
            seized = await actor.post("/rights/v1/seizures", order)
            path = f"/rights/v1/seizures/{seized['encumbrance_id']}"
            self.freeing[path] = lambda: actor.post(f"{path}:lift", {"order_number": "2", "reason": "race over"})
            return path

        return call

    # What lies upon it.

    async def live(self) -> list[str]:
        """The kinds of what lies upon it now, in the order of placing."""
        burdens = await self._owner.get(f"/rights/v1/assets/{self.asset.dataset_id}/encumbrances?live=true")
        return [lying["kind"] for lying in sorted(burdens["items"], key=lambda lying: lying["fencing_version"])]

    async def free(self) -> None:
        """Ready for the next round; an exclusive grant is given back by a job."""
        freeing, self.freeing = self.freeing, {}
        for undo in freeing.values():
            await undo()
        path = f"/rights/v1/assets/{self.asset.dataset_id}/encumbrances?live=true"
        await self._owner.until(path, "items", [])
