"""The registry of encumbrances: who may take what, in which order, however they race."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import text

from kernel.ids import new_id
from kernel.refusals import Refusal
from rights.domain.encumbrance import Encumbrance, EncumbranceKind, EncumbranceState
from rights.domain.filing import Subject
from rights.domain.source_rights import Right
from rights.ports import Remark
from rights.use_cases import assets, encumbrances
from rights.use_cases.encumbrances import Reservation
from tests.rights.conftest import Centre, done, refused, shares
from tests.rights.fakes import BANK, BUYER, CO_DESIGNER, DESIGNER, OTHER

PLEDGE, GRANT = EncumbranceKind.PLEDGE, EncumbranceKind.EXCLUSIVE_GRANT


def wanted(subject: Subject, kind: EncumbranceKind = PLEDGE, **changes: Any) -> Reservation:
    service = "pledge" if kind is PLEDGE else "trading"
    facts = {
        "owner_service": service, "reference": new_id("ref"), "kind": kind, "dataset_id": subject.dataset_id,
        "product_id": "", "right": Right.OPERATE, "holder_party_id": DESIGNER, "beneficiary_party_id": BANK,
    }  # fmt: skip
    return Reservation(**{**facts, **changes})


async def taken(centre: Centre, reservation: Reservation) -> Encumbrance:
    held = await encumbrances.reserve(centre.running.ports, reservation)
    return await encumbrances.confirm(
        centre.running.ports, reservation.owner_service, reservation.reference, held.fencing_version
    )


async def refusal_of(centre: Centre, reservation: Reservation) -> Refusal:
    with pytest.raises(Refusal) as caught:
        await encumbrances.reserve(centre.running.ports, reservation)
    return caught.value


async def test_a_right_secures_one_loan_at_a_time(centre: Centre) -> None:
    subject, _ = await centre.certified()
    held = await taken(centre, first := wanted(subject))
    assert held.state is EncumbranceState.ACTIVE
    assert (await refusal_of(centre, wanted(subject))).reason == "RightAlreadyPledged"
    assert (await refusal_of(centre, wanted(subject, GRANT))).reason == "RightAlreadyPledged"
    await encumbrances.release(centre.running.ports, "pledge", first.reference, held.encumbrance_id)
    assert (await taken(centre, wanted(subject))).state is EncumbranceState.ACTIVE
    assert await centre.running.violations() == []


async def test_an_exclusive_grant_keeps_a_pledge_and_another_grant_away(centre: Centre) -> None:
    subject, _ = await centre.certified()
    await taken(centre, wanted(subject, GRANT))
    assert (await refusal_of(centre, wanted(subject))).reason == "RightExclusivelyGranted"
    assert (await refusal_of(centre, wanted(subject, GRANT))).reason == "RightExclusivelyGranted"


async def test_a_new_version_and_a_derived_product_are_under_the_same_pledge(centre: Centre) -> None:
    subject, _ = await centre.certified()
    await taken(centre, wanted(subject))
    newer = centre.catalog.publish(dataset_id=subject.dataset_id, lineage_root=subject.lineage_root)
    derived = centre.catalog.publish(lineage_root=subject.lineage_root, source="derived")
    product_id = centre.catalog.make_product(derived)
    assert newer.dataset_id == subject.dataset_id
    tries: tuple[dict[str, Any], ...] = (
        {},
        {"dataset_id": derived.dataset_id},
        {"dataset_id": "", "product_id": product_id},
    )
    for changes in tries:
        assert (await refusal_of(centre, wanted(subject, **changes))).reason == "RightAlreadyPledged"


async def test_a_pledge_takes_every_co_holders_unit_and_needs_their_consent(centre: Centre) -> None:
    subject, _ = await centre.certified(allocations=shares(DESIGNER, CO_DESIGNER))
    missing = await refusal_of(centre, wanted(subject))
    assert (missing.reason, missing.facts) == ("CoHolderConsentMissing", {"missing_party_ids": [CO_DESIGNER]})
    held = await taken(centre, wanted(subject, consenting_party_ids=[CO_DESIGNER]))
    assert len(held.unit_ids) == 2
    alone = wanted(subject, holder_party_id=CO_DESIGNER, consenting_party_ids=[DESIGNER])
    assert (await refusal_of(centre, alone)).reason == "RightAlreadyPledged"


async def test_an_exclusive_grant_takes_every_co_holders_unit(centre: Centre) -> None:
    subject, _ = await centre.certified(allocations=shares(DESIGNER, CO_DESIGNER))
    assert len((await taken(centre, wanted(subject, GRANT))).unit_ids) == 2
    other = wanted(subject, GRANT, holder_party_id=CO_DESIGNER)
    assert (await refusal_of(centre, other)).reason == "RightExclusivelyGranted"


async def test_nobody_gives_what_it_does_not_hold(centre: Centre) -> None:
    subject, _ = await centre.certified(allocations=[{"party_id": DESIGNER, "right": "USE", "term_months": 12}])
    assert (await refusal_of(centre, wanted(subject))).reason == "RightNotHeld"
    assert (await refusal_of(centre, wanted(subject, holder_party_id=OTHER))).reason == "RightNotHeld"
    unregistered = centre.catalog.publish()
    assert (await refusal_of(centre, wanted(unregistered))).reason == "RightNotHeld"
    assert (await refusal_of(centre, wanted(subject, dataset_id="dst_nothing"))).reason == "AssetUnknown"


async def test_a_right_whose_certificate_ran_out_secures_nothing(centre: Centre) -> None:
    subject, certificate = await centre.certified(allocations=shares(DESIGNER, term_months=1))
    await centre.pass_day(certificate["expires_at"][:10])
    assert (await refusal_of(centre, wanted(subject))).reason == "CertificateNotInForce"
    assert "CertificateExpired" in [type(event).__name__ for event in await centre.running.told()]


async def test_the_same_reference_gets_the_same_answer(centre: Centre) -> None:
    subject, _ = await centre.certified()
    reservation, ports = wanted(subject), centre.running.ports
    first = await encumbrances.reserve(ports, reservation)
    again = await encumbrances.reserve(ports, reservation)
    assert (again.encumbrance_id, again.fencing_version) == (first.encumbrance_id, first.fencing_version)
    other = wanted(subject, reference=reservation.reference, beneficiary_party_id=BUYER)
    assert (await refusal_of(centre, other)).reason == "ReferenceReused"


async def test_confirm_demands_the_fencing_version(centre: Centre) -> None:
    subject, _ = await centre.certified()
    reservation, ports = wanted(subject), centre.running.ports
    held = await encumbrances.reserve(ports, reservation)
    with pytest.raises(Refusal, match="StaleFence"):
        await encumbrances.confirm(ports, "pledge", reservation.reference, held.fencing_version - 1)
    await encumbrances.confirm(ports, "pledge", reservation.reference, held.fencing_version)
    again = await encumbrances.confirm(ports, "pledge", reservation.reference, held.fencing_version)
    assert again.state is EncumbranceState.ACTIVE
    with pytest.raises(Refusal, match="EncumbranceNotFound"):
        await encumbrances.confirm(ports, "trading", reservation.reference, held.fencing_version)


async def test_a_cancelled_reservation_frees_the_right_and_cannot_come_back(centre: Centre) -> None:
    subject, _ = await centre.certified()
    reservation, ports = wanted(subject), centre.running.ports
    held = await encumbrances.reserve(ports, reservation)
    for _ in range(2):
        ended = await encumbrances.cancel(ports, "pledge", reservation.reference)
        assert ended is not None
        assert ended.state is EncumbranceState.CANCELLED
    assert (await refusal_of(centre, reservation)).reason == "ReservationCancelled"
    with pytest.raises(Refusal, match="ReservationCancelled"):
        await encumbrances.confirm(ports, "pledge", reservation.reference, held.fencing_version)
    await taken(centre, wanted(subject))


async def test_a_cancel_that_overtakes_its_reservation_bars_it(centre: Centre) -> None:
    subject, _ = await centre.certified()
    late = wanted(subject)
    assert await encumbrances.cancel(centre.running.ports, "pledge", late.reference) is None
    assert (await refusal_of(centre, late)).reason == "ReservationCancelled"


async def test_what_stands_is_released_by_its_own_id_only(centre: Centre) -> None:
    subject, _ = await centre.certified()
    reservation, ports = wanted(subject), centre.running.ports
    held = await encumbrances.reserve(ports, reservation)
    with pytest.raises(Refusal, match="EncumbranceNotStanding"):
        await encumbrances.release(ports, "pledge", reservation.reference, held.encumbrance_id)
    await encumbrances.confirm(ports, "pledge", reservation.reference, held.fencing_version)
    with pytest.raises(Refusal, match="EncumbranceNotFound"):
        await encumbrances.release(ports, "pledge", reservation.reference, "enc_another")
    with pytest.raises(Refusal, match="EncumbranceStands"):
        await encumbrances.cancel(ports, "pledge", reservation.reference)
    for _ in range(2):
        ended = await encumbrances.release(ports, "pledge", reservation.reference, held.encumbrance_id)
        assert ended.state is EncumbranceState.RELEASED


async def test_nothing_is_freed_by_a_clock(centre: Centre) -> None:
    subject, _ = await centre.certified()
    await encumbrances.reserve(centre.running.ports, wanted(subject))
    await centre.running.clock.advance(days=400)
    await centre.running.drain()
    assert (await refusal_of(centre, wanted(subject))).reason == "RightAlreadyPledged"


async def outcomes(centre: Centre, reservations: Sequence[Reservation]) -> list[str]:
    """All at once, behind one barrier; what became of each."""
    barrier = asyncio.Barrier(len(reservations))

    async def one(reservation: Reservation) -> str:
        await barrier.wait()
        try:
            return (await encumbrances.reserve(centre.running.ports, reservation)).encumbrance_id
        except Refusal as refusal:
            return refusal.reason

    return await asyncio.gather(*map(one, reservations))


async def test_of_eight_banks_at_once_one_gets_the_right(centre: Centre) -> None:
    subject, _ = await centre.certified()
    ended = await outcomes(centre, [wanted(subject, beneficiary_party_id=f"pty_bank{n}") for n in range(8)])
    assert ended.count("RightAlreadyPledged") == 7
    assert await centre.running.violations() == []


async def test_of_pledges_and_grants_at_once_one_gets_the_right(centre: Centre) -> None:
    subject, _ = await centre.certified(allocations=shares(DESIGNER, CO_DESIGNER))
    kinds = [PLEDGE, GRANT] * 4
    tries = [
        wanted(subject, kind, holder_party_id=holder, consenting_party_ids=[DESIGNER, CO_DESIGNER])
        for kind, holder in zip(kinds, [DESIGNER, CO_DESIGNER, CO_DESIGNER, DESIGNER] * 2, strict=True)
    ]
    ended = await outcomes(centre, tries)
    assert sum(each.startswith("enc_") for each in ended) == 1
    assert {each for each in ended if not each.startswith("enc_")} <= {"RightAlreadyPledged", "RightExclusivelyGranted"}
    assert await centre.running.violations() == []


async def test_one_request_sent_eight_times_at_once_takes_once(centre: Centre) -> None:
    subject, _ = await centre.certified()
    ended = await outcomes(centre, [wanted(subject)] * 8)
    assert len(set(ended)) == 1
    assert ended[0].startswith("enc_")


async def test_the_index_refuses_by_name_whoever_gets_past_the_lock(centre: Centre) -> None:
    subject, _ = await centre.certified()
    held = await taken(centre, wanted(subject, GRANT))
    async with centre.running.ports.work() as work:
        blind = Encumbrance(
            new_id("enc"), subject.lineage_root, PLEDGE, EncumbranceState.RESERVED, Right.OPERATE, DESIGNER, BANK,
            "pledge", "blind", "", await work.registry.next_fence(), work.now, held.unit_ids,
        )  # fmt: skip
        with pytest.raises(Refusal, match="RightExclusivelyGranted"):
            await work.registry.place(blind)


async def test_a_seizure_can_always_be_recorded_and_blocks_what_is_new(centre: Centre) -> None:
    subject, _ = await centre.certified()
    await taken(centre, wanted(subject))
    order = {"dataset_id": subject.dataset_id, "court": "城阳区人民法院", "order_number": "(2026)鲁0214执1号"}
    seizure = done(await centre.regulator.post("/seizures", json=order))
    assert (seizure["kind"], seizure["state"], len(seizure["units"])) == ("SEIZURE", "ACTIVE", 3)
    found = done(await centre.bank.get(f"/assets/{subject.dataset_id}/encumbrances?live=true"))
    assert [item["kind"] for item in found["items"]] == ["PLEDGE", "SEIZURE"]
    assert (await refusal_of(centre, wanted(subject))).reason == "RightSeized"
    lifting = {"order_number": "(2026)鲁0214执2号", "reason": "执行完毕"}
    done(await centre.regulator.post(f"/seizures/{seizure['encumbrance_id']}:lift", json=lifting))
    assert (await refusal_of(centre, wanted(subject))).reason == "RightAlreadyPledged"
    again = await centre.regulator.post(f"/seizures/{seizure['encumbrance_id']}:lift", json=lifting)
    assert again.status_code == 404
    assert (await centre.bank.post("/seizures", json=order)).status_code == 403


async def test_a_reservation_is_not_confirmed_once_the_right_is_seized(centre: Centre) -> None:
    subject, _ = await centre.certified()
    ports, reservation = centre.running.ports, wanted(subject)
    held = await encumbrances.reserve(ports, reservation)
    order = {"dataset_id": subject.dataset_id, "court": "城阳区人民法院", "order_number": "1", "right": "OPERATE"}
    done(await centre.regulator.post("/seizures", json=order))
    with pytest.raises(Refusal, match="RightSeized"):
        await encumbrances.confirm(ports, "pledge", reservation.reference, held.fencing_version)


async def test_a_seizure_of_one_right_of_one_holder_leaves_the_others(centre: Centre) -> None:
    subject, _ = await centre.certified(allocations=shares(DESIGNER, CO_DESIGNER))
    order = {
        "dataset_id": subject.dataset_id, "court": "城阳区人民法院", "order_number": "1", "right": "HOLD",
        "holder_party_id": CO_DESIGNER,
    }  # fmt: skip
    assert len(done(await centre.regulator.post("/seizures", json=order))["units"]) == 1
    await taken(centre, wanted(subject, consenting_party_ids=[CO_DESIGNER]))


async def test_a_search_after_the_acknowledgement_finds_it(centre: Centre) -> None:
    subject, _ = await centre.certified()
    for _ in range(20):
        reservation = wanted(subject)
        held = await encumbrances.reserve(centre.running.ports, reservation)
        facts = await assets.show_asset(centre.running.ports, subject.dataset_id, "")
        assert [lying.encumbrance_id for lying in facts.encumbrances] == [held.encumbrance_id]
        await encumbrances.cancel(centre.running.ports, "pledge", reservation.reference)
    assert await centre.running.violations() == []


async def test_only_whom_it_concerns_searches_an_asset(centre: Centre) -> None:
    subject, _ = await centre.certified(allocations=shares(DESIGNER, CO_DESIGNER))
    path = f"/assets/{subject.dataset_id}/encumbrances"
    for client in (centre.bank, centre.designer, centre.co_designer, centre.regulator):
        done(await client.get(path))
    refused(await centre.buyer.get(path), "AssetUnknown")


async def test_a_remark_is_shown_on_the_certificate_until_it_is_taken_off(centre: Centre) -> None:
    subject, certificate = await centre.certified()
    ports, path = centre.running.ports, f"/certificates/{certificate['number']}"
    for _ in range(2):
        numbers = await encumbrances.annotate(ports, Remark("pledge", "plg_1", subject.lineage_root, "已质押"))
        assert numbers == [certificate["number"]]
    assert "已质押" in done(await centre.buyer.get(path))["remarks"]
    await encumbrances.annotate(ports, Remark("pledge", "plg_1", subject.lineage_root, ""))
    assert "已质押" not in done(await centre.buyer.get(path))["remarks"]


async def test_the_database_refuses_a_way_the_table_of_states_does_not_know(centre: Centre) -> None:
    subject, _ = await centre.certified()
    held = await taken(centre, wanted(subject))
    async with centre.running.given.database.transaction() as conn:
        with pytest.raises(Exception, match="does not go from ACTIVE"):
            await conn.execute(
                text("UPDATE encumbrances SET state = 'CANCELLED' WHERE encumbrance_id = :it"),
                {"it": held.encumbrance_id},
            )
        await conn.rollback()
