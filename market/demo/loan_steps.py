"""Steps of a loan against a right: approval, contract, and the order in which the right is taken."""

import secrets
from hashlib import sha256

from kernel.canonical import canonical
from market.demo.client import Actor


async def approve_and_contract(
    loan_id: str, borrower: Actor, officers: tuple[Actor, Actor], principal_fen: int
) -> None:
    """Two people of the bank approve; bank and borrower sign with their registered keys."""
    for officer in officers:
        await officer.post(f"/pledge/v1/loans/{loan_id}:approve")
    words = {
        "loan_contract_sha256": sha256(f"借款合同 {loan_id}".encode()).hexdigest(), "loan_id": loan_id,
        "pledge_contract_sha256": sha256(f"质押合同 {loan_id}".encode()).hexdigest(),
        "principal_fen": principal_fen,
    }  # fmt: skip
    contract = {name: words[name] for name in ("loan_contract_sha256", "pledge_contract_sha256")}
    for actor in (officers[0], borrower):
        signature = actor.sign(canonical(words), "yaosu-loan-contract")
        await actor.post(f"/pledge/v1/loans/{loan_id}:contract", {**contract, "signature": signature})


async def pledge_right(loan_id: str, bank: Actor) -> str:
    """Reserve, search, register outside, search again; the pledge once it is confirmed."""
    pledge = await bank.post("/pledge/v1/pledges", {"loan_id": loan_id})
    path = f"/pledge/v1/pledges/{pledge['pledge_id']}"
    await bank.until(path, "state", "HELD")
    await bank.post(f"{path}:search", {"proof_number": f"CX-{secrets.token_hex(4)}"})
    await bank.post(f"{path}:register", {
        "registry": "zhongdeng", "registration_number": f"{secrets.randbelow(10**20):020d}",
        "modification_code": secrets.token_hex(8), "term_months": 13,
        "proof_sha256": sha256(f"登记证明 {loan_id}".encode()).hexdigest(),
    })  # fmt: skip
    await bank.until(path, "state", "REGISTERED")
    await bank.post(f"{path}:search", {"proof_number": f"CX-{secrets.token_hex(4)}"})
    await bank.until(path, "state", "CONFIRMED")
    return str(pledge["pledge_id"])
