"""Joint transfers: nothing passes that is encumbered, and nobody keeps what it gives."""

import asyncio
from typing import Any

from rights.domain.encumbrance import EncumbranceKind
from rights.domain.source_rights import Right
from rights.use_cases import encumbrances
from tests.rights.conftest import Centre, done, refused, shares
from tests.rights.fakes import CO_DESIGNER, DESIGNER, OTHER
from tests.rights.test_registry import outcomes, refusal_of, taken, wanted

ALL = ["HOLD", "USE", "OPERATE"]


async def applied(centre: Centre, number: str, rights: list[str] | None = None) -> dict[str, Any]:
    """Both have applied and the contract is there."""
    body = {
        "type": "transfer", "previous_certificate": number, "transferee_party_id": OTHER, "rights": rights or ALL,
    }  # fmt: skip
    opened = done(await centre.designer.post("/registrations", json=body))
    await centre.attach(centre.designer, opened["registration_id"], "transfer_contract")
    return done(await centre.other.post(f"/registrations/{opened['registration_id']}:join"))


async def submit(centre: Centre, opened: dict[str, Any]) -> Any:
    return await centre.designer.post(f"/registrations/{opened['registration_id']}:submit")


async def test_rights_pass_to_the_new_holder_and_the_giver_keeps_nothing(centre: Centre) -> None:
    subject, old = await centre.certified()
    opened = await applied(centre, old["number"])
    new = await centre.finish(done(await submit(centre, opened)))
    assert {holder["party_id"] for holder in new["holders"]} == {OTHER}
    assert done(await centre.buyer.get(f"/certificates/{old['number']}"))["state"] == "TRANSFERRED"
    assert (await refusal_of(centre, wanted(subject))).reason == "CertificateNotInForce"
    await taken(centre, wanted(subject, holder_party_id=OTHER))
    kinds = [(type(event).__name__) for event in await centre.running.told()]
    assert "EncumbrancePlaced" in kinds
    assert "EncumbranceReleased" in kinds
    assert await centre.running.violations() == []


async def test_what_is_not_given_stays_with_whom_it_was(centre: Centre) -> None:
    _, old = await centre.certified(allocations=shares(DESIGNER, CO_DESIGNER))
    new = await centre.finish(done(await submit(centre, await applied(centre, old["number"], ["OPERATE"]))))
    held = {(holder["party_id"], holder["right"]) for holder in new["holders"]}
    assert held == {
        (DESIGNER, "HOLD"), (DESIGNER, "USE"), (OTHER, "OPERATE"),
        (CO_DESIGNER, "HOLD"), (CO_DESIGNER, "USE"), (CO_DESIGNER, "OPERATE"),
    }  # fmt: skip


async def test_a_pledged_right_is_not_transferred_and_is_once_released(centre: Centre) -> None:
    subject, old = await centre.certified()
    held = await taken(centre, reservation := wanted(subject))
    opened = await applied(centre, old["number"])
    refused(await submit(centre, opened), "RightAlreadyPledged")
    await encumbrances.release(centre.running.ports, "pledge", reservation.reference, held.encumbrance_id)
    assert done(await submit(centre, opened))["state"] == "SUBMITTED"


async def test_exclusively_granted_and_seized_rights_are_not_transferred(centre: Centre) -> None:
    subject, old = await centre.certified()
    opened = await applied(centre, old["number"])
    held = await taken(centre, reservation := wanted(subject, EncumbranceKind.EXCLUSIVE_GRANT))
    refused(await submit(centre, opened), "RightExclusivelyGranted")
    await encumbrances.release(centre.running.ports, "trading", reservation.reference, held.encumbrance_id)
    order = {"dataset_id": subject.dataset_id, "court": "法院", "order_number": "1"}
    done(await centre.regulator.post("/seizures", json=order))
    refused(await submit(centre, opened), "RightSeized")


async def test_while_it_is_in_transfer_a_right_is_neither_pledged_nor_granted(centre: Centre) -> None:
    subject, old = await centre.certified()
    opened = done(await submit(centre, await applied(centre, old["number"])))
    for kind in (EncumbranceKind.PLEDGE, EncumbranceKind.EXCLUSIVE_GRANT):
        assert (await refusal_of(centre, wanted(subject, kind))).reason == "RightInTransfer"
    refused(await submit(centre, await applied(centre, old["number"])), "RightInTransfer")
    done(await centre.designer.post(f"/registrations/{opened['registration_id']}:withdraw"))
    await taken(centre, wanted(subject))


