"""What delivery does when others tell it something."""

from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp

from delivery.ports import Delivering
from delivery.use_cases import entitlements
from delivery.use_cases.entitlements import ContractTerms
from kernel.barring import BARRING
from kernel.reactions import Reactions
from kernel.told import Told
from yaosu.catalog.v1.events_pb2 import AuthorisationEnded, VersionPublished
from yaosu.rights.v1.events_pb2 import CertificateContested, CertificateExpired, CertificateIssued
from yaosu.trading.v1.events_pb2 import ContractEnded, ContractSigned

CONTESTED, EXPIRED = "certificate_contested", "certificate_expired"


async def when_contract_signed_begin_entitlement(app: Delivering, event: ContractSigned, told: Told) -> None:
    """The buyer may use the product from the day agreed."""
    contract = event.contract
    terms = ContractTerms(
        contract_id=event.contract_id, product_id=contract.product_id, provider_party_id=contract.provider_party_id,
        supplier_party_id=contract.supplier_party_id, buyer_party_id=contract.buyer_party_id,
        purpose=contract.purpose, deliveries=tuple(contract.deliveries), version_selector=contract.version_selector,
        specification_digest=contract.specification_digest, lineage_root=contract.lineage_root,
        starts_at=_moment(contract.starts_at), ends_at=_moment(contract.ends_at),
    )  # fmt: skip
    await entitlements.begin_entitlement(app, told, terms, _moment(event.signed_at))


async def when_contract_ended_end_entitlement(app: Delivering, event: ContractEnded, told: Told) -> None:
    """Nothing is answered under it any more."""
    async with app.work(told) as work:
        await work.entitlements.end(event.contract_id, _moment(event.ended_at), event.reason or "contract_ended")


async def when_certificate_contested_suspend(app: Delivering, event: CertificateContested, told: Told) -> None:
    """Whoever rests on the certificate's lineage waits until the dispute is over."""
    async with app.work(told) as work:
        await work.entitlements.impede(event.lineage_root, f"certificate:{event.number}", CONTESTED)


async def when_certificate_expired_suspend(app: Delivering, event: CertificateExpired, told: Told) -> None:
    """As above, until it is renewed."""
    async with app.work(told) as work:
        await work.entitlements.impede(event.lineage_root, f"certificate:{event.number}", EXPIRED)


async def when_certificate_issued_resume(app: Delivering, event: CertificateIssued, told: Told) -> None:
    """The same certificate stands again, or a new one took the place of the expired."""
    certificate = event.certificate
    async with app.work(told) as work:
        await work.entitlements.clear(certificate.lineage_root, f"certificate:{certificate.number}", EXPIRED)


async def when_authorisation_ended_end_entitlements(app: Delivering, event: AuthorisationEnded, told: Told) -> None:
    """Public data is used under the authorisation only; contracts signed a moment before end with it too."""
    async with app.work(told) as work:
        await work.entitlements.end_authorised(event.authorisation_id, _moment(event.ended_at))
        await work.entitlements.impede(event.authorisation_id, "authorisation", "authorisation_ended")


async def when_version_published_serve_it(app: Delivering, event: VersionPublished, told: Told) -> None:
    """Contracts that take the latest conforming version are answered from it."""
    await entitlements.serve_version(app, told, event.dataset.dataset_id, event.version_id)


def _moment(at: Timestamp) -> datetime:
    return at.ToDatetime(tzinfo=UTC)


REACTIONS: Reactions = {
    "yaosu.onboarding.v1": BARRING,
    "yaosu.trading.v1": {
        ContractSigned: when_contract_signed_begin_entitlement,
        ContractEnded: when_contract_ended_end_entitlement,
    },
    "yaosu.rights.v1": {
        CertificateContested: when_certificate_contested_suspend,
        CertificateExpired: when_certificate_expired_suspend,
        CertificateIssued: when_certificate_issued_resume,
    },
    "yaosu.catalog.v1": {
        VersionPublished: when_version_published_serve_it,
        AuthorisationEnded: when_authorisation_ended_end_entitlements,
    },
}
