"""Trade certificates and the keys that sign them over HTTP."""

from datetime import datetime
from typing import Any, Self

from fastapi.responses import PlainTextResponse

from kernel.web import PUBLIC, CallerOf, Router, View
from trading.domain.certificates import ISSUER, CertificateState, TradeCertificate
from trading.inbound.http.contracts import READING
from trading.inbound.http.listings import Id, Ports
from trading.use_cases import certificates

router = Router(tags=["trade certificates 交易凭证"])


class CertificateView(View):
    """A trade certificate and how far it is."""

    number: str
    settlement_id: str
    contract_id: str
    state: CertificateState
    record_sha256: str
    jwt_sha256: str
    recorded_at: datetime
    deposited_at: datetime | None

    @classmethod
    def of(cls, certificate: TradeCertificate) -> Self:
        """From the certificate."""
        return cls.model_validate(certificate)


class KeysView(View):
    """The keys that sign trade certificates."""

    issuer: str
    keys: list[dict[str, Any]]  # JSON: kid, jwk, valid_from, valid_until


@router.get("/trade-certificates/{number}", dependencies=[READING])
async def read_certificate(number: Id, trading: Ports, caller: CallerOf) -> CertificateView:
    """How far a trade certificate is."""
    return CertificateView.of(await certificates.read_certificate(trading, caller, number))


@router.get("/trade-certificates/{number}/file", dependencies=[READING], response_class=PlainTextResponse)
async def read_certificate_file(number: Id, trading: Ports, caller: CallerOf) -> PlainTextResponse:
    """The certificate as a C2SP tlog-proof whose extra data is the signed credential."""
    return PlainTextResponse(await certificates.read_certificate_file(trading, caller, number))


@router.get("/issuer-keys", dependencies=[PUBLIC])
async def list_issuer_keys(trading: Ports) -> KeysView:
    """The public keys of trade certificates, to be pinned."""
    return KeysView(issuer=ISSUER, keys=list(await certificates.list_issuer_keys(trading)))
