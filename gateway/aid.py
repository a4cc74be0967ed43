"""The acts of aid, each named once: what it takes and which verb it calls; and for whom a grant
exists. The pages and the JSON interface are both made from this table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlmodel import col

from gateway import access
from gateway.access import Actor, Partner, Viewer
from gateway.aid_bodies import (
    AuthoriseBody,
    CorrectBody,
    CountBody,
    DecideBody,
    DeliverBody,
    ExplainBody,
    GivenBody,
    Judged,
    KinBody,
    LiftBody,
    PublishBody,
    ResidentsBody,
    TopUpBody,
    UndoEntryBody,
)
from gateway.bodies import Body, NoteBody, ReasonBody
from gateway.state import State
from models.relief import COLUMNS, Relief
from models.requests import HelpRequest
from models.transaction import Row, Transaction, acting
from models.vocabulary import Role
from referral import (
    drafting,
    explaining,
    filing,
    green_channel,
    guards,
    keeping,
    rectifying,
    relief_life,
    relieving,
)
from referral.casework import FIELD, Refusal
from referral.office import Office
from referral.relief_life import State as Stands

Verb = Callable[..., Row]
WHOLE_COUNTY = ("civil_affairs", "coordination_office")
"""Bureaus that answer for the aid of the whole county."""
_MONEY = {"amount": "amount_fen", "counted": "counted_fen"}


@dataclass(frozen=True, slots=True)
class AidAct:
    """One act on a grant or on a reserve: its name in address and phrases, its body, its verb."""

    name: str
    body: type[Body]
    verb: Verb


def _table(*rows: tuple[str, type[Body], Verb]) -> Mapping[str, AidAct]:
    return {name: AidAct(name, body, verb) for name, body, verb in rows}


ACTS = _table(
    ("authorise", AuthoriseBody, relieving.authorise),
    ("decide", DecideBody, filing.decide),
    ("deliver", DeliverBody, relieving.deliver),
    ("decline", NoteBody, relieving.decline),
    ("not_needed", NoteBody, relieving.not_needed),
    ("lift", LiftBody, explaining.lift),
    ("explain", ExplainBody, explaining.explain),
    ("publish", PublishBody, explaining.publish),
    ("query", ReasonBody, rectifying.query),
    ("correct", CorrectBody, rectifying.correct),
    ("undo", ReasonBody, rectifying.undo),
    ("declare_kin", KinBody, filing.declare_kin),
)
BEGINS = _table(
    ("propose", Judged, relieving.propose), ("record_given", GivenBody, green_channel.record_given)
)
RESERVE_ACTS = _table(
    ("top_up", TopUpBody, keeping.top_up),
    ("count", CountBody, keeping.count),
    ("undo_entry", UndoEntryBody, keeping.undo_entry),
    ("set_residents", ResidentsBody, keeping.set_residents),
)


def told(body: Body) -> dict[str, Any]:
    """What an act was told, its money in fen."""
    found = body.model_dump()
    for name, counted in _MONEY.items():
        if name in found:
            found[counted] = guards.fen(found.pop(name))
    if "stages" in found:
        found["stages"] = [(guards.fen(yuan), when) for yuan, when in found["stages"]]
    return found


def is_countywide(viewer: Actor, office: Office) -> bool:
    """Whether the grants of the whole county are this viewer's to see."""
    unit = office.directory.unit.get(viewer.unit)
    county = unit is not None and unit.authority in WHOLE_COUNTY
    return viewer.role in access.JURISDICTION or (county and viewer.role not in FIELD)


def scope(viewer: Viewer, office: Office, now: datetime) -> list[ColumnElement[bool]]:
    """The conditions under which a grant exists for this viewer: never one of a request that
    complains about them."""
    if isinstance(viewer, Partner):
        return [col(Relief.proposed_by) == f"partner:{viewer.name}"]
    clean = access.unbarred(viewer, office, now, of=Relief.request_id)
    if is_countywide(viewer, office):
        return [clean]
    seen = select(col(HelpRequest.id)).where(*access.scope(viewer, office, now))
    mine: list[ColumnElement[bool]] = [
        col(Relief.unit) == viewer.unit,
        col(Relief.request_id).in_(seen),
        col(Relief.proposed_by) == viewer.login,
    ]
    if viewer.role in (Role.TOWNSHIP_OFFICER, *FIELD):
        mine.append(col(Relief.area).in_(access.areas(office, viewer.area)))
    return [or_(*mine), clean]


