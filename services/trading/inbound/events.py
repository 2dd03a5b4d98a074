"""What trading does when others tell something."""

from collections.abc import Sequence
from datetime import UTC

from kernel.barring import BARRING
from kernel.reactions import Reactions, Together
from kernel.told import Told, ToldTogether
from trading.domain.holds import Metered
from trading.ports import Trading
from trading.use_cases import listings, uses
from yaosu.catalog.v1 import events_pb2 as catalog
from yaosu.delivery.v1 import events_pb2 as delivery
from yaosu.rights.v1 import events_pb2 as rights
from yaosu.rights.v1 import rights_service_pb2 as registry

STOPPING = frozenset({registry.ENCUMBRANCE_KIND_SEIZURE, registry.ENCUMBRANCE_KIND_DISPUTE_HOLD})


async def when_certificate_contested_suspend_listings(
    app: Trading, event: rights.CertificateContested, told: Told
) -> None:
    """Nothing is sold under a contested certificate."""
    await listings.suspend_listings(app, told, f"certificate:{event.number}", lineage_root=event.lineage_root)


async def when_certificate_expired_suspend_listings(app: Trading, event: rights.CertificateExpired, told: Told) -> None:
    """Nothing is sold under a certificate that is out of date."""
    await listings.suspend_listings(app, told, f"certificate:{event.number}", lineage_root=event.lineage_root)


async def when_certificate_issued_resume_listings(app: Trading, event: rights.CertificateIssued, told: Told) -> None:
    """A certificate stands (again): what only its absence stopped is sold again."""
    kept = event.certificate
    await listings.resume_listings(app, told, f"certificate:{kept.number}", lineage_root=kept.lineage_root)


async def when_encumbrance_placed_suspend_listings(app: Trading, event: rights.EncumbrancePlaced, told: Told) -> None:
    """A seizure or a dispute stops the sale; a pledge does not."""
    if event.encumbrance.kind in STOPPING:
        cause = f"encumbrance:{event.encumbrance_id}"
        await listings.suspend_listings(app, told, cause, lineage_root=event.encumbrance.lineage_root)


async def when_encumbrance_released_resume_listings(
    app: Trading, event: rights.EncumbranceReleased, told: Told
) -> None:
    """What it stopped is sold again."""
    if event.encumbrance.kind in STOPPING:
        cause = f"encumbrance:{event.encumbrance_id}"
        await listings.resume_listings(app, told, cause, lineage_root=event.encumbrance.lineage_root)


async def when_ceiling_price_set_weigh_listings(app: Trading, event: catalog.CeilingPriceSet, told: Told) -> None:
    """A listing above the new ceiling stops."""
    await listings.weigh_ceiling(app, told, event.product_id, event.ceiling_price_fen)


async def when_authorisation_ended_suspend_listings(
    app: Trading, event: catalog.AuthorisationEnded, told: Told
) -> None:
    """Without its authorisation public data is not sold."""
    cause = f"authorisation:{event.authorisation_id}"
    await listings.suspend_listings(app, told, cause, authorisation_id=event.authorisation_id)


async def when_use_metered_charge_it(
    app: Trading, events: Sequence[tuple[delivery.UseMetered, Told]], together: ToldTogether
) -> None:
    """What was held is owed."""
    await uses.charge_uses(app, together, [
        uses.Charging(
            Metered(event.use_id, event.used_at.ToDatetime(tzinfo=UTC), event.version_digest), event.contract_id,
            event.mode,
        )
        for event, _ in events
    ])  # fmt: skip


async def when_use_refused_release_it(app: Trading, event: delivery.UseRefused, told: Told) -> None:
    """What was held goes back."""
    await uses.release_use(app, told, event.use_id)


REACTIONS: Reactions = {
    "yaosu.onboarding.v1": BARRING,
    "yaosu.catalog.v1": {
        catalog.CeilingPriceSet: when_ceiling_price_set_weigh_listings,
        catalog.AuthorisationEnded: when_authorisation_ended_suspend_listings,
    },
    "yaosu.rights.v1": {
        rights.CertificateContested: when_certificate_contested_suspend_listings,
        rights.CertificateExpired: when_certificate_expired_suspend_listings,
        rights.CertificateIssued: when_certificate_issued_resume_listings,
        rights.EncumbrancePlaced: when_encumbrance_placed_suspend_listings,
        rights.EncumbranceReleased: when_encumbrance_released_resume_listings,
    },
    "yaosu.delivery.v1": {
        delivery.UseMetered: Together(when_use_metered_charge_it),
        delivery.UseRefused: when_use_refused_release_it,
    },
}
