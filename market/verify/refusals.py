"""Why a certificate is not accepted: each a fact, with what to do, in English and Chinese."""

import re
from typing import ClassVar

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class NotVerified(Exception):  # noqa: N818 - a verdict, not a fault of the program
    """The certificate is not accepted."""

    zh: ClassVar[str] = "证书未通过核验。"

    def __init__(self, particular: str = "") -> None:
        super().__init__(particular)
        self.particular = particular

    @property
    def slug(self) -> str:
        """The name of the fact, e.g. ``file-not-canonical``."""
        return _HUMP.sub("-", type(self).__name__).lower()

    @property
    def english(self) -> str:
        """What happened and what to do."""
        return self._with_particular(" ".join((type(self).__doc__ or "").split()))

    @property
    def chinese(self) -> str:
        """The same in Chinese."""
        return self._with_particular(type(self).zh)

    def _with_particular(self, words: str) -> str:
        return f"{words} ({self.particular})" if self.particular else words


class FileUnreadable(NotVerified):
    """The file could not be read. Give the path of a certificate file of at most one megabyte."""

    zh = "无法读取文件。请提供不超过 1 MB 的证书文件路径。"


class FileNotCanonical(NotVerified):
    """The file is not, byte for byte, a certificate as the market writes it. Fetch it again from its issuer."""

    zh = "文件与平台签发的证书格式不逐字节一致。请向签发方重新获取。"


class CheckpointOfAnotherLog(NotVerified):
    """The checkpoint names another log than the trust file does. Use the trust file of the market that issued it."""

    zh = "检查点所属日志与信任文件不符。请使用签发该证书的市场的信任文件。"


class CheckpointNotSigned(NotVerified):
    """The checkpoint is not signed by the pinned key of the log. Do not rely on this certificate."""

    zh = "检查点不是由信任文件所列日志密钥签署。请勿采信该证书。"


class CheckpointMalformed(NotVerified):
    """The checkpoint is not written as C2SP prescribes. Fetch it again from the log."""

    zh = "检查点不符合 C2SP 格式。请重新从日志获取。"


class LogShrank(NotVerified):
    """The log is smaller than it was seen before: entries were taken away. Keep both checkpoints as evidence."""

    zh = "日志比此前所见更小：已有记录被删除。请保留两个检查点作为证据。"


class LogForked(NotVerified):
    """The log has another root at a size seen before: it shows two histories. Keep both checkpoints as evidence."""

    zh = "日志在同一大小出现另一个根：存在两段不同的历史。请保留两个检查点作为证据。"


class NotInLog(NotVerified):
    """The proof does not lead from these exact bytes to the signed root of the log. Do not rely on this certificate."""

    zh = "证明无法由证书原文推导至已签署的日志根。请勿采信该证书。"


class NotConsistent(NotVerified):
    """The larger tree is not proved to continue the smaller one. The log may have been rewritten: keep both notes."""

    zh = "无法证明较大的树延续较小的树，日志可能被改写。请保留两个检查点。"


class CosignedMalformed(NotVerified):
    """The cosigned checkpoint is not written as C2SP prescribes. Fetch it again from the witness."""

    zh = "见证联署的检查点不符合 C2SP 格式。请重新从见证方获取。"


class CosignatureMissing(NotVerified):
    """No valid cosignature of the witness demanded is there. Ask the witness whether it saw this log so."""

    zh = "缺少所要求见证方的有效联署。请向见证方核实其是否见过该日志。"


class WitnessSawLess(NotVerified):
    """The witness's checkpoint does not cover the tree of the certificate. Fetch a newer one, with its proof."""

    zh = "见证方联署的检查点未覆盖证书所在的树。请获取更新的检查点及其证明。"


class CredentialMalformed(NotVerified):
    """The credential in the file lacks what a certificate must state, or states it in another form."""

    zh = "证书凭证缺少必要内容，或形式不符。"


class IssuerNotTrusted(NotVerified):
    """The credential's key or issuer is not in the trust file for the day it was issued. Do not rely on it."""

    zh = "签发该凭证的密钥或签发方在签发日不在信任文件之列。请勿采信。"


class SignatureInvalid(NotVerified):
    """The credential is not signed by the issuer's key in the trust file. Do not rely on it."""

    zh = "凭证签名与信任文件中的签发方密钥不符。请勿采信。"


class CertificateExpired(NotVerified):
    """The certificate is genuine, and its validity has ended. Ask the holder for the renewed one."""

    zh = "证书真实，但有效期已过。请向持证人索取续期后的证书。"


class OtherKindOfCertificate(NotVerified):
    """The certificate is genuine, and not of the kind asked for."""

    zh = "证书真实，但不是所要求的种类。"


class TrustUnusable(NotVerified):
    """The trust file is missing or not of the form of format 1. Get it from the market by a way you trust."""

    zh = "信任文件缺失或不符合格式 1。请通过可信渠道向市场索取。"
