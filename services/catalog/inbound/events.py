"""What catalog does when others tell something: badges in search, and suspensions."""

from typing import Any

from catalog.ports import Cataloguing
from catalog.use_cases.search import Badge, hide_badge, show_badge
from kernel.barring import BARRING
from kernel.reactions import Reactions
from kernel.told import Told
from yaosu.rights.v1.events_pb2 import CertificateContested, CertificateExpired, CertificateIssued, ReportIssued


async def when_certificate_issued_show_badge(app: Cataloguing, event: CertificateIssued, told: Told) -> None:
    """The product or dataset is registered."""
    certificate = event.certificate
    until = certificate.expires_at.ToDatetime(told.occurred_at.tzinfo) if certificate.HasField("expires_at") else None
    badge = Badge(f"certificate {certificate.number}", "certificate", certificate.number, until)
    await show_badge(app, told, certificate.product_id or certificate.dataset_id, badge)


async def when_certificate_contested_hide_badge(app: Cataloguing, event: CertificateContested, told: Told) -> None:
    """Nobody shall rely on it meanwhile."""
    await hide_badge(app, told, f"certificate {event.number}")


async def when_certificate_expired_hide_badge(app: Cataloguing, event: CertificateExpired, told: Told) -> None:
    """It is over."""
    await hide_badge(app, told, f"certificate {event.number}")


async def when_report_issued_show_badge(app: Cataloguing, event: ReportIssued, told: Told) -> None:
    """That there is a report is shown, and its conclusion; values are not."""
    label = event.kind if event.kind == "value" else f"{event.kind}: {event.conclusion}"
    about = event.product_id or event.dataset_id
    await show_badge(app, told, about, Badge(f"{event.kind} report of {about}", event.kind, label))


RIGHTS: dict[Any, Any] = {  # Any: generated classes have no common typed form
    CertificateIssued: when_certificate_issued_show_badge,
    CertificateContested: when_certificate_contested_hide_badge,
    CertificateExpired: when_certificate_expired_hide_badge,
    ReportIssued: when_report_issued_show_badge,
}
HEARD_OF_PARTIES: dict[Any, Any] = {**BARRING}  # Any: as above
REACTIONS: Reactions = {"yaosu.onboarding.v1": {**HEARD_OF_PARTIES}, "yaosu.rights.v1": RIGHTS}
