"""Every object store keeps bytes whole, by their digest, or not at all: a folder, and a real S3."""

import asyncio
import hashlib
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from minio import Minio

from kernel.ids import new_id
from kernel.objects import PART_BYTES, FolderStore, ObjectDamaged, ObjectMissing, ObjectStore, ObjectTooLarge
from kernel.s3_store import ObjectStoreAway, S3Address, S3Store
from market.backends.seaweed import Seaweed, start_seaweed

MEBIBYTE = 2**20


@dataclass
class Kept:
    """A store, and all names that it holds anywhere, seen past it."""

    store: ObjectStore
    names: Callable[[], Awaitable[list[str]]]


@pytest.fixture(params=["folder", "s3"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Kept:
    """Each store that we have, empty."""
    if request.param == "folder":
        return Kept(FolderStore(tmp_path), partial(asyncio.to_thread, _in_folder, tmp_path))
    address = S3Address.of(request.getfixturevalue("s3").url)
    service = new_id("part")
    return Kept(S3Store(address, service), partial(asyncio.to_thread, _in_bucket, address, service))


def _in_folder(folder: Path) -> list[str]:
    return [str(path) for path in folder.rglob("*") if path.is_file()]


def _in_bucket(address: S3Address, service: str) -> list[str]:
    client = Minio(address.host, address.key, address.secret, secure=False)
    if not client.bucket_exists(address.bucket):
        return []
    return [
        str(found.object_name)
        for prefix in (f"{service}/", f"quarantine/{service}/")
        for found in client.list_objects(address.bucket, prefix, recursive=True)
    ]


async def pieces(*given: bytes) -> AsyncIterator[bytes]:
    for piece in given:
        yield piece


async def mebibytes(number: int) -> AsyncIterator[bytes]:
    """So many, each of another byte, none kept."""
    for place in range(number):
        yield bytes([place % 256]) * MEBIBYTE


async def all_of(stream: AsyncIterator[bytes]) -> bytes:
    return b"".join([piece async for piece in stream])


async def test_bytes_come_back_as_they_went_in_with_their_digests(kept: Kept, tmp_path: Path) -> None:
    data = b"\x00\xff" * (PART_BYTES // 2) + "要素".encode()
    stored = await kept.store.put(pieces(data[:5], b"", data[5:]), limit_bytes=2 * PART_BYTES)
    assert stored.sha256 == hashlib.sha256(data).hexdigest()
    assert stored.sm3 == hashlib.new("sm3", data).hexdigest()
    assert stored.size == len(data)
    assert stored.part_sha256s == tuple(
        hashlib.sha256(data[start : start + PART_BYTES]).hexdigest() for start in (0, PART_BYTES)
    )
    assert await all_of(kept.store.open(stored.sha256)) == data
    assert await kept.store.exists(stored.sha256)
    await kept.store.fetch(stored.sha256, tmp_path / "fetched")
    assert (tmp_path / "fetched").read_bytes() == data


@pytest.mark.parametrize(("start", "length", "found"), [
    (0, None, b"0123456789"), (3, 4, b"3456"), (7, None, b"789"), (8, 100, b"89"), (9, 1, b"9"),
    (10, None, b""), (50, 3, b""), (4, 0, b""),
])  # fmt: skip
async def test_a_range_is_what_a_file_would_give(kept: Kept, start: int, length: int | None, found: bytes) -> None:
    stored = await kept.store.put(pieces(b"0123456789"), limit_bytes=10)
    assert await all_of(kept.store.open(stored.sha256, start, length)) == found


async def test_an_empty_file_is_a_file(kept: Kept) -> None:
    stored = await kept.store.put(pieces(), limit_bytes=1)
    assert (stored.size, stored.sha256) == (0, hashlib.sha256().hexdigest())
    assert await kept.store.exists(stored.sha256)
    assert await all_of(kept.store.open(stored.sha256)) == b""


async def test_nothing_is_left_of_what_is_too_large_or_breaks_off(kept: Kept) -> None:
    async def breaks_off() -> AsyncIterator[bytes]:
        yield b"a" * (PART_BYTES + 1)
        message = "the client went away"
        raise ConnectionError(message)

    with pytest.raises(ObjectTooLarge):
        await kept.store.put(pieces(b"123", b"456"), limit_bytes=5)
    with pytest.raises(ConnectionError):
        await kept.store.put(breaks_off(), limit_bytes=2 * PART_BYTES)
    assert await kept.names() == []


async def test_nothing_is_left_of_what_is_cancelled(kept: Kept) -> None:
    begun = asyncio.Event()

    async def never_ends() -> AsyncIterator[bytes]:
        yield b"a" * (PART_BYTES + 1)
        begun.set()
        await asyncio.Event().wait()

    putting = asyncio.create_task(kept.store.put(never_ends(), limit_bytes=2 * PART_BYTES))
    await begun.wait()
    putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting
    assert await kept.names() == []


async def test_the_same_bytes_are_kept_once_also_when_they_come_at_once(kept: Kept) -> None:
    first = await kept.store.put(pieces(b"same"), limit_bytes=10)
    again = await asyncio.gather(*(kept.store.put(pieces(b"sa", b"me"), limit_bytes=10) for _ in range(8)))
    assert again == [first] * 8
    assert len(await kept.names()) == 1
    assert await all_of(kept.store.open(first.sha256)) == b"same"


async def test_what_is_not_there_is_said_to_be_missing(kept: Kept, tmp_path: Path) -> None:
    await kept.store.put(pieces(b"something else"), limit_bytes=100)
    assert not await kept.store.exists("0" * 64)
    with pytest.raises(ObjectMissing):
        await kept.store.fetch("0" * 64, tmp_path / "out")
    with pytest.raises(ObjectMissing):
        await all_of(kept.store.open("0" * 64))
    with pytest.raises(ObjectMissing):
        await all_of(kept.store.open("0" * 64, 3, 4))


async def test_a_large_stream_takes_little_memory(kept: Kept) -> None:
    tracemalloc.start()
    try:
        stored = await kept.store.put(mebibytes(96), limit_bytes=96 * MEBIBYTE)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert stored.size == 96 * MEBIBYTE
    assert peak < 64 * MEBIBYTE


async def test_other_bytes_than_were_kept_are_not_taken_for_them(s3: Seaweed, tmp_path: Path) -> None:
    address = S3Address.of(s3.url)
    store = S3Store(address, "catalog")
    stored = await store.put(pieces(b"what was kept"), limit_bytes=100)
    client = Minio(address.host, address.key, address.secret, secure=False)
    with (tmp_path / "other").open("wb") as other:
        other.write(b"what somebody put there")
    client.fput_object(address.bucket, store.name_of(stored.sha256), str(tmp_path / "other"))
    with pytest.raises(ObjectDamaged):
        await store.fetch(stored.sha256, tmp_path / "fetched")
    assert not (tmp_path / "fetched").exists()


async def test_one_services_files_are_not_found_by_another(s3: Seaweed) -> None:
    address = S3Address.of(s3.url)
    stored = await S3Store(address, "catalog").put(pieces(b"catalog's own"), limit_bytes=100)
    assert not await S3Store(address, "rights").exists(stored.sha256)


async def test_a_store_that_is_killed_loses_nothing_that_was_acknowledged(tmp_path: Path, s3: Seaweed) -> None:
    assert await s3.is_alive()  # so that the program is known to run here
    async with start_seaweed(tmp_path) as seaweed:
        store = S3Store(S3Address.of(seaweed.url), "catalog")
        acknowledged = [await store.put(mebibytes(number), limit_bytes=PART_BYTES) for number in (1, 2, 3)]
        half_way = asyncio.Event()

        async def is_interrupted() -> AsyncIterator[bytes]:
            for place in range(64):
                yield bytes([place]) * MEBIBYTE
                if place == PART_BYTES // MEBIBYTE * 2:
                    half_way.set()
                    await killed.wait()

        killed = asyncio.Event()
        putting = asyncio.create_task(store.put(is_interrupted(), limit_bytes=64 * MEBIBYTE))
        await half_way.wait()
        await asyncio.to_thread(seaweed.kill)
        killed.set()
        with pytest.raises(ObjectStoreAway):
            await putting
        with pytest.raises(ObjectStoreAway):
            await store.exists(acknowledged[0].sha256)
        await seaweed.start()
        for stored in acknowledged:
            assert hashlib.sha256(await read_once_it_can_be(store, stored.sha256)).hexdigest() == stored.sha256


async def read_once_it_can_be(store: S3Store, sha256: str) -> bytes:
    """A store that has just started finds its volumes only after a moment."""
    async with asyncio.timeout(60):
        while True:
            with suppress(ObjectStoreAway):
                return await all_of(store.open(sha256))
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("url", ["", "s3://bucket", "http://host/bucket", "http://k:s@host", "http://k:s@host/a/b"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"it (is|names) no"):
        S3Address.of(url)


def test_a_secret_is_not_shown() -> None:
    assert "hidden" not in repr(S3Address.of("https://key:hidden@host/bucket"))
