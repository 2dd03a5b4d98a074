"""The identity verifier's door."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import StringConstraints

from catalog.inbound.http.ports_of import Ports
from catalog.use_cases import subjects
from kernel.web import CallerOf, OnceKey, Router, Shape, View, allow

router = Router(tags=["identity 身份核验"])


class IdentityKeyDepositing(Shape):
    """The key under which the verifier makes pseudonyms: 32 bytes in lower-case hex."""

    key_hex: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class IdentityKeyView(View):
    """When the key came; the key itself is never shown."""

    deposited_at: datetime

    @classmethod
    def of(cls, deposited_at: datetime) -> Self:
        """From the moment."""
        return cls(deposited_at=deposited_at)


@router.put("/identity-key", dependencies=[allow("identity_verifier")], openapi_extra={"x-secret-outcome": True})
async def deposit_identity_key(
    depositing: IdentityKeyDepositing, ports: Ports, caller: CallerOf, once: OnceKey
) -> IdentityKeyView:
    """Deposit the verifier's key; it is kept sealed."""
    key = bytes.fromhex(depositing.key_hex)
    return IdentityKeyView.of(await subjects.deposit_identity_key(ports, caller, once, key))
