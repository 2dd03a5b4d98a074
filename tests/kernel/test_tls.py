"""Between services on a network: both show certificates, and the call's token names the one who shows it."""

import asyncio
import hashlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import grpc
import pytest
from cryptography import x509
from google.protobuf.timestamp_pb2 import Timestamp

from kernel.refusals import Refusal, Unavailable, Unidentified
from kernel.rpc import CHANNEL_OPTIONS, Peer, _refusal_of
from kernel.tls import CertificateFiles, CertificateUnfit, CertifiedChannel, OwnCertificate, read
from kernel.tokens import ServiceKeys
from market.authority import Authority
from tests.conftest import Running, StartService
from tests.market.process import free_port
from yaosu.kernel.v1.clock_service_pb2 import SetClockRequest
from yaosu.kernel.v1.clock_service_pb2_grpc import ClockServiceStub

SHORT_SECONDS = 1.0


class Net:
    """The notes service on a port of this machine, and whoever calls it there."""

    def __init__(self, address: str, folder: Path, authority: Authority) -> None:
        self.address, self.folder, self.authority = address, folder, authority

    async def call(
        self, caller: str, *, certificate: OwnCertificate | None = None, name: str = "notes", day: int = 3
    ) -> object:
        """Set the clock over there, showing the caller's certificate or the one given."""
        shown = certificate or self.authority.certificate_of(caller)
        channel = CertifiedChannel(self.address, name, shown, CHANNEL_OPTIONS)
        try:
            return await self.over(channel, caller, day=day)
        finally:
            await channel.close()

    async def over(self, channel: "CertifiedChannel | grpc.aio.Channel", caller: str, *, day: int = 3) -> object:
        """The same on a channel that stays."""
        peer = Peer("notes", channel, ServiceKeys(self.folder / "keys", caller))
        return await peer.call(peer.stub(ClockServiceStub).SetClock, request(day), deadline_seconds=SHORT_SECONDS)


def request(day: int = 3) -> SetClockRequest:
    """Business time on a day of August."""
    at = Timestamp()
    at.FromDatetime(datetime(2026, 8, day, tzinfo=UTC))
    return SetClockRequest(business_at=at, machine_at=at)


