"""Makes the keys and passwords of a market whose processes run in containers: for each service a folder of its own."""

import json
import secrets
from pathlib import Path

from kernel.secret_files import made_once
from kernel.signatures import key_from, new_key, private_bytes, public_jwk
from market.authority import Authority
from market.files import OPERATOR_FILE
from market.first_operator import new_credential
from market.postgres import password_of
from market.roster import SERVICES

# A container's user is another than the one who makes the files; the folder around them lets nobody else in.
FOLDER_MODE, READABLE, READABLE_FOLDER = 0o700, 0o444, 0o755
PASSWORDS = ("postgres.password", "objects.key", "objects.secret", "keycloak.password", "grafana.password")
# Others of the compose file that answer over TLS with a certificate of the market's authority.
OTHERS_CERTIFIED = ("keycloak",)
CALLS, TLS = "calls", "tls"


def make_keys(folder: Path) -> list[str]:
    """Make what is not there yet, renew certificates that end soon, and change nothing else; who has keys now.

    ``<folder>/<service>`` is what a process of the service finds under ``keys`` in its data folder. ``authority`` is
    for whoever runs this, and for no process.
    """
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(FOLDER_MODE)
    for name in PASSWORDS:
        made_once(folder / name, lambda: secrets.token_hex(24).encode())
    made_once(folder / OPERATOR_FILE, new_credential)
    authority = Authority(folder / "authority")
    public = {name: _own_keys(folder / name, name) for name in SERVICES}
    for name in SERVICES:
        for other, jwk in public.items():
            made_once(folder / name / CALLS / f"{other}.public.jwk", lambda jwk=jwk: jwk)  # type: ignore[misc] # mypy cannot infer it
        _certify(authority, name, folder / name / TLS)
    for name in OTHERS_CERTIFIED:
        _certify(authority, name, folder / name)
    _let_containers_read(folder)
    return [*SERVICES, *OTHERS_CERTIFIED]


def _own_keys(folder: Path, name: str) -> bytes:
    """The service's own secrets; the public half of its key for calls."""
    secret = made_once(folder / "databases.key", lambda: secrets.token_bytes(32))
    made_once(folder / "database.password", lambda: password_of(f"yaosu_{name}", secret).encode())
    made_once(folder / f"{name}.sealing", lambda: secrets.token_bytes(32))
    private = made_once(folder / CALLS / f"{name}.private.jwk", lambda: private_bytes(new_key()))
    return json.dumps(public_jwk(key_from(private))).encode()


def _certify(authority: Authority, name: str, folder: Path) -> None:
    """The certificate as it is now; with its key in one file, and apart for those who want it so."""
    now = authority.certificate_of(name).current()
    parts = {f"{name}.pem": now.key + now.chain, "authority.crt": now.authority}
    if name in OTHERS_CERTIFIED:
        parts = {f"{name}.key": now.key, f"{name}.crt": now.chain, "authority.crt": now.authority}
    folder.mkdir(parents=True, exist_ok=True)
    for file, content in parts.items():
        if not (folder / file).exists() or (folder / file).read_bytes() != content:
            fresh = folder / f".{file}"
            fresh.write_bytes(content)
            fresh.replace(folder / file)


def _let_containers_read(folder: Path) -> None:
    for path in folder.rglob("*"):
        if "authority" not in path.relative_to(folder).parts:
            path.chmod(READABLE_FOLDER if path.is_dir() else READABLE)
