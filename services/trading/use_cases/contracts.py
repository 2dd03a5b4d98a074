"""Ordering, signing and ending contracts; an exclusive one is reserved at the registry before it stands."""

from collections.abc import Sequence
from datetime import datetime

from kernel.callers import Caller
from kernel.crash_points import reached
from kernel.once import Once
from kernel.refusals import Refusal, Unavailable, carried
from kernel.signatures import header_of, verify_compact
from trading.domain import events, ledger, refusals
from trading.domain.contracts import Contract, ContractState, GrantState, OrderState, Signature
from trading.domain.listings import Asset, check_encumbrances
from trading.ports import Trading, Wanted, Work

SIGNATURE_TYPE = "yaosu-agreement"
MACHINES = ("cli_", "key_")  # subjects of tokens that no person logged in for
SEES_ALL = ("operator", "regulator")


async def sign_contract(
    app: Trading, caller: Caller, once: Once, contract_id: str, signature: str | None, *, click: bool
) -> Contract:
    """Sign the agreement's text; when both have, the contract is brought into force."""
    if (signature is None) is not click:
        raise refusals.SignatureMissing
    async with app.work() as work:
        await work.recall(once)
        contract, at = await _own(work, caller, contract_id), work.now
    signed = await _signature(app, caller, contract, signature, at.isoformat(timespec="seconds"), at)
    if contract.would_complete(caller.party_id) and not contract.exclusive:
        check_licence(await app.rights.asset(contract.product_id, at), contract)
    async with app.work(once) as work:
        contract = await _own(work, caller, contract_id, lock=True)
        contract.sign(signed)
        await work.contracts.save(contract)
        if contract.state is not ContractState.RESERVING:
            return work.settle(contract)
        work.promise(f"/trading/v1/contracts/{contract_id}")
    return await bring_into_force(app, contract_id)


async def _own(work: Work, caller: Caller, contract_id: str, *, lock: bool = False) -> Contract:
    contract = await work.contracts.get(contract_id, lock=lock)
    if caller.party_id not in contract.parties:
        raise refusals.ContractNotFound(contract_id=contract_id)
    return contract


async def _signature(
    app: Trading, caller: Caller, contract: Contract, signature: str | None, signed_at: str, at: datetime
) -> Signature:
    if signature is None:
        if caller.subject_id.startswith(MACHINES):
            raise refusals.ClickNeedsPerson
        return Signature(caller.party_id, "click", "", caller.subject_id, signed_at, "")
    kid = str(header_of(signature).get("kid", ""))
    jwk = await app.parties.key_in_use(caller.party_id, kid, at)
    if jwk is None:
        raise refusals.SignatureNotOurs(key_id=kid)
    if verify_compact(signature, jwk, SIGNATURE_TYPE) != contract.agreement.encode():
        raise refusals.SignatureNotOurs(agreement_digest=contract.agreement_digest)
    return Signature(caller.party_id, "jws", kid, caller.subject_id, signed_at, signature)


def check_licence(asset: Asset, contract: Contract) -> None:
    """Refuse a non-exclusive licence that something on the right forbids; a pledge's policy decides for the pledge."""
    if contract.provider_party_id not in asset.operators:
        raise refusals.OperateRightNotCertified(lineage_root=asset.lineage_root)
    check_encumbrances(asset, exclusive=False, own_reference=contract.contract_id)
    for pledge in asset.live("PLEDGE"):
        if pledge.licence_policy == "CONSENT" and pledge.beneficiary_party_id not in contract.consents:
            raise refusals.PledgeeConsentMissing(pledgee_party_id=pledge.beneficiary_party_id)


async def bring_into_force(app: Trading, contract_id: str) -> Contract:
    """Idempotent: the registry knows the grant by our contract id. Also what the job calls for one left half-way."""
    async with app.work() as work:
        contract, at = await work.contracts.get(contract_id), work.now
    if contract.state is not ContractState.RESERVING:
        return _outcome(contract)
    try:
        if contract.exclusive:
            await _take_exclusively(app, contract)
        else:
            check_licence(await app.rights.asset(contract.product_id, at), contract)
    except Unavailable:
        raise
    except Refusal as refusal:
        if contract.exclusive:
            await app.rights.cancel(contract_id)
        await _refuse(app, contract_id, refusal)
        raise
    return await _stand(app, contract_id)


async def _take_exclusively(app: Trading, contract: Contract) -> None:
    grant = await app.rights.reserve(
        contract.contract_id, contract.product_id, contract.provider_party_id, contract.buyer_party_id
    )
    reached("contract.after_reserve")
    async with app.work() as work:
        held = await work.contracts.get(contract.contract_id, lock=True)
        if held.state is not ContractState.RESERVING:
            return
        held.grant_state, held.encumbrance_id = GrantState.RESERVED, grant.encumbrance_id
        held.fencing_version = grant.fencing_version
        await work.contracts.save(held)
    await app.rights.confirm(contract.contract_id, grant.fencing_version)
    reached("contract.after_confirm")


