"""A small OpenID Connect provider on a real port: discovery, keys, and tokens that are right or wrong as told."""

import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

AUDIENCE = "yaosu"
ALGORITHMS = ["RS256", "PS256"]


class Provider:
    """Signs tokens, publishes its keys, counts who asks for them, and can be stopped."""

    def __init__(self) -> None:
        self.keys: dict[str, RSAKey] = {}
        self.rotate()
        self.asked: list[str] = []
        self.answer: bytes | None = None
        self.status = 200
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.asked.append(self.path)
                body = provider.document(self.path)
                self.send_response(provider.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Tests say enough."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self._server.server_address[1]}/realms/city"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @contextmanager
    def running(self) -> Iterator["Provider"]:
        """Answers until the end of the block, or until it is stopped."""
        self._thread.start()
        try:
            yield self
        finally:
            self.stop()

    def stop(self) -> None:
        """From now on nobody answers."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def document(self, path: str) -> bytes:
        """What is published there."""
        if self.answer is not None:
            return self.answer
        if path.endswith("openid-configuration"):
            found: dict[str, Any] = {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys"}
        else:
            found = {
                "keys": [{**key.as_dict(private=False), "kid": kid, "use": "sig"} for kid, key in self.keys.items()]
            }
        return json.dumps(found).encode()

    def rotate(self) -> None:
        """A new key signs, and the old one is published no more."""
        self.kid = secrets.token_hex(4)
        self.keys = {self.kid: RSAKey.generate_key(2048, auto_kid=False)}

    def token(self, subject: str, *, header: dict[str, Any] | None = None, key: Any = None, **claims: Any) -> str:
        """An access token (RFC 9068); what is given replaces what would be right, None leaves it out."""
        now = int(time.time())
        said = {"iss": self.issuer, "aud": AUDIENCE, "sub": subject, "iat": now, "exp": now + 300, **claims}
        named = {"alg": "RS256", "typ": "at+jwt", "kid": self.kid, **(header or {})}
        with_key = key or self.keys[self.kid]
        kept = {name: value for name, value in said.items() if value is not None}
        return jwt.encode({n: v for n, v in named.items() if v is not None}, kept, with_key, algorithms=ALGORITHMS)
