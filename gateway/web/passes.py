"""Short-lived signed cookies: what a page must know and an address must not tell.

A pass holds a number and its code for the browser that has just sent or proven them. It is signed
under a key of its own purpose and says until when it holds, by the time of ours that is handed in.
"""

from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256

from fastapi import Request, Response
from itsdangerous import BadData, URLSafeSerializer

from gateway.settings import derived
from gateway.web.rendering import state_of

HOLDS = timedelta(minutes=30)


def give(
    request: Request,
    answer: Response,
    name: str,
    content: Mapping[str, str],
    *,
    holds: timedelta = HOLDS,
) -> None:
    """Put a pass into the answer; the browser sends it back to this site alone."""
    state = state_of(request)
    until = int((state.now() + holds).timestamp())
    answer.set_cookie(
        cookie(request, name),
        _serializer(state.settings.secret_key, name).dumps({**content, "until": until}),
        max_age=int(holds.total_seconds()),
        secure=state.settings.public_url.startswith("https:"),
        httponly=True,
        samesite="lax",  # a page elsewhere cannot post with it
    )


def shown(request: Request, name: str) -> dict[str, str] | None:
    """What the pass of this name says; None when there is none, it is not ours or is too old."""
    state = state_of(request)
    try:
        content = _serializer(state.settings.secret_key, name).loads(
            request.cookies.get(cookie(request, name), "")
        )
    except BadData:
        return None
    if content["until"] < state.now().timestamp():
        return None
    return {key: str(value) for key, value in content.items()}


def size(request: Request, name: str, content: Mapping[str, str]) -> int:
    """How many bytes the browser has to keep for such a pass."""
    state = state_of(request)
    until = int(state.now().timestamp())
    return len(_serializer(state.settings.secret_key, name).dumps({**content, "until": until}))


def take(request: Request, answer: Response, name: str) -> None:
    """Let the browser forget the pass."""
    secure = state_of(request).settings.public_url.startswith("https:")
    answer.delete_cookie(cookie(request, name), secure=secure, httponly=True, samesite="lax")


def cookie(request: Request, name: str) -> str:
    """The cookie's name; over https one that browsers bind to this host."""
    return f"__Host-{name}" if state_of(request).settings.public_url.startswith("https:") else name


def _serializer(secret: str, name: str) -> URLSafeSerializer:
    key = derived(secret, f"pass:{name}")
    return URLSafeSerializer(key, salt=name, signer_kwargs={"digest_method": sha256})
