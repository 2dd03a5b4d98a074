"""A certificate is accepted as it was issued, and in no other form."""

import secrets
from base64 import b64decode, urlsafe_b64encode
from datetime import UTC, datetime

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.domain.checkpoint import LogKey, checkpoint_text
from evidence.domain.proof_file import proof_file
from kernel.signatures import new_key, sign_compact
from market.verify import NotVerified, Trust, Verdict, verify_file, verify_text
from market.verify.refusals import (
    CheckpointNotSigned,
    CheckpointOfAnotherLog,
    CredentialMalformed,
    FileNotCanonical,
    FileUnreadable,
    IssuerNotTrusted,
    NotInLog,
    SignatureInvalid,
)
from tests.verify.issuing import ISSUER, KID, SmallMarket, claims


@pytest.fixture(scope="module")
def market() -> SmallMarket:
    return SmallMarket()


@pytest.fixture(scope="module")
def certificate(market: SmallMarket) -> bytes:
    return market.certificate()


@pytest.fixture(scope="module")
def trust(market: SmallMarket) -> Trust:
    return Trust.from_json(rfc8785.dumps(market.trust()))


def test_a_certificate_as_issued_is_accepted(certificate, trust, tmp_path):
    path = tmp_path / "certificate.tlog-proof"
    path.write_bytes(certificate)
    verdict = verify_file(path, trust)
    assert isinstance(verdict, Verdict)
    assert (verdict.id, verdict.issuer, verdict.kid) == ("urn:yaosu:certificate:YS-2026-000001", ISSUER, KID)
    assert (verdict.index, verdict.tree_size) == (5, 7)
    assert verdict.subject["名称"] == "数据产品"
    assert verdict.trust_fingerprint == trust.fingerprint


def test_the_verdict_says_what_it_proves_and_what_it_does_not_in_both_languages(certificate, trust):
    verdict = verify_text(certificate, trust)
    english, chinese = "\n".join(verdict.lines("en")), "\n".join(verdict.lines("zh"))
    for words in ("VERIFIED", verdict.id, trust.fingerprint, "does not prove", "not the source of the right"):
        assert words in english
    for words in ("核验通过", verdict.id, trust.fingerprint, "不能证明", "不是权利的来源"):
        assert words in chinese


def test_every_single_byte_change_is_rejected(certificate, trust):
    accepted = []
    for place in range(len(certificate)):
        for flip in (0x01, 0x02, 0x20, 0x80, 0xFF):
            changed = bytearray(certificate)
            changed[place] ^= flip
            try:
                verify_text(bytes(changed), trust)
            except NotVerified:
                continue
            accepted.append((place, flip))
    assert accepted == []


def test_every_single_byte_left_out_or_put_in_is_rejected(certificate, trust):
    for place in range(len(certificate) + 1):
        for put in (b"\n", b" ", b"=", b"A", b"\r", b"\x00"):
            with pytest.raises(NotVerified):
                verify_text(certificate[:place] + put + certificate[place:], trust)
        if place < len(certificate):
            with pytest.raises(NotVerified):
                verify_text(certificate[:place] + certificate[place + 1 :], trust)


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_no_other_bytes_are_accepted(data):
    market = SmallMarket()
    certificate = market.certificate()
    trust = Trust.from_json(rfc8785.dumps(market.trust()))
    changed = bytearray(certificate)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(changed) - 1))
        width = data.draw(st.integers(0, 3))
        changed[place : place + width] = data.draw(st.binary(max_size=3))
    if bytes(changed) != certificate:
        with pytest.raises(NotVerified):
            verify_text(bytes(changed), trust)


