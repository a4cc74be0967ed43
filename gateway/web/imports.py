"""Reading a spreadsheet in, step by step: template, file, preview, yes, result. Nothing is written
before the yes; what may be urgent is opened line by line."""

from collections import Counter
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import select

from gateway import (
    access,
    import_notices,
    import_places,
    import_reports,
    import_undo,
    import_warnings,
    importing,
    sessions,
    warning_leads,
)
from gateway.access import Actor
from gateway.import_kinds import KINDS, ROSTERS, WARNINGS, Codes, Fault
from gateway.importing import Looked
from gateway.sheets import BadSheet
from gateway.state import State
from gateway.web.rendering import language_of, state_of
from gateway.web.staff import (
    Fields,
    SignedIn,
    StaffRoute,
    checked,
    require_own_form,
    staff_page,
    worded,
)
from gateway.web.uploads import Upload, upload_of
from models.ids import Id
from models.imports import ImportBatch
from models.transaction import acting
from models.vocabulary import Form
from referral.casework import Refusal
from referral.visiting import today

BASE = "/imports"
MOST_LINES = 5_000
"""More lines in one page than a person looks through; the command reads larger files."""
SHOWN = 100

_RIGHTS = {
    "reports": "import_reports",
    WARNINGS: "load_warnings",
    **dict.fromkeys((*import_places.KINDS, ROSTERS), "administer"),
}
"""A file asks for the right of who does the same by hand."""

router = APIRouter(prefix=BASE, route_class=StaffRoute, include_in_schema=False)


async def _uploaded(request: Request) -> Upload:
    require_own_form(request)
    return await upload_of(request, most_files=1)


Uploaded = Annotated[Upload, Depends(_uploaded)]


def kinds_of(actor: Actor) -> tuple[str, ...]:
    """What somebody may read in."""
    return tuple(kind for kind in KINDS if actor.role in access.RIGHTS[_right(kind)])


def _right(kind: str) -> str:
    return _RIGHTS.get(kind, "import_registry")


def allow(actor: Actor, kind: str) -> None:
    """Raise ``Refusal``: there is no such kind, or it is not theirs to read in."""
    if kind not in KINDS:
        raise Refusal("refusal.not_found", status=404)
    access.allow(actor, _right(kind))


@router.get("")
def begin(request: Request, session: SignedIn) -> Response:
    """The templates, the form for a file, and what was read in lately."""
    return _begin(request, session.actor)


def _begin(request: Request, actor: Actor, *, error: str = "", status: int = 200) -> Response:
    kinds = kinds_of(actor)
    if not kinds:
        access.allow(actor, "import_registry")
    columns = ImportBatch.__table__.columns  # type: ignore[attr-defined]
    with state_of(request).database.read() as reading:
        recent = (
            reading.connection()
            .execute(
                select(*(one for one in columns if one.name != "body"))
                .where(columns.made_by == actor.login)
                .order_by(columns.made_at.desc(), columns.id.desc())
                .limit(20)
            )
            .all()
        )
    return staff_page(
        request, "imports.html", status=status, kinds=kinds, recent=recent, error=error
    )


@router.post("")
def upload(request: Request, session: SignedIn, form: Uploaded) -> Response:
    """Look at a file and keep it for the preview; nothing of it is written."""
    fields = checked(session, form.fields)
    state, actor = state_of(request), session.actor
    kind = fields.get("kind", "")
    allow(actor, kind)
    now = state.now()
    body = next(iter(form.files.get("file", ())), b"")
    name = fields.get("name", "")[:80] or form.names.get("file", "")[-80:] or "—"
    try:
        looked = looked_into(state, kind, name, body, actor.login)
    except BadSheet as bad:
        phrases = state.offices.current().phrases
        said = phrases.say(bad.key, bad.params, Form.FULL, language_of(request))
        return _begin(request, actor, error=said, status=422)
    with acting(state.database, state.mint) as tx:
        batch_id = tx.mint()
        tx.add(
            ImportBatch, id=batch_id, kind=kind, name=name, hash=looked.hash, state="previewed",
            lines=looked.lines, faulty=len(looked.bad), made_at=now, made_by=actor.login, body=body,
        )  # fmt: skip
    return RedirectResponse(f"{BASE}/{batch_id}", 303)


def looked_into(state: State, kind: str, name: str, body: bytes, by: str) -> Looked:
    """What a file of ``by`` holds, compared with what stands. Raises ``BadSheet``."""
    codes = _codes(state)
    looked = importing.look(kind, name, body, codes)
    importing.compare(state.database, looked, codes, by)
    if looked.lines > MOST_LINES:
        rows, most = f"{looked.lines:,}", f"{MOST_LINES:,}"
        raise BadSheet("sheet.too_many", name=name, rows=rows, most=most)
    return looked


def _codes(state: State) -> Codes:
    return importing.codes_of(state.offices.current(), on=today(state.now()))


def batch_of(state: State, actor: Actor, batch_id: int) -> Any:
    """A file that this person read in. Raises ``Refusal`` (404)."""
    columns = ImportBatch.__table__.columns  # type: ignore[attr-defined]
    with state.database.read() as reading:
        found = (
            reading.connection()
            .execute(select(*columns).where(columns.id == batch_id, columns.made_by == actor.login))
            .first()
        )
    if found is None:
        raise Refusal("refusal.not_found", status=404)
    allow(actor, found.kind)
    return found


