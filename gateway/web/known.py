"""A browser in which somebody has signed in before: it is counted by itself when it guesses.

So a stranger who keeps guessing at an account makes other strangers wait, and not its owner at the
owner's own browser. The cookie opens nothing; whoever takes it has as many guesses as anybody.
"""

import secrets
from datetime import timedelta
from hashlib import sha256

from fastapi import Request, Response

from gateway.web import passes

HOLDS = timedelta(days=90)


def mark(request: Request, login: str) -> str:
    """Under which name guesses of this browser at this account are counted; "" for a stranger."""
    kept = passes.shown(request, _name(login)) or {}
    return kept.get("mark", "") if kept.get("login") == login else ""


def remember(request: Request, answer: Response, login: str) -> None:
    """This account was opened in this browser."""
    content = {"login": login, "mark": mark(request, login) or secrets.token_urlsafe(12)}
    passes.give(request, answer, _name(login), content, holds=HOLDS)


def _name(login: str) -> str:
    """The cookie's name: one for each account, for an office's computer has several people."""
    return f"known-{sha256(login.encode()).hexdigest()[:8]}"