@pytest.fixture
async def net(service: StartService, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[Net]:
    monkeypatch.syspath_prepend("tests/kernel")
    authority = Authority(tmp_path / "tls")
    async with listening(await service("notes"), authority.certificate_of("notes")) as address:
        yield Net(address, tmp_path, authority)


@asynccontextmanager
async def listening(running: Running, certificate: OwnCertificate) -> AsyncIterator[str]:
    """The service answers with the certificate."""
    address = f"127.0.0.1:{free_port()}"
    await running.host.listen(address, certificate)
    yield address
    assert running.host._server is not None
    await running.host._server.stop(0)


async def test_the_named_service_with_its_certificate_may_call(net: Net) -> None:
    assert await net.call("onboarding")


async def test_a_token_that_names_another_than_the_certificate_is_refused(net: Net) -> None:
    with pytest.raises(Unidentified) as refused:
        await net.call("onboarding", certificate=net.authority.certificate_of("catalog"))
    assert refused.value.reason == "CallerNotCertified"


async def test_a_service_with_certificate_and_token_is_refused_where_the_method_is_not_for_it(net: Net) -> None:
    with pytest.raises(Unidentified) as refused:
        await net.call("catalog")
    assert refused.value.reason == "TokenInvalid"


async def test_a_certificate_of_another_authority_is_not_let_in(net: Net, tmp_path: Path) -> None:
    stranger = Authority(tmp_path / "stranger").certificate_of("onboarding")
    mixed = CertificateFiles(stranger.files.certificate, stranger.files.key, net.authority._folder / "authority.crt")
    with pytest.raises(Unavailable):
        await net.call("onboarding", certificate=OwnCertificate(mixed))


async def test_nobody_is_let_in_without_a_certificate(net: Net) -> None:
    plain = grpc.aio.insecure_channel(net.address)
    only_trusting = grpc.aio.secure_channel(
        net.address, grpc.ssl_channel_credentials((net.authority._folder / "authority.crt").read_bytes()),
        options=[("grpc.ssl_target_name_override", "notes")],
    )  # fmt: skip
    for channel in (plain, only_trusting):
        with pytest.raises(Unavailable):
            await net.over(channel, "onboarding")
        await channel.close(None)


async def test_a_server_with_another_services_certificate_is_not_spoken_to(net: Net) -> None:
    with pytest.raises(Unavailable):
        await net.call("onboarding", name="rights")


async def test_a_token_is_good_for_one_callee_one_method_and_one_request(net: Net) -> None:
    keys = ServiceKeys(net.folder / "keys", "onboarding")
    own = net.authority.certificate_of("onboarding")
    channel = CertifiedChannel(net.address, "notes", own, CHANNEL_OPTIONS)
    method = ClockServiceStub(channel.now()).SetClock
    path, digest = "/yaosu.kernel.v1.ClockService/SetClock", digest_of(request())
    tokens = {
        keys.call_token("notes", path, digest, None): None,
        keys.call_token("rights", path, digest, None): "another callee",
        keys.call_token("notes", f"{path}s", digest, None): "another method",
        keys.call_token("notes", path, digest_of(request(4)), None): "another request",
    }
    for token, wrong in tokens.items():
        outcome = await tried(method, token)
        assert outcome == ("" if wrong is None else "TokenInvalid"), wrong
    await channel.close()


def digest_of(asked: SetClockRequest) -> str:
    """As the caller's side has it."""
    return hashlib.sha256(asked.SerializeToString()).hexdigest()


async def tried(method: "grpc.aio.UnaryUnaryMultiCallable", token: str) -> str:
    """The refusal's name, or nothing."""
    try:
        await method(request(), metadata=(("authorization", token),))
    except grpc.aio.AioRpcError as error:
        refused: Refusal = _refusal_of(error)
        return refused.reason
    return ""


async def test_both_ends_take_new_certificates_without_a_restart(net: Net) -> None:
    own = net.authority.certificate_of("onboarding")
    channel = CertifiedChannel(net.address, "notes", own, CHANNEL_OPTIONS)
    await net.over(channel, "onboarding")
    first, shown = channel.now(), await shown_by(net.address)

    net.authority.sign("onboarding")
    net.authority.sign("notes")
    await net.over(channel, "onboarding", day=4)
    assert channel.now() is not first
    assert await shown_by(net.address) != shown
    await channel.close()


async def shown_by(address: str) -> int:
    """The serial number of the certificate that the server shows."""
    host, _, port = address.partition(":")
    pem = await asyncio.to_thread(ssl.get_server_certificate, (host, int(port)))
    return x509.load_pem_x509_certificate(pem.encode()).serial_number


async def test_files_that_do_not_fit_leave_the_former_certificate_in_use(net: Net, tmp_path: Path) -> None:
    own = net.authority.certificate_of("onboarding")
    before = own.current()
    own.files.certificate.write_text("half a certif")
    assert own.current() == before
    net.authority.sign("onboarding")
    assert own.current() != before


def test_a_key_of_another_certificate_is_named(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    one, other = authority.certificate_of("rights").files, authority.certificate_of("catalog").files
    with pytest.raises(CertificateUnfit, match="do not belong together"):
        read(CertificateFiles(one.certificate, other.key, one.authority))


def test_a_certificate_that_ends_soon_is_signed_anew(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    authority.sign("rights", days=20)
    soon = read(CertificateFiles(tmp_path / "rights.pem", tmp_path / "rights.pem", tmp_path / "authority.crt"))
    assert authority.certificate_of("rights").current().ends_at > soon.ends_at
    assert {path.stat().st_mode & 0o077 for path in tmp_path.iterdir()} == {0}
