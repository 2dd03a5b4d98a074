"""Mutual TLS between services: each shows the certificate of its name; a new one is taken from its files at once."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
import structlog
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from cryptography.x509 import load_pem_x509_certificate, load_pem_x509_certificates

from kernel.metrics import TLS_ENDS_AT

OLD_CALLS_SECONDS = 30.0
_PUBLIC = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
log = structlog.get_logger()


class CertificateUnfit(Exception):  # noqa: N818 - addressed to the operator, who reads it as a sentence
    """A certificate's files are not there, are not PEM, or key and certificate do not belong together."""


@dataclass(frozen=True)
class CertificateFiles:
    """Where a service's certificate chain, its key and the authority that all services trust lie, as PEM."""

    certificate: Path
    key: Path
    authority: Path

    def state(self) -> tuple[tuple[int, int], ...]:
        """Changes when a file does."""
        found = [path.stat() for path in (self.certificate, self.key, self.authority)]
        return tuple((one.st_mtime_ns, one.st_ino) for one in found)


@dataclass(frozen=True)
class Credentials:
    """A chain with its key, and whom to trust."""

    chain: bytes
    key: bytes
    authority: bytes
    ends_at: datetime


def read(files: CertificateFiles) -> Credentials:
    """What the files hold; raises ``CertificateUnfit``."""
    try:
        chain = load_pem_x509_certificates(files.certificate.read_bytes())
        key, authority = files.key.read_bytes(), files.authority.read_bytes()
        own = load_pem_private_key(key, None).public_key().public_bytes(*_PUBLIC)
        load_pem_x509_certificate(authority)
    except (OSError, ValueError, TypeError) as error:
        message = f"{files.certificate}: {error}"
        raise CertificateUnfit(message) from error
    if chain[0].public_key().public_bytes(*_PUBLIC) != own:
        message = f"{files.certificate} and {files.key} do not belong together"
        raise CertificateUnfit(message)
    shown = b"".join(certificate.public_bytes(Encoding.PEM) for certificate in chain)
    return Credentials(shown, key, authority, chain[0].not_valid_after_utc)


@dataclass
class OwnCertificate:
    """A service's certificate as it is now. ``renew`` is called when less than a third of its life is left."""

    files: CertificateFiles
    renew: Callable[[], None] | None = None
    number: int = 0
    _now: Credentials = field(init=False)
    _state: tuple[tuple[int, int], ...] = field(init=False)
    _renew_at: datetime = field(init=False)

    def __post_init__(self) -> None:
        self._state = self.files.state() if self.files.certificate.exists() else ()
        self._take(read(self.files))

    def _take(self, credentials: Credentials) -> None:
        self._now, self.number = credentials, self.number + 1
        TLS_ENDS_AT.labels(self.files.certificate.name).set(credentials.ends_at.timestamp())
        left = credentials.ends_at - datetime.now(UTC)
        self._renew_at = credentials.ends_at - left / 3

    def current(self) -> Credentials:
        """Read anew when a file changed; what cannot be read leaves the former in use, and is logged."""
        try:
            if self.renew is not None and datetime.now(UTC) >= self._renew_at:
                self.renew()
            state = self.files.state()
            if state != self._state:
                self._take(read(self.files))
                self._state = state
        except (CertificateUnfit, OSError) as error:
            log.warning("certificate not taken", error=str(error))
        return self._now


def server_credentials(own: OwnCertificate) -> grpc.ServerCredentials:
    """For a server that lets nobody in without a certificate of the authority; a new certificate needs no restart."""

    def configuration(held: Credentials) -> grpc.ServerCertificateConfiguration:
        return grpc.ssl_server_certificate_configuration([(held.key, held.chain)], held.authority)

    shown = own.number

    def fetch() -> Any:  # Any: the stubs forget that nothing new is no configuration
        nonlocal shown
        held = own.current()
        if own.number == shown:
            return None
        shown = own.number
        return configuration(held)

    return grpc.dynamic_ssl_server_credentials(configuration(own.current()), fetch, require_client_authentication=True)


def certified_names(context: Any) -> frozenset[str] | None:  # Any: the stubs know no auth_context
    """The names in the certificate that the peer showed and gRPC verified; none at all without TLS."""
    held = context.auth_context()
    if held.get("transport_security_type") != [b"ssl"]:
        return None
    return frozenset(name.decode() for name in held.get("x509_subject_alternative_name", ()))


class CertifiedChannel:
    """A channel to one service, which has to show that service's certificate; it is made anew when ours changes."""

    def __init__(self, address: str, name: str, own: OwnCertificate, options: Sequence[tuple[str, int]]) -> None:
        self._address, self._own = address, own
        # Whatever the address says, the certificate must be that of the service meant.
        self._options = [*options, ("grpc.ssl_target_name_override", name)]
        self._closing: set[asyncio.Task[None]] = set()
        self._made_for, self._channel = own.number, self._make()

    def _make(self) -> grpc.aio.Channel:
        held = self._own.current()
        credentials = grpc.ssl_channel_credentials(held.authority, held.key, held.chain)
        return grpc.aio.secure_channel(self._address, credentials, options=self._options)

    def now(self) -> grpc.aio.Channel:
        """The channel of our newest certificate; calls under way end on the former."""
        self._own.current()
        if self._made_for != self._own.number:
            before, self._made_for = self._channel, self._own.number
            self._channel = self._make()
            task = asyncio.get_running_loop().create_task(before.close(OLD_CALLS_SECONDS))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
        return self._channel

    def unary_unary(self, path: str, *given: Any, **more: Any) -> "_Call":  # Any: what a generated stub hands in
        """As a channel has it, for the generated stubs."""
        return _Call(self, "unary_unary", path, given, more)

    def unary_stream(self, path: str, *given: Any, **more: Any) -> "_Call":  # Any: as above
        """As a channel has it, for the generated stubs."""
        return _Call(self, "unary_stream", path, given, more)

    async def close(self, grace: float | None = None) -> None:
        """Let go of it."""
        await self._channel.close(grace)
        await asyncio.gather(*self._closing, return_exceptions=True)


class _Call:
    """One method of a stub, on whatever channel is the newest."""

    def __init__(self, channel: CertifiedChannel, kind: str, path: str, given: Any, more: Any) -> None:
        self._channel, self._kind, self._given, self._more = channel, kind, (path, *given), more
        self._method = path.encode()
        self._on: Any = None  # Any: grpc's own multicallable, of the channel below
        self._made_for: grpc.aio.Channel | None = None

    def __call__(self, *arguments: Any, **more: Any) -> Any:
        channel = self._channel.now()
        if channel is not self._made_for:
            self._made_for, self._on = channel, getattr(channel, self._kind)(*self._given, **self._more)
        return self._on(*arguments, **more)
