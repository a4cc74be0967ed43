"""The page of one request as a unit's order: the paper, and every act with its form and its check.

The same acts as everywhere (``casepage``), around them what a bureau needs before it acts: what its
answer still lacks, until when it may return the order, what the requester would read of an
extension.
"""

from collections.abc import Mapping
from typing import Any

from fastapi import Request, Response
from sqlalchemy import select
from sqlmodel import Session, col

from gateway import access, acts, attachments, inboxes, meanwhile, printing, sentences, sessions
from gateway.state import State
from gateway.web import casepage
from gateway.web.rendering import state_of
from gateway.web.staff import checked, faults_of, worded
from models.events import Event
from models.requests import Contact
from models.transaction import Row
from models.vocabulary import ReferralRole
from referral import casework, feedback, leave, returning
from referral.casework import Actor, Refusal
from referral.lifecycle import Impossible
from referral.office import Office

BASE, TEMPLATE = "/inbox", "order.html"
PREVIEW = "preview"


def show(request: Request, session: sessions.SignedIn, number: str, **how: Any) -> Response:
    """The page, as ``casepage.show`` makes it. Raises ``Refusal``."""
    state, actor = state_of(request), session.actor
    preview = how.pop("preview", None)
    with state.database.read() as reading:
        more = _around(reading, state, actor, number)
    how = {**how, "base": BASE, "template": TEMPLATE}
    return casepage.show(request, session, number, more={**more, "preview": preview}, **how)


def act(
    request: Request, session: sessions.SignedIn, number: str, name: str, form: Mapping[str, str]
) -> Response:
    """Do an act from its form, or show what an extension would mean."""
    if name == PREVIEW:
        return _preview(request, session, number, form)
    return casepage.act(
        request, session, number, name, form, base=BASE, template=TEMPLATE, again=show
    )


def place_path(office: Office, area: str | None) -> str:
    """Where it is, from the county down to the smallest place that is known."""
    names: list[str] = []
    place = office.directory.place.get(area or "")
    while place is not None:
        names.insert(0, place.name)
        place = office.directory.place.get(place.parent or "")
    return " ".join(names)


def staff_names(office: Office) -> dict[str, str]:
    """What the logins of staff are called on a paper."""
    return {one.login: f"{one.name} {one.login}".strip() for one in office.directory.officers}


def _around(reading: Session, state: State, actor: Actor, number: str) -> dict[str, Any]:
    office, now = state.offices.current(), state.now()
    reader: Any = reading.connection()
    request = access.admit(reader, actor, office, number, act="see", now=now)
    kinds = reader.execute(
        select(col(Event.kind)).where(col(Event.request_id) == request["id"]).distinct()
    ).scalars()
    order = _own_order(reader, office, actor, request, state)
    leads = order is not None and order["role"] == ReferralRole.LEAD
    return {
        "countdown": inboxes.countdown(reading, actor, office, request, now),
        "place_path": place_path(office, request["area"]),
        "files": files_of(reader, request["id"]),
        "people": staff_names(office),
        "papers": printing.fitting(request["status"], frozenset(kinds)),
        "order": order,
        "check": feedback.ground(reader, office, request) if leads else None,
        "private_number": feedback.PRIVATE_NUMBER,
        "return_until": returning.until(office, request, order) if order else None,
    }


def files_of(reader: Any, request_id: int) -> dict[str, list[Row]]:
    """What was sent along with each contact, by its channel and id there."""
    said = reader.execute(
        select(col(Contact.channel), col(Contact.external_id)).where(
            col(Contact.request_id) == request_id
        )
    )
    keys = [attachments.about_contact(row.channel, row.external_id) for row in said]
    found: dict[str, list[Row]] = {}
    for row in attachments.of(reader, "contact", *keys):
        found.setdefault(row["about_key"], []).append(row)
    return found


def _own_order(reader: Any, office: Office, actor: Actor, request: Row, state: State) -> Row | None:
    units = casework.units_of(office, actor, state.now())
    try:
        return casework.own_referral(reader, request["id"], units)
    except Refusal:  # the township acts first and has no order of its own
        return None


def _preview(
    request: Request, session: sessions.SignedIn, number: str, form: Mapping[str, str]
) -> Response:
    """What the requester would read; nothing is asked for yet."""
    fields = checked(session, form)
    seen = meanwhile.read(fields.pop("seen", None))
    state, actor = state_of(request), session.actor
    office, now = state.offices.current(), state.now()
    chosen = acts.ACTS["extend"]
    how: dict[str, Any] = {"tried": "extend", "typed": acts.known(fields, chosen), "seen": seen}
    try:
        body = acts.read_form(chosen, fields)
        with state.database.read() as reading:
            reader: Any = reading.connection()
            row = access.admit(reader, actor, office, number, act="extend", now=now)
            due, said = leave.foreseen(reader, office, actor, row, **body.model_dump(), now=now)
    except (Refusal, Impossible) as error:
        status = sentences.status_of(error)
        if status == 404:
            raise
        how |= {"error": worded(request, error), "faults": faults_of(request, error)}
        return show(request, session, number, status=status, **how)
    return show(request, session, number, preview={"due": due, "said": said}, **how)
