"""The market's own certificate authority: for services on one ground that do not get certificates from elsewhere."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from kernel.secret_files import made_once, replaced
from kernel.tls import CertificateFiles, OwnCertificate, read

AUTHORITY_DAYS = 3650
CERTIFICATE_DAYS = 90
# Clocks of machines differ a little.
BACKDATED = timedelta(minutes=5)
PUBLIC = 0o644


class Authority:
    """Signs a certificate for each service's name; its key stays in the market's keys folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        both = made_once(folder / "authority.pem", _new_authority)
        key = load_pem_private_key(both, None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)  # noqa: S101 - for the type checker: we made it
        self._key = key
        self._certificate = x509.load_pem_x509_certificate(both)
        made_once(folder / "authority.crt", lambda: self._certificate.public_bytes(Encoding.PEM))

    def certificate_of(self, service: str) -> OwnCertificate:
        """The service's certificate, made or renewed where there is none or it ends soon."""
        # Key and certificate lie in one file, so that one is never read without its other.
        own = self._folder / f"{service}.pem"
        files = CertificateFiles(own, own, self._folder / "authority.crt")
        if not own.exists() or _ends_soon(files):
            self.sign(service)
        return OwnCertificate(files, renew=lambda: self.sign(service))

    def sign(self, service: str, *, days: int = CERTIFICATE_DAYS) -> None:
        """A new key and a certificate of the service's name, for both ends of a connection."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            _begun(service, days)
            .issuer_name(self._certificate.subject)
            .public_key(key.public_key())
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(service)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]),
                critical=False,
            )
            .sign(self._key, hashes.SHA256())
        )
        replaced(self._folder / f"{service}.pem", _pem(key) + certificate.public_bytes(Encoding.PEM))


def _new_authority() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        _begun("yaosu market", AUTHORITY_DAYS)
        .issuer_name(_name("yaosu market"))
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    return _pem(key) + certificate.public_bytes(Encoding.PEM)


def _begun(name: str, days: int) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + timedelta(days=days))
    )


def _name(words: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, words)])


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _ends_soon(files: CertificateFiles) -> bool:
    return read(files).ends_at - datetime.now(UTC) < timedelta(days=CERTIFICATE_DAYS / 3)
