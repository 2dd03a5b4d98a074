"""An insurer at work: questions about persons, under consents of which some are withdrawn while they are used."""

import asyncio
import random
import secrets
from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from market.demo.cast import Person
from market.demo.client import Refused
from market.demo.medical import PRICE_FEN, MedicalCase
from market.demo.persons import Applicant, applicants_of
from market.demo.trade_steps import top_up
from market.demo.world import World
from tests.journeys import expected
from tests.journeys.inputs import SAMPLES

ROUTE = "/delivery/v1/underwriting-queries"
WITHDRAWN = "/problems/consent-withdrawn"
DECEASED = "/problems/subject-deceased"
BILL_TRIES = 20
BILL_RETRY_SECONDS = 0.2


@dataclass
class Underwriting:
    """What is asked, what has to come back, and what went against it."""

    stage: World
    broken: list[str]
    applicants: list[Applicant] = field(default_factory=list)
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._case = MedicalCase(self.stage, SAMPLES.patients, SAMPLES.conditions)

    async def open(self) -> None:
        """From the hospital's tables to a contract in force."""
        case = self._case
        for step in (case.authorise, case.supply, case.govern, case.register, case.list_and_contract):
            await step()
        self.applicants = applicants_of(SAMPLES.patients)
        self.answers = expected.answers(SAMPLES.patients, SAMPLES.conditions)

    async def ask(self, chance: random.Random) -> str:
        """A person consents, the insurer asks; now and then the person thinks better of it, before it or meanwhile."""
        applicant, policy = chance.choice(self.applicants), secrets.token_hex(6)
        withdraws = chance.choice(("never", "never", "before", "meanwhile"))
        self._case.today = await self.stage.now()
        person = await self._person(applicant)
        consent = await self._case._consent(person, applicant, policy, use=chance.choice(("single", "multiple")))
        await top_up(self.stage["insurer"], PRICE_FEN)
        if withdraws == "before":
            await self._withdraw(person, consent)
        together: list[Awaitable[Any]] = [self._asked(applicant, policy, consent)]
        if withdraws == "meanwhile":
            together.append(self._withdraw(person, consent))
        refused = (await asyncio.gather(*together))[0]
        if withdraws == "before" and refused != WITHDRAWN:
            self.broken.append(f"{policy} was {refused or 'answered'} under a withdrawn consent")
        if withdraws != "never":
            await self._asked_in_vain(applicant, policy, consent)
        return f"asked ({withdraws} withdrawn)"

    async def _person(self, applicant: Applicant) -> Person:
        try:
            return await self._case._admit(applicant)
        except BaseException:
            self._case.people.pop(applicant.identity_number, None)  # what was interrupted is tried again the next time
            raise

    async def _withdraw(self, person: Person, consent: str) -> None:
        await person.actor.post(f"/delivery/v1/consents/{consent}:withdraw")

    async def _asked(self, applicant: Applicant, policy: str, consent: str) -> str:
        """Why it was refused, if it was; an answer has to be the right one."""
        wanted = self.answers[applicant.record_id]
        try:
            answer = await self._case._call(applicant, f"case-{policy}", consent)
        except Refused as refused:
            if refused.type == DECEASED and "refused" not in wanted:
                self.broken.append(f"{policy}: {refused}")
            return refused.type
        found = {"status": answer["status"], "groups": answer["groups"]}
        if found != wanted:
            self.broken.append(f"{policy}: {found} was answered, {wanted} stands in the files")
        return ""

    async def _asked_in_vain(self, applicant: Applicant, policy: str, consent: str) -> None:
        """After the withdrawal was acknowledged, nothing is answered under it any more."""
        refused = await self._asked(applicant, policy, consent)
        if not refused:
            self.broken.append(f"{policy} was answered after its consent had been withdrawn")

    async def bill(self, chance: random.Random) -> str:
        """A statement of what was used; confirmed by both and settled, or disputed by one."""
        provider, buyer = self.stage["operator"], self.stage["insurer"]
        today: date = (await self.stage.now()).date()
        statement = await provider.post("/trading/v1/statements", {
            "contract_id": self._case.contract["contract_id"],
            "period_from": (today - timedelta(days=300)).isoformat(), "period_to": today.isoformat(),
        })  # fmt: skip
        path = f"/trading/v1/statements/{statement['statement_id']}"
        mood = chance.choice(("agrees", "disputes", "disputes, then agrees"))
        if mood != "agrees":
            await buyer.post(f"{path}:dispute", {"reason": "调用次数不符"})
        if mood == "disputes":
            return "disputed"
        for actor in (buyer, provider):  # whoever disputed takes it back by confirming
            await self._confirm(actor, path)
        await provider.until(path, "state", "SETTLED")
        return "billed"

    async def _confirm(self, actor: Any, path: str) -> None:
        """A use that is under way holds the bill up for a moment."""
        for _ in range(BILL_TRIES):
            try:
                await actor.post(f"{path}:confirm")
            except Refused as refused:
                if refused.type != "/problems/uses-still-open":
                    raise
                await asyncio.sleep(BILL_RETRY_SECONDS)
            else:
                return
