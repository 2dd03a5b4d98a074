"""What ``yaosu verify`` does, and how the trust file is pinned at the first run of a market."""

import os
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import rfc8785

from market.verify.certificate import WitnessDemand, verify_file
from market.verify.cosignature import Cosigned
from market.verify.refusals import (
    CertificateExpired,
    FileUnreadable,
    NotVerified,
    OtherKindOfCertificate,
    TrustUnusable,
)
from market.verify.trust import Trust, pinned_path, trust_path
from market.verify.verdict import CHINESE, ENGLISH, Verdict

VERIFIED, REFUSED, NO_TRUST = 0, 1, 2
Say = Callable[[str], None]


def run_verify(
    file: Path,
    trust_file: Path | None = None,
    *,
    required_kind: str | None = None,
    expired_too: bool = False,
    at: datetime | None = None,
    required_witness: str = "",
    cosigned: Path | None = None,
    say: Say = print,
) -> int:
    """Verify and say what was found; 0 verified, 1 refused, 2 no usable trust file.

    Trust comes from the flag, else ``YAOSU_TRUST``, else the pinned file; never from the certificate or its folder.
    """
    source = trust_path(trust_file)
    try:
        trust = Trust.from_file(source)
    except NotVerified as refusal:
        _refuse(say, refusal)
        return NO_TRUST
    say(f"Trust file 信任文件: {source}")
    say(f"Fingerprint 指纹: {trust.fingerprint}")
    try:
        verdict = verify_file(file, trust, at=at, demand=_witness_demand(required_witness, cosigned))
        _demand(verdict, required_kind, expired_too=expired_too)
    except NotVerified as refusal:
        _refuse(say, refusal)
        return REFUSED
    for language in (ENGLISH, CHINESE):
        for line in verdict.lines(language):
            say(line)
    return VERIFIED


def pin_trust(trust_json: dict[str, Any], path: Path | None = None, *, say: Say = print) -> Path:
    """Keep the market's trust file for the user at the first run; another one that is pinned already stays.

    Returns the path. The file is RFC 8785, written whole or not at all, readable by others, writable by the user.
    """
    place = path or pinned_path()
    data = rfc8785.dumps(trust_json)
    offered = Trust.from_json(data)
    if place.exists():
        _compare(place, offered, say)
        return place
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    pending = place.with_name(f"{place.name}.{os.getpid()}")
    with pending.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    try:
        # A link, not a rename: when another process pinned first, its file stays.
        os.link(pending, place)
    except FileExistsError:
        _compare(place, offered, say)
    else:
        say(f"Pinned trust file 已固定信任文件: {place}")
        say(f"Fingerprint 指纹: {offered.fingerprint}")
    finally:
        pending.unlink()
    return place


def _compare(place: Path, offered: Trust, say: Say) -> None:
    try:
        pinned = Trust.from_file(place).fingerprint
    except TrustUnusable:
        pinned = "unreadable"
    if pinned == offered.fingerprint:
        return
    say(
        f"WARNING: {place} pins another market (fingerprint {pinned}); this market's is {offered.fingerprint}. "
        f"The pinned file was left as it is, and this market's certificates will not verify with it. If you trust this "
        f"market, remove the file and start again, or give this market's trust file by --trust or YAOSU_TRUST."
    )
    say(
        f"警告：{place} 已固定另一市场的信任文件（指纹 {pinned}），本市场的指纹为 {offered.fingerprint}。"
        f"原文件未改动，本市场的证书不能用它核验。如信任本市场，请删除该文件后重新启动，"
        f"或用 --trust 或 YAOSU_TRUST 指定本市场的信任文件。"
    )


def _witness_demand(vkey: str, cosigned: Path | None) -> WitnessDemand | None:
    if not vkey:
        return None
    if cosigned is None:
        return WitnessDemand(vkey)
    try:
        return WitnessDemand(vkey, Cosigned.read(cosigned.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        raise FileUnreadable(particular=str(cosigned)) from error


def _demand(verdict: Verdict, required_kind: str | None, *, expired_too: bool) -> None:
    if required_kind is not None and verdict.kind != required_kind:
        raise OtherKindOfCertificate(particular=verdict.kind)
    if verdict.is_expired and not expired_too:
        raise CertificateExpired(particular=verdict.valid_until.isoformat() if verdict.valid_until else "")


def _refuse(say: Say, refusal: NotVerified) -> None:
    say(f"NOT VERIFIED 核验未通过: {refusal.slug}")
    say(refusal.english)
    say(refusal.chinese)


def main() -> None:
    """For a machine that has only this package: ``python -m market.verify.command FILE [TRUST]``."""
    file, *trust = sys.argv[1:]
    sys.exit(run_verify(Path(file), Path(trust[0]) if trust else None))


if __name__ == "__main__":
    main()
