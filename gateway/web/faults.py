"""What a person is shown when an address leads nowhere or something fails: citizens a way to ask
for help, staff the way back to their work, each in the words of their own pages."""

from fastapi import Request
from fastapi.responses import HTMLResponse

from gateway import sessions
from gateway.web.rendering import page
from gateway.web.staff import home, session_of, staff_page
from models.db import Busy

RETRY_SECONDS = "5"


def error_page(
    request: Request, phrase: str, status: int, *, places: frozenset[str] = frozenset()
) -> HTMLResponse:
    """A page that says what went wrong and what to do; ``phrase`` is a key under ``error`` and
    under ``error_staff``. ``places`` are the first words of staff's addresses."""
    if _of_staff(request, status, places):
        answer = staff_page(
            request,
            "error_staff.html",
            status=status,
            phrase=f"error_staff.{phrase}",
            switches=False,
            way=_way(request, status),
        )
    else:
        answer = page(
            request, "error.html", status=status, phrase=f"error.{phrase}", switches=False
        )
    if status == 503:
        answer.headers["retry-after"] = RETRY_SECONDS
    return answer


def _of_staff(request: Request, status: int, places: frozenset[str]) -> bool:
    """Whether somebody of staff looks: by the address, else by their session. Where the fault may
    be the database's own it is not asked again."""
    known = getattr(request.state, "signed_in", None) is not None
    if not known and status < 500:
        try:
            known = bool(session_of(request))
        except (sessions.NotSignedIn, sessions.NotConfirmed, Busy):
            known = False
    return known or request.url.path.split("/")[1] in places


def _way(request: Request, status: int) -> dict[str, str]:
    """The one thing to press: back to work; who may be signed in, only nobody could ask, tries
    again; who is not, signs in."""
    session: sessions.SignedIn | None = getattr(request.state, "signed_in", None)
    if session is not None:
        return {"address": home(session.actor), "name": "error_staff.to_work"}
    if status >= 500:
        return {"address": f"/{request.url.path.split('/')[1]}", "name": "error_staff.again"}
    return {"address": "/sign-in", "name": "staff.page.sign_in"}
