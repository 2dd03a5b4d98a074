"""An upload signed beforehand (Signature Version 4 in the query): exactly these headers, until then, no more."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote

ALGORITHM = "AWS4-HMAC-SHA256"


def presigned_put(
    address: str, path: str, headers: Mapping[str, str], *, key: str, secret: str, region: str, at: datetime,
    seconds: int,
) -> str:  # fmt: skip
    """The address to send to; ``address`` is ``http(s)://HOST:PORT``, ``at`` is in UTC.

    Whoever sends other values of these headers, or leaves one out, has signed nothing: the store refuses. The bytes are
    not signed; what the checksum among the headers is of, is for the store to compare, and for the reader afterwards.
    """
    host = address.partition("://")[2]
    signed = {"host": host, **{name.lower(): value for name, value in headers.items()}}
    names = ";".join(sorted(signed))
    scope = f"{at:%Y%m%d}/{region}/s3/aws4_request"
    query = _query({
        "X-Amz-Algorithm": ALGORITHM, "X-Amz-Credential": f"{key}/{scope}", "X-Amz-Date": f"{at:%Y%m%dT%H%M%SZ}",
        "X-Amz-Expires": str(seconds), "X-Amz-SignedHeaders": names,
    })  # fmt: skip
    lines = "".join(f"{name}:{signed[name]}\n" for name in sorted(signed))
    request = "\n".join(["PUT", quote(path), query, lines, names, "UNSIGNED-PAYLOAD"])
    words = "\n".join([ALGORITHM, f"{at:%Y%m%dT%H%M%SZ}", scope, hashlib.sha256(request.encode()).hexdigest()])
    signing_key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        signing_key = _signed(signing_key, part)
    return f"{address}{quote(path)}?{query}&X-Amz-Signature={_signed(signing_key, words).hex()}"


def _query(values: Mapping[str, str]) -> str:
    return "&".join(f"{quote(name, safe='')}={quote(values[name], safe='')}" for name in sorted(values))


def _signed(key: bytes, words: str) -> bytes:
    return hmac.new(key, words.encode(), hashlib.sha256).digest()
