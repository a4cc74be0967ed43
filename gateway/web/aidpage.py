"""The page of one grant, and the block of aid on the page of a request: the same facts and acts."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from gateway import access, acts, aid, aid_views, sessions
from gateway.state import State
from gateway.web.aid_choices import colleagues
from gateway.web.rendering import language_of, state_of
from gateway.web.shown_again import tried
from gateway.web.staff import Typed, checked, staff_page
from models.transaction import acting
from referral import filing, grants, guards
from referral.casework import Actor, Refusal
from referral.explaining import notice_of
from referral.guards import shown
from referral.office import Office
from referral.relief_life import State as Stands
from referral.wording import named

_LISTS = {
    "need": "aid_need",
    "cause": "aid_cause",
    "fund": "aid_fund",
    "judgement": "aid_judgement",
}
_INSIDE = ("/desk/", "/inbox/")


def choices(office: Office, language: str) -> dict[str, list[tuple[str, str]]]:
    """What the forms of aid offer: needs, causes, purses, judgements."""
    return {
        name: [(one.code, named(one, language)) for one in office.policy.grounds if one.act == act]
        for name, act in _LISTS.items()
    }


def after(back: str, number: str, name: str) -> str:
    """Where to go on: the request's page that the form stood on, else the grant's own."""
    plain = back.startswith(_INSIDE) and all(char.isalnum() or char in "/-" for char in back)
    return f"{back}?aid={number}#aid" if plain else f"/relief/{number}?done={name}"


def block(request: Request, actor: Actor, request_id: int, number: str) -> dict[str, Any] | None:
    """What the page of a request shows of aid; None for who may not see any."""
    if actor.role not in access.RIGHTS["see_relief"]:
        return None
    state = state_of(request)
    office = state.offices.current()
    with state.database.read() as reading:
        rows = aid_views.of_request(reading, actor, office, request_id, state.now())
        found = [_item(reading.connection(), state, office, actor, row) for row in rows]
    return {
        "items": found,
        "may": actor.role in access.RIGHTS["propose_relief"],
        "choices": choices(office, language_of(request)),
        "key": f"{state.mint()}",
        "number": number,
        "typed": Typed(),
    }


def _item(
    connection: Any, state: State, office: Office, actor: Actor, row: Mapping[str, Any]
) -> dict[str, Any]:
    now = state.now()
    may = aid.acts(actor, office, row)
    found = [one.as_json() for one in _warnings(connection, office, actor, row, now)]
    if "authorise" not in may:
        found = list(row["guards"] or [])
    for one in found:
        one["shown"] = shown(one)
        one["limit"], one["sum"] = aid.yuan(one["limit_fen"]), aid.yuan(one["sum_fen"])
    return {
        "row": row,
        "line": aid_views.line(row, office),
        "acts": may,
        "warnings": found,
        "asks": next((a for a in (guards.DECISION, guards.REASON) if _any(found, a)), ""),
        "typed": Typed(),
        "hidden": actor.role not in access.RIGHTS["reveal"],
    }


def _any(found: list[dict[str, Any]], asks: str) -> bool:
    return any(one["asks"] == asks for one in found)


def _warnings(
    connection: Any, office: Office, actor: Actor, row: Mapping[str, Any], now: Any
) -> tuple[guards.Guard, ...]:
    if row["state"] != Stands.PROPOSED:
        return ()
    unit = actor.unit if actor.role in access.RIGHTS["keep_reserve"] else row["unit"]
    seen = filing.unmarked_kin(connection, office, row, now)  # linked since it was proposed
    as_weighed = {**row, "kin": "matched"} if seen else row
    return grants.weigh(connection, office, as_weighed, unit=unit, now=now)


def show(
    request: Request,
    session: sessions.SignedIn,
    number: str,
    *,
    status: int = 200,
    error: str = "",
    tried: str = "",
    typed: Mapping[str, str] | None = None,
) -> Response:
    """The page of a grant; opening it is recorded. Raises ``Refusal`` (404)."""
    state = state_of(request)
    office, now = state.offices.current(), state.now()
    with state.database.read() as reading:
        connection = reading.connection()
        row = aid.admit(connection, session.actor, office, number, now)
        year = aid_views.year_of(reading, session.actor, office, row, now)
        entries = grants.entries(connection, [row["id"]])
        item = _item(connection, state, office, session.actor, row)
        base = grants.number_of(connection, row["request_id"])
    if request.method == "GET":
        with acting(state.database, state.mint) as tx:
            access.look(
                tx,
                session.actor,
                act="see_relief",
                now=now,
                request_id=row["request_id"],
                purpose=number,
            )
    done = request.query_params.get("done", "")
    return staff_page(
        request,
        "relief_one.html",
        status=status,
        item=item,
        year=year,
        entries=[{**one, "yuan": aid.yuan(one["amount_fen"])} for one in entries],
        request_number=base,
        choices=choices(office, language_of(request)),
        colleagues=colleagues(office, language_of(request)),
        notice=notice_of(row),
        error=error,
        tried=tried,
        typed=Typed(typed or {}),
        done=done if done in (*aid.ACTS, *aid.BEGINS, "file") else "",
    )


def act(
    request: Request,
    session: sessions.SignedIn,
    number: str,
    name: str,
    form: Mapping[str, str],
) -> Response:
    """Do an act from its form; a refusal shows the grant with what was typed."""
    fields = checked(session, form)
    back = fields.pop("back", "")
    if name not in aid.ACTS:
        raise Refusal("refusal.not_found", status=404)
    state, chosen = state_of(request), aid.ACTS[name]
    done = tried(
        request,
        lambda: aid.perform(
            state, session.actor, number, chosen, acts.read_form(chosen, fields), now=state.now()
        ),
        lambda why: show(
            request, session, number, status=why.status, error=why.error, tried=name, typed=fields
        ),
    )
    return done if isinstance(done, Response) else RedirectResponse(after(back, number, name), 303)
