"""Routes for pledges: each step of the order."""

from kernel.web import CallerOf, Code, OnceKey, Router, allow
from pledge.domain.pledge import ReleaseNotice
from pledge.inbound.http.edge import Id, PartOf, Ports, following
from pledge.inbound.http.pledge_views import (
    Cancelling,
    ChangesView,
    ChangeView,
    CodeView,
    OutsideRegistration,
    OutsideSearch,
    PledgeNotice,
    PledgeOpening,
    PledgesView,
    PledgeView,
    RegistrationCancelling,
    Releasing,
    Waiving,
)  # fmt: skip
from pledge.use_cases import pledges
from pledge.use_cases.pledges import Registering

router = Router(prefix="/pledges", tags=["pledges"])
_READERS = ("provider", "bank", "operator", "regulator")


@router.post("", status_code=201, dependencies=[allow("bank")])
async def open_pledge(opening: PledgeOpening, pledging: Ports, caller: CallerOf, once: OnceKey) -> PledgeView:
    """Take a right as security for a loan."""
    return PledgeView.of(await pledges.open_pledge(pledging, caller, once, opening.loan_id))


@router.get("", dependencies=[allow(*_READERS)])
async def list_pledges(
    pledging: Ports, caller: CallerOf, part: PartOf, dataset_id: Code | None = None, product_id: Code | None = None
) -> PledgesView:
    """The caller's pledges; with an asset, all live pledges on it, as a bank looks them up before it lends."""
    if dataset_id is None and product_id is None:
        found = await pledges.list_pledges(pledging, caller, part)
        names = [standing.pledge.pledge_id for standing in found]
        return PledgesView(items=[PledgeView.of(standing) for standing in found], next=following(names, part))
    live = await pledges.search_pledges(pledging, caller, dataset_id, product_id, part)
    notices = [PledgeNotice.model_validate(pledge) for pledge in live]
    return PledgesView(items=notices, next=following([pledge.pledge_id for pledge in live], part))


@router.get("/{pledge_id}", dependencies=[allow(*_READERS)])
async def read_pledge(pledge_id: Id, pledging: Ports, caller: CallerOf) -> PledgeView:
    """One pledge."""
    return PledgeView.of(await pledges.read_pledge(pledging, caller, pledge_id))


@router.get("/{pledge_id}/history", dependencies=[allow(*_READERS)])
async def read_history(pledge_id: Id, pledging: Ports, caller: CallerOf, part: PartOf) -> ChangesView:
    """Which state followed which, by whom."""
    found = await pledges.read_history(pledging, caller, pledge_id, part)
    names = [str(change.version) for change in found]
    return ChangesView(items=[ChangeView.model_validate(change) for change in found], next=following(names, part))


@router.get("/{pledge_id}/modification-code", dependencies=[allow("bank")])
async def read_modification_code(pledge_id: Id, pledging: Ports, caller: CallerOf) -> CodeView:
    """The code that the outside registry asks for at later acts."""
    return CodeView(modification_code=await pledges.read_modification_code(pledging, caller, pledge_id))


@router.post("/{pledge_id}:search", dependencies=[allow("bank")])
async def search_outside(
    pledge_id: Id, search: OutsideSearch, pledging: Ports, caller: CallerOf, once: OnceKey
) -> PledgeView:
    """Search the outside registry: before registering, and again after."""
    return PledgeView.of(await pledges.search_outside(pledging, caller, once, pledge_id, search.proof_number))


@router.post("/{pledge_id}:register", dependencies=[allow("bank")])
async def register_outside(
    pledge_id: Id, given: OutsideRegistration, pledging: Ports, caller: CallerOf, once: OnceKey
) -> PledgeView:
    """Record the registration that the bank made outside."""
    registering = Registering(
        given.registry, given.registration_number, given.modification_code, given.term_months, given.proof_sha256
    )
    return PledgeView.of(await pledges.register_outside(pledging, caller, once, pledge_id, registering))


@router.post("/{pledge_id}:cancel", dependencies=[allow("bank")])
async def cancel_pledge(
    pledge_id: Id, cancelling: Cancelling, pledging: Ports, caller: CallerOf, once: OnceKey
) -> PledgeView:
    """Give the pledge up before it stands."""
    proof = cancelling.cancellation_proof_sha256
    return PledgeView.of(await pledges.cancel_pledge(pledging, caller, once, pledge_id, cancelling.reason, proof))


@router.post("/{pledge_id}:waive", dependencies=[allow("bank")])
async def waive_pledge(pledge_id: Id, waiving: Waiving, pledging: Ports, caller: CallerOf, once: OnceKey) -> PledgeView:
    """Not lend although the pledge stands."""
    return PledgeView.of(await pledges.waive_pledge(pledging, caller, once, pledge_id, waiving.reason))


@router.post("/{pledge_id}:cancel-registration", dependencies=[allow("bank")])
async def cancel_registration(
    pledge_id: Id, given: RegistrationCancelling, pledging: Ports, caller: CallerOf, once: OnceKey
) -> PledgeView:
    """Record that the outside registration was cancelled."""
    cancelled = await pledges.cancel_registration(
        pledging, caller, once, pledge_id, given.proof_sha256, given.cancelled_on
    )
    return PledgeView.of(cancelled)


@router.post("/{pledge_id}:release", dependencies=[allow("bank")])
async def release_pledge(
    pledge_id: Id, releasing: Releasing, pledging: Ports, caller: CallerOf, once: OnceKey
) -> PledgeView:
    """Free the right; it takes two people of the bank, each naming what is freed."""
    notice = ReleaseNotice(releasing.pledge_id, releasing.principal_fen, releasing.borrower_party_id)
    return PledgeView.of(await pledges.release_pledge(pledging, caller, once, pledge_id, notice))
