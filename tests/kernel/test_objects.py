"""The object store keeps bytes whole, by their digest, or not at all."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kernel.objects import PART_BYTES, FolderStore, ObjectMissing, ObjectTooLarge


async def _pieces(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def test_bytes_come_back_as_they_went_in_with_their_digests(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    data = b"\x00\xff" * (PART_BYTES // 2) + "要素".encode()
    stored = await store.put(_pieces(data[:5], data[5:]), limit_bytes=2 * PART_BYTES)
    assert stored.sha256 == hashlib.sha256(data).hexdigest()
    assert stored.sm3 == hashlib.new("sm3", data).hexdigest()
    assert stored.part_sha256s == tuple(
        hashlib.sha256(data[start : start + PART_BYTES]).hexdigest() for start in (0, PART_BYTES)
    )
    assert b"".join([piece async for piece in store.open(stored.sha256)]) == data
    assert b"".join([piece async for piece in store.open(stored.sha256, 3, 10)]) == data[3:13]


async def test_nothing_is_left_of_what_is_too_large_or_breaks_off(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)

    async def breaks_off() -> AsyncIterator[bytes]:
        yield b"a"
        message = "the client went away"
        raise ConnectionError(message)

    with pytest.raises(ObjectTooLarge):
        await store.put(_pieces(b"123", b"456"), limit_bytes=5)
    with pytest.raises(ConnectionError):
        await store.put(breaks_off(), limit_bytes=5)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


async def test_the_same_bytes_are_kept_once(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    first = await store.put(_pieces(b"same"), limit_bytes=10)
    assert await store.put(_pieces(b"sa", b"me"), limit_bytes=10) == first
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


async def test_what_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    with pytest.raises(ObjectMissing):
        await store.fetch("0" * 64, tmp_path / "out")
    with pytest.raises(ObjectMissing):
        _ = [piece async for piece in store.open("0" * 64)]
