"""Files that their owner brings straight to a real S3: exactly what was announced, or nothing."""

import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from minio import Minio
from sqlalchemy import text

from catalog.outbound.byte_store import Shelves
from catalog.use_cases.uploads import KEPT_AFTER_SECONDS, sweep_uploads
from kernel.ids import new_id
from kernel.objects import Invitation
from kernel.s3_store import S3Address
from kernel.s3_uploads import S3Uploads
from market.backends.seaweed import Seaweed
from tests.catalog.conftest import Market, ok, refused
from tests.conftest import StartService

TABLE = b"a,b\n1,2\n3,4\n"
Names = Callable[[], list[str]]


@pytest.fixture
def address(s3: Seaweed) -> S3Address:
    """A bucket of the test's own."""
    found = S3Address.of(s3.url)
    return S3Address(found.host, f"b{new_id('x').lower().replace('_', '')}", found.key, found.secret, found.is_secure)


@pytest.fixture
async def beside(service: StartService, address: S3Address, tmp_path: Path) -> Market:
    """A market whose files lie in S3."""
    Minio(address.host, address.key, address.secret, secure=False).make_bucket(address.bucket)
    return Market(await service("catalog", bytes=Shelves(S3Uploads(address, "catalog"), tmp_path)))


@pytest.fixture
def names(address: S3Address) -> Names:
    """What the bucket holds."""
    client = Minio(address.host, address.key, address.secret, secure=False)
    return lambda: sorted(str(one.object_name) for one in client.list_objects(address.bucket, recursive=True))


async def _opened(market: Market, name: str = "a.csv") -> tuple[httpx.AsyncClient, str]:
    owner = market.client("pty_owner", "provider")
    dataset = await market.declare(owner)
    opening = {"files": [{"name": name}]}
    return owner, ok(await owner.post(f"/datasets/{dataset['dataset_id']}/versions", json=opening))["version_id"]


def _asked(content: bytes = TABLE, **changes: Any) -> dict[str, Any]:
    digest = hashlib.sha256(content).hexdigest()
    return {"name": "a.csv", "size": len(content), "sha256": digest, "media_type": "text/csv", **changes}


async def _brought(ticket: dict[str, Any], content: bytes = TABLE, **changes: str) -> int:
    """By a client that knows nothing of the market."""
    headers = {**ticket["headers"], "Content-Length": str(len(content)), **changes}
    async with httpx.AsyncClient() as client:
        answer = await client.put(ticket["url"], content=content, headers=headers)
    return answer.status_code


async def test_what_is_brought_is_the_version_that_streaming_makes(beside: Market, names: Names) -> None:
    published = []
    for straight in (True, False):
        owner, version_id = await _opened(beside)
        if straight:
            ticket = ok(await owner.post(f"/versions/{version_id}/uploads", json=_asked()))
            assert await _brought(ticket) == 200
            assert names() == [f"quarantine/catalog/{ticket['upload_id']}"]
            key = {"Idempotency-Key": "completes-once"}
            completing = f"/uploads/{ticket['upload_id']}:complete"
            file = ok(await owner.post(completing, json={}, headers=key))
            assert file == ok(await owner.post(completing, json={}, headers=key))
        else:
            file = ok(await owner.put(f"/versions/{version_id}/files/a.csv", content=TABLE))
        ok(await owner.post(f"/versions/{version_id}:publish", json={}))
        await beside.running.drain()
        version = ok(await owner.get(f"/versions/{version_id}"))
        assert version["state"] == "PUBLISHED"
        published.append((file, version["digest"], version["manifest"]))
        assert names() == [f"catalog/{file['sha256'][:2]}/{file['sha256']}"]
    assert published[0] == published[1]


@pytest.mark.parametrize(
    ("content", "changes"),
    [
        (TABLE[:-1], {}),
        (TABLE + b"5,6\n", {}),
        (TABLE, {"Content-Type": "text/plain"}),
        (TABLE.replace(b"1", b"9"), {}),
        (TABLE.replace(b"1", b"9"), {"x-amz-checksum-sha256": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}),
    ],
    ids=["shorter", "longer", "another type", "tampered", "another checksum"],
)
async def test_the_store_takes_nothing_but_what_was_signed(
    beside: Market, names: Names, content: bytes, changes: dict[str, str]
) -> None:
    owner, version_id = await _opened(beside)
    ticket = ok(await owner.post(f"/versions/{version_id}/uploads", json=_asked()))
    assert await _brought(ticket, content, **changes) in {400, 403}
    assert names() == []
    refused(await owner.post(f"/uploads/{ticket['upload_id']}:complete", json={}), 409, "upload-not-brought")


async def test_an_address_is_for_one_place(beside: Market, names: Names) -> None:
    owner, version_id = await _opened(beside)
    ticket = ok(await owner.post(f"/versions/{version_id}/uploads", json=_asked()))
    elsewhere = {**ticket, "url": ticket["url"].replace(ticket["upload_id"], "upl_another")}
    assert await _brought(elsewhere) == 403
    assert names() == []


