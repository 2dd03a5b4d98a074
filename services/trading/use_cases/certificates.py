"""Trade certificates: a record is deposited, then signed with the date of its deposit, then proved."""

import json
from collections.abc import Sequence
from typing import Any

from kernel.calendar import SHANGHAI
from kernel.callers import Caller
from kernel.canonical import canonical, sha256_hex
from trading.domain import events, refusals
from trading.domain.certificates import CertificateState, TradeCertificate, credential_of
from trading.ports import Proof, Trading

CREDENTIAL_TYPE = "vc+jwt"


async def advance_certificate(app: Trading, number: str) -> bool:
    """Take a certificate one step on, when evidence is so far; whether it moved. Idempotent."""
    async with app.work() as work:
        certificate = await work.certificates.get(number)
    if certificate.state is CertificateState.RECORDED:
        proof = await app.evidence.proof(certificate.record_sha256)
        return proof is not None and await _sign(app, number, proof)
    if certificate.state is CertificateState.SIGNED:
        proof = await app.evidence.proof(certificate.jwt_sha256, certificate.jwt.encode())
        return proof is not None and await _certify(app, number, proof)
    return False


async def _sign(app: Trading, number: str, proof: Proof) -> bool:
    async with app.work() as work:
        certificate = await work.certificates.get(number, lock=True)
        if certificate.state is not CertificateState.RECORDED:
            return False
        deposited_at = proof.deposited_at.astimezone(SHANGHAI)
        credential = credential_of(certificate, json.loads(certificate.record), deposited_at)
        certificate.jwt = await work.issuer_keys.sign(canonical(credential), CREDENTIAL_TYPE)
        certificate.jwt_sha256 = sha256_hex(certificate.jwt.encode())
        certificate.deposited_at, certificate.state = deposited_at, CertificateState.SIGNED
        await work.certificates.save(certificate)
        told = events.TradeCertificateSigned(certificate.settlement_id, number)
        work.tell(told, about=certificate.settlement_id, deposit=certificate.jwt.encode())
        return True


async def _certify(app: Trading, number: str, proof: Proof) -> bool:
    async with app.work() as work:
        certificate = await work.certificates.get(number, lock=True)
        if certificate.state is not CertificateState.SIGNED:
            return False
        certificate.file, certificate.state = proof.tlog_proof, CertificateState.CERTIFIED
        await work.certificates.save(certificate)
        return True


async def read_certificate(app: Trading, caller: Caller, number: str) -> TradeCertificate:
    """One's own trade certificate; operator and regulator see all."""
    async with app.work() as work:
        certificate = await work.certificates.get(number)
    mine = caller.party_id in {certificate.provider_party_id, certificate.buyer_party_id}
    if not mine and not caller.has("operator", "regulator"):
        raise refusals.CertificateNotFound(number=number)
    return certificate


async def read_certificate_file(app: Trading, caller: Caller, number: str) -> str:
    """The tlog-proof file, once there is one."""
    certificate = await read_certificate(app, caller, number)
    if certificate.state is not CertificateState.CERTIFIED:
        raise refusals.CertificateNotReady(state=certificate.state)
    return certificate.file


async def list_issuer_keys(app: Trading) -> Sequence[dict[str, Any]]:
    """Every key that ever signed, with its dates; JSON."""
    async with app.work() as work:
        return await work.issuer_keys.published()
