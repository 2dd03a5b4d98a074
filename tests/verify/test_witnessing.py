"""A witness cosigns a log that only grows, refuses one that does not, and a verifier can demand its word."""

import struct
from base64 import b64decode, b64encode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import httpx
import pytest
import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from evidence.domain.tree import consistency_path, hash_of, leaf_hash, nodes_of
from market.complaints import Complaint
from market.verify import NotVerified, Trust
from market.verify.command import REFUSED, VERIFIED, run_verify
from market.verify.cosignature import with_proof
from market.verify.refusals import LogForked, LogShrank, NotConsistent
from market.witnessing import COSIGNED_FILE, REFUSED_FOLDER, Store, Witnessing
from tests.verify.issuing import SmallMarket

NAME = "witness.example/w1"


class Outside:
    """A market as it is seen from outside: its log may be exchanged for another."""

    def __init__(self) -> None:
        self.market = SmallMarket()
        self.certificate = self.market.certificate()

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/evidence/v1/checkpoint":
            return httpx.Response(200, text=self.market.checkpoint().note)
        asked = request.url.params
        path = proof(self.market, int(asked["from_size"]))
        return httpx.Response(200, json={"proof": [b64encode(value).decode() for value in path]})

    def http(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(self.answer), base_url="http://market")


def proof(market: SmallMarket, from_size: int) -> list[bytes]:
    _, nodes = market.tree()
    spans = consistency_path(from_size, len(market.leaves))
    return [hash_of(span, {node: nodes[node] for node in nodes_of([span])}) for span in spans]


@pytest.fixture
def outside() -> Outside:
    return Outside()


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def witness(outside: Outside, tmp_path: Path, said: list[str]) -> Callable[[], Witnessing]:
    """Each call is a witness that was just started on the same folder."""
    trust = Trust.from_json(rfc8785.dumps(outside.market.trust()))
    return lambda: Witnessing("http://market", trust, Store(tmp_path / "witness"), NAME, said.append)


@pytest.fixture
def verify(outside: Outside, tmp_path: Path, said: list[str]) -> Callable[..., int]:
    """``yaosu verify --require-witness``; whatever was said is in ``said``."""
    (tmp_path / "trust.json").write_bytes(rfc8785.dumps(outside.market.trust()))

    def run(certificate: bytes, vkey: str, cosigned: str | None = None) -> int:
        said.clear()
        file, given = tmp_path / "certificate", tmp_path / "given"
        file.write_bytes(certificate)
        if cosigned is not None:
            given.write_text(cosigned)
        return run_verify(
            file, tmp_path / "trust.json", required_witness=vkey, cosigned=given if cosigned is not None else None,
            say=said.append,
        )  # fmt: skip

    return run


async def cosigned(witness: Witnessing, outside: Outside, tmp_path: Path) -> str:
    async with outside.http() as http:
        await witness.look(http)
    return (tmp_path / "witness" / COSIGNED_FILE).read_text()


async def test_a_cosignature_is_what_c2sp_says(witness, outside, tmp_path) -> None:
    note = await cosigned(witness(), outside, tmp_path)
    text, line = note.split("\n\n")[0] + "\n", note.splitlines()[-1]
    dash, name, encoded = line.split(" ")
    key_id, seconds = struct.unpack(">4sQ", b64decode(encoded)[:12])
    public = b64decode(witness().key.vkey.split("+", 2)[2])
    assert (dash, name) == ("\N{EM DASH}", NAME)
    assert public[0] == 4
    assert key_id == sha256(NAME.encode() + b"\n" + public).digest()[:4]
    signed = f"cosignature/v1\ntime {seconds}\n{text}".encode()
    Ed25519PublicKey.from_public_bytes(public[1:]).verify(b64decode(encoded)[12:], signed)
    with pytest.raises(InvalidSignature):
        Ed25519PublicKey.from_public_bytes(public[1:]).verify(b64decode(encoded)[12:], signed + b" ")


async def test_a_log_that_grows_is_cosigned_again_and_again(witness, outside, tmp_path) -> None:
    for number in range(5):
        outside.market.deposit(f"more {number}".encode())
        note = await cosigned(witness(), outside, tmp_path)
        assert int(note.splitlines()[1]) == len(outside.market.leaves)


async def refuses(kind: type[NotVerified], witness, outside: Outside, tmp_path: Path) -> None:
    """Refused by the witness as it runs and by one that was just started; what it cosigned stays."""
    before = (tmp_path / "witness" / COSIGNED_FILE).read_text()
    for _ in range(2):
        with pytest.raises(kind):
            await cosigned(witness(), outside, tmp_path)
    assert (tmp_path / "witness" / COSIGNED_FILE).read_text() == before
    kept = [path.read_text() for path in (tmp_path / "witness" / REFUSED_FOLDER).iterdir()]
    assert outside.market.checkpoint().note in kept


