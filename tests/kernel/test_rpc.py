"""The gRPC edge: who may call what, and how a refusal arrives."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from kernel.refusals import Conflict, Refusal, Unidentified
from kernel.rpc import Peer, _refusal_of, _status_of
from kernel.tokens import ServiceKeys
from tests.conftest import Running, StartService
from yaosu.kernel.v1.clock_service_pb2 import SetClockRequest
from yaosu.kernel.v1.clock_service_pb2_grpc import ClockServiceStub


class SeatTaken(Conflict):
    """The seat is taken. Choose another."""

    zh = "座位已被占用。请另选。"


@pytest.fixture
async def address(service: StartService, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[str]:
    """The notes service, answering gRPC on a socket."""
    monkeypatch.syspath_prepend("tests/kernel")
    running: Running = await service("notes")
    place = f"unix:{tmp_path}/notes.sock"
    await running.host.listen(place)
    yield place
    assert running.host._server is not None
    await running.host._server.stop(0)


def _request() -> SetClockRequest:
    at = Timestamp()
    at.FromDatetime(datetime(2026, 8, 3, tzinfo=UTC))
    return SetClockRequest(business_at=at, machine_at=at)


async def _call(address: str, keys: Path, caller: str, callee: str) -> object:
    async with grpc.aio.insecure_channel(address) as channel:
        peer = Peer(callee, channel, ServiceKeys(keys, caller))
        return await peer.call(peer.stub(ClockServiceStub).SetClock, _request())


async def test_the_named_service_may_call(address: str, tmp_path: Path) -> None:
    assert await _call(address, tmp_path / "keys", "onboarding", "notes")


@pytest.mark.parametrize(("caller", "callee"), [("catalog", "notes"), ("onboarding", "rights")])
async def test_another_service_or_a_token_for_another_is_refused(
    address: str, tmp_path: Path, caller: str, callee: str
) -> None:
    with pytest.raises(Unidentified) as refused:
        await _call(address, tmp_path / "keys", caller, callee)
    assert refused.value.reason == "TokenInvalid"


async def test_a_service_with_a_key_that_nobody_published_is_refused(address: str, tmp_path: Path) -> None:
    with pytest.raises(Unidentified):
        await _call(address, tmp_path / "other-keys", "onboarding", "notes")


async def test_a_call_without_a_token_is_refused(address: str) -> None:
    async with grpc.aio.insecure_channel(address) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await ClockServiceStub(channel).SetClock(_request())
    assert _refusal_of(error.value).reason == "TokenMissing"


def test_a_refusal_keeps_its_name_kind_words_and_facts_on_the_way() -> None:
    status = _status_of(SeatTaken(seat=7), grpc.StatusCode.FAILED_PRECONDITION)
    metadata = grpc.aio.Metadata(("grpc-status-details-bin", status.SerializeToString()))
    error = grpc.aio.AioRpcError(grpc.StatusCode.FAILED_PRECONDITION, grpc.aio.Metadata(), metadata, "SeatTaken", "")
    arrived: Refusal = _refusal_of(error)
    assert isinstance(arrived, Conflict)
    assert (arrived.reason, arrived.slug, arrived.facts) == ("SeatTaken", "seat-taken", {"seat": 7})
    assert arrived.detail.startswith("The seat is taken.")
    assert arrived.detail_zh == SeatTaken.zh
