"""How rights reacts to what others tell."""

from collections.abc import Mapping
from typing import Any

from kernel.barring import BARRING
from kernel.reactions import Reaction, Reactions
from kernel.told import Told
from rights.ports import Registering
from rights.use_cases import certificates, copies
from yaosu.catalog.v1.events_pb2 import AuthorisationEnded, VersionPublished


async def when_version_published_remember_its_content(app: Registering, event: VersionPublished, told: Told) -> None:
    """A newer version of what is registered must not be registered by another either."""
    await copies.remember_version(app, told, event.version_id, event.dataset.lineage_root)


async def when_authorisation_ended_contest_certificates(
    app: Registering, event: AuthorisationEnded, told: Told
) -> None:
    """Without its authorisation a product of public data has lost its ground."""
    await certificates.end_authorisation(app, told, event.authorisation_id, event.reason)


_CATALOG: Mapping[Any, Reaction] = {  # Any: a generated class has no common typed form
    VersionPublished: when_version_published_remember_its_content,
    AuthorisationEnded: when_authorisation_ended_contest_certificates,
}
REACTIONS: Reactions = {
    "yaosu.onboarding.v1": BARRING,
    "yaosu.catalog.v1": _CATALOG,
}
