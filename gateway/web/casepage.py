"""The page of one request, at the desk and in an inbox: the same facts, the acts of each."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from gateway import (
    access,
    acts,
    alike,
    attachments,
    belongings,
    cases,
    drafts,
    meanwhile,
    on_record,
    printing,
    revealing,
    sentences,
    sessions,
)
from gateway.access import Actor
from gateway.lines import worker
from gateway.pending import pending
from gateway.state import State
from gateway.web import aidpage, kept_first, onward
from gateway.web.rendering import language_of, state_of
from gateway.web.shown_again import refused
from gateway.web.staff import Typed, checked, staff_page, worded
from models.transaction import acting
from models.vocabulary import Level
from referral import leasing, wording
from referral.casework import Refusal
from referral.directory import ZONE
from referral.lifecycle import Impossible
from referral.office import Office
from referral.routing import GRASSROOTS
from referral.transitions import REQUEST

DESK, REVEAL = "/desk", "reveal"
LOOKED_AGAIN = timedelta(minutes=10)
"""A page that is open asks for its parts again and again: that is one look."""


def show(
    request: Request,
    session: sessions.SignedIn,
    number: str,
    *,
    base: str,
    template: str,
    status: int = 200,
    error: str = "",
    tried: str = "",
    typed: Mapping[str, str] | None = None,
    revealed: revealing.Revealed | None = None,
    seen: int | None = None,
    faults: Mapping[str, str] | None = None,
    more: Mapping[str, Any] | None = None,
    part: bool = False,
) -> Response:
    """The page, or with ``part`` a piece of one that is open; opening it is recorded. Raises
    ``Refusal`` (404) alike for foreign and missing."""
    state, actor = state_of(request), session.actor
    now, office = state.now(), state.offices.current()
    beside = request.query_params.get("beside", "").strip()
    with state.database.read() as reading:
        case, request_id = cases.case(reading, actor, office, number, now=now)
        try:
            like = alike.together(reading, actor, office, request_id, beside=beside, now=now)
        except Refusal as refusal:
            error = error or worded(request, refusal)
            like = alike.together(reading, actor, office, request_id, now=now)
        home = belongings.beside(reading, actor, office, request_id, now)
        waits = pending(
            reading, office, request_id, case.request["service"], words=case.sight.words
        )
        kept = drafts.of(reading, actor.login, case.request["number"])
        files = attachments.of_contacts(reading.connection(), request_id)
        added = attachments.of_acts(reading.connection(), request_id)
        reads = case.sight.words and case.sight.person
        wrong = None
        if case.sight.person and actor.role in access.RIGHTS["accept_correction"]:
            whole = revealed is not None
            wrong = on_record.to_decide(reading.connection(), request_id, whole=whole)
        looked = part and access.looked(reading, actor, request_id, since=now - LOOKED_AGAIN)
    if request.method == "GET" and not looked:
        with acting(state.database, state.mint) as tx:
            for opened in dict.fromkeys((request_id, *like.ids, *home.ids)):
                access.look(tx, actor, act="see", now=now, request_id=opened)
    return staff_page(
        request,
        template,
        status=status,
        base=base,
        case=case,
        waits=waits,
        seen=case.seen,
        news=[
            one
            for one in case.history
            if seen is not None and one.seq > seen and meanwhile.counts(one.kind, one.by, actor)
        ],
        error=error,
        tried=tried,
        typed=Typed(typed or {}),
        written={} if tried == REVEAL else acts.written(typed or {}, tried),
        revealed=revealed,
        done=_done(request, case),
        like=like,
        drafts=kept,
        worker=worker(office, case.request, now),
        working=case.request["leased_by"] == actor.login,
        had=False,
        tab=onward.tab_of(request.query_params.get("tab")),
        home=home,
        names=names_of(office, actor, case, now, language_of(request)),
        files=files if case.sight.person else {},
        people=staff_names(office),
        papers=printing.fitting(case.request["status"], frozenset(h.kind for h in case.history)),
        added=[(act, one) for act, one in added if reads or one["kept_by"] == actor.login],
        correction=wrong,
        unkept=kept_first.named(request.query_params.get("unkept", "")),
        limit=kept_first.LIMIT,
        aid=aidpage.block(request, actor, request_id, number),
        faults=faults or {},
        **(more or {}),
    )


def _done(request: Request, case: cases.Case) -> str:
    done = request.query_params.get("done", "")
    if done not in acts.ACTS or request.method != "GET":
        return ""
    if done == "lower_urgency" and any(
        one.kind == "lowering_proposed" for one in case.history[-1:]
    ):
        return "second_needed"
    return done


def staff_names(office: Office) -> dict[str, str]:
    """What the logins of staff are called on a page or paper."""
    return {one.login: f"{one.name} {one.login}".strip() for one in office.directory.officers}


def names_of(
    office: Office, actor: Actor, case: cases.Case, now: datetime, language: str
) -> dict[str, Any]:
    """What codes are called, and what the forms offer to choose from."""
    directory, day = office.directory, now.astimezone(ZONE).date()
    request = case.request
    place = directory.place.get(request["area"] or "")
    units = {unit.code: wording.named(unit, language) for unit in directory.units}
    rows, grounds = office.policy.routes, office.policy.grounds
    services = {row.service: wording.named(row, language) for row in rows if row.in_force(day)}
    rank = Level(request["level"]).rank
    reasons = [row.reasons for row in REQUEST if row.act == "close" and actor.role in row.who]
    return {
        "area": place.name if place else "",
        "lead": units.get(request["lead_bureau"], request["lead_bureau"]),
        "holder_unit": units.get(request["holder_unit"], request["holder_unit"]),
        "service": services.get(request["service"] or "", request["service"] or ""),
        "people": {
            login: officer.name
            for login in (request["holder_person"], request["first_responder"])
            if (officer := directory.officer.get(login)) is not None
        },
        "services": services,
        "units": [
            (unit.code, wording.named(unit, language))
            for unit in directory.units
            if unit.authority not in GRASSROOTS and unit.serves_on(day)
        ],
        "grounds": {
            act: [(one.code, wording.named(one, language)) for one in grounds if one.act == act]
            for act in ("arbitrate", "suspend")
        },
        "purposes": revealing.grounds(office, actor.role),
        "lines": [line for line in office.policy.lines if line.for_danger],
        "higher": [level for level in Level if level.rank < rank],
        "lower": [level for level in Level if level.rank > rank],
        "clocks": {one.clock: wording.named(one, language) for one in case.promises},
        "reasons": tuple(dict.fromkeys(one for row in reasons for one in row)),
    }


def act(
    request: Request,
    session: sessions.SignedIn,
    number: str,
    name: str,
    form: Mapping[str, str],
    *,
    base: str,
    template: str,
    again: Callable[..., Response] = show,
) -> Response:
    """Do an act from its form. A refusal shows the page again (``again``, called as ``show``) with
    what was typed and what is wrong at which field."""
    fields = checked(session, form)
    seen = meanwhile.read(fields.pop("seen", None))
    goes_on, tab = fields.pop("then", "") == "next", onward.tab_of(fields.pop("tab", None))
    state = state_of(request)
    if name == REVEAL:
        return _reveal(request, session, number, fields, base=base, template=template, again=again)
    if name not in acts.ACTS:
        raise Refusal("refusal.not_found", status=404)
    chosen = acts.ACTS[name]
    try:
        body = acts.read_form(chosen, fields)
        row = acts.perform(state, session.actor, number, chosen, body, now=state.now(), seen=seen)
    except (Refusal, Impossible) as error:
        if sentences.status_of(error) == 404:  # gone elsewhere meanwhile: what was typed is kept
            return staff_page(
                request,
                "refused.html",
                looking=False,
                status=404,
                error=worded(request, error),
                kept=acts.written(acts.known(fields, chosen), name),
            )
        why = refused(request, error)
        return again(
            request,
            session,
            number,
            base=base,
            template=template,
            status=why.status,
            error=why.error,
            tried=name,
            typed=acts.known(fields, chosen),
            seen=seen,
            faults=why.faults,
        )
    with acting(state.database, state.mint) as tx:
        drafts.drop(tx, session.actor.login, row["number"], name)
        if goes_on:
            leasing.release(tx, session.actor, row["id"])
    if goes_on and base == DESK:
        return onward.next_of(state, session.actor, row, tab)
    return _after(state, session.actor, number, name, base)


def _after(state: State, actor: Actor, number: str, name: str, base: str) -> Response:
    """Back to the request, or to the list when it has gone to somebody else."""
    with state.database.read() as reading:
        try:
            access.admit(
                reading.connection(),
                actor,
                state.offices.current(),
                number,
                act="see",
                now=state.now(),
            )
        except Refusal:
            return RedirectResponse(base, 303)
    return RedirectResponse(f"{base}/{number}?done={name}", 303)


def _reveal(
    request: Request,
    session: sessions.SignedIn,
    number: str,
    fields: Mapping[str, str],
    *,
    base: str,
    template: str,
    again: Callable[..., Response],
) -> Response:
    state = state_of(request)
    access.allow(session.actor, REVEAL)
    purpose, ground = fields.get("purpose", ""), fields.get("ground", revealing.OTHER)
    error, found, status = "", None, 200
    try:
        found = revealing.reveal(
            state, session.actor, number, purpose, ground=ground, now=state.now()
        )
    except Refusal as refusal:
        if refusal.status == 404:
            raise
        error, status = worded(request, refusal), refusal.status
    return again(
        request,
        session,
        number,
        base=base,
        template=template,
        status=status,
        error=error,
        tried=REVEAL,
        typed={"purpose": purpose, "ground": ground},
        revealed=found,
    )
