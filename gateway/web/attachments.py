"""A picture or recording as its viewer may see it."""

from fastapi import APIRouter, Request, Response

from gateway import access, attachments
from gateway.web.rendering import state_of
from gateway.web.staff import SignedIn, StaffRoute
from models.transaction import acting

router = APIRouter(
    prefix=attachments.PATH.rstrip("/"), route_class=StaffRoute, include_in_schema=False
)


@router.get("/{token}")
def show(request: Request, session: SignedIn, token: str) -> Response:
    """The file itself; who looked at it is remembered."""
    state = state_of(request)
    now, office = state.now(), state.offices.current()
    with state.database.read() as reading:
        found = attachments.fetch(reading.connection(), session.actor, office, token, now)
    with acting(state.database, state.mint) as tx:
        access.look(tx, session.actor, act="see_attachment", now=now, request_id=found.request_id)
    return Response(
        found.body, media_type=found.content_type, headers={"cache-control": "no-store"}
    )