async def test_a_refused_transfer_frees_the_right(centre: Centre) -> None:
    subject, old = await centre.certified()
    await centre.step(done(await submit(centre, await applied(centre, old["number"]))), "refuse", reason="材料不实")
    await taken(centre, wanted(subject))


async def test_a_transfer_races_a_pledge_and_one_of_them_wins(centre: Centre) -> None:
    subject, old = await centre.certified()
    opened = await applied(centre, old["number"])
    answer, ended = await asyncio.gather(submit(centre, opened), outcomes(centre, [wanted(subject)]))
    assert (answer.status_code == 200) is (ended == ["RightInTransfer"])
    assert (answer.status_code == 409) is ended[0].startswith("enc_")
    assert await centre.running.violations() == []


async def test_only_a_holder_gives_and_only_what_it_holds(centre: Centre) -> None:
    allocations = [{"party_id": DESIGNER, "right": "USE", "term_months": 12}]
    _, old = await centre.certified(allocations=allocations)
    body = {"type": "transfer", "previous_certificate": old["number"], "transferee_party_id": OTHER, "rights": ALL}
    refused(await centre.designer.post("/registrations", json=body), "RightNotHeld")
    foreign = {**body, "transferee_party_id": DESIGNER, "rights": ["USE"]}
    refused(await centre.other.post("/registrations", json=foreign), "CertificateNotFound")
    refused(await centre.designer.post("/registrations", json=foreign), "RightNotHeld")


async def test_without_the_transferee_nothing_is_handed_in(centre: Centre) -> None:
    _, old = await centre.certified()
    body = {"type": "transfer", "previous_certificate": old["number"], "transferee_party_id": OTHER, "rights": ALL}
    opened = done(await centre.designer.post("/registrations", json=body))
    problem = refused(await submit(centre, opened), "PreCheckNotClean")
    assert [item["code"] for item in problem["items"]] == ["join-missing", "attachment-missing"]
    refused(await centre.co_designer.post(f"/registrations/{opened['registration_id']}:join"), "RegistrationNotFound")


async def test_a_certificate_is_cancelled_by_its_only_holder_unless_encumbered(centre: Centre) -> None:
    subject, certificate = await centre.certified()
    path, why = f"/certificates/{certificate['number']}:cancel", {"reason": "数据已销毁"}
    held = await taken(centre, reservation := wanted(subject))
    refused(await centre.designer.post(path, json=why), "RightAlreadyPledged")
    await encumbrances.release(centre.running.ports, "pledge", reservation.reference, held.encumbrance_id)
    refused(await centre.other.post(path, json=why), "CertificateNotFound")
    assert done(await centre.designer.post(path, json=why))["state"] == "CANCELLED"
    assert (await refusal_of(centre, wanted(subject))).reason == "CertificateNotInForce"


async def test_a_co_held_certificate_is_not_cancelled_by_one_alone(centre: Centre) -> None:
    _, certificate = await centre.certified(allocations=shares(DESIGNER, CO_DESIGNER))
    answer = await centre.designer.post(f"/certificates/{certificate['number']}:cancel", json={"reason": "不再需要"})
    assert refused(answer, "CoHolderConsentMissing")["missing_party_ids"] == [CO_DESIGNER]


async def test_nobody_new_comes_in_beside_holders_of_an_encumbered_right(centre: Centre) -> None:
    subject, _ = await centre.certified()
    await taken(centre, wanted(subject))
    derived = centre.catalog.publish(OTHER, lineage_root=subject.lineage_root)
    opened = await centre.draft(derived)
    refused(await centre.other.post(f"/registrations/{opened['registration_id']}:submit"), "RightAlreadyPledged")
    use_only = [{"party_id": OTHER, "right": Right.USE, "term_months": 12}]
    assert (await centre.submitted(derived, allocations=use_only))["state"] == "SUBMITTED"


async def test_a_transfer_waits_while_the_right_is_seized_on_the_way(centre: Centre) -> None:
    subject, old = await centre.certified()
    noticed = await centre.noticed(done(await submit(centre, await applied(centre, old["number"]))))
    order = {"dataset_id": subject.dataset_id, "court": "法院", "order_number": "1"}
    seizure = done(await centre.regulator.post("/seizures", json=order))
    await centre.pass_day(noticed["notice_ends_on"])
    path = f"/registrations/{noticed['registration_id']}"
    assert done(await centre.designer.get(path))["state"] == "NOTICING"
    lifting = {"order_number": "2", "reason": "解除"}
    done(await centre.regulator.post(f"/seizures/{seizure['encumbrance_id']}:lift", json=lifting))
    await centre.running.drain()
    assert done(await centre.designer.get(path))["state"] == "CERTIFIED"
