"""Single sign-on: the county's identity provider says who comes (OpenID Connect, code and PKCE).

It lets in accounts that exist and makes none; role, unit and area stay ours. Unless the token says
by the agreed ``acr`` that the provider has asked for a second factor, ours is still owed. Nothing
is taken from a header of a proxy.
"""

import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlmodel import col

from gateway import second_factor, sessions
from gateway.settings import Settings
from gateway.state import State
from models.places import Staff
from models.transaction import acting
from referral.casework import Refusal

CALLBACK = "/sso/callback"
SCOPE = "openid profile"
SECONDS = 5
LARGEST = 262_144
ALGORITHMS = ("RS256", "PS256", "ES256", "ES384", "Ed25519")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Begun:
    """Where the browser goes, and what it must bring back: kept in a signed cookie."""

    address: str
    kept: Mapping[str, str]


def begin(settings: Settings) -> Begun:
    """Begin at the provider. Raises ``Refusal``: 404 where no provider is set, 502 where it does
    not answer as it should."""
    _require_set(settings)
    kept = {name: secrets.token_urlsafe(32) for name in ("state", "nonce", "verifier")}
    more = {"acr_values": settings.oidc_acr} if settings.oidc_acr else {}
    endpoint = _description(settings)["authorization_endpoint"]
    address, _ = _client(settings).create_authorization_url(
        endpoint,
        state=kept["state"],
        code_verifier=kept["verifier"],
        nonce=kept["nonce"],
        **more,
    )
    return Begun(address, kept)


def finish(
    state: State,
    kept: Mapping[str, str] | None,
    given: Mapping[str, str],
    address: str,
    device: str,
) -> str:
    """Check what the browser brought back and open a session, half way where a second factor is
    owed; returns its key. Raises ``Refusal`` (401, 403, 404, 502)."""
    settings = state.settings
    _require_set(settings)
    if kept is None or not _same(given.get("state", ""), kept["state"]):
        raise Refusal("refusal.sso_again", status=401)
    issuer = given.get("iss")
    if "error" in given or not given.get("code") or issuer not in (None, settings.oidc_issuer):
        raise Refusal("refusal.sso_failed", status=401)
    claims = _claims(state, given["code"], kept)
    login = claims.get(settings.oidc_claim)
    now = state.now()
    with acting(state.database, state.mint) as tx:
        row = None
        if isinstance(login, str):
            row = tx.execute(
                select(col(Staff.login), col(Staff.demo)).where(
                    col(Staff.login) == login, col(Staff.disabled_at).is_(None)
                )
            ).first()
        if row is not None:
            by_provider = bool(settings.oidc_acr) and claims.get("acr") == settings.oidc_acr
            owed = second_factor.is_required(settings, demo=row.demo) and not by_provider
            tx.event("single_sign_on", at=now, by=row.login, issuer=settings.oidc_issuer)
            return sessions.open_session(
                tx, row.login, now, passed=not owed, address=address, device=device
            )
        tx.event("single_sign_on_unknown", at=now, issuer=settings.oidc_issuer)
    raise Refusal("refusal.sso_unknown", status=403)


def _claims(state: State, code: str, kept: Mapping[str, str]) -> Mapping[str, Any]:
    from joserfc import jwt  # only where a provider is set
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    settings = state.settings
    about = _description(settings)
    try:
        token = _client(settings).fetch_token(
            about["token_endpoint"],
            grant_type="authorization_code",
            code=code,
            code_verifier=kept["verifier"],
            allow_redirects=False,
            timeout=SECONDS,
        )
        keys = KeySet.import_key_set(dict(_fetched(about["jwks_uri"])))  # type: ignore[arg-type]
        found = jwt.decode(str(token["id_token"]), keys, algorithms=list(ALGORITHMS))
        rules = jwt.JWTClaimsRegistry(
            now=int(state.now().timestamp()),
            leeway=60,
            iss={"essential": True, "value": settings.oidc_issuer},
            aud={"essential": True, "value": settings.oidc_client_id},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
        )
        rules.validate(found.claims)
    except (JoseError, ValueError, KeyError, OSError, _refused_by_provider()) as error:
        raise Refusal("refusal.sso_failed", status=401) from error
    claims: Mapping[str, Any] = found.claims
    party = claims.get("azp", settings.oidc_client_id)
    if not _same(str(claims.get("nonce", "")), kept["nonce"]) or party != settings.oidc_client_id:
        raise Refusal("refusal.sso_failed", status=401)
    return claims


def _refused_by_provider() -> type[Exception]:
    from authlib.common.errors import AuthlibBaseError

    kind: type[Exception] = AuthlibBaseError
    return kind


def _client(settings: Settings) -> Any:
    from authlib.integrations.requests_client import OAuth2Session  # imports a whole HTTP client

    client = OAuth2Session(
        settings.oidc_client_id,
        settings.oidc_client_secret,
        scope=SCOPE,
        redirect_uri=settings.public_url.rstrip("/") + CALLBACK,
        code_challenge_method="S256",
        default_timeout=SECONDS,
    )
    client.trust_env = False
    return client


def _description(settings: Settings) -> Mapping[str, Any]:
    """The provider's own description; every address in it must be as safe as the issuer's."""
    about = _fetched(f"{settings.oidc_issuer.rstrip('/')}/.well-known/openid-configuration")
    names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    fits = about.get("issuer") == settings.oidc_issuer and all(
        _is_safe(about.get(name)) for name in names
    )
    if not fits:
        raise Refusal("refusal.sso_away", status=502)
    return about


def _fetched(address: str) -> Mapping[str, Any]:
    import requests

    if not _is_safe(address):
        raise Refusal("refusal.sso_away", status=502)
    try:
        with requests.Session() as session:
            session.trust_env = False
            answer = session.get(address, timeout=SECONDS, allow_redirects=False, stream=True)
            body = answer.raw.read(LARGEST + 1, decode_content=True)
            found = json.loads(body) if answer.status_code == 200 else None
    except (OSError, ValueError) as error:  # what the client raises is an OSError
        raise Refusal("refusal.sso_away", status=502) from error
    if len(body) > LARGEST or not isinstance(found, dict):
        raise Refusal("refusal.sso_away", status=502)
    return found


def _is_safe(address: object) -> bool:
    """https; plain http only to this very machine."""
    if not isinstance(address, str):
        return False
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)


def _require_set(settings: Settings) -> None:
    if not (settings.oidc_issuer and settings.oidc_client_id and settings.oidc_client_secret):
        raise Refusal("refusal.not_found", status=404)


def _same(given: str, kept: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), kept.encode())
