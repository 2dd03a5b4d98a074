"""The c2sp.org/tlog-proof@v1 file: index, inclusion proof and checkpoint, with extra data of the application's own."""

from base64 import b64encode
from collections.abc import Sequence

HEADER = "c2sp.org/tlog-proof@v1"


def proof_file(index: int, path: Sequence[bytes], checkpoint_note: str, extra_data: bytes = b"") -> str:
    """The whole text; the extra line is left out when there is no extra data."""
    lines = [HEADER]
    if extra_data:
        lines.append(f"extra {b64encode(extra_data).decode()}")
    lines.append(f"index {index}")
    lines += [b64encode(value).decode() for value in path]
    return "\n".join(lines) + "\n\n" + checkpoint_note
