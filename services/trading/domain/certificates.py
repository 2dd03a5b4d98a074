"""Trade certificates 交易凭证: the record of a settled sale and the credential made of it (Shanghai's sixth step)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from kernel.canonical import canonical, sha256_hex
from trading.domain.contracts import Contract
from trading.domain.settlements import Settlement
from trading.domain.statements import Statement

ISSUER = "urn:yaosu:trading"
TYPE = "TradeCertificate"


class CertificateState(StrEnum):
    """RECORDED: the record is on its way into the log; SIGNED: the certificate is; CERTIFIED: both are proved."""

    RECORDED = "RECORDED"
    SIGNED = "SIGNED"
    CERTIFIED = "CERTIFIED"


@dataclass
class TradeCertificate:
    """A numbered certificate in the making."""

    number: str
    settlement_id: str
    contract_id: str
    provider_party_id: str
    buyer_party_id: str
    record: str
    record_sha256: str
    recorded_at: datetime
    state: CertificateState = CertificateState.RECORDED
    deposited_at: datetime | None = None
    jwt: str = ""
    jwt_sha256: str = ""
    file: str = ""
    version: int = 1


def number_of(year: int, place: int) -> str:
    """``TC-2026-000001``."""
    return f"TC-{year}-{place:06d}"


def record_of(
    number: str, contract: Contract, statement: Statement, settlement: Settlement, version_digests: Sequence[str],
    note: str,
) -> dict[str, Any]:  # fmt: skip
    """The fields of a trade certificate (china-practice 5A); JSON."""
    return {
        "number": number,
        **_what_was_sold(contract, version_digests),
        "registration_certificates": sorted(settlement.registrations),
        "delivery": {
            "modes": sorted(contract.deliveries),
            "statement_id": statement.statement_id,
            "period_from": statement.period_from.isoformat(),
            "period_to": statement.period_to.isoformat(),
            "calls": statement.calls,
            "covered": statement.covered,
        },
        "settlement": _what_was_paid(settlement),
        "query": f"/trading/v1/trade-certificates/{number}",
        "note": note,
    }


def _what_was_sold(contract: Contract, version_digests: Sequence[str]) -> dict[str, Any]:
    return {
        "product": {
            "product_id": contract.product_id,
            "name": contract.product_name,
            "specification_digest": contract.specification_digest,
            "version_selector": contract.version_selector,
            "version_digests": sorted(version_digests),
        },
        "parties": {
            "provider": contract.provider_party_id,
            "buyer": contract.buyer_party_id,
            "supplier": contract.supplier_party_id,
        },
        "rights_granted": {
            "kind": "USE",
            "purpose": contract.purpose,
            "exclusive": contract.exclusive,
            "from": contract.starts_at.isoformat(),
            "until": contract.ends_at.isoformat(),
        },
        "price": {"billing": contract.billing, "price_fen": contract.price_fen, "currency": "CNY"},
        "contract": {"contract_id": contract.contract_id, "agreement_digest": contract.agreement_digest},
        "signed_by": [{"party_id": each.party_id, "way": each.way} for each in contract.signatures],
    }


def _what_was_paid(settlement: Settlement) -> dict[str, Any]:
    return {
        "settlement_id": settlement.settlement_id,
        "amount_fen": settlement.amount_fen,
        "settled_at": settlement.settled_at.isoformat() if settlement.settled_at else "",
        "shares": [
            {"role": each.role, "party_id": each.party_id, "account": each.account, "amount_fen": each.amount_fen}
            for each in settlement.shares
        ],
    }


NOTE = (
    "Evidence of a sale on this market; not a national registration and not the source of any right. "
    "本凭证证明本市场内的一笔交易，不是国家登记，也不是权利来源。"
)
CLOCK_NOTE = " Business time was moved for demonstration. 业务时间为演示而设定。"


def recorded(settlement: Settlement, record: dict[str, Any], at: datetime) -> TradeCertificate:
    """A certificate begins as its record's exact bytes."""
    text = canonical(record)
    return TradeCertificate(
        record["number"], settlement.settlement_id, settlement.contract_id, settlement.provider_party_id,
        settlement.buyer_party_id, text.decode(), sha256_hex(text), at,
    )  # fmt: skip


def credential_of(certificate: TradeCertificate, subject: dict[str, Any], deposited_at: datetime) -> dict[str, Any]:
    """The W3C verifiable credential of a deposited record; JSON."""
    return {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential", TYPE],
        "id": f"urn:yaosu:trade-certificate:{certificate.number}",
        "issuer": ISSUER,
        "validFrom": deposited_at.isoformat(),
        "credentialSubject": {
            **subject, "record_sha256": certificate.record_sha256, "deposited_at": deposited_at.isoformat(),
        },
    }  # fmt: skip
