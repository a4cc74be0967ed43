"""Who may do what, and whose data they may see. Deny by default: one table, one scope.

``RIGHTS`` says which role may do an act at all, ``scope`` which requests exist for somebody: it
goes into the query itself, so that what is foreign and what does not exist answer alike. What the
life cycle allows in a status, and which unit's order it is, the verbs check."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlmodel import Session, col

from models import notes, numbers
from models.access import Look
from models.bars import not_asked_first, not_barred, withheld_from
from models.journal import JournalEntry
from models.prefixes import begins
from models.referrals import Referral
from models.requests import Contact, HelpRequest
from models.transaction import Row, Transaction
from models.vocabulary import Level, Role, Track
from referral.casework import FIELD, GONE, GRASSROOTS, Actor, Refusal, barred_as, units_of
from referral.office import Office
from referral.routing import GRIEVANCE

__all__ = ["RIGHTS", "Actor", "Partner", "Sight", "Viewer", "admit", "allow", "scope", "sight"]

_ROLES: dict[str, tuple[Role, ...]] = {
    "O": (Role.OPERATOR,),
    "D": (Role.DISPATCHER,),
    "L": (Role.DUTY_LEAD,),
    "S": (Role.SUPERVISOR,),
    "B": (Role.BUREAU_OFFICER, Role.BUREAU_HEAD),
    "T": (Role.TOWNSHIP_OFFICER,),
    "G": FIELD,
    "A": (Role.ADMINISTRATOR,),
    "U": (Role.AUDITOR,),
}


def _roles(letters: str) -> frozenset[Role]:
    return frozenset(role for letter in letters for role in _ROLES[letter])


RIGHTS: Mapping[str, frozenset[Role]] = {
    # O operator, D dispatcher, L duty lead, S supervisor, B bureau officer and head, T township
    # officer, G grid worker and village cadre, A administrator, U auditor
    "see": _roles("ODLSBTGAU"),
    "see_tasks": _roles("ODLSBT"),
    "see_held": _roles("ODL"),
    "see_desk": _roles("ODLSAU"),
    "see_inbox": _roles("BTG"),
    "reveal": _roles("ODLSBTG"),
    "confirm": _roles("ODL"),
    "raise_urgency": _roles("ODLSBTG"),
    "lower_urgency": _roles("LS"),
    "correct_route": _roles("ODLS"),
    "hand_off": _roles("OL"),
    "confirm_safe": _roles("OL"),
    "sign": _roles("BT"),
    "record_contact": _roles("ODLSBTG"),
    "reply": _roles("ODLSBT"),
    "submit_part": _roles("BT"),
    "report_result": _roles("BT"),
    "feedback": _roles("BT"),
    "callback": _roles("OL"),
    "rehandle": _roles("OLS"),
    "close": _roles("OL"),
    "merge": _roles("DL"),
    "undo_merge": _roles("LS"),
    "keep_apart": _roles("DL"),
    "link": _roles("ODL"),
    "unlink": _roles("ODL"),
    "request_return": _roles("BT"),
    "uphold_return": _roles("DLS"),
    "refuse_return": _roles("DLS"),
    "reassign": _roles("S"),
    "urge": _roles("LS"),
    "see_board": _roles("LSU"),
    "bring_in": _roles("DL"),
    "give_words": _roles("DL"),
    "ask": _roles("OL"),
    "resume": _roles("OLBTS"),
    "extend": _roles("BTS"),
    "suspend": _roles("BTS"),
    "decline": _roles("S"),
    "refuse_aid": _roles("BT"),
    "withdraw": _roles("OL"),
    "reopen": _roles("OLG"),
    "follow_up": _roles("OLBTG"),
    "claim": _roles("ODLSBTG"),
    "link_household": _roles("ODLST"),
    "refuse_household": _roles("ODLST"),
    "unlink_household": _roles("ODLST"),
    "name_unknown": _roles("ODLT"),
    "see_household": _roles("ODLSTG"),
    "import_registry": _roles("SA"),
    "import_reports": _roles("ODLTG"),
    "offer_handover": _roles("ODL"),
    "accept_handover": _roles("ODL"),
    "decline_handover": _roles("ODL"),
    "see_reports": _roles("LSBTAU"),
    "close_quarter": _roles("SBT"),
    "give_notice": _roles("ODLBT"),
    "grant_aid": _roles("BT"),
    "safety_check": _roles("OL"),
    "bar": _roles("DLS"),
    "keep_confidential": _roles("ODLS"),
    "take_upward": _roles("OLS"),
    "split_off": _roles("ODL"),
    "accept_correction": _roles("ODL"),
    "decline_correction": _roles("ODL"),
    "decide_erasure": _roles("LS"),
    "done": _roles("ODLSBT"),
    "finish_held": _roles("ODL"),
    "add_contact": _roles("ODLSBTG"),
    "bind": _roles("ODLSBTGAU"),
    "see_relief": _roles("ODLSBTGAU"),
    "propose_relief": _roles("OLBTG"),
    "file_relief": _roles("BT"),
    "see_reserves": _roles("SBTAU"),
    "keep_reserve": _roles("BT"),
    "see_events": _roles("ODLSBT"),
    "set_need": _roles("ODLSBT"),
    "account": _roles("ODLSBTGAU"),
    "ask_recovery": _roles("LSA"),
    "agree_recovery": _roles("SA"),
    "see_audit": _roles("SU"),
    "export_audit": _roles("U"),
    "print": _roles("ODLSBT"),
    "see_field": _roles("TG"),
    "report": _roles("TG"),
    "record_door": _roles("TG"),
    "decide_difference": _roles("ST"),
    "see_discovery": _roles("LSTAU"),
    "switch_mode": _roles("ST"),
    "load_warnings": _roles("SA"),
    "administer": _roles("A"),
    "propose_rule": _roles("A"),
    "decide_rule": _roles("SA"),
}

DESK = _roles("ODLS")
JURISDICTION = _roles("ODLSAU")
"""Roles that see all requests of the jurisdiction; A and U without personal data."""


@dataclass(frozen=True, slots=True)
class Partner:
    """A partner system with a bearer token: it sees what it sent in, without personal data."""

    name: str
    scopes: frozenset[str]


Viewer = Actor | Partner


@dataclass(frozen=True, slots=True)
class Sight:
    """What somebody may see of a request: the words, who the person is, in which house, and the
    ``gist``: what was understood of the words."""

    words: bool
    person: bool
    place: bool
    gist: bool


def allow(viewer: Viewer, act: str) -> None:
    """Raise ``Refusal`` (403) unless the role may do the act. KeyError for an act not in RIGHTS:
    what nobody has named is not allowed by accident."""
    if isinstance(viewer, Partner):
        if act == "see" and "requests:read" in viewer.scopes:
            return
        raise Refusal("refusal.scope", {"scope": act}, 403)
    if viewer.role not in RIGHTS[act]:
        raise Refusal("refusal.role", {"act": act, "role": viewer.role}, 403)


def sight(viewer: Viewer, request: Mapping[str, Any]) -> Sight:
    """Field by field (PIPL Art. 6: the least the work needs), by ``confidential``, ``level`` and
    ``withheld`` of the request. Of a confidential one only the desk knows who called (AS-05), and
    where, but while it is urgent who has it too: they must find somebody. ``withheld``: no word."""
    if isinstance(viewer, Partner) or viewer.role not in RIGHTS["reveal"]:
        return Sight(words=False, person=False, place=False, gist=False)
    words = not withheld_from(request["withheld"], viewer.login, viewer.unit)
    person = viewer.role in DESK or not request["confidential"]
    return Sight(words, person, person or Level(request["level"]).is_urgent, gist=True)


def scope(viewer: Viewer, office: Office, now: datetime) -> list[ColumnElement[bool]]:
    """The conditions under which a request exists for this viewer; [] means all of them."""
    if isinstance(viewer, Partner):
        return [_sent_in_by(viewer)]
    if viewer.role not in RIGHTS["see"]:
        return [false()]
    units = sorted(units_of(office, viewer, now))
    clean = unbarred(viewer, office, now)
    if viewer.role in JURISDICTION:
        return [clean]
    holds = col(HelpRequest.holder_unit).in_(units)
    its = col(Referral.request_id) == col(HelpRequest.id)  # all that a unit ever had is too long
    to_us = (col(Referral.bureau).in_(units), col(Referral.status).not_in(GONE))
    ordered = select(col(Referral.id)).where(its, *to_us).correlate(HelpRequest).exists()
    if viewer.role not in GRASSROOTS:
        return [or_(holds, ordered), clean]
    own = col(HelpRequest.area).in_(areas(office, viewer.area))
    # I9: a complaint never comes before the people it may be about.
    quiet = and_(
        col(HelpRequest.track) != Track.GRIEVANCE,
        or_(col(HelpRequest.service).is_(None), col(HelpRequest.service) != GRIEVANCE, holds),
        or_(not_asked_first(viewer.login, viewer.unit), holds, ordered),
    )
    if viewer.role is Role.TOWNSHIP_OFFICER:
        return [or_(own, holds, ordered), quiet, clean]
    reported = col(HelpRequest.id).in_(
        select(col(Contact.request_id)).where(col(Contact.reporter) == viewer.login)
    )
    mine = col(HelpRequest.holder_person) == viewer.login
    return [or_(reported, mine, and_(own, holds)), quiet, clean]


def unbarred(
    viewer: Actor, office: Office, now: datetime, *, of: Any = HelpRequest.id
) -> ColumnElement[bool]:
    """That what belongs to a request (``of`` names it) does not complain about this viewer."""
    return not_barred(viewer.login, barred_as(office, viewer, now), of=of)


def areas(office: Office, area: str | None) -> list[str]:
    """An area with everything in it."""
    if area is None:
        return []
    directory = office.directory
    return sorted(place.code for place in directory.places if directory.within(place.code, area))


def _sent_in_by(partner: Partner) -> ColumnElement[bool]:
    its = col(Contact.request_id) == col(HelpRequest.id)
    by_them = begins(col(JournalEntry.provider_key), f"{partner.name}:")
    came = col(JournalEntry.id) == col(Contact.journal_id)
    kept = select(col(Contact.id)).join(JournalEntry, came)
    return kept.where(its, by_them).correlate(HelpRequest).exists()


def admit(
    connection: Any, viewer: Viewer, office: Office, number: str, *, act: str, now: datetime
) -> Row:
    """The request's row, when the viewer may do the act and the request exists for them.

    ``connection`` executes: a transaction or a session's connection. Raises ``Refusal``: 403 for
    the act (whatever the number), 404 alike for a foreign and a missing request.
    """
    allow(viewer, act)
    query = select(*HelpRequest.__table__.columns).where(  # type: ignore[attr-defined]
        col(HelpRequest.number) == (numbers.normal(number) or number), *scope(viewer, office, now)
    )
    found = connection.execute(query).first()
    if found is None:
        raise Refusal("refusal.not_found", status=404)
    return dict(found._mapping)


def look(
    tx: Transaction,
    actor: Actor,
    *,
    act: str,
    now: datetime,
    request_id: int | None = None,
    ground: str = "",
    purpose: str = "",
    typed: Sequence[str] = (),
) -> None:
    """Remember that somebody looked at somebody's data (PIPL Art. 51, 54). ``purpose`` is for ever;
    of what was typed (``typed``) the look has the mark (``models.notes.beside``)."""
    tx.add(
        Look,
        id=tx.mint(),
        at=now,
        login=actor.login,
        act=act,
        request_id=request_id,
        ground=ground,
        purpose=purpose[:200] + (notes.in_look(typed) if typed else ""),
    )


def looked(session: Session, actor: Actor, request_id: int, *, since: datetime) -> bool:
    """Whether this person's look at the request is already kept, not before ``since``."""
    query = select(col(Look.id)).where(
        col(Look.request_id) == request_id,
        col(Look.login) == actor.login,
        col(Look.act) == "see",
        col(Look.at) >= since,
    )
    return session.connection().execute(query.limit(1)).first() is not None
