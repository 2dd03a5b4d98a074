"""What a bank lends on."""

from kernel.callers import Caller
from kernel.once import Once
from pledge.domain.bank_policy import BankPolicy
from pledge.ports import Pledging


async def choose_policy(app: Pledging, once: Once, policy: BankPolicy) -> BankPolicy:
    """Keep the bank's terms for applications from now on."""
    async with app.work(once) as work:
        await work.policies.put(policy)
        return work.settle(policy)


async def read_policy(app: Pledging, caller: Caller) -> BankPolicy:
    """The caller's terms."""
    async with app.work(None) as work:
        return await work.policies.of(caller.party_id)
