"""Steps of a sale that both cases have: paying in, signing, settling, comparing the books."""

import asyncio
from datetime import date
from typing import Any

from market.demo.client import Actor, Refused
from market.demo.world import World


async def top_up(buyer: Actor, amount_fen: int) -> None:
    """Pay into the supervised account; the deposit stands when the payer has said so."""
    asked = await buyer.post("/trading/v1/top-ups", {"amount_fen": amount_fen})
    await buyer.until(f"/trading/v1/top-ups/{asked['top_up_id']}", "state", "RECEIVED")


async def sign_contract(contract: dict[str, Any], provider: Actor, buyer: Actor) -> dict[str, Any]:
    """Both sign the exact words with their registered keys; the contract when it is in force."""
    path = f"/trading/v1/contracts/{contract['contract_id']}"
    for actor in (provider, buyer):
        signature = actor.sign(contract["agreement"].encode(), "yaosu-agreement")
        await actor.post(f"{path}:sign", {"signature": signature})
    signed: dict[str, Any] = await buyer.until(path, "state", "IN_FORCE", "REFUSED")
    return signed


async def settle_statement(
    world: World, provider: Actor, buyer: Actor, contract_id: str, began: date, case: str
) -> dict[str, Any]:
    """Draw the statement, confirm it on both sides, wait for the money, compare the four books."""
    await provider.until(f"/trading/v1/reconciliations?contract_id={contract_id}", "open_holds", 0)
    period = {"period_from": began.isoformat(), "period_to": (await world.now()).date().isoformat()}
    statement = await provider.post("/trading/v1/statements", {"contract_id": contract_id, **period})
    path = f"/trading/v1/statements/{statement['statement_id']}"
    for actor in (provider, buyer):
        await actor.post(f"{path}:confirm")
    settling = await provider.until(path, "state", "SETTLING", "SETTLED")
    return await settled_figures(world, provider, contract_id, settling["settlement_id"], case)


async def settled_figures(
    world: World, provider: Actor, contract_id: str, settlement_id: str, case: str
) -> dict[str, Any]:
    """What the settlement came to, with the trade certificate kept."""
    settlement = await provider.until(f"/trading/v1/settlements/{settlement_id}", "state", "SETTLED")
    number = settlement["trade_certificate_number"]
    await provider.until(f"/trading/v1/trade-certificates/{number}", "state", "ISSUED", "CERTIFIED")
    certificate = await provider.get(f"/trading/v1/trade-certificates/{number}/file", raw=True)
    books = await world["market"].get(f"/trading/v1/reconciliations?contract_id={contract_id}")
    world.story.say(f"交易凭证 {number}，清算 {books['settled_fen']} 分")
    return {
        "charged_fen": books["charged_fen"],
        "settled_fen": books["settled_fen"],
        "bank_statement_fen": books["bank_statement_fen"],
        "calls": books["calls"],
        "price_fen": books["price_fen"],
        "splits": [
            {"party": share["party_id"] or share["account"], "role": share["role"], "amount_fen": share["amount_fen"]}
            for share in books["splits"]
        ],
        "trade_certificate": world.save(f"{case}/{number}.tlog-proof", certificate),
    }


async def entitled(actor: Actor, path: str) -> None:
    """Wait until the contract has reached delivery and the entitlement is in force."""
    for _ in range(600):
        try:
            found = await actor.get(path)
        except Refused as refused:
            if not refused.type.endswith("not-found"):
                raise
        else:
            if found.get("state") == "IN_FORCE":
                return
        await asyncio.sleep(0.1)
    message = f"{path} does not appear"
    raise TimeoutError(message)
