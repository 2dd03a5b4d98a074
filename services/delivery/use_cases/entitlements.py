"""Entitlements come from signed contracts, and go with them."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from delivery.domain.entitlement import Entitlement, Mode
from delivery.domain.notice import NoticeFacts, notice_text
from delivery.domain.refusals import EntitlementNotFound, FileNotFound, SpecificationDiffers
from delivery.domain.specification import Specification
from delivery.ports import Delivering, ProductOffered
from kernel.callers import Caller
from kernel.refusals import Refusal
from kernel.told import Told

KEY_BYTES = 32
PINNED = "pinned:"


@dataclass(frozen=True)
class ContractTerms:
    """What a signed contract says, as far as delivery needs it."""

    contract_id: str
    product_id: str
    provider_party_id: str
    supplier_party_id: str
    buyer_party_id: str
    purpose: str
    deliveries: tuple[str, ...]
    version_selector: str
    specification_digest: str
    lineage_root: str
    starts_at: datetime
    ends_at: datetime


async def begin_entitlement(app: Delivering, told: Told, terms: ContractTerms, signed_at: datetime) -> None:
    """Copy the terms and make the contract's key; from now on uses are allowed while the contract runs."""
    product = await app.catalog.product(terms.product_id)
    text_digest = sha256(product.specification.encode()).hexdigest()
    if not product.specification_digest == text_digest == terms.specification_digest:
        raise SpecificationDiffers(product_id=terms.product_id)
    until = await app.catalog.authorised_until(product.authorisation_id) if product.authorisation_id else None
    names = {
        party_id: (await app.parties.party(party_id, signed_at)).name
        for party_id in {terms.provider_party_id, terms.supplier_party_id, terms.buyer_party_id} - {""}
    }
    entitlement = _entitlement(app, terms, product, until, names)
    async with app.work(told) as work:
        await work.entitlements.add(entitlement)


def _entitlement(
    app: Delivering, terms: ContractTerms, product: ProductOffered, until: datetime | None, names: Mapping[str, str]
) -> Entitlement:
    pinned = terms.version_selector.startswith(PINNED)
    # What comes from nobody else was supplied by its provider.
    supplier = terms.supplier_party_id or terms.provider_party_id
    notice = notice_text(NoticeFacts(
        contract_id=terms.contract_id, product_id=product.product_id, product_name=product.name,
        insurer=names[terms.buyer_party_id], supplier=names[supplier], operator=names[terms.provider_party_id],
        purpose=terms.purpose, disease_groups=tuple(Specification.read(product.specification).groups),
        ends_at=terms.ends_at,
    ))  # fmt: skip
    return Entitlement(
        contract_id=terms.contract_id, product_id=terms.product_id, dataset_id=product.dataset_id,
        lineage_root=terms.lineage_root, authorisation_id=product.authorisation_id, authorised_until=until,
        provider_party_id=terms.provider_party_id, supplier_party_id=supplier, buyer_party_id=terms.buyer_party_id,
        purpose=terms.purpose, deliveries=terms.deliveries, version_selector=terms.version_selector,
        version_id=terms.version_selector.removeprefix(PINNED) if pinned else product.latest_version_id,
        specification=product.specification, specification_digest=product.specification_digest,
        sealed_key=app.sealer.seal(secrets.token_bytes(KEY_BYTES)), starts_at=terms.starts_at, ends_at=terms.ends_at,
        notice=notice, notice_sha256=sha256(notice.encode()).hexdigest(),
    )  # fmt: skip


async def serve_version(app: Delivering, told: Told, dataset_id: str, version_id: str) -> None:
    """Answer from a newer version where the contract takes the latest that conforms to its specification."""
    async with app.work(None) as work:
        following = await work.entitlements.following(dataset_id)
    conforming = [each.contract_id for each in following if await _conforms(app, each, version_id)]
    async with app.work(told) as work:
        for contract_id in conforming:
            await work.entitlements.serve(contract_id, version_id)


async def _conforms(app: Delivering, entitlement: Entitlement, version_id: str) -> bool:
    specification = Specification.read(entitlement.specification)
    manifest = await app.catalog.manifest(version_id)
    try:
        for part in (specification.people, specification.diagnoses):
            if part is not None:
                manifest.file(part.file)
    except FileNotFound:
        return False
    return True


async def read_entitlement(app: Delivering, caller: Caller, contract_id: str) -> tuple[Entitlement, datetime]:
    """That of a contract in which the caller's party has a part, with the moment it was read."""
    async with app.work(None) as work:
        found = await work.entitlements.find(contract_id)
        if found is None or not found.is_seen_by(caller.party_id, caller.roles):
            raise EntitlementNotFound(contract_id=contract_id)
        return found, work.now


async def list_entitlements(
    app: Delivering, caller: Caller, limit: int, after: str
) -> tuple[list[Entitlement], datetime]:
    """Those of the caller's party; of all parties for those who watch the market."""
    party_id = None if caller.has("operator", "regulator") else caller.party_id
    async with app.work(None) as work:
        return await work.entitlements.seen_by(party_id, limit, after), work.now


async def read_subject_key(app: Delivering, caller: Caller, contract_id: str) -> str:
    """The contract's key, for its buyer only, while the entitlement is in force. Never log what this returns."""
    async with app.work(None) as work:
        found = await work.entitlements.find(contract_id)
        if found is None or found.buyer_party_id != caller.party_id:
            raise EntitlementNotFound(contract_id=contract_id)
        found.need_in_force(work.now)
    return app.sealer.unseal(found.sealed_key).hex()


async def read_notice(app: Delivering, caller: Caller, contract_id: str) -> Entitlement:
    """What persons are told before they consent; a person may read it for any contract that asks about persons."""
    async with app.work(None) as work:
        found = await work.entitlements.find(contract_id)
    is_told = caller.has("insured_person") and found is not None and Mode.UNDERWRITING in found.deliveries
    if found is None or not (is_told or found.is_seen_by(caller.party_id, caller.roles)):
        raise EntitlementNotFound(contract_id=contract_id)
    return found


async def warm_rooms(app: Delivering) -> int:
    """Make rooms ready for entitlements in force, so that the first question need not wait. Nothing counts as moved."""
    async with app.work(None) as work:
        standing = await work.entitlements.seen_by(None, 100, "")
        now = work.now
    for each in standing:
        if Mode.UNDERWRITING in each.deliveries or Mode.COHORT in each.deliveries:
            try:
                each.need_in_force(now)
                await app.rooms.warm(each, each.version_id)
            except Refusal:
                continue  # whoever asks is told why
    return 0