def admit(connection: Any, viewer: Viewer, office: Office, number: str, now: datetime) -> Row:
    """The grant's row when it exists for this viewer. Raises ``Refusal`` (404)."""
    if isinstance(viewer, Actor):
        access.allow(viewer, "see_relief")
    found = connection.execute(
        select(*COLUMNS).where(col(Relief.number) == number, *scope(viewer, office, now))
    ).first()
    if found is None:
        raise Refusal("refusal.not_found", status=404)
    return dict(found._mapping)


def acts(actor: Actor, office: Office, aid: Mapping[str, Any]) -> tuple[str, ...]:
    """What this person may do with the grant now, by the life of a grant and by whose it is."""
    if not _ours(actor, office, aid):
        return ()
    found = relief_life.acts(Stands(aid["state"]), actor.role)
    unfit = {"publish"} if aid["notice"] == "none" or aid["published_at"] else set()
    unfit |= {"decide"} if aid["decision_id"] is not None else set()
    unfit |= {"lift"} if aid["lifted_at"] is not None else set()
    return tuple(one for one in found if one in ACTS and one not in unfit)


def _ours(actor: Actor, office: Office, aid: Mapping[str, Any]) -> bool:
    unit = office.directory.unit.get(actor.unit)
    if actor.role in access.DESK or (unit is not None and unit.authority in WHOLE_COUNTY):
        return True
    if actor.role in FIELD:
        return actor.area is not None and office.directory.within(aid["area"], actor.area)
    return bool(actor.unit == aid["unit"])


def perform(
    state: State, actor: Actor, number: str, act: AidAct, body: Body, *, now: datetime
) -> Row:
    """Do an act on a grant in one transaction. Raises ``Refusal``, ``Impossible`` or ``Busy``; then
    nothing was changed."""
    office = state.offices.current()
    with acting(state.database, state.mint) as tx:
        aid = admit(tx, actor, office, number, now)
        relief_life.step(act.name, Stands(aid["state"]), actor.role)
        if not _ours(actor, office, aid):
            raise Refusal("refusal.not_your_unit", status=403)
        return act.verb(tx, office, actor, aid, **told(body), now=now)


def begin(state: State, actor: Actor, act: AidAct, body: Body, *, now: datetime) -> Row:
    """Propose a grant, or record one that was given. The same press twice is one grant. Raises
    ``Refusal``, ``Impossible`` or ``Busy``."""
    access.allow(actor, "propose_relief")
    office = state.offices.current()
    given = told(body)
    judged = tuple(one for one in drafting.JUDGEMENTS if given.pop(one))
    once = given.pop("once")
    key = f"{actor.login}:{once}" if once else None
    with acting(state.database, state.mint) as tx:
        if key is not None and (known := standing(tx, key)) is not None:
            return known
        request = _request(tx, actor, office, given.pop("request"), now)
        follows = given.pop("follows")
        if follows:
            given["follows"] = admit(tx, actor, office, follows, now)
        return act.verb(tx, office, actor, request, judgements=judged, once=key, **given, now=now)


def _request(
    tx: Transaction, actor: Actor, office: Office, number: str | None, now: datetime
) -> Row | None:
    if not number:
        return None
    return access.admit(tx, actor, office, number, act="propose_relief", now=now)


def standing(tx: Transaction, key: str) -> Row | None:
    """The grant that was already recorded under this key."""
    found = tx.execute(select(*COLUMNS).where(col(Relief.once) == key)).first()
    return dict(found._mapping) if found else None


def keep(state: State, actor: Actor, unit: str, act: AidAct, body: Body, *, now: datetime) -> Row:
    """Do an act on a unit's reserve. Raises ``Refusal`` or ``Busy``."""
    access.allow(actor, "keep_reserve")
    office = state.offices.current()
    if unit not in purses(actor, office):
        raise Refusal("refusal.not_your_unit", status=403)
    with acting(state.database, state.mint) as tx:
        return act.verb(tx, office, actor, unit, **told(body), now=now)


def purses(actor: Actor, office: Office) -> tuple[str, ...]:
    """The units whose reserves this person may keep: a township its own, civil affairs the
    county's and those of all townships."""
    if actor.role is Role.TOWNSHIP_OFFICER:
        return (actor.unit,)
    unit = office.directory.unit.get(actor.unit)
    if unit is None or unit.authority not in WHOLE_COUNTY:
        return ()
    towns = [one.code for one in office.directory.units if one.authority == "township"]
    return (*dict.fromkeys((actor.unit, *towns)),)


def yuan(amount_fen: int) -> str:
    """A sum as it is read: 1200.50; whole sums without decimals."""
    amount = Decimal(amount_fen) / 100
    return f"{amount:f}" if amount % 1 == 0 else f"{amount:.2f}"
