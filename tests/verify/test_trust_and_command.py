"""Trust comes from a pinned file alone, and the command says what it found."""

import json
from pathlib import Path

import pytest
import rfc8785

from market.verify import Trust
from market.verify.command import NO_TRUST, REFUSED, VERIFIED, pin_trust, run_verify
from market.verify.refusals import TrustUnusable
from market.verify.trust import fingerprint_of, trust_path
from tests.verify.issuing import SmallMarket, claims


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("YAOSU_TRUST", raising=False)
    return tmp_path / "home"


@pytest.fixture
def market() -> SmallMarket:
    return SmallMarket()


@pytest.fixture
def certificate(market: SmallMarket, tmp_path: Path) -> Path:
    path = tmp_path / "certificate.tlog-proof"
    path.write_bytes(market.certificate())
    return path


@pytest.fixture
def said() -> list[str]:
    return []


def kept(market: SmallMarket, path: Path) -> Path:
    path.write_bytes(rfc8785.dumps(market.trust()))
    return path


def test_the_fingerprint_is_that_of_the_canonical_form_however_the_file_is_laid_out(market):
    document = market.trust()
    indented = json.dumps(document, indent=2).encode()
    assert Trust.from_json(indented).fingerprint == fingerprint_of(document)
    assert Trust.from_json(rfc8785.dumps(document)).fingerprint == fingerprint_of(document)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: d.update(format=2),
        lambda d: d.update(format=True),
        lambda d: d.update(format="1"),
        lambda d: d.update(more=1),
        lambda d: d.pop("log"),
        lambda d: d.update(log=None),
        lambda d: d["log"].update(vkey="x"),
        lambda d: d["log"].update(vkey=d["log"]["vkey"].replace("market", "morket")),
        lambda d: d["log"].update(vkey=d["log"]["vkey"][:-1]),
        lambda d: d["log"].update(origin=""),
        lambda d: d.update(issuers=[]),
        lambda d: d.update(issuers={}),
        lambda d: d.update(issuers=d["issuers"] * 2),
        lambda d: d["issuers"][0].update(kid=""),
        lambda d: d["issuers"][0].pop("valid_from"),
        lambda d: d["issuers"][0].update(valid_from="2026-01-01"),
        lambda d: d["issuers"][0].update(valid_until="never"),
        lambda d: d["issuers"][0]["jwk"].update(kty="RSA"),
        lambda d: d["issuers"][0]["jwk"].update(crv="Ed448"),
        lambda d: d["issuers"][0]["jwk"].update(x="AAAA"),
        lambda d: d["issuers"][0]["jwk"].update(d="AAAA"),
        lambda d: d["issuers"][0].update(jwk="x"),
        lambda d: d["issuers"].append("x"),
    ],
)
def test_a_trust_file_of_another_form_is_refused(market, spoil):
    document = market.trust()
    spoil(document)
    with pytest.raises(TrustUnusable):
        Trust.from_json(json.dumps(document).encode())


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b'{"format":1,"format":1}', b"\xff", b"null", b"[" * 100_000])
def test_a_trust_file_that_is_no_json_object_is_refused(data):
    with pytest.raises(TrustUnusable):
        Trust.from_json(data)


def test_trust_is_looked_for_in_the_flag_then_the_variable_then_the_pinned_file(home, monkeypatch, tmp_path):
    assert trust_path() == home / ".config" / "yaosu" / "trust.json"
    monkeypatch.setenv("YAOSU_TRUST", str(tmp_path / "named.json"))
    assert trust_path() == tmp_path / "named.json"
    assert trust_path(tmp_path / "flag.json") == tmp_path / "flag.json"


def test_a_certificate_is_verified_with_the_pinned_file(home, market, certificate, said):
    pinned = pin_trust(market.trust(), say=said.append)
    assert pinned == home / ".config" / "yaosu" / "trust.json"
    assert pinned.read_bytes() == rfc8785.dumps(market.trust())
    assert run_verify(certificate, say=said.append) == VERIFIED
    everything = "\n".join(said)
    assert fingerprint_of(market.trust()) in everything
    assert "does not prove" in everything
    assert "不能证明" in everything


def test_trust_that_lies_beside_the_certificate_is_not_taken(home, market, certificate, said, monkeypatch):
    kept(market, certificate.parent / "trust.json")
    monkeypatch.chdir(certificate.parent)
    assert run_verify(certificate, say=said.append) == NO_TRUST
    assert "trust-unusable" in said[0]


def test_pinning_again_is_silent_and_another_market_is_not_pinned_over(home, market, said):
    place = pin_trust(market.trust(), say=said.append)
    said.clear()
    pin_trust(market.trust(), say=said.append)
    assert said == []
    pin_trust(SmallMarket().trust(), say=said.append)
    assert place.read_bytes() == rfc8785.dumps(market.trust())
    assert "WARNING" in said[0]
    assert str(place) in said[0]
    assert "警告" in said[1]
    assert [path.name for path in place.parent.iterdir()] == ["trust.json"]


def test_an_unusable_trust_file_is_never_pinned(home, market, said):
    with pytest.raises(TrustUnusable):
        pin_trust({**market.trust(), "format": 2}, say=said.append)
    assert not (home / ".config").exists()


def test_a_broken_pinned_file_is_left_and_warned_about(home, market, said, tmp_path):
    place = tmp_path / "pinned.json"
    place.write_bytes(b"{")
    pin_trust(market.trust(), place, say=said.append)
    assert place.read_bytes() == b"{"
    assert "WARNING" in said[0]


def test_the_command_refuses_in_words(home, market, certificate, said, tmp_path):
    trust = kept(market, tmp_path / "trust.json")
    changed = bytearray(certificate.read_bytes())
    changed[60] ^= 1
    certificate.write_bytes(bytes(changed))
    assert run_verify(certificate, trust, say=said.append) == REFUSED
    assert said[2].startswith("NOT VERIFIED 核验未通过: ")
    assert said[3].isascii()
    assert not said[4].isascii()


def test_an_expired_certificate_is_refused_unless_asked_for(home, market, said, tmp_path):
    path = tmp_path / "expired.tlog-proof"
    path.write_bytes(market.certificate(claims(validFrom="2026-01-02T00:00:00Z", validUntil="2026-01-03T00:00:00Z")))
    trust = kept(market, tmp_path / "trust.json")
    assert run_verify(path, trust, say=said.append) == REFUSED
    assert "certificate-expired" in said[2]
    assert run_verify(path, trust, expired_too=True, say=said.append) == VERIFIED
    assert "Its validity HAS ENDED." in said


def test_a_certificate_of_another_kind_is_refused_when_one_is_required(home, market, certificate, said, tmp_path):
    trust = kept(market, tmp_path / "trust.json")
    kind = "DataPropertyRegistrationCertificate"
    assert run_verify(certificate, trust, required_kind=kind, say=said.append) == VERIFIED
    assert run_verify(certificate, trust, required_kind="TradeCertificate", say=said.append) == REFUSED


def test_a_missing_certificate_or_trust_file_is_said(home, market, said, tmp_path):
    assert run_verify(tmp_path / "absent", kept(market, tmp_path / "t.json"), say=said.append) == REFUSED
    assert run_verify(tmp_path / "absent", tmp_path / "no.json", say=said.append) == NO_TRUST
