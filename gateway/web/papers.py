"""A paper of a request on one sheet: made by a press of the button, which is an entry of the
ledger; the code on it opens the request for staff."""

from io import BytesIO

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from gateway import access, attachments, cases, printing
from gateway.web import casepage, orderpage
from gateway.web.rendering import language_of, state_of
from gateway.web.staff import Fields, SignedIn, StaffRoute, checked, staff_page, workplace

router = APIRouter(prefix="/paper", route_class=StaffRoute, include_in_schema=False)

MOST_WORDS = 420
"""What of the requester's words stands on one sheet; the rest is in the system."""


@router.get("/{number}")
def scanned(session: SignedIn, number: str) -> Response:
    """Where the code of a paper leads: the request, at the reader's own place of work."""
    return RedirectResponse(f"{workplace(session.actor)}/{number}", 303)


@router.post("/{number}")
def print_paper(request: Request, session: SignedIn, form: Fields, number: str) -> Response:
    """Make a paper ready to print. Reading it again in the browser is the same copy."""
    fields = checked(session, form)
    state, actor = state_of(request), session.actor
    ground = fields.get("ground", "") if fields.get("call") else ""
    now, office = state.now(), state.offices.current()
    printed = printing.record(state, actor, number, fields.get("paper", ""), ground=ground, now=now)
    with state.database.read() as reading:
        case, request_id = cases.case(reading, actor, office, number, now=now)
        files = attachments.of_contacts(reading.connection(), request_id)
    return staff_page(
        request,
        "paper.html",
        case=case,
        printed=printed,
        files=files,
        place_path=orderpage.place_path(office, case.request["area"]),
        names=casepage.names_of(office, actor, case, now, language_of(request)),
        people=casepage.staff_names(office),
        most=MOST_WORDS,
        back=f"{workplace(actor)}/{number}",
    )


@router.get("/{number}/code.svg")
def code(request: Request, session: SignedIn, number: str) -> Response:
    """The square code that opens the request for staff."""
    import segno  # seldom asked for

    access.allow(session.actor, "print")
    address = f"{state_of(request).settings.public_url.rstrip('/')}/paper/{number}"
    drawn = BytesIO()
    segno.make(address, error="m", micro=False).save(
        drawn, kind="svg", border=2, xmldecl=False, svgclass=None, lineclass=None, omitsize=True
    )
    return Response(drawn.getvalue(), media_type="image/svg+xml")
