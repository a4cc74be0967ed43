"""The page of one request as a unit's order: the paper, and every act with its form and its check.

The same acts as everywhere (``casepage``), around them what a bureau needs before it acts: what its
answer still lacks, until when it may return the order, what the requester would read of an
extension.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from fastapi import Request, Response
from sqlmodel import Session

from gateway import access, acts, inboxes, meanwhile, sentences, sessions
from gateway.state import State
from gateway.web import casepage, evidence
from gateway.web.kept_first import Written
from gateway.web.rendering import state_of
from gateway.web.staff import checked, faults_of, worded
from models.transaction import Row
from models.vocabulary import ReferralRole
from referral import casework, feedback, leave, returning
from referral.casework import Actor, Refusal
from referral.lifecycle import Impossible
from referral.office import Office

BASE, TEMPLATE = "/inbox", "order.html"
DONE = 303
PREVIEW = "preview"


def show(request: Request, session: sessions.SignedIn, number: str, **how: Any) -> Response:
    """The page, as ``casepage.show`` makes it. Raises ``Refusal``."""
    state, actor = state_of(request), session.actor
    preview, again = how.pop("preview", None), how.pop("files_again", False)
    with state.database.read() as reading:
        more = _around(reading, state, actor, number)
    how = {**how, "base": BASE, "template": TEMPLATE}
    return casepage.show(
        request, session, number, more={**more, "preview": preview, "files_again": again}, **how
    )


def act(
    request: Request, session: sessions.SignedIn, number: str, name: str, form: Written
) -> Response:
    """Do an act from its form, or show what an extension would mean. Photographs are kept when the
    act is done; what cannot be kept is named and costs nothing else."""
    if name == PREVIEW:
        return _preview(request, session, number, form.fields)
    answer = casepage.act(
        request, session, number, name, form.fields, base=BASE, template=TEMPLATE,
        again=partial(show, files_again=bool(form.files or form.refused)),
    )  # fmt: skip
    if answer.status_code != DONE or not (form.files or form.refused):
        return answer
    return evidence.keep(request, session, number, name, form, answer)


def place_path(office: Office, area: str | None) -> str:
    """Where it is, from the county down to the smallest place that is known."""
    names: list[str] = []
    place = office.directory.place.get(area or "")
    while place is not None:
        names.insert(0, place.name)
        place = office.directory.place.get(place.parent or "")
    return " ".join(names)


def _around(reading: Session, state: State, actor: Actor, number: str) -> dict[str, Any]:
    office, now = state.offices.current(), state.now()
    reader: Any = reading.connection()
    request = access.admit(reader, actor, office, number, act="see", now=now)
    order = _own_order(reader, office, actor, request, state)
    leads = order is not None and order["role"] == ReferralRole.LEAD
    return {
        "countdown": inboxes.countdown(reading, actor, office, request, now),
        "place_path": place_path(office, request["area"]),
        "order": order,
        "check": feedback.ground(reader, office, request) if leads else None,
        "private_number": feedback.PRIVATE_NUMBER,
        "return_until": returning.until(office, request, order) if order else None,
    }


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
