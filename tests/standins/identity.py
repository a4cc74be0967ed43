"""A stand-in for the county's identity provider (OpenID Connect) on loopback.

with IdentityStandIn().serve() as identity:
    identity.issuer                     # for HUIYIN_OIDC_ISSUER
    identity.sign_in(address, "op01")   # what the browser brings back: the query of the callback
    identity.claims = {"nonce": "x"}    # laid over the claims of the next token
"""

import json
import secrets
import threading
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "huiyin", "a-secret-of-the-stand-in"


class IdentityStandIn:
    """Issues one code a sign-in and one token a code; checks client, redirect and verifier."""

    def __init__(self) -> None:
        self.issuer = ""
        self.key = RSAKey.generate_key(2048, {"kid": "1", "use": "sig"})
        self.signing = self.key
        self.claims: dict[str, Any] = {}
        self.about: dict[str, Any] = {}
        self.now: float = 0
        self.refused: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}

    def sign_in(self, address: str, login: str) -> dict[str, str]:
        """Somebody signs in at the provider where the browser was sent."""
        asked = dict(parse_qsl(urlsplit(address).query))
        assert asked["client_id"] == CLIENT
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(16)
        self._codes[code] = {**asked, "login": login}
        return {"code": code, "state": asked["state"], "iss": self.issuer}

    @contextmanager
    def serve(self) -> Iterator["IdentityStandIn"]:
        """Listen on a port of loopback."""
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == "/.well-known/openid-configuration":
                    self._say(200, provider.description())
                elif self.path == "/keys":
                    self._say(200, {"keys": [provider.key.as_dict(private=False)]})
                else:
                    self._say(404, {})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                form = {name: values[0] for name, values in parse_qs(body).items()}
                self._say(*provider.token(form, self.headers.get("authorization", "")))

            def _say(self, status: int, what: dict[str, Any]) -> None:
                content = json.dumps(what).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Silent."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        self.issuer = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def description(self) -> dict[str, Any]:
        """The discovery document."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            **self.about,
        }

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """A code for a token, once."""
        asked = self._codes.pop(form.get("code", ""), None)
        name, _, secret = b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
        challenge = sha256(form.get("code_verifier", "").encode()).digest()
        proven = urlsafe_b64encode(challenge).decode().rstrip("=")
        wrong = (
            "code" if asked is None
            else "client" if (unquote(name), unquote(secret)) != (CLIENT, SECRET)
            else "redirect" if form.get("redirect_uri") != asked["redirect_uri"]
            else "verifier" if proven != asked["code_challenge"]
            else ""
        )  # fmt: skip
        if wrong or asked is None:
            self.refused.append(wrong)
            return 400, {"error": "invalid_grant"}
        now = int(self.now or time.time())  # noqa: TID251 the provider's own clock
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": sha256(asked["login"].encode()).hexdigest(),
            "preferred_username": asked["login"],
            "nonce": asked["nonce"],
            "iat": now,
            "exp": now + 300,
            **self.claims,
        }
        token = jwt.encode({"alg": "RS256", "kid": "1"}, claims, self.signing)
        return 200, {"access_token": "x", "token_type": "Bearer", "id_token": token}
