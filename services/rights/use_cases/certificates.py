"""Certificates: made in two deposits, contested, cancelled, run out; and the keys that sign them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from kernel.calendar import SHANGHAI
from kernel.callers import Caller
from kernel.canonical import canonical, sha256_hex
from kernel.work import Ticket
from rights.domain import events, refusals, registry_refusals
from rights.domain.certificate import (
    CREDENTIAL_TYPE,
    Certificate,
    credential_of,
    expiry,
    issue,
    months_after,
)  # fmt: skip
from rights.domain.encumbrance import Unit
from rights.domain.profiles import profile_of
from rights.domain.registration import Registration, RegistrationType
from rights.domain.states import CertificateState, RegistrationState
from rights.ports import Proof, Registering, Wanted, Work
from rights.use_cases import transfers

S = RegistrationState
SEES_RECORDS = ("reviewer", "operator", "regulator")


async def under_way(app: Registering) -> Sequence[str]:
    """Registrations whose record or certificate is on its way into the log."""
    async with app.work() as work:
        return await work.registrations.in_states((S.DEPOSITING, S.SIGNED))


async def advance(app: Registering, registration_id: str) -> bool:
    """Take one a step on, when the log is so far; whether it moved. Idempotent."""
    async with app.work() as work:
        registration = await work.registrations.get(registration_id)
    if registration.state is S.DEPOSITING:
        proof = await app.evidence.proof(registration.record_sha256)
        return proof is not None and await _sign(app, registration_id, proof)
    if registration.state is S.SIGNED:
        proof = await app.evidence.proof(registration.jwt_sha256, registration.jwt.encode())
        return proof is not None and await _certify(app, registration_id, proof)
    return False


async def _sign(app: Registering, registration_id: str, proof: Proof) -> bool:
    """It has effect from its deposit on; the certificate says so and is deposited itself."""
    async with app.work() as work:
        registration = await work.registrations.get(registration_id, lock=True)
        if registration.state is not S.DEPOSITING:
            return False
        deposited_at = proof.deposited_at.astimezone(SHANGHAI)
        number = await work.certificates.next_number(deposited_at.year)
        registration.take_effect(work.now, deposited_at, number)
        credential = credential_of(
            registration, number, deposited_at, expiry(registration, deposited_at), clock_moved=work.clock_moved
        )
        registration.jwt = await work.issuer_keys.sign(canonical(credential), CREDENTIAL_TYPE)
        registration.jwt_sha256 = sha256_hex(registration.jwt.encode())
        await work.registrations.save(registration)
        deposited = events.RegistrationDeposited(registration_id, registration.record_sha256, deposited_at)
        work.tell(deposited, about=registration_id)
        signed = events.CertificateSigned(registration_id, number)
        work.tell(signed, about=registration_id, deposit=registration.jwt.encode())
        return True


async def _certify(app: Registering, registration_id: str, proof: Proof) -> bool:
    """The proof is there: units come into being or pass on, in one transaction with the certificate."""
    async with app.work() as work:
        registration = await work.registrations.get(registration_id, lock=True)
        if registration.state is not S.SIGNED or registration.deposited_at is None:
            return False
        expires_at = expiry(registration, registration.deposited_at)
        certificate = issue(registration, expires_at, proof.tlog_proof, clock_moved=work.clock_moved)
        registration.certify(work.now)
        await work.registrations.save(registration)
        await work.certificates.add(certificate)
        await work.registry.lock(certificate.lineage_root, work.now)
        if registration.type is RegistrationType.TRANSFER:
            await _pass_on(work, registration)
        await _carry(work, certificate)
        units = (await work.certificates.carried([certificate.number], work.now)).get(certificate.number, ())
        work.tell(events.CertificateIssued(certificate, tuple(units)), about=registration_id)
        return True


async def _carry(work: Work, certificate: Certificate) -> None:
    """Units are of the profiles that confirm rights; the public-data register names who registered."""
    if not profile_of(certificate.profile).confirms_rights:
        return
    terms = {
        (each.right, each.party_id): months_after(certificate.effective_at, each.term_months)
        for each in certificate.allocations
    }
    units = await work.registry.have_units(certificate.lineage_root, list(terms))
    until = {unit.unit_id: min(certificate.expires_at, terms[unit.right, unit.holder_party_id]) for unit in units}
    await work.certificates.carry(certificate, units, until)


async def _pass_on(work: Work, registration: Registration) -> None:
    old = await work.certificates.get(registration.previous_certificate, lock=True)
    given = await transfers.units_of(work, registration)
    await work.certificates.drop(old.number)
    await work.certificates.drop_units([unit.unit_id for unit in given])
    if old.state is CertificateState.CERTIFIED:
        old.become(CertificateState.TRANSFERRED, registration.certificate_number)
        await work.certificates.save(old)
        work.tell(events.CertificateExpired(old, old.state), about=old.registration_id)
    await transfers.give_units_back(work, registration, registration.certificate_number)


async def read_certificate(app: Registering, number: str) -> tuple[Certificate, Sequence[str], datetime]:
    """A certificate, the remarks on it now, and the moment it was read; the register is public."""
    async with app.work() as work:
        certificate = await work.certificates.get(number)
        return certificate, await work.registry.remarks(certificate.lineage_root), work.now


async def list_certificates(
    app: Registering, wanted: Wanted
) -> tuple[Sequence[Certificate], Mapping[str, Sequence[str]], datetime]:
    """The newest first, with the remarks on each lineage."""
    async with app.work() as work:
        found = await work.certificates.list(wanted)
        roots = {certificate.lineage_root for certificate in found}
        return found, {root: await work.registry.remarks(root) for root in roots}, work.now


async def read_record(app: Registering, caller: Caller, number: str) -> str:
    """The bytes that were deposited, for those whose record it is."""
    async with app.work() as work:
        certificate = await work.certificates.get(number)
        registration = await work.registrations.get(certificate.registration_id)
    if caller.party_id not in registration.parties and not caller.has(*SEES_RECORDS):
        raise refusals.CertificateNotFound(number=number)
    return registration.record


async def cancel_certificate(app: Registering, caller: Caller, once: Ticket, number: str, reason: str) -> Certificate:
    """By request of the only holder or by the registrar; never while something lies upon the rights."""
    async with app.work(once) as work:
        certificate = await work.certificates.get(number, lock=True)
        await work.registry.lock(certificate.lineage_root, work.now)
        units = (await work.certificates.carried([number], work.now)).get(number, ())
        if not caller.has("reviewer"):
            _check_only_holder(certificate, units, caller.party_id)
        await transfers.check_burdens(work, certificate.lineage_root, units)
        certificate.become(CertificateState.CANCELLED, reason)
        await _end(work, certificate)
        return work.settle(certificate)


def _check_only_holder(certificate: Certificate, units: Collection[Unit], party_id: str) -> None:
    if certificate.registrant_party_id != party_id:
        raise refusals.CertificateNotFound(number=certificate.number)
    others = sorted({unit.holder_party_id for unit in units} - {party_id})
    if others:
        raise registry_refusals.CoHolderConsentMissing(missing_party_ids=others)


async def _end(work: Work, certificate: Certificate) -> None:
    await work.certificates.drop(certificate.number)
    await work.certificates.save(certificate)
    deposit = canonical({"number": certificate.number, "state": certificate.state, "at": work.now.isoformat()})
    told = events.CertificateExpired(certificate, certificate.state)
    work.tell(told, about=certificate.registration_id, deposit=deposit)


async def contest(work: Work, certificate: Certificate, reason: str) -> None:
    """Dispute it, in this transaction; it gives no right to sell or pledge until that is settled."""
    certificate.become(CertificateState.CONTESTED, reason)
    await work.certificates.save(certificate)
    deposit = canonical({"number": certificate.number, "contested": reason, "at": work.now.isoformat()})
    work.tell(events.CertificateContested(certificate, reason), about=certificate.registration_id, deposit=deposit)


async def clear(work: Work, certificate: Certificate) -> None:
    """The dispute is over and it stands again."""
    certificate.become(CertificateState.CERTIFIED)
    await work.certificates.save(certificate)
    units = (await work.certificates.carried([certificate.number], work.now)).get(certificate.number, ())
    work.tell(events.CertificateIssued(certificate, tuple(units)), about=certificate.registration_id)


async def cancel_contested(work: Work, certificate: Certificate, reason: str) -> None:
    """The objection was right."""
    certificate.become(CertificateState.CANCELLED, reason)
    await _end(work, certificate)


async def end_authorisation(app: Registering, told: Ticket, authorisation_id: str, reason: str) -> None:
    """What stands on an authorisation that ended is contested."""
    async with app.work(told) as work:
        for number in await work.certificates.under(authorisation_id):
            certificate = await work.certificates.get(number, lock=True)
            await contest(work, certificate, f"authorisation ended: {reason}")


async def tell_expired(app: Registering) -> int:
    """Expiry is computed; once each, the others are told. How many."""
    async with app.work() as work:
        over = await work.certificates.run_out(work.now)
    for number in over:
        async with app.work() as work:
            certificate = await work.certificates.get(number, lock=True)
            if certificate.expiry_told or certificate.state_at(work.now) is not CertificateState.EXPIRED:
                continue
            certificate.expiry_told = True
            await work.certificates.drop(number)
            await work.certificates.save(certificate)
            told = events.CertificateExpired(certificate, CertificateState.EXPIRED)
            work.tell(told, about=certificate.registration_id)
    return len(over)


async def list_issuer_keys(app: Registering) -> Sequence[dict[str, Any]]:
    """Every key that ever signed, with its dates; JSON."""
    async with app.work() as work:
        return await work.issuer_keys.published()