@pytest.mark.parametrize(
    "rewrite",
    [
        lambda data: data + b"\n",
        lambda data: b"\n" + data,
        lambda data: data.rstrip(b"\n"),
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: data.replace(b"\n", b"\r"),
        lambda data: b"\xef\xbb\xbf" + data,
        lambda data: data.replace(b"index 5", b"index 05"),
        lambda data: data.replace(b"index 5", b"index +5"),
        lambda data: data.replace(b"index 5", "index ５".encode()),
        lambda data: data.replace(b"index 5", b"index  5"),
        lambda data: data.replace(b"\n7\n", b"\n07\n"),
        lambda data: data.replace("— ".encode(), b"- "),
        lambda data: data.replace("— ".encode(), "—  ".encode()),
        lambda data: data.replace(b"extra ", b"Extra "),
        lambda data: data.replace(b"@v1", b"@v2"),
        lambda data: b"\n".join(line for line in data.split(b"\n") if not line.startswith(b"extra")),
        lambda data: data + data.split(b"\n")[-2] + b"\n",
        lambda data: data.replace(b"\n\n", b"\n\n\n"),
        lambda data: data[: len(data) // 2],
        lambda data: data + data,
        lambda _: b"",
        lambda _: b"\xff\xfe",
        lambda _: b"c2sp.org/tlog-proof@v1\n",
    ],
)
def test_another_way_of_writing_the_same_is_rejected(certificate, trust, rewrite):
    changed = rewrite(certificate)
    assert changed != certificate
    with pytest.raises(FileNotCanonical):
        verify_text(changed, trust)


def test_an_extension_line_in_the_checkpoint_is_rejected(market, certificate, trust):
    head = certificate.decode().partition("\n\n")[0]
    frontier, _ = market.tree()
    note = market.log_key.sign_note(checkpoint_text(market.origin, frontier.size, frontier.root) + "more\n")
    with pytest.raises(FileNotCanonical):
        verify_text(f"{head}\n\n{note}".encode(), trust)


def test_stray_bits_in_base64_are_rejected(certificate, trust):
    lines = certificate.decode().split("\n")
    line = lines[3]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    stray = line[:-2] + alphabet[alphabet.index(line[-2]) + 1] + "="
    assert b64decode(stray) == b64decode(line)
    lines[3] = stray
    with pytest.raises(FileNotCanonical):
        verify_text("\n".join(lines).encode(), trust)


def test_a_re_signing_by_another_issuer_key_is_rejected(trust):
    """The forger even controls the log, so that only the issuer's signature stands in the way."""
    forger = SmallMarket()
    certificate = forger.certificate()
    with_their_log = SmallMarket()
    with_their_log.log_key = forger.log_key
    with_their_log.issuer_key = new_key()
    with pytest.raises(SignatureInvalid):
        verify_text(certificate, Trust.from_json(rfc8785.dumps(with_their_log.trust())))
    with pytest.raises(CheckpointNotSigned):
        verify_text(certificate, trust)


def test_a_checkpoint_by_another_key_under_the_same_name_is_rejected(market, certificate, trust):
    head = certificate.decode().partition("\n\n")[0]
    for key in (LogKey.new(market.origin), _under_the_same_id(market.log_key)):
        with pytest.raises(CheckpointNotSigned):
            verify_text(f"{head}\n\n{market.checkpoint(key).note}".encode(), trust)


def _under_the_same_id(known: LogKey) -> LogKey:
    class Imposter(LogKey):
        @property
        def key_id(self) -> bytes:
            return known.key_id

    return Imposter.from_seed(known.origin, secrets.token_bytes(32))


def test_a_checkpoint_of_another_log_is_rejected(market, trust):
    other = SmallMarket(origin="other.example/log", issuer_key=market.issuer_key)
    with pytest.raises(CheckpointOfAnotherLog):
        verify_text(other.certificate(), trust)


def test_another_logs_name_signed_by_the_pinned_key_is_rejected(market, trust):
    other = SmallMarket(origin="other.example/log", issuer_key=market.issuer_key)
    jwt = other.signed()
    other.deposit(b"before", jwt)
    frontier, _ = other.tree()
    note = market.log_key.sign_note(checkpoint_text(other.origin, frontier.size, frontier.root))
    with pytest.raises(CheckpointOfAnotherLog):
        verify_text(proof_file(1, other.proof(1), note, jwt).encode(), trust)


def test_forged_proofs_are_rejected(market, certificate, trust):
    jwt = market.signed(claims(id="urn:yaosu:certificate:FORGED"))
    note, path = market.checkpoint().note, market.proof(5)
    forged = [
        proof_file(5, path, note, jwt),
        proof_file(4, path, note, market.signed()),
        proof_file(5, path[::-1], note, market.signed()),
        proof_file(5, path[:-1], note, market.signed()),
        proof_file(5, [*path, bytes(32)], note, market.signed()),
        proof_file(5, [], note, market.signed()),
        proof_file(7, path, note, market.signed()),
        proof_file(2**62, path, note, market.signed()),
    ]
    for text in forged:
        with pytest.raises(NotInLog):
            verify_text(text.encode(), trust)
    assert verify_text(certificate, trust)


def test_an_inner_node_is_not_taken_for_a_leaf(market, trust):
    """Second preimage: the two children of a node, offered as the deposited bytes."""
    _, nodes = market.tree()
    children = b"".join(nodes[node] for node in sorted(nodes) if node.level == 0)[:64]
    with pytest.raises(NotInLog):
        verify_text(proof_file(0, market.proof(0)[1:], market.checkpoint().note, children).encode(), trust)


def test_a_certificate_under_a_checkpoint_from_before_it_is_rejected(market, certificate, trust):
    """The tree is truncated to before the certificate."""
    earlier = SmallMarket(leaves=market.leaves[:5])
    earlier.log_key = market.log_key
    head = certificate.decode().partition("\n\n")[0]
    with pytest.raises(NotInLog):
        verify_text(f"{head}\n\n{earlier.checkpoint().note}".encode(), trust)


def test_a_certificate_still_verifies_under_every_later_checkpoint(market, trust):
    jwt = market.signed(claims(id="urn:yaosu:certificate:LATER"))
    market.deposit(jwt)
    for number in range(20):
        market.deposit(f"later {number}".encode())
        assert verify_text(market.file(jwt), trust).tree_size == len(market.leaves)


def test_a_deposit_that_is_no_credential_is_rejected(market, trust):
    market.deposit(b"just bytes")
    with pytest.raises(CredentialMalformed):
        verify_text(market.file(b"just bytes"), trust)


@pytest.mark.parametrize(
    "changes",
    [
        {"@context": ["https://www.w3.org/2018/credentials/v1"]},
        {"@context": "https://www.w3.org/ns/credentials/v2"},
        {"@context": []},
        {"type": ["VerifiableCredential"]},
        {"type": ["VerifiableCredential", "Diploma"]},
        {"type": "VerifiableCredential"},
        {"type": ["VerifiableCredential", {}]},
        {"id": "YS-2026-000001"},
        {"id": 7},
        {"id": None},
        {"issuer": {"id": ISSUER}},
        {"issuer": ""},
        {"issuer": "line\nfeed"},
        {"validFrom": "2026-03-02"},
        {"validFrom": "2026-03-02T10:00:00"},
        {"validFrom": 1772416800},
        {"validFrom": "2026-13-02T10:00:00Z"},
        {"validUntil": None},
        {"validUntil": "2026-03-02T10:00:00+08:00"},
        {"credentialSubject": {}},
        {"credentialSubject": "pty_1"},
        {"credentialSubject": None},
    ],
)
def test_a_claim_of_another_form_is_rejected(market, trust, changes):
    with pytest.raises(CredentialMalformed):
        verify_text(market.certificate(claims(**changes)), trust)


@pytest.mark.parametrize("missing", list(claims()))
def test_a_missing_claim_is_rejected(market, trust, missing):
    payload = claims()
    del payload[missing]
    with pytest.raises(CredentialMalformed):
        verify_text(market.certificate(payload), trust)


@pytest.mark.parametrize(
    "payload",
    [b"[]", b"not json", b'{"id":1,"id":2}', b'{"a":NaN}', b"\xff", b"[" * 100_000, b'{"a":"\\ud800"}'],
)
def test_a_payload_that_is_no_plain_json_is_rejected(market, trust, payload):
    with pytest.raises(CredentialMalformed):
        verify_text(market.certificate(payload), trust)


@pytest.mark.parametrize(
    "header",
    [
        '{"alg":"none","typ":"vc+jwt","kid":"rights-2026"}',
        '{"alg":"HS256","typ":"vc+jwt","kid":"rights-2026"}',
        '{"alg":"EdDSA","typ":"vc+jwt","kid":"rights-2026"}',
        '{"alg":"Ed25519","typ":"JWT","kid":"rights-2026"}',
        '{"alg":"Ed25519","typ":"vc+jwt"}',
        '{"alg":"Ed25519","typ":"vc+jwt","kid":7}',
        '{"alg":"Ed25519","typ":"vc+jwt","kid":"rights-2026","jwk":{}}',
        '{"alg":"Ed25519","typ":"vc+jwt","kid":"rights-2026","crit":["x"]}',
        '{"alg":"none","alg":"Ed25519","typ":"vc+jwt","kid":"rights-2026"}',
    ],
)
def test_another_header_is_rejected(market, trust, header):
    _, body, tail = market.signed().decode().split(".")
    jwt = f"{urlsafe_b64encode(header.encode()).decode().rstrip('=')}.{body}.{tail}".encode()
    market.deposit(jwt)
    with pytest.raises(CredentialMalformed):
        verify_text(market.file(jwt), trust)


def test_a_token_of_another_type_by_the_same_key_is_no_certificate(market, trust):
    jwt = market.signed(typ="at+jwt")
    market.deposit(jwt)
    with pytest.raises(CredentialMalformed):
        verify_text(market.file(jwt), trust)


def test_a_padded_or_spaced_token_is_rejected(market, trust):
    for jwt in (market.signed() + b"=", market.signed() + b"\n", market.signed().replace(b".", b". ")):
        market.deposit(jwt)
        with pytest.raises(CredentialMalformed):
            verify_text(market.file(jwt), trust)


def test_a_kid_or_issuer_that_trust_does_not_name_is_rejected(market, trust):
    with pytest.raises(IssuerNotTrusted):
        verify_text(market.certificate(kid="another"), trust)
    with pytest.raises(IssuerNotTrusted):
        verify_text(market.certificate(claims(issuer="https://elsewhere.example")), trust)


def test_a_rotated_key_verifies_what_it_signed_in_its_time_only(market):
    document = market.trust()
    document["issuers"][0]["valid_until"] = "2026-06-01T00:00:00+08:00"
    document["issuers"].append({**document["issuers"][0], "kid": "rights-2027", "valid_from": "2026-06-01T00:00:00Z"})
    document["issuers"][1]["valid_until"] = None
    trust = Trust.from_json(rfc8785.dumps(document))
    assert verify_text(market.certificate(), trust)
    for moment in ("2026-06-01T00:00:00+08:00", "2025-12-31T23:59:59+08:00"):
        with pytest.raises(IssuerNotTrusted):
            verify_text(market.certificate(claims(validFrom=moment)), trust)
    assert verify_text(market.certificate(claims(validFrom="2026-07-01T00:00:00Z"), kid="rights-2027"), trust)


def test_one_issuers_key_does_not_sign_for_another(market):
    document = market.trust()
    document["issuers"].append({**document["issuers"][0], "issuer": "https://market.example/trading", "kid": "trading"})
    trust = Trust.from_json(rfc8785.dumps(document))
    with pytest.raises(IssuerNotTrusted):
        verify_text(market.certificate(kid="trading"), trust)


def test_a_trade_certificate_needs_no_end(market, trust):
    payload = claims(type=["VerifiableCredential", "TradeCertificate"], id="urn:yaosu:trade-certificate:T-1")
    del payload["validUntil"]
    verdict = verify_text(market.certificate(payload), trust)
    assert (verdict.kind, verdict.valid_until, verdict.is_expired) == ("TradeCertificate", None, False)


def test_the_end_of_validity_is_told(certificate, trust):
    assert verify_text(certificate, trust, at=datetime(2029, 3, 2, 2, tzinfo=UTC)).is_expired
    assert not verify_text(certificate, trust, at=datetime(2029, 3, 2, 1, 59, tzinfo=UTC)).is_expired
    early = verify_text(certificate, trust, at=datetime(2026, 1, 1, tzinfo=UTC))
    assert early.is_early


def test_a_file_that_cannot_be_read_is_refused(trust, tmp_path):
    with pytest.raises(FileUnreadable):
        verify_file(tmp_path / "absent", trust)
    with pytest.raises(FileUnreadable):
        verify_file(tmp_path, trust)
    huge = tmp_path / "huge"
    huge.write_bytes(b"A" * (1024 * 1024 + 1))
    with pytest.raises(FileUnreadable):
        verify_file(huge, trust)


def test_the_signature_of_another_message_is_rejected(market, trust):
    other = sign_compact(b"{}", market.issuer_key, KID, "vc+jwt").split(".")[2]
    head, body, _ = market.signed().decode().split(".")
    jwt = f"{head}.{body}.{other}".encode()
    market.deposit(jwt)
    with pytest.raises(SignatureInvalid):
        verify_text(market.file(jwt), trust)
