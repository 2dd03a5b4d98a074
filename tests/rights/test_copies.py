"""The same bytes or nearly the same content, registered again."""

import asyncio

from rights.use_cases import encumbrances
from tests.rights.conftest import Centre, done, refused
from tests.rights.fakes import OTHER
from tests.rights.test_registry import taken, wanted
from yaosu.catalog.v1.catalog_service_pb2 import Dataset
from yaosu.catalog.v1.events_pb2 import VersionPublished

ROWS = [f"{number},patient,{number * 7919 % 10007}" for number in range(1000)]


async def test_the_same_bytes_of_another_party_are_refused(centre: Centre) -> None:
    await centre.certified(centre.catalog.publish(rows=ROWS, content="the very bytes"))
    copy = await centre.draft(centre.catalog.publish(OTHER, rows=ROWS, content="the very bytes"))
    refused(await centre.other.post(f"/registrations/{copy['registration_id']}:submit"), "DuplicateRegistration")


async def test_a_shuffled_copy_is_held_for_a_person(centre: Centre) -> None:
    _, certificate = await centre.certified(centre.catalog.publish(rows=ROWS))
    held = await centre.submitted(centre.catalog.publish(OTHER, rows=ROWS[::-1]))
    assert held["state"] == "HELD_FOR_REVIEW"
    assert held["matches"] == [{"registration_id": certificate["registration_id"], "similarity_ppm": 1_000_000}]
    await centre.running.clock.advance(days=30)
    await centre.running.drain()
    path = f"/registrations/{held['registration_id']}"
    assert done(await centre.reviewer.get(path))["state"] == "HELD_FOR_REVIEW"
    assert (await centre.step(held, "accept"))["state"] == "ACCEPTED"


async def test_a_near_copy_of_encumbered_data_is_refused_and_accepted_for_a_look_once_free(centre: Centre) -> None:
    subject, _ = await centre.certified(centre.catalog.publish(rows=ROWS))
    held = await taken(centre, reservation := wanted(subject))
    copy = await centre.draft(centre.catalog.publish(OTHER, rows=[*ROWS[:950], *(f"new {n}" for n in range(50))]))
    path = f"/registrations/{copy['registration_id']}:submit"
    problem = refused(await centre.other.post(path), "NearCopyOfEncumbered")
    assert problem["similarity_ppm"] > 800_000
    await encumbrances.release(centre.running.ports, "pledge", reservation.reference, held.encumbrance_id)
    assert done(await centre.other.post(path))["state"] == "HELD_FOR_REVIEW"


async def test_re_registering_ones_own_pledged_bytes_as_another_dataset_is_refused(centre: Centre) -> None:
    subject, _ = await centre.certified(centre.catalog.publish(rows=ROWS, content="mine"))
    await taken(centre, wanted(subject))
    again = await centre.draft(centre.catalog.publish(rows=ROWS, content="mine"))
    refused(await centre.designer.post(f"/registrations/{again['registration_id']}:submit"), "DuplicateRegistration")


async def test_other_data_is_not_held(centre: Centre) -> None:
    await centre.certified(centre.catalog.publish(rows=ROWS))
    assert (await centre.submitted(centre.catalog.publish(OTHER)))["state"] == "SUBMITTED"


async def test_a_newer_version_that_is_not_registered_counts_too(centre: Centre) -> None:
    subject, _ = await centre.certified()
    newer = centre.catalog.publish(dataset_id=subject.dataset_id, rows=ROWS, content="version two")
    told = VersionPublished(
        version_id=newer.version_id, dataset=Dataset(dataset_id=subject.dataset_id, lineage_root=subject.lineage_root)
    )
    await centre.running.hear(told, about=subject.dataset_id)
    copy = await centre.submitted(centre.catalog.publish(OTHER, rows=ROWS, content="version two"))
    assert (copy["state"], copy["matches"][0]["similarity_ppm"]) == ("HELD_FOR_REVIEW", 1_000_000)


async def test_two_who_hand_in_the_same_bytes_at_once_do_not_both_get_through(centre: Centre) -> None:
    mine = await centre.draft(centre.catalog.publish(rows=ROWS, content="same"))
    theirs = await centre.draft(centre.catalog.publish(OTHER, rows=ROWS, content="same"))
    answers = await asyncio.gather(
        centre.designer.post(f"/registrations/{mine['registration_id']}:submit"),
        centre.other.post(f"/registrations/{theirs['registration_id']}:submit"),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert await centre.running.violations() == []


async def test_bytes_of_a_refused_registration_are_free_again(centre: Centre) -> None:
    first = await centre.submitted(centre.catalog.publish(rows=ROWS, content="same"))
    await centre.step(first, "refuse", reason="来源不明")
    assert (await centre.submitted(centre.catalog.publish(OTHER, rows=ROWS, content="same")))["state"] == "SUBMITTED"
