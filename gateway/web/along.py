"""What was typed when a sign-in ran out goes to the provider of single sign-on and back with the
browser: in a signed cookie, for ten minutes, given up by the first who is let in."""

from datetime import timedelta

from fastapi import Request, Response

from gateway.web import passes
from gateway.web.unsent import Unsent, come_along

PASS = "unsent"  # noqa: S105 the name of a cookie
HOLDS = timedelta(minutes=10)
MOST_BYTES = 3_800
"""A browser drops a cookie beyond 4,096 bytes with its name and its marks."""


def fits(request: Request, left: Unsent) -> bool:
    """Whether a cookie holds it; some 1,200 Chinese characters."""
    return passes.size(request, PASS, _content(left)) <= MOST_BYTES


def give(request: Request, answer: Response, left: Unsent) -> None:
    """Send it along with the browser."""
    passes.give(request, answer, PASS, _content(left), holds=HOLDS)


def back(request: Request) -> Unsent | None:
    """What has come back with the browser, if anything."""
    kept = passes.shown(request, PASS)
    return come_along(kept) if kept else None


def forget(request: Request, answer: Response) -> None:
    """Take it from a browser that has it."""
    if passes.cookie(request, PASS) in request.cookies:
        passes.take(request, answer, PASS)


def _content(left: Unsent) -> dict[str, str]:
    return {
        "left": left.carried,
        "left_page": left.page,
        "left_place": left.place,
        "left_act": left.act,
    }