@pytest.mark.parametrize(
    ("content", "status", "slug"),
    [(TABLE[:-1], 422, "file-cut-short"), (TABLE + b"5,6\n", 413, "object-too-large"),
     (TABLE.replace(b"1", b"9"), 422, "digest-differs")],
)  # fmt: skip
async def test_a_store_that_compares_nothing_is_not_believed(
    beside: Market, address: S3Address, names: Names, content: bytes, status: int, slug: str
) -> None:
    owner, version_id = await _opened(beside)
    ticket = ok(await owner.post(f"/versions/{version_id}/uploads", json=_asked()))
    _put_past_the_ticket(address, ticket["upload_id"], content)
    refused(await owner.post(f"/uploads/{ticket['upload_id']}:complete", json={}), status, slug)
    assert names() == []


def _put_past_the_ticket(address: S3Address, place: str, content: bytes) -> None:
    shelves = S3Uploads(address, "catalog")
    shelves._client.put_object(address.bucket, shelves._brought(place), io.BytesIO(content), len(content))


async def test_bytes_of_another_kind_are_refused_as_when_they_are_streamed(beside: Market, names: Names) -> None:
    owner, version_id = await _opened(beside)
    ticket = ok(await owner.post(f"/versions/{version_id}/uploads", json=_asked(b"PK\x03\x04zip")))
    assert await _brought(ticket, b"PK\x03\x04zip") == 200
    refused(await owner.post(f"/uploads/{ticket['upload_id']}:complete", json={}), 415, "wrong-kind-of-file")
    assert names() == []


async def test_a_ticket_is_its_owners(beside: Market) -> None:
    owner, version_id = await _opened(beside)
    ticket = ok(await owner.post(f"/versions/{version_id}/uploads", json=_asked()))
    assert await _brought(ticket) == 200
    other = beside.client("pty_other", "provider")
    refused(await other.post(f"/uploads/{ticket['upload_id']}:complete", json={}), 404, "upload-not-found")
    refused(await other.post(f"/versions/{version_id}/uploads", json=_asked()), 404, "version-not-found")
    refused(await owner.post("/uploads/upl_guessed:complete", json={}), 404, "upload-not-found")


async def test_a_ticket_is_for_an_announced_file_of_a_size_that_is_taken(beside: Market) -> None:
    owner, version_id = await _opened(beside)
    place = f"/versions/{version_id}/uploads"
    refused(await owner.post(place, json=_asked(name="b.csv")), 404, "file-not-announced")
    refused(await owner.post(place, json=_asked(size=3 * 1024**3)), 413, "object-too-large")
    assert (await owner.post(place, json=_asked(sha256="nothing"))).status_code == 422
    assert (await owner.post(place, json=_asked(size=0))).status_code == 422


async def test_a_closed_version_takes_nothing_more(beside: Market) -> None:
    owner, version_id = await _opened(beside)
    ticket = ok(await owner.post(f"/versions/{version_id}/uploads", json=_asked()))
    assert await _brought(ticket) == 200
    ok(await owner.put(f"/versions/{version_id}/files/a.csv", content=TABLE))
    ok(await owner.post(f"/versions/{version_id}:publish", json={}))
    refused(await owner.post(f"/uploads/{ticket['upload_id']}:complete", json={}), 409, "version-not-open")


async def test_an_address_is_shown_once(beside: Market) -> None:
    owner, version_id = await _opened(beside)
    key = {"Idempotency-Key": "one-ticket"}
    ok(await owner.post(f"/versions/{version_id}/uploads", json=_asked(), headers=key))
    again = await owner.post(f"/versions/{version_id}/uploads", json=_asked(), headers=key)
    refused(again, 409, "outcome-shown-once")
    assert "X-Amz-Signature" not in repr(Invitation("http://x?X-Amz-Signature=1", {}))


async def test_old_tickets_are_swept_with_what_they_brought(beside: Market, names: Names) -> None:
    owner, version_id = await _opened(beside)
    old, young = [ok(await owner.post(f"/versions/{version_id}/uploads", json=_asked())) for _ in range(2)]
    for ticket in (old, young):
        assert await _brought(ticket) == 200
    assert await sweep_uploads(beside.running.ports) == 0
    async with beside.running.given.database.transaction() as conn:
        await conn.execute(
            text("UPDATE uploads SET opened_at = now() - make_interval(secs => :age) WHERE id = :id"),
            {"age": beside.running.ports.upload_seconds + KEPT_AFTER_SECONDS + 1, "id": old["upload_id"]},
        )
    assert await sweep_uploads(beside.running.ports) == 1
    assert names() == [f"quarantine/catalog/{young['upload_id']}"]
    refused(await owner.post(f"/uploads/{old['upload_id']}:complete", json={}), 404, "upload-not-found")


async def test_a_market_on_a_folder_says_so(market: Market) -> None:
    owner, version_id = await _opened(market)
    refused(await owner.post(f"/versions/{version_id}/uploads", json=_asked()), 409, "no-direct-upload")
