"""The certificate file: a c2sp.org/tlog-proof@v1 whose extra data is the credential."""

from base64 import b64encode
from dataclasses import dataclass

from market.verify.checkpoint import HASH_BYTES, Checkpoint
from market.verify.encoding import MalformedError, exact_base64, exact_number
from market.verify.refusals import FileNotCanonical

HEADER = "c2sp.org/tlog-proof@v1"
EXTRA = "extra "
INDEX = "index "
PATH_MAX = 63


@dataclass(frozen=True)
class ProofFile:
    """The file's parts."""

    extra: bytes
    index: int
    path: tuple[bytes, ...]
    checkpoint: Checkpoint

    @classmethod
    def read(cls, data: bytes) -> "ProofFile":
        """Parse, write again, and demand the same bytes."""
        try:
            proof = cls._parse(data.decode("utf-8"))
        except ValueError as error:
            raise FileNotCanonical from error
        if proof.written != data:
            raise FileNotCanonical
        return proof

    @classmethod
    def _parse(cls, text: str) -> "ProofFile":
        head, _, note = text.partition("\n\n")
        lines = head.split("\n")
        if len(lines) < 3 or lines[0] != HEADER or not lines[1].startswith(EXTRA) or not lines[2].startswith(INDEX):  # noqa: PLR2004 - header, extra, index
            raise MalformedError
        path = tuple(exact_base64(line) for line in lines[3:])
        extra = exact_base64(lines[1].removeprefix(EXTRA))
        if not extra or len(path) > PATH_MAX or any(len(value) != HASH_BYTES for value in path):
            raise MalformedError
        return cls(extra, exact_number(lines[2].removeprefix(INDEX)), path, Checkpoint.read(note))

    @property
    def written(self) -> bytes:
        """The one way in which the file is written."""
        lines = [HEADER, EXTRA + b64encode(self.extra).decode(), f"{INDEX}{self.index}"]
        lines += [b64encode(value).decode() for value in self.path]
        return ("\n".join(lines) + "\n\n" + self.checkpoint.note).encode()