async def _stand(app: Trading, contract_id: str) -> Contract:
    async with app.work() as work:
        contract = await work.contracts.get(contract_id, lock=True)
        if contract.state is not ContractState.RESERVING:
            return _outcome(contract)
        contract.go(ContractState.IN_FORCE)
        if contract.exclusive:
            contract.grant_state = GrantState.CONFIRMED
        order = await work.orders.get(contract.order_id, lock=True)
        order.go(OrderState.CONTRACTED)
        await work.orders.save(order)
        await work.contracts.save(contract)
        await work.ledger.open(ledger.deposit_of(contract.buyer_party_id), ledger.revenue_of(contract_id))
        work.tell(events.ContractSigned(contract, work.now), about=contract_id, deposit=contract.deposit())
        return contract


async def _refuse(app: Trading, contract_id: str, refusal: Refusal) -> None:
    async with app.work() as work:
        contract = await work.contracts.get(contract_id, lock=True)
        if contract.state is not ContractState.RESERVING:
            return
        contract.go(ContractState.REFUSED)
        contract.refusal = {
            "kind": refusal.kind, "reason": refusal.reason, "detail": refusal.detail, "detail_zh": refusal.detail_zh,
            "facts": refusal.facts,
        }  # fmt: skip
        order = await work.orders.get(contract.order_id, lock=True)
        order.go(OrderState.CANCELLED)
        await work.orders.save(order)
        await work.contracts.save(contract)
        work.tell(events.ContractRefused(contract_id, refusal.reason), about=contract_id)


def _outcome(contract: Contract) -> Contract:
    if contract.refusal:
        why = contract.refusal
        raise carried(why["kind"], why["reason"], why["detail"], why["detail_zh"], why["facts"])
    return contract


async def consent_to_contract(app: Trading, caller: Caller, once: Once, contract_id: str) -> Contract:
    """The pledgee bank agrees to a licence of a pledged right."""
    async with app.work() as work:
        await work.recall(once)
        contract, at = await work.contracts.get(contract_id), work.now
    asset = await app.rights.asset(contract.product_id, at)
    if not any(each.beneficiary_party_id == caller.party_id for each in asset.live("PLEDGE")):
        raise refusals.ContractNotFound(contract_id=contract_id)
    async with app.work(once) as work:
        contract = await work.contracts.get(contract_id, lock=True)
        if contract.state not in {ContractState.DRAFT, ContractState.SIGNING}:
            raise refusals.StepNotAllowed(state=contract.state)
        if caller.party_id not in contract.consents:
            contract.consents = (*contract.consents, caller.party_id)
            await work.contracts.save(contract)
        return work.settle(contract)


async def end_contract(app: Trading, caller: Caller, once: Once, contract_id: str) -> Contract:
    """Either side ends it; what was used is still billed. The job gives an exclusive grant back."""
    async with app.work(once) as work:
        contract = await _own(work, caller, contract_id, lock=True)
        await _end(work, contract, f"ended by {caller.party_id}")
        return work.settle(contract)


async def _end(work: Work, contract: Contract, reason: str) -> None:
    contract.go(ContractState.ENDED)
    order = await work.orders.get(contract.order_id, lock=True)
    if order.state in {OrderState.PLACED, OrderState.CONTRACTED}:
        order.go(OrderState.CANCELLED)
        await work.orders.save(order)
    await work.contracts.save(contract)
    work.tell(events.ContractEnded(contract.contract_id, work.now, reason), about=contract.contract_id)


async def end_expired(app: Trading, contract_id: str) -> None:
    """Its term is over."""
    async with app.work() as work:
        contract = await work.contracts.get(contract_id, lock=True)
        if contract.state is ContractState.IN_FORCE and contract.ends_at <= work.now:
            await _end(work, contract, "term")


async def give_grant_back(app: Trading, contract_id: str) -> None:
    """Release the exclusive grant of a contract that has ended. Idempotent."""
    async with app.work() as work:
        contract = await work.contracts.get(contract_id)
    if contract.state is not ContractState.ENDED or contract.grant_state is not GrantState.CONFIRMED:
        return
    await app.rights.release(contract_id, contract.encumbrance_id)
    async with app.work() as work:
        contract = await work.contracts.get(contract_id, lock=True)
        contract.grant_state = GrantState.RELEASED
        await work.contracts.save(contract)


async def read_contract(app: Trading, caller: Caller, contract_id: str) -> Contract:
    """One's own contract; operator and regulator see all, a pledgee those on the right that it holds."""
    async with app.work() as work:
        contract, at = await work.contracts.get(contract_id), work.now
    if caller.party_id in contract.parties or caller.has(*SEES_ALL):
        return contract
    if caller.has("bank"):
        asset = await app.rights.asset(contract.product_id, at)
        if any(each.beneficiary_party_id == caller.party_id for each in asset.live("PLEDGE")):
            return contract
    raise refusals.ContractNotFound(contract_id=contract_id)


async def list_contracts(app: Trading, wanted: Wanted) -> Sequence[Contract]:
    """One's own contracts, the newest first."""
    async with app.work() as work:
        return await work.contracts.list(wanted)


async def show_contract(app: Trading, contract_id: str) -> Contract:
    """Any contract, for the services that act on it; one whose term is over shows as ended."""
    async with app.work() as work:
        contract = await work.contracts.get(contract_id)
        if contract.state is ContractState.IN_FORCE and contract.ends_at <= work.now:
            contract.state = ContractState.ENDED
        return contract
