"""The sheets that go with reading spreadsheets in: the empty template, and the faulty lines."""

from pathlib import Path
from tempfile import TemporaryDirectory

from fastapi import APIRouter, Request, Response

from gateway import access, import_files
from gateway.import_kinds import KINDS
from gateway.web.imports import BASE, allow, batch_of, looked_again, sayer
from gateway.web.rendering import state_of
from gateway.web.staff import SignedIn, StaffRoute
from models.ids import Id
from models.transaction import acting
from models.vocabulary import Form
from referral.casework import Refusal

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

router = APIRouter(prefix=BASE, route_class=StaffRoute, include_in_schema=False)


@router.get("/template/{kind}")
def template(request: Request, session: SignedIn, kind: str) -> Response:
    """The empty table."""
    allow(session.actor, kind)
    office = state_of(request).offices.current()
    choices = import_files.choices(office.policy, kind)
    needed = "、".join(column.heading for column in KINDS[kind] if column.required)
    about = office.phrases.say("import.about", {"needed": needed}, Form.FULL, "zh-CN").split("\n")
    return Response(
        import_files.template(kind, choices, about),
        media_type=_XLSX,
        headers={"content-disposition": f'attachment; filename="huiyin-{kind}.xlsx"'},
    )


@router.get("/{batch_id}/errors")
def errors(request: Request, session: SignedIn, batch_id: Id) -> Response:
    """The faulty lines as a table, to be mended and read in again; that it was taken is kept."""
    state = state_of(request)
    batch = batch_of(state, session.actor, batch_id)
    if not batch.body:
        raise Refusal("refusal.not_found", status=404)
    looked = looked_again(state, batch)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "faults.xlsx"
        import_files.faulty(looked, sayer(request), path)
        content = path.read_bytes()
    with acting(state.database, state.mint) as tx:
        access.look(
            tx, session.actor, act="export_faults", now=state.now(), purpose=f"import {batch_id}"
        )
    return Response(
        content,
        media_type=_XLSX,
        headers={"content-disposition": 'attachment; filename="huiyin-faults.xlsx"'},
    )
