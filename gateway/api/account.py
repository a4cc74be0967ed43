"""Who I am, as JSON."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from gateway import access, accounts, sessions
from gateway.api.support import ApiRoute, Process, Staff, session_of
from models.transaction import acting

router = APIRouter(route_class=ApiRoute, tags=["account"])


@router.get("/me")
def me(session: Annotated[sessions.SignedIn, Depends(session_of)]) -> Any:
    """The account that is signed in and the token that every change must bring in X-CSRF-Token."""
    actor = session.actor
    return {
        "login": actor.login,
        "name": actor.name,
        "role": actor.role,
        "unit": actor.unit,
        "area": actor.area,
        "csrf": session.csrf,
        "may": sorted(act for act, roles in access.RIGHTS.items() if actor.role in roles),
    }


@router.post("/bind", status_code=201)
def bind(state: Process, actor: Staff) -> Any:
    """An eight-digit code that binds a chat to this account, once, within ten minutes."""
    access.allow(actor, "bind")
    with acting(state.database, state.mint) as tx:
        return {"code": accounts.bind_code(tx, actor.login, state.now())}