@router.get("/{batch_id}")
def preview(request: Request, session: SignedIn, batch_id: Id) -> Response:
    """What would be written, what is wrong and what may be urgent; afterwards what became of it."""
    return _preview(request, session.actor, batch_id)


def _preview(
    request: Request, actor: Actor, batch_id: int, *, error: str = "", status: int = 200
) -> Response:
    state = state_of(request)
    batch = batch_of(state, actor, batch_id)
    looked = looked_again(state, batch) if batch.body else None
    reports = batch.kind == "reports"
    urgent: dict[int, str] = {}
    lines: list[Any] = []
    named = warning_leads.names(state.offices.current().policy.outreach, language_of(request))
    listed: Counter[str] = Counter()
    if looked is not None:
        codes = _codes(state)
        urgent = import_reports.urgent_lines(state, looked, codes) if reports else {}
        good = list(import_reports.good_lines(looked, codes))
        lines = [read for read in good if read.line in urgent][:SHOWN]
        if batch.kind == WARNINGS:
            listed = Counter(named[read.values["lead"].kind] for read in good)
    stand = import_reports.standing(state, batch_id) if reports else {}
    return staff_page(
        request,
        "import_one.html",
        status=status,
        batch=batch,
        looked=looked,
        faults=looked.faults[:SHOWN] if looked else [],
        notices=import_notices.of(state.database, looked, _codes(state))[:SHOWN] if looked else [],
        urgent=urgent,
        lines=lines,
        stand=stand,
        listed=listed,
        became=import_warnings.became(state.database, batch_id) if batch.kind == WARNINGS else {},
        left=[line for line in urgent if line not in stand],
        may_undo=_may_undo(batch, state.now()),
        say=sayer(request),
        error=error,
    )


def looked_again(state: State, batch: Any) -> Looked:
    """What the file of a batch holds as things stand now."""
    return looked_into(state, batch.kind, batch.name, batch.body, batch.made_by)


def _may_undo(batch: Any, now: datetime) -> bool:
    stays = batch.kind == "reports" or batch.state != "done"  # what is reported stays (Art. 70)
    return not stays and import_undo.in_time(batch, now)


def sayer(request: Request) -> Any:
    """What a fault says, in the page's language."""
    phrases, language = state_of(request).offices.current().phrases, language_of(request)

    def say(fault: Fault) -> str:
        return phrases.say(fault.key, dict(fault.params), Form.FULL, language)

    return say


@router.post("/{batch_id}/open/{line}")
def open_line(
    request: Request, session: SignedIn, form: Fields, batch_id: Id, line: Id
) -> Response:
    """Hand in one line that may be urgent, which somebody has looked at."""
    checked(session, form)
    state, actor = state_of(request), session.actor
    batch = batch_of(state, actor, batch_id)
    if batch.kind != "reports" or not batch.body:
        raise Refusal("refusal.not_found", status=404)
    looked = looked_again(state, batch)
    for read in import_reports.good_lines(looked, _codes(state)):
        if read.line == line:
            import_reports.submit(state, actor, looked, batch_id, read, now=state.now())
            return RedirectResponse(f"{BASE}/{batch_id}", 303)
    raise Refusal("refusal.not_found", status=404)


def _require_recent(session: SignedIn, batch: Any, now: datetime) -> None:
    if batch.kind == "staff":  # accounts ask who is at the keyboard, as by hand
        sessions.require_recent(session, now)


@router.post("/{batch_id}/confirm")
def confirm(request: Request, session: SignedIn, form: Fields, batch_id: Id) -> Response:
    """The yes: write the good lines. Those that may be urgent have been opened before."""
    fields = checked(session, form)
    state, actor = state_of(request), session.actor
    batch = batch_of(state, actor, batch_id)
    _require_recent(session, batch, state.now())
    if not batch.body:
        raise Refusal("refusal.import_over", {"batch": str(batch_id)})
    looked = looked_again(state, batch)
    codes = _codes(state)
    try:
        if looked.lines == len(looked.bad):
            raise Refusal("refusal.import_none", status=422)
        if looked.bad and fields.get("which") != "good":
            raise Refusal("refusal.import_faulty", {"n": str(len(looked.bad))}, 422)
        if batch.kind == "reports":
            import_reports.hand_in(state, actor, looked, codes, batch_id)
        else:
            batch_id, _, _ = importing.write(
                state.database, state.mint, looked, codes, by=actor.login, now=state.now,
                batch_id=batch_id, office=state.offices.current(),
            )  # fmt: skip
    except Refusal as refusal:
        return _preview(
            request, actor, batch_id, error=worded(request, refusal), status=refusal.status
        )
    return RedirectResponse(f"{BASE}/{batch_id}", 303)


@router.post("/{batch_id}/undo")
def undo(request: Request, session: SignedIn, form: Fields, batch_id: Id) -> Response:
    """Give back what the file changed."""
    checked(session, form)
    state, actor = state_of(request), session.actor
    batch = batch_of(state, actor, batch_id)
    _require_recent(session, batch, state.now())
    try:
        if batch.kind == "reports":
            raise Refusal("refusal.import_reports_stay")
        import_undo.undo(state.database, state.mint, batch_id, actor.login, state.now())
    except Refusal as refusal:
        return _preview(
            request, actor, batch_id, error=worded(request, refusal), status=refusal.status
        )
    return RedirectResponse(f"{BASE}/{batch_id}", 303)
