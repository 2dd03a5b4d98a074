"""Cohorts: aggregates over at least k persons, each compared with all that the buyer learned before."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from delivery.domain.cohort import Cell, CohortQuery, Population, Released, need_distance, release
from delivery.domain.entitlement import Entitlement, Mode
from delivery.domain.specification import Specification
from delivery.domain.use import Asked, Use, UseState
from delivery.ports import Delivering, VersionAnswering
from delivery.use_cases import uses
from kernel.callers import Caller
from kernel.canonical import canonical
from kernel.once import Once
from kernel.refusals import StateChanged


@dataclass(frozen=True)
class CohortGiven:
    """An answer on its way out; it is kept nowhere, only the populations it told of."""

    use: Use
    query: CohortQuery
    released: Released
    k: int
    version: VersionAnswering
    nonce: str
    digest: str = ""

    def shown(self) -> list[dict[str, object]]:
        """The groups in the form that leaves and is digested."""
        return [
            {"by": dict(group.by), "persons": group.persons,
             "prevalence": dict(group.shown(self.k)) if self.query.prevalence else None}
            for group in self.released.groups
        ]  # fmt: skip


async def ask_about_cohort(
    app: Delivering, caller: Caller, once: Once, contract_id: str, query: CohortQuery
) -> CohortGiven:
    """Count distinct persons by group, with or without the prevalence of disease groups."""
    async with app.work(None) as work:
        found = await work.entitlements.find(contract_id)
    asked = Asked(
        contract_id=contract_id, mode=Mode.COHORT, buyer_party_id=caller.party_id,
        caller_subject_id=caller.subject_id, purpose=found.purpose if found else "", key=once.key,
        request_sha256=once.request_sha256,
    )  # fmt: skip
    standing = await uses.intend(app, asked)
    use, entitlement = standing.use, standing.entitlement
    if use is None:
        raise StateChanged
    if use.state is UseState.METERED:
        again, _ = await _answer(app, entitlement, use, query)
        await uses.count_answer_again(app, use)
        return again
    async with uses.closing(app, use):
        held_fen = await app.trade.hold_for_use(use)
        given, cells = await _answer(app, entitlement, use, query)
        metered = await _meter(app, entitlement, given, cells, held_fen)
    return replace(given, use=metered)


async def _answer(
    app: Delivering, entitlement: Entitlement, use: Use, query: CohortQuery
) -> tuple[CohortGiven, Sequence[Cell]]:
    specification = Specification.read(entitlement.specification)
    version, groups, cells = await app.rooms.cohort(entitlement, use.version_id, query)
    released = release(groups, specification.k_min)
    given = CohortGiven(use, query, released, specification.k_min, version, uses.nonce_of(app, use))
    body = canonical({
        "groups": given.shown(), "groups_suppressed": released.suppressed, "look_back_years": query.look_back_years,
        "data_as_of": version.data_as_of.isoformat(), "version_digest": version.version_digest,
    })  # fmt: skip
    return replace(given, digest=sha256(bytes.fromhex(given.nonce) + body).hexdigest()), cells


async def _meter(
    app: Delivering, entitlement: Entitlement, given: CohortGiven, cells: Sequence[Cell], held_fen: int
) -> Use:
    version = given.version
    fresh = _told_of(given)
    async with app.work(None) as work:
        earlier = await work.cohorts.earlier(given.use.asked.buyer_party_id, entitlement.dataset_id)
        known = {(known.version_digest, known.population.key) for known in earlier}
        unknown = [each for each in fresh if (version.version_digest, each[0].key) not in known]
        need_distance(
            unknown, earlier, cells, given.k, version.version_digest, app.limits.cohort_populations_max
        )  # fmt: skip
        metered = await uses.meter(work, given.use, version.version_digest, given.digest, held_fen)
        if metered.answer_digest == given.digest and unknown:
            await work.cohorts.add(metered, entitlement.dataset_id, unknown)
    return metered


def _told_of(given: CohortGiven) -> list[tuple[Population, int]]:
    """The populations that an answer tells the size of."""
    return [(given.query.population.narrowed(group.by), group.persons) for group in given.released.groups]
