"""How pledge reacts to what others tell."""

from kernel.barring import BARRING
from kernel.reactions import Reactions
from kernel.told import Told
from pledge.domain.watch import CERTIFICATE, ENCUMBRANCE, LISTING, Alarm
from pledge.ports import Pledging
from pledge.use_cases import watches
from yaosu.rights.v1.events_pb2 import CertificateContested, CertificateExpired, EncumbrancePlaced, ReportIssued
from yaosu.rights.v1.rights_service_pb2 import ENCUMBRANCE_KIND_DISPUTE_HOLD, ENCUMBRANCE_KIND_SEIZURE
from yaosu.trading.v1.events_pb2 import ListingSuspended, OrderSettled

_ALARMING = {ENCUMBRANCE_KIND_SEIZURE: "seizure", ENCUMBRANCE_KIND_DISPUTE_HOLD: "dispute"}


async def when_certificate_contested_alert_banks(app: Pledging, event: CertificateContested, told: Told) -> None:
    """The security may fall away."""
    alarm = Alarm(CERTIFICATE, f"certificate {event.number} contested: {event.reason}", told.event_id)
    await watches.alert(app, told, event.lineage_root, alarm)


async def when_certificate_expired_alert_banks(app: Pledging, event: CertificateExpired, told: Told) -> None:
    """The security has lost its certificate."""
    alarm = Alarm(CERTIFICATE, f"certificate {event.number} expired", told.event_id)
    await watches.alert(app, told, event.lineage_root, alarm)


async def when_encumbrance_placed_alert_banks(app: Pledging, event: EncumbrancePlaced, told: Told) -> None:
    """A seizure or a dispute lies upon the security; anything else the registry keeps away by itself."""
    kind = _ALARMING.get(event.encumbrance.kind)
    if kind is not None:
        alarm = Alarm(ENCUMBRANCE, f"{kind} {event.encumbrance_id}", told.event_id)
        await watches.alert(app, told, event.encumbrance.lineage_root, alarm)


async def when_report_issued_revalue_loans(app: Pledging, event: ReportIssued, told: Told) -> None:
    """A newer value changes how the debt stands to it."""
    if event.kind == "value":
        await watches.revalue(app, told, event.report_id, event.dataset_id, event.product_id)


async def when_order_settled_record_income(app: Pledging, event: OrderSettled, told: Told) -> None:
    """Income that came into a control account."""
    paid_fen: dict[str, int] = {}
    for share in event.shares:
        paid_fen[share.account] = paid_fen.get(share.account, 0) + share.amount_fen
    settled = watches.Settled(
        event.settlement_id, event.contract_id, event.lineage_root, event.trade_certificate_number, paid_fen
    )
    await watches.take_income(app, told, settled)


async def when_listing_suspended_alert_banks(app: Pledging, event: ListingSuspended, told: Told) -> None:
    """The security earns nothing for now."""
    alarm = Alarm(LISTING, f"listing {event.listing_id} suspended: {event.reason}", told.event_id)
    await watches.alert_of_product(app, told, event.product_id, alarm)


REACTIONS: Reactions = {
    "yaosu.onboarding.v1": {**BARRING},
    "yaosu.rights.v1": {
        CertificateContested: when_certificate_contested_alert_banks,
        CertificateExpired: when_certificate_expired_alert_banks,
        EncumbrancePlaced: when_encumbrance_placed_alert_banks,
        ReportIssued: when_report_issued_revalue_loans,
    },
    "yaosu.trading.v1": {
        OrderSettled: when_order_settled_record_income,
        ListingSuspended: when_listing_suspended_alert_banks,
    },
}
