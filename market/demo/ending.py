"""How a story ends: what can be proved of it, the report, and a few words."""

import json
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console

from market.verify.certificate import verify_file
from market.verify.trust import Trust


async def evidence_of(url: str, trust_path: Path, folder: Path, told: dict[str, Any]) -> dict[str, Any]:
    """How much was deposited; and every certificate of the report, verified offline."""
    async with httpx.AsyncClient(base_url=url, timeout=60) as http:
        checkpoint = (await http.get("/evidence/v1/checkpoint")).raise_for_status().text
    trust = Trust.from_file(trust_path)
    paths = [told["medical"]["certificate"], told["medical"]["trade_certificate"], told["bim"]["certificate"],
             told["bim"]["licence"]["trade_certificate"]]  # fmt: skip
    for path in paths:
        verify_file(folder / path, trust)
    return {"deposits": int(checkpoint.splitlines()[1]), "checkpoint": checkpoint, "verified": len(paths)}


def keep_report(told: dict[str, Any], report: Path, folder: Path, console: Console) -> None:
    """Write it, and say the sums."""
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(json.dumps(told, ensure_ascii=False, indent=2))
    medical, bim = told["medical"], told["bim"]
    console.print(
        f"\n[bold]医疗[/bold] {medical['calls']} 次 × {medical['price_fen']} 分 = {medical['charged_fen']} 分 = 清算 "
        f"{medical['settled_fen']} = 银行 {medical['bank_statement_fen']}"
    )
    console.print(f"[bold]BIM[/bold] 贷款 {bim['loan_fen']} 分，已解除 released: {bim['released']}")
    console.print(f"报告 report: {report}   用时 {told['seconds']} s")
    console.print(f"证书可离线核验 verify offline: yaosu verify {folder / medical['certificate']}")
