"""What a verification found, said to a person in English and Chinese."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from market.verify.cosignature import Witnessed
from market.verify.credential import REGISTRATION

ENGLISH, CHINESE = "en", "zh"
_KINDS = {
    ENGLISH: {True: "data property registration certificate", False: "trade certificate"},
    CHINESE: {True: "数据产权登记证书", False: "数据交易凭证"},
}


@dataclass(frozen=True)
class Verdict:
    """A certificate that was accepted, and on what."""

    id: str
    kind: str
    issuer: str
    kid: str
    valid_from: datetime
    valid_until: datetime | None
    subject: dict[str, Any]
    credential_sha256: str
    origin: str
    index: int
    tree_size: int
    root: str
    trust_fingerprint: str
    verified_at: datetime
    witnessed: Witnessed | None = None

    @property
    def is_expired(self) -> bool:
        """Whether its validity had ended when it was verified."""
        return self.valid_until is not None and self.valid_until <= self.verified_at

    @property
    def is_early(self) -> bool:
        """Whether its validity had not begun when it was verified."""
        return self.verified_at < self.valid_from

    def lines(self, language: str = ENGLISH) -> list[str]:
        """What it proves, then what it does not."""
        return self._chinese() if language == CHINESE else self._english()

    def _english(self) -> list[str]:
        kind = _KINDS[ENGLISH][self.kind == REGISTRATION]
        until = f"until {self.valid_until.isoformat()}" if self.valid_until else "without an end"
        return [
            f"VERIFIED: {kind} {self.id}",
            f"Issued by {self.issuer} (key {self.kid}); valid from {self.valid_from.isoformat()} {until}.",
            *(["Its validity HAS ENDED."] if self.is_expired else []),
            *(["Its validity has not begun yet by this machine's clock."] if self.is_early else []),
            f"Its exact bytes have the SHA-256 {self.credential_sha256}.",
            f"They stand in the log {self.origin} at index {self.index}, under the root of {self.tree_size} entries.",
            f"That root, signed by the log, is {self.root}.",
            *self._witness_english(),
            f"Keys were taken only from the trust file with fingerprint {self.trust_fingerprint}.",
            "It proves that the issuer signed exactly this text, and that the log recorded it before that checkpoint.",
            "It does not prove that the data or the statements are true, or that the log shows everybody the same.",
            "It does not prove that the right is undisputed or still stands: ask the registry for the present state.",
            "It is evidence, not the source of the right.",
        ]

    def _witness_english(self) -> list[str]:
        if self.witnessed is None:
            return []
        seen = self.witnessed
        when = f"The witness {seen.name} cosigned the log at {seen.size} entries on {seen.at.isoformat()}"
        return [f"{when}: it only grew since the witness first saw it, and that tree contains this one."]

    def _witness_chinese(self) -> list[str]:
        if self.witnessed is None:
            return []
        seen = self.witnessed
        when = f"见证方 {seen.name} 于 {seen.at.isoformat()} 联署了共 {seen.size} 条记录的日志"
        return [f"{when}：自其首次所见以来只增不改，并包含本树。"]

    def _chinese(self) -> list[str]:
        kind = _KINDS[CHINESE][self.kind == REGISTRATION]
        until = f"至 {self.valid_until.isoformat()}" if self.valid_until else "无终止日期"
        return [
            f"核验通过：{kind} {self.id}",
            f"签发方 {self.issuer}（密钥 {self.kid}）；有效期自 {self.valid_from.isoformat()} {until}。",
            *(["有效期已过。"] if self.is_expired else []),
            *(["按本机时钟，有效期尚未开始。"] if self.is_early else []),
            f"证书原文的 SHA-256 为 {self.credential_sha256}。",
            f"原文位于日志 {self.origin} 的第 {self.index} 位（从 0 起），该日志当时共 {self.tree_size} 条记录。",
            f"日志签署的根为 {self.root}。",
            *self._witness_chinese(),
            f"公钥仅取自指纹为 {self.trust_fingerprint} 的信任文件。",
            "能证明：签发方签署了这一原文，且日志在该检查点之前已将其存证。",
            "不能证明：数据或陈述内容真实，或日志对所有人展示一致。",
            "不能证明：权利无争议或目前仍然有效，现状请向登记机构查询。",
            "本证书是证据，不是权利的来源。",
        ]
