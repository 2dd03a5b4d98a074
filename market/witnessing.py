"""The witness as a process of its own: it follows a market's log from outside and cosigns what only grew."""

import asyncio
import os
from base64 import b64decode
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from market.complaints import Complaint
from market.verify.checkpoint import Checkpoint
from market.verify.cosignature import Cosigned, CosigningKey, with_proof
from market.verify.merkle import verify_consistency
from market.verify.proof_file import ProofFile
from market.verify.refusals import NotVerified
from market.verify.trust import Trust
from market.verify.witness import Witness

KEY_FILE, SEEN_FILE, COSIGNED_FILE, VKEY_FILE = "witness.key", "seen", "cosigned", "witness.vkey"
REFUSED_FOLDER = "refused"
HTTP_SECONDS = 15.0
Say = Callable[[str], None]


@dataclass(frozen=True)
class Store:
    """The witness's own folder: its key, what it saw last, what it cosigned, and what it refused."""

    folder: Path

    def key(self, name: str) -> CosigningKey:
        """The key, made at the first start; its name must stay what it was."""
        path = self.folder / KEY_FILE
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(Ed25519PrivateKey.generate().private_bytes_raw())
        key = CosigningKey(name, Ed25519PrivateKey.from_private_bytes(path.read_bytes()))
        told = self.folder / VKEY_FILE
        if not told.exists():
            keep(told, key.vkey + "\n")
        elif told.read_text(encoding="utf-8").strip() != key.vkey:
            message = f"{told} names another witness; one key has one name, so give that name or another folder"
            raise Complaint(message)
        return key

    def keep_refused(self, note: str) -> Path:
        """What was refused is evidence."""
        place = self.folder / REFUSED_FOLDER / sha256(note.encode()).hexdigest()[:16]
        place.parent.mkdir(exist_ok=True)
        keep(place, note)
        return place


def keep(place: Path, text: str) -> None:
    """Write a file whole or not at all."""
    pending = place.with_name(f"{place.name}.{os.getpid()}")
    with pending.open("wb") as file:
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())
    pending.replace(place)


class Witnessing:
    """One log followed by one witness."""

    def __init__(self, market_url: str, trust: Trust, store: Store, name: str, say: Say) -> None:
        self._url, self._store, self._say = market_url.rstrip("/"), store, say
        self.key = store.key(name)
        self._witness = Witness(store.folder / SEEN_FILE, trust)

    async def look(self, http: httpx.AsyncClient) -> Checkpoint:
        """Fetch the newest checkpoint, have its growth proved, cosign it; refused when it is not so."""
        note = (await http.get(f"{self._url}/evidence/v1/checkpoint")).raise_for_status().text
        try:
            seen, size = self._witness.may_take(note)
            path = await consistency(http, self._url, seen, size) if seen < size else []
            checkpoint = self._witness.observe(note, path)
        except NotVerified as refusal:
            kept = self._store.keep_refused(note)
            self._say(f"REFUSED 拒绝联署: {refusal.slug}; kept as evidence 已留存: {kept}")
            self._say(refusal.english)
            self._say(refusal.chinese)
            raise
        keep(self._store.folder / COSIGNED_FILE, self.key.cosign(checkpoint, datetime.now(UTC)))
        return checkpoint

    async def follow(self, every_seconds: float) -> None:
        """Look again and again. A market that is away is waited for; one that lies ends the witness's work."""
        last = -1
        async with httpx.AsyncClient(timeout=HTTP_SECONDS) as http:
            while True:
                with suppress(httpx.HTTPError):
                    size = (await self.look(http)).size
                    if size != last:
                        self._say(f"cosigned 已联署: {size}")
                    last = size
                await asyncio.sleep(every_seconds)


async def consistency(http: httpx.AsyncClient, market_url: str, from_size: int, to_size: int) -> list[bytes]:
    """The log's own proof that it only grew between two sizes."""
    asked = {"from_size": from_size, "to_size": to_size}
    answer = await http.get(f"{market_url}/evidence/v1/consistency", params=asked)
    if answer.status_code in {httpx.codes.NOT_FOUND, httpx.codes.CONFLICT, httpx.codes.UNPROCESSABLE_ENTITY}:
        return []  # a log that cannot prove it has not proved it
    return [b64decode(line) for line in answer.raise_for_status().json()["proof"]]


async def run_witness(market_url: str, trust: Trust, folder: Path, name: str, every_seconds: float, say: Say) -> int:
    """Follow until told to stop, or (``every_seconds`` 0) look once; 0 all is well, 1 the log was refused."""
    witnessing = Witnessing(market_url, trust, Store(folder), name, say)
    say(f"witness 见证方: {witnessing.key.vkey}")
    try:
        if every_seconds:
            await witnessing.follow(every_seconds)
        async with httpx.AsyncClient(timeout=HTTP_SECONDS) as http:
            say(f"cosigned 已联署: {(await witnessing.look(http)).size}")
    except NotVerified:
        return 1
    except httpx.HTTPError as error:
        message = f"the log at {market_url} does not answer: {error}"
        raise Complaint(message) from error
    return 0


async def write_proof(certificate: Path, cosigned: Path, market_url: str, trust: Trust, out: Path) -> None:
    """For whoever verifies offline later: the witness's checkpoint, with the proof from the certificate's tree on."""
    try:
        note = cosigned.read_text(encoding="utf-8")
        standing, seen = ProofFile.read(certificate.read_bytes()).checkpoint, Cosigned.read(note).checkpoint
        path: Sequence[bytes] = []
        if standing.size < seen.size:
            async with httpx.AsyncClient(timeout=HTTP_SECONDS) as http:
                path = await consistency(http, market_url.rstrip("/"), standing.size, seen.size)
    except (OSError, httpx.HTTPError) as error:
        message = f"what is needed cannot be had: {error}"
        raise Complaint(message) from error
    seen.verify(trust.origin, trust.log_key)
    verify_consistency(standing.size, seen.size, standing.root, seen.root, path)
    keep(out, with_proof(standing.size, path, note))
