"""The first operator's credential: without one, nobody could approve anybody."""

import importlib
import json
import secrets
from pathlib import Path

from kernel.hosting import Host
from kernel.secret_files import made_once
from market.files import OPERATOR_FILE


async def first_operator(data: Path, onboarding: Host) -> dict[str, str]:
    """Made at the first start, and kept in a file that only the owner may read; onboarding takes it as it stands."""
    credential: dict[str, str] = json.loads(made_once(data / OPERATOR_FILE, new_credential))
    bootstrap = importlib.import_module("onboarding.bootstrap")
    await bootstrap.ensure_operator(onboarding.service.ports, credential["client_id"], credential["client_secret"])
    return credential


def new_credential() -> bytes:
    """A client's name and secret, as JSON."""
    return json.dumps({"client_id": f"cli_{secrets.token_hex(8)}", "client_secret": secrets.token_urlsafe(32)}).encode()
