"""Who was refused something is counted and logged: which right, which account, which page; never
what the page was about."""

import logging
from http import HTTPStatus

from fastapi import Request

from gateway import sentences
from gateway.state import State
from referral.casework import Refusal
from referral.lifecycle import Impossible

log = logging.getLogger(__name__)

_WHAT: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: "session",
    HTTPStatus.FORBIDDEN: "right",
    HTTPStatus.NOT_FOUND: "right",  # what is foreign answers like what is not there
}

_GUESSED: dict[str, str] = {
    "refusal.wrong_password": "password",
    "refusal.wrong_code": "second_factor",
    "refusal.wait": "pause",
}
"""Refusals of somebody who may be guessing."""


def note(request: Request, state: State, error: Refusal | Impossible) -> None:
    """Remember a refusal that is about who asks; others are a matter of the case."""
    what = _GUESSED.get(error.key) or _WHAT.get(sentences.status_of(error))
    if what is None:
        return
    count(request, state, what, error.key)


def count(request: Request, state: State, what: str, why: str) -> None:
    """Count a refusal and say so in the log. A name that was only typed is not told: people type
    their password there."""
    state.counts.refused(what)
    signed_in = getattr(request.state, "signed_in", None)
    route = request.scope.get("route")
    log.warning(
        "refused",
        extra={
            "why": why,
            "login": signed_in.actor.login if signed_in else "",
            "route": getattr(route, "path", ""),
        },
    )
