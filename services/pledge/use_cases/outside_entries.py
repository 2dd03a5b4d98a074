"""The manual register: what somebody saw in a registry outside this market."""

from dataclasses import replace

from kernel.once import Once
from pledge.domain.registration import OutsideEntry
from pledge.ports import Part, Pledging


async def record_entry(app: Pledging, once: Once, entry: OutsideEntry) -> OutsideEntry:
    """Keep a line with who saw it, when, and the proof number."""
    async with app.work(once) as work:
        entry = replace(entry, recorded_at=work.now)
        await work.outside.add(entry)
        return work.settle(entry)


async def list_entries(app: Pledging, debtor_credit_code: str, asset: str | None, part: Part) -> list[OutsideEntry]:
    """A debtor's lines, cancelled ones too."""
    async with app.work(None) as work:
        return await work.outside.page(debtor_credit_code, asset, part)
