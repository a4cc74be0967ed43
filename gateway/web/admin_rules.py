"""Routes and clocks: read, tried, and changed by two people."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from gateway import access, overlay, proposals, sessions, trying
from gateway.overlay import CLOCK, ROUTE
from gateway.proposals import Wanted
from gateway.web import admin_forms, admin_words
from gateway.web.rendering import state_of
from gateway.web.staff import Fields, SignedIn, StaffRoute, checked, staff_page, worded
from models.transaction import acting
from referral.casework import Refusal
from referral.directory import ZONE

LONGEST_SENTENCE = 2000

router = APIRouter(prefix="/admin", route_class=StaffRoute, include_in_schema=False)


@router.get("/routes")
def routes(request: Request, session: SignedIn) -> Response:
    """The table of routes in force."""
    access.allow(session.actor, "administer")
    return _routes(request)


@router.post("/routes/test")
def test(request: Request, session: SignedIn, form: Fields) -> Response:
    """Which row wins for a sentence, and why; the sentence is kept nowhere."""
    fields = checked(session, form)
    access.allow(session.actor, "administer")
    text = fields.get("text", "").strip()[:LONGEST_SENTENCE]
    if not text:
        return _routes(request, status=422, empty=True)
    state = state_of(request)
    office = state.offices.current()
    area = fields.get("area", "")
    known = area if area in office.directory.place else None
    tried = trying.sentence(office, text, known, state.now())
    return _routes(request, tried=tried, typed=text, area=known or "")


@router.get("/clocks")
def clocks(request: Request, session: SignedIn) -> Response:
    """The table of clocks; ``at`` shows when each would end that began then."""
    access.allow(session.actor, "administer")
    state = state_of(request)
    office, now = state.offices.current(), state.now()
    written, error = request.query_params.get("at", "")[:20], False
    try:
        at = trying.moment(written, now)
    except ValueError:
        at, error = now, True
    day = at.astimezone(ZONE).date()
    newest = {(rule.name, rule.case): rule for rule in office.policy.clocks}
    rules = [office.policy.clock(name, case, day) for name, case in newest]
    rows = [(rule, trying.due_of(rule, at, office.policy.calendar)) for rule in rules]
    return staff_page(
        request,
        "admin_clocks.html",
        rows=rows,
        at=at,
        written=f"{at.astimezone(ZONE):%Y-%m-%dT%H:%M}",
        error=error,
        **admin_words.of(request, office),
    )


@router.get("/rule")
def rule(request: Request, session: SignedIn) -> Response:
    """One row with its versions, and the form of a change; ``undo`` fills in what stood there
    before a change that was accepted."""
    access.allow(session.actor, "propose_rule")
    asked = request.query_params
    typed: dict[str, Any] = {}
    if (undo := asked.get("undo", "")).isdecimal():
        with state_of(request).database.read() as reading:
            found = proposals.one(reading.connection(), int(undo))
        if found is not None and (found.kind, found.subject) == (
            asked.get("kind"),
            asked.get("subject"),
        ):
            typed = {**found.before, "undo": found.id}
    return _rule(request, asked.get("kind", ""), asked.get("subject", ""), typed)


@router.post("/rule")
def propose(request: Request, session: SignedIn, form: Fields) -> Response:
    """Show the difference, or write the proposal down for a second person."""
    fields = checked(session, form)
    access.allow(session.actor, "propose_rule")
    state = state_of(request)
    office, now = state.offices.current(), state.now()
    kind, subject = fields.get("kind", ""), fields.get("subject", "")
    rules, directory = state.offices.overlay, office.directory
    typed = admin_forms.typed_in(fields)
    try:
        wanted = admin_forms.wanted_by(office.policy, kind, subject, fields)
        if fields.get("step") != "propose":
            with state.database.read() as reading:
                found = proposals.look(reading.connection(), rules, directory, wanted, now)
            return _rule(request, kind, subject, typed, differences=found, wanted=wanted)
        with acting(state.database, state.mint) as tx:
            proposals.propose(tx, rules, directory, wanted, session.actor, now)
    except Refusal as error:
        if error.status == 404:
            raise
        said = worded(request, error)
        return _rule(request, kind, subject, typed, status=error.status, error=said)
    return RedirectResponse("/admin/changes", 303)


@router.get("/changes")
def changes(request: Request, session: SignedIn) -> Response:
    """What waits for a second person, and what was decided."""
    access.allow(session.actor, "decide_rule")
    return _changes(request)


@router.post("/changes")
def decide(request: Request, session: SignedIn, form: Fields) -> Response:
    """Accept or refuse as a second person."""
    fields = checked(session, form)
    access.allow(session.actor, "decide_rule")
    state = state_of(request)
    number = fields.get("id", "")
    sessions.require_recent(session, state.now())
    try:
        with acting(state.database, state.mint) as tx:
            proposals.decide(
                tx,
                state.offices.overlay,
                int(number) if number.isdecimal() and len(number) < 20 else 0,
                session.actor,
                agree=fields.get("agree") == "yes",
                answer=fields.get("answer", ""),
                now=state.now(),
            )
    except Refusal as error:
        if error.status == 404:
            raise
        said = worded(request, error)
        return _changes(request, status=error.status, error=said, typed=fields)
    state.offices.refresh()
    return RedirectResponse("/admin/changes", 303)


def _routes(
    request: Request,
    *,
    status: int = 200,
    tried: trying.Tried | None = None,
    typed: str = "",
    area: str = "",
    empty: bool = False,
) -> Response:
    state = state_of(request)
    office = state.offices.current()
    today = state.now().astimezone(ZONE).date()
    return staff_page(
        request,
        "admin_routes.html",
        status=status,
        rows=[row for row in office.policy.routes if row.in_force(today)],
        coming=[row for row in office.policy.routes if row.effective_from > today],
        tried=tried,
        whys=admin_words.whys(tried.route.why) if tried else (),
        typed=typed,
        area=area,
        empty=empty,
        places=[one for one in office.directory.places if one.kind in ("county", "township")],
        **admin_words.of(request, office),
    )


def _rule(
    request: Request,
    kind: str,
    subject: str,
    typed: Mapping[str, Any],
    *,
    status: int = 200,
    error: str = "",
    differences: Any = (),
    wanted: Wanted | None = None,
) -> Response:
    state = state_of(request)
    office, now = state.offices.current(), state.now()
    with state.database.read() as reading:
        accepted = overlay.accepted(reading.connection())
        waiting = [
            one
            for one in proposals.waiting(reading.connection())
            if (one.kind, one.subject) == (kind, subject)
        ]
    policy, _ = state.offices.overlay.over(accepted)
    row = overlay.row_of(policy, kind, subject) if kind in overlay.FIELDS else None
    if row is None:
        raise Refusal("refusal.not_found", status=404)
    rows: Any = policy.routes if kind == ROUTE else policy.clocks
    standing = overlay.fields_of(kind, row)
    due = None
    if wanted is not None and kind == CLOCK:
        due = admin_words.due_with(row, wanted.fields, now, policy.calendar)
    return staff_page(
        request,
        "admin_rule.html",
        status=status,
        kind=kind,
        subject=subject,
        row=row,
        versions=[one for one in rows if overlay.subject_of(one) == subject],
        standing=standing,
        typed={**standing, **typed},
        error=error,
        differences=differences,
        due=due,
        waiting=waiting,
        tomorrow=admin_words.tomorrow(now),
        choices=admin_forms.choices(policy),
        **admin_words.of(request, office),
    )


def _changes(
    request: Request, *, status: int = 200, error: str = "", typed: Mapping[str, str] | None = None
) -> Response:
    state = state_of(request)
    with state.database.read() as reading:
        waiting = proposals.waiting(reading.connection())
        decided = proposals.decided(reading.connection())
    office = state.offices.current()
    return staff_page(
        request,
        "admin_changes.html",
        status=status,
        waiting=waiting,
        decided=decided,
        error=error,
        typed=dict(typed or {}),
        left_out=state.offices.left_out,
        **admin_words.of(request, office),
    )
