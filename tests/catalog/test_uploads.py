"""What catalog does with wrong, lying, empty and oversized files, and with names that lead elsewhere."""

import base64
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.catalog.conftest import DUPLEX, HOUSE, Market, ok, refused

TABLE = b"a,b\n1,2\n3,4\n"


async def _open(market: Market, *names: str, form: str = "table") -> tuple[httpx.AsyncClient, str]:
    owner = market.client("pty_owner", "provider")
    dataset = await market.declare(owner, form=form)
    opening = {"files": [{"name": name} for name in names]}
    version = ok(await owner.post(f"/datasets/{dataset['dataset_id']}/versions", json=opening))
    return owner, version["version_id"]


def _left_over(market: Market) -> list[Path]:
    folder = market.running.given.objects._folder  # type: ignore[attr-defined]  # the folder store's
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("name", "content", "status", "slug"),
    [("a.csv", b"", 422, "file-empty"), ("a.csv", b"\xff\xfea\x00", 415, "wrong-kind-of-file"),
     ("a.csv", b"a,b\n\0,1\n", 415, "wrong-kind-of-file"), ("a.csv", b"PK\x03\x04zip", 415, "wrong-kind-of-file"),
     ("a.csv", "a,b\n城阳,".encode()[:-2], 415, "wrong-kind-of-file"),
     ("a.parquet", TABLE, 415, "wrong-kind-of-file")],
)  # fmt: skip
async def test_bytes_of_another_kind_leave_nothing_behind(
    market: Market, name: str, content: bytes, status: int, slug: str
) -> None:
    owner, version_id = await _open(market, name)
    refused(await owner.put(f"/versions/{version_id}/files/{name}", content=content), status, slug)
    assert _left_over(market) == []
    refused(await owner.post(f"/versions/{version_id}:publish", json={}), 409, "files-missing")


async def test_a_model_is_taken_whole_or_not_at_all(market: Market) -> None:
    owner, version_id = await _open(market, "m.ifc", form="bim")
    place = f"/versions/{version_id}/files/m.ifc"
    refused(await owner.put(place, content=TABLE), 415, "wrong-kind-of-file")
    refused(await owner.put(place, content=HOUSE.read_bytes()[:-50]), 415, "wrong-kind-of-file")
    assert _left_over(market) == []
    ok(await owner.put(place, content=(DUPLEX if DUPLEX.exists() else HOUSE).read_bytes()))
    ok(await owner.post(f"/versions/{version_id}:publish", json={}))
    await market.running.drain()
    version = ok(await owner.get(f"/versions/{version_id}"))
    assert (version["state"], version["number"]) == ("PUBLISHED", 1)
    assert ok(await market.client("pty_bank", "bank").get(f"/versions/{version_id}/profile"))["kind"] == "bim"


async def test_a_lying_length_or_digest_is_refused(market: Market) -> None:
    owner, version_id = await _open(market, "a.csv")
    place = f"/versions/{version_id}/files/a.csv"
    right = base64.b64encode(hashlib.sha256(TABLE).digest()).decode()
    wrong = base64.b64encode(hashlib.sha256(b"x").digest()).decode()

    async def pieces() -> AsyncIterator[bytes]:
        yield TABLE

    short = await owner.put(place, content=pieces(), headers={"Content-Length": "999"})
    refused(short, 422, "file-cut-short")
    refused(await owner.put(place, content=TABLE, headers={"Repr-Digest": f"sha-256=:{wrong}:"}), 422, "digest-differs")
    refused(await owner.put(place, content=TABLE, headers={"Repr-Digest": "sha-256=:x:"}), 422, "digest-unreadable")
    huge = await owner.put(place, content=pieces(), headers={"Content-Length": str(10**12)})
    refused(huge, 413, "object-too-large")
    assert _left_over(market) == []
    file = ok(await owner.put(place, content=TABLE, headers={"Repr-Digest": f"sha-256=:{right}:"}))
    assert file["sha256"] == hashlib.sha256(TABLE).hexdigest()
    assert file["sm3"] == hashlib.new("sm3", TABLE).hexdigest()


async def test_a_file_beyond_the_limit_is_refused_while_it_streams(market: Market) -> None:
    object.__setattr__(market.running.ports, "file_bytes_max", 10)
    owner, version_id = await _open(market, "a.csv")

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield TABLE

    refused(await owner.put(f"/versions/{version_id}/files/a.csv", content=pieces()), 413, "object-too-large")
    assert _left_over(market) == []


@pytest.mark.parametrize("name", ["../a.csv", "a/b.csv", "..csv", ".hidden.csv", "a\\b.csv", "a b.csv", "a\u202eb.csv"])
async def test_names_that_lead_elsewhere_are_refused(market: Market, name: str) -> None:
    owner = market.client("pty_owner", "provider")
    dataset = await market.declare(owner)
    answer = await owner.post(f"/datasets/{dataset['dataset_id']}/versions", json={"files": [{"name": name}]})
    refused(answer, 422, "file-name-refused")


async def test_nobody_else_touches_a_version_and_a_closed_one_stays(market: Market) -> None:
    owner, version_id = await _open(market, "a.csv")
    stranger = market.client("pty_stranger", "provider")
    place = f"/versions/{version_id}/files/a.csv"
    refused(await stranger.put(place, content=TABLE), 404, "version-not-found")
    refused(await stranger.get(f"/versions/{version_id}"), 404, "version-not-found")
    refused(await stranger.post(f"/versions/{version_id}:publish", json={}), 404, "version-not-found")
    refused(await owner.put(f"/versions/{version_id}/files/b.csv", content=TABLE), 404, "file-not-announced")
    ok(await owner.put(place, content=b"a,b\n9,9\n"))
    ok(await owner.put(place, content=TABLE))
    ok(await owner.post(f"/versions/{version_id}:publish", json={}))
    refused(await owner.put(place, content=TABLE), 409, "version-not-open")
    refused(await owner.post(f"/versions/{version_id}:publish", json={}), 409, "version-not-open")
    await market.running.drain()
    version = ok(await stranger.get(f"/versions/{version_id}"))
    assert hashlib.sha256(version["manifest"].encode()).hexdigest() == version["digest"]
    assert version["files"][0]["sha256"] == hashlib.sha256(TABLE).hexdigest()


async def test_a_table_with_a_broken_row_fails_and_says_where(market: Market) -> None:
    owner, version_id = await _open(market, "a.csv")
    ok(await owner.put(f"/versions/{version_id}/files/a.csv", content=b"a,b\n1,2\nsecret\n"))
    ok(await owner.post(f"/versions/{version_id}:publish", json={}))
    await market.running.drain()
    version = ok(await owner.get(f"/versions/{version_id}"))
    assert version["state"] == "FAILED"
    assert (version["refusal"]["reason"], version["refusal"]["line"]) == ("FileNotATable", 3)
    assert "secret" not in str(version)
    assert await market.running.told() == []
    refused(await market.client("pty_other", "buyer").get(f"/versions/{version_id}"), 404, "version-not-found")