async def test_a_log_that_was_rolled_back_is_refused(witness, outside, tmp_path) -> None:
    await cosigned(witness(), outside, tmp_path)
    outside.market.leaves.pop()
    await refuses(LogShrank, witness, outside, tmp_path)


async def test_a_forked_log_is_refused(witness, outside, tmp_path) -> None:
    await cosigned(witness(), outside, tmp_path)
    outside.market.leaves[2] = leaf_hash(b"another")
    await refuses(LogForked, witness, outside, tmp_path)


async def test_a_forked_log_that_has_grown_is_refused(witness, outside, tmp_path) -> None:
    await cosigned(witness(), outside, tmp_path)
    outside.market.leaves[2] = leaf_hash(b"another")
    outside.market.deposit(b"more")
    await refuses(NotConsistent, witness, outside, tmp_path)


async def test_one_key_has_one_name(witness, outside, tmp_path, said) -> None:
    trust = Trust.from_json(rfc8785.dumps(outside.market.trust()))
    witness()
    with pytest.raises(Complaint):
        Witnessing("http://market", trust, Store(tmp_path / "witness"), "another.example", said.append)
    assert (tmp_path / "witness" / "witness.key").stat().st_mode & 0o077 == 0


async def test_a_certificate_is_verified_with_the_witness_it_was_demanded_of(
    witness, outside, tmp_path, verify, said
) -> None:
    vkey, size = witness().key.vkey, len(outside.market.leaves)
    same = await cosigned(witness(), outside, tmp_path)
    assert verify(outside.certificate, vkey, same) == VERIFIED
    assert any(NAME in line for line in said)
    outside.market.deposit(b"later", b"and later")
    larger = await cosigned(witness(), outside, tmp_path)
    assert verify(outside.certificate, vkey, larger) == REFUSED, "a larger tree needs its proof"
    assert verify(outside.certificate, vkey, with_proof(size, proof(outside.market, size), larger)) == VERIFIED
    assert verify(outside.certificate, vkey, with_proof(size, [bytes(32)], larger)) == REFUSED


async def test_a_certificate_may_carry_the_cosignature_itself(witness, outside, tmp_path, verify) -> None:
    vkey, note = witness().key.vkey, await cosigned(witness(), outside, tmp_path)
    line = note.splitlines()[-1] + "\n"
    carrying = outside.certificate + line.encode()
    assert verify(carrying, vkey) == VERIFIED
    assert verify(carrying, "") == REFUSED, "where no witness is demanded, nothing may stand there unchecked"
    assert verify(carrying + line.encode(), vkey) == REFUSED
    assert verify(carrying[:-10] + bytes([carrying[-10] ^ 1]) + carrying[-9:], vkey) == REFUSED


async def test_without_the_witness_s_word_there_is_no_verdict(witness, outside, tmp_path, verify, said) -> None:
    vkey = witness().key.vkey
    assert verify(outside.certificate, vkey) == REFUSED
    assert "cosignature-missing" in said[2]
    assert verify(outside.certificate, vkey, outside.market.checkpoint().note) == REFUSED
    other = Store(tmp_path / "other").key("other.example").vkey
    assert verify(outside.certificate, other, await cosigned(witness(), outside, tmp_path)) == REFUSED
    assert verify(outside.certificate, "no key", await cosigned(witness(), outside, tmp_path)) == REFUSED
    assert verify(outside.certificate, vkey, "no note") == REFUSED
    assert "cosigned-malformed" in said[2]


async def test_a_certificate_of_a_history_shown_to_its_holder_alone_is_refused(
    witness, outside, tmp_path, verify, said
) -> None:
    shown = SmallMarket(outside.market.origin, issuer_key=outside.market.issuer_key)
    shown.log_key = outside.market.log_key
    shown.deposit(b"what nobody else is shown")
    split, size = shown.certificate(), len(shown.leaves)  # the same log and keys, another history
    assert verify(split, "") == VERIFIED, "the log's own word cannot tell"
    assert verify(split, witness().key.vkey, await cosigned(witness(), outside, tmp_path)) == REFUSED
    assert "witness-saw-less" in said[2]
    outside.market.deposit(*(f"later {number}".encode() for number in range(5)))
    honest = with_proof(size, proof(outside.market, size), await cosigned(witness(), outside, tmp_path))
    assert verify(split, witness().key.vkey, honest) == REFUSED
    assert "not-consistent" in said[2]
