"""Files: one download a link, verified bytes, on record before they leave."""

import asyncio
import hashlib
import secrets

import httpx
import pytest

from delivery.domain.files import PART_BYTES
from tests.delivery.conftest import Delivery, StartDelivery
from tests.delivery.market import contract_signed, specification

DATA = secrets.token_bytes(PART_BYTES + 1_234_567)


@pytest.fixture
async def delivery(start: StartDelivery) -> Delivery:
    """A contract that delivers files of a product without persons."""
    delivery = await start()
    delivery.catalog.put("ver_f", {"house.ifc": DATA})
    delivery.catalog.specification = specification(deliveries=["file"], groups=None, subject=None, k_min=None)
    now = await delivery.running.clock.now()
    signed = contract_signed(delivery.catalog.specification, now, "ctr_f", deliveries=["file"], purpose="design")
    await delivery.running.hear(signed, about="ctr_f")
    return delivery


async def _link(delivery: Delivery, **members: str) -> dict[str, str]:
    answer = await delivery.insurer.post("/file-links", json={"contract_id": "ctr_f", **members})
    assert answer.status_code == 201, answer.text
    told: dict[str, str] = answer.json()
    return told


async def _get(delivery: Delivery, link: dict[str, str], **headers: str) -> httpx.Response:
    return await delivery.insurer.get(link["path"].removeprefix("/delivery/v1"), headers=headers)


async def test_a_link_gives_the_bytes_once(delivery: Delivery) -> None:
    link = await _link(delivery)
    assert await delivery.told_kinds() == []
    answer = await _get(delivery, link)
    assert answer.status_code == 200
    assert hashlib.sha256(answer.content).hexdigest() == link["sha256"] == hashlib.sha256(DATA).hexdigest()
    assert await delivery.told_kinds() == ["UseMetered"]
    again = await _get(delivery, link)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/link-already-used")
    assert await delivery.running.violations() == []


async def test_eight_at_once_get_it_once(delivery: Delivery) -> None:
    link = await _link(delivery)
    answers = await asyncio.gather(*(_get(delivery, link) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    assert await delivery.told_kinds() == ["UseMetered"]


async def test_a_range_begins_on_a_part(delivery: Delivery) -> None:
    answer = await _get(delivery, await _link(delivery), Range=f"bytes={PART_BYTES}-")
    assert answer.status_code == 206
    assert answer.content == DATA[PART_BYTES:]
    assert answer.headers["content-range"] == f"bytes {PART_BYTES}-{len(DATA) - 1}/{len(DATA)}"
    head = await _get(delivery, await _link(delivery), Range="bytes=0-9")
    assert head.content == DATA[:10]
    for wrong in ("bytes=1-", "bytes=0-1,3-4", f"bytes={PART_BYTES * 9}-", "bytes=-5", "bytes=9-0"):
        refused = await _get(delivery, await _link(delivery), Range=wrong)
        assert (refused.status_code, refused.json()["type"]) == (422, "/problems/range-not-on-part")


async def test_bytes_that_are_not_those_published_do_not_leave_and_are_not_charged(delivery: Delivery) -> None:
    link = await _link(delivery)
    delivery.catalog.files["ver_f"]["house.ifc"] = b"x" + DATA[1:]
    refused = await _get(delivery, link)
    assert (refused.status_code, refused.json()["type"]) == (503, "/problems/bytes-not-as-published")
    assert await delivery.told_kinds() == []
    delivery.catalog.files["ver_f"]["house.ifc"] = DATA
    assert (await _get(delivery, link)).content == DATA


async def test_a_link_is_its_buyers_and_lives_a_minute(delivery: Delivery) -> None:
    link = await _link(delivery)
    rival = delivery.running.client_for("pty_rival", "buyer")
    path = link["path"].removeprefix("/delivery/v1")
    assert (await rival.get(path)).json()["type"] == "/problems/link-not-found"
    assert (await delivery.running.client_for().get(path)).status_code == 401
    async with delivery.running.given.database.transaction() as conn:
        await conn.exec_driver_sql("UPDATE file_links SET expires_at = now() - interval '1 second'")
    assert (await _get(delivery, link)).json()["type"] == "/problems/link-expired"


async def test_a_link_not_opened_gives_its_hold_back(delivery: Delivery) -> None:
    link = await _link(delivery)
    async with delivery.running.given.database.transaction() as conn:
        await conn.exec_driver_sql("UPDATE uses SET abandon_at = now() - interval '1 second'")
    await delivery.running.drain()
    assert await delivery.told_kinds() == ["UseRefused"]
    assert (await _get(delivery, link)).status_code in {409, 412}


async def test_a_retry_replaces_a_link_not_yet_opened(delivery: Delivery) -> None:
    headers = {"Idempotency-Key": "k"}
    body = {"contract_id": "ctr_f"}
    first = (await delivery.insurer.post("/file-links", json=body, headers=headers)).json()
    second = (await delivery.insurer.post("/file-links", json=body, headers=headers)).json()
    assert first["use_id"] == second["use_id"]
    assert (await _get(delivery, first)).json()["type"] == "/problems/link-not-found"
    assert (await _get(delivery, second)).status_code == 200
    third = await delivery.insurer.post("/file-links", json=body, headers=headers)
    assert third.json()["type"] == "/problems/link-already-used"
    assert len(delivery.trade.held) == 1


async def test_an_empty_deposit_gives_no_link(delivery: Delivery) -> None:
    delivery.trade.left = 0
    answer = await delivery.insurer.post("/file-links", json={"contract_id": "ctr_f"})
    assert (answer.status_code, answer.json()["type"]) == (402, "/problems/deposit-exhausted")


async def test_an_unknown_file_is_named_back(delivery: Delivery) -> None:
    answer = await delivery.insurer.post("/file-links", json={"contract_id": "ctr_f", "file_name": "other.ifc"})
    assert (answer.status_code, answer.json()["file_names"]) == (404, ["house.ifc"])


async def test_rows_of_persons_never_leave_as_files(start: StartDelivery) -> None:
    delivery = await start(deliveries=("underwriting", "file"))
    body = {"contract_id": "ctr_1", "file_name": "people.parquet"}
    answer = await delivery.insurer.post("/file-links", json=body)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/rows-stay-inside")
