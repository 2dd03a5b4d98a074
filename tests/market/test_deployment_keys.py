"""The keys of a market in containers: each service has its own, nobody else's, and they stay."""

from pathlib import Path

import pytest
from cryptography import x509

from kernel.tokens import ServiceKeys, TokenInvalid
from market.deployment_keys import make_keys
from market.postgres import password_of
from market.roster import SERVICES


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """A folder with keys."""
    make_keys(tmp_path / "keys")
    return tmp_path / "keys"


def _content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_making_them_again_changes_nothing(keys: Path) -> None:
    before = _content(keys)
    make_keys(keys)
    assert _content(keys) == before


def test_no_two_services_share_a_secret(keys: Path) -> None:
    for kind in ("databases.key", "database.password", "{}.sealing", "calls/{}.private.jwk", "tls/{}.pem"):
        held = [(keys / name / kind.format(name)).read_bytes() for name in SERVICES]
        assert len(set(held)) == len(SERVICES), kind
    for name in SERVICES:
        private = {path.name for path in (keys / name).rglob("*") if path.suffix in {".jwk", ".pem", ".sealing"}}
        strange = {file for file in private if not file.startswith(name) and ".public." not in file}
        assert not strange, f"{name} has what belongs to others"


def test_a_service_knows_another_by_its_key_and_no_stranger(keys: Path, tmp_path: Path) -> None:
    rights, catalog = (ServiceKeys(keys / name / "calls", name) for name in ("rights", "catalog"))
    token = rights.call_token("catalog", "/m", "0" * 64, None)
    assert catalog.calling(token, "/m", "0" * 64).name == "rights"
    stranger = ServiceKeys(tmp_path / "elsewhere", "rights").call_token("catalog", "/m", "0" * 64, None)
    with pytest.raises(TokenInvalid):
        catalog.calling(stranger, "/m", "0" * 64)


def test_the_password_is_the_one_that_follows_from_the_service_s_own_key(keys: Path) -> None:
    own = keys / "trading"
    assert (own / "database.password").read_text() == password_of("yaosu_trading", (own / "databases.key").read_bytes())


def test_everybody_but_the_one_who_made_them_is_kept_out_and_the_authority_s_key_is_in_no_service(keys: Path) -> None:
    assert keys.stat().st_mode & 0o077 == 0
    authority = (keys / "authority" / "authority.pem").read_bytes()
    private = authority[: authority.index(b"-----END")]
    assert not [name for name, content in _content(keys).items() if private in content and "authority/" not in name]
    certificate = x509.load_pem_x509_certificate((keys / "rights" / "tls" / "rights.pem").read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["rights"]
