"""The answer to the citizen: who is answered, by which way, and what is kept of it.

Nothing is said but through the outbox. Where nobody can be reached the words stand on the status
page (件件有核实、事事有回音: no contact without a reply).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from models.people import Address, Person
from models.requests import Contact
from models.transaction import Row, Transaction
from models.vocabulary import Form, Level, ReferralRole, Role, Track
from referral import casework, outcomes, reporters, telling, wording
from referral.casework import Actor
from referral.directory import HOTLINE, Unit
from referral.joined import as_heard, joined_to
from referral.office import Office, Reply, Way
from triage.language import guess_language

_TYPED = ("web", "web_form")
"""What was written in a browser, by whomever: that it came from an address nobody has proven."""
SHORTEST_REPLY = 4  # characters; "已办" answers nobody


@dataclass(frozen=True, slots=True)
class Correspondent:
    """Where the answer goes. ``reply`` None: nobody can be reached, the status page shows it.
    ``reported``: the reader is a reporter, who is told no private details (N16); ``page``: somebody
    else wrote in the same request, with its number and code, and reads its answers there (I5)."""

    reply: Reply | None
    language: str
    stopped: bool = False
    reported: bool = False
    page: bool = False


def correspondent(tx: Transaction, office: Office, request: Mapping[str, Any]) -> Correspondent:
    """Who is answered, by the way they last came from where it reaches them."""
    language = tx.execute(
        select(col(Person.language)).where(col(Person.id) == request["person_id"])
    ).scalar()
    contacts = _own_words(tx, request)
    reported = bool(contacts) and all(row.reporter is not None for row in contacts)
    latest = next((row.sender for row in reversed(contacts) if row.sender), None)
    language = language or guess_language(" ".join(row.text for row in contacts))
    addresses = tx.execute(
        select(col(Address.kind), col(Address.value), col(Address.stopped_at))
        .where(col(Address.person_id) == request["person_id"])
        .order_by(col(Address.id))
    ).all()
    ways = [(row, office.ways.get(row.kind)) for row in addresses]
    within_reach = [(row, way) for row, way in ways if way is not None and row.value]
    if not within_reach:
        return Correspondent(None, language, reported=reported)
    row, way = next((pair for pair in within_reach if pair[0].value == latest), within_reach[-1])
    theirs = [one for one in contacts if one.sender == row.value and one.channel not in _TYPED]
    reported = any(one.reporter for one in contacts) and all(one.reporter for one in theirs)
    page = reported and not all(one.reporter for one in contacts)
    reply = Reply(way, row.value)
    return Correspondent(reply, language, row.stopped_at is not None, reported, page)


def _own_words(tx: Transaction, request: Mapping[str, Any]) -> Sequence[Any]:
    """The contacts of this request's own requester, wherever the request was joined to."""
    found = tx.execute(
        select(
            *(col(getattr(Contact, name)) for name in ("sender", "text", "reporter", "person_id")),
            col(Contact.channel),
        )
        .where(col(Contact.request_id) == (request["merged_into"] or request["id"]))
        .order_by(col(Contact.received_at), col(Contact.id))
    ).all()
    return [row for row in found if row.person_id == request["person_id"]] or found


NOWHERE = Reply(Way("web", "", Form.FULL), "")
"""What is said this way stands on the page of the case and is sent to nobody."""


def tell(
    tx: Transaction,
    office: Office,
    request: Mapping[str, Any],
    phrase: str,
    *,
    due: datetime,
    now: datetime,
    unit: Unit | None = None,
    **more: str,
) -> None:
    """Say something to the citizen, and to everybody whose request was joined to this one, each by
    the way they came from. Where nobody can be reached, or the person asked us to stop, the words
    are kept for the status page and not sent. Who only reported the need hears what a reporter may
    hear of it, or nothing (N16)."""
    tell_joined(tx, office, request, phrase, due=due, now=now, unit=unit, **more)
    tell_hearer(tx, office, request, phrase, True, due=due, now=now, unit=unit, **more)


def tell_joined(
    tx: Transaction,
    office: Office,
    request: Mapping[str, Any],
    phrase: str,
    *,
    due: datetime,
    now: datetime,
    unit: Unit | None = None,
    **more: str,
) -> None:
    """Say something to those whose requests were joined to this one; otherwise as ``tell``."""
    for other in joined_to(tx, request["id"]):
        hearer = as_heard(other, request)
        tell_hearer(tx, office, hearer, phrase, due=due, now=now, unit=unit, **more)


def tell_hearer(
    tx: Transaction,
    office: Office,
    hearer: Mapping[str, Any],
    phrase: str,
    own: bool = False,
    /,
    *,
    due: datetime,
    now: datetime,
    unit: Unit | None = None,
    **more: str,
) -> None:
    """Say something of the matter to one whose request was joined to it (``as_heard``), or with
    ``own`` to the request's own person; to a reporter what a reporter may hear."""
    who = correspondent(tx, office, hearer)
    chosen = reporters.said(phrase, own=own) if who.reported else phrase
    if chosen != phrase and who.page:
        tell_one(tx, office, hearer, phrase, True, due=due, now=now, unit=unit, **more)
    if chosen is not None:
        words = more if chosen == phrase else {}
        tell_one(tx, office, hearer, chosen, due=due, now=now, unit=unit, **words)


def tell_one(
    tx: Transaction,
    office: Office,
    request: Mapping[str, Any],
    phrase: str,
    page: bool = False,
    /,
    *,
    due: datetime,
    now: datetime,
    unit: Unit | None = None,
    **more: str,
) -> Row:
    """Say something to the request's own person and nobody else; otherwise as ``tell``. To a
    reporter who has heard the outcome already it is not said again: the message that said it. With
    ``page`` the words stand on the page of the case and are sent to nobody."""
    if phrase == reporters.OUTCOME and (said := outcomes.heard(tx, request)) is not None:
        return said
    who = correspondent(tx, office, request)
    params = _params(office, request, who, unit, due)
    reply = None if page else who.reply
    urgent = reply is not None and Level(request["level"]).is_urgent
    return telling.post(
        tx,
        office,
        phrase,
        request=request,
        reply=reply or NOWHERE,
        now=now,
        language=who.language,
        params={**params, **more},
        urgent=urgent,
        stopped=who.stopped or reply is None,
    )


def foretold(
    tx: Transaction,
    office: Office,
    request: Mapping[str, Any],
    phrase: str,
    *,
    due: datetime,
    unit: Unit | None = None,
    **more: str,
) -> str:
    """The words that ``tell`` would say to the request's own person, "" for none; reads only."""
    who = correspondent(tx, office, request)
    chosen = reporters.said(phrase, own=True) if who.reported else phrase
    if chosen is None:
        return ""
    params = {**_params(office, request, who, unit, due), **more}
    return office.phrases.say(chosen, params, (who.reply or NOWHERE).way.form, who.language)


def _params(
    office: Office,
    request: Mapping[str, Any],
    who: Correspondent,
    unit: Unit | None,
    due: datetime,
) -> dict[str, str]:
    return wording.params(
        office,
        request,
        unit=unit or office.directory.unit.get(request["holder_unit"]),
        officer=office.directory.officer.get(request["first_responder"]),
        due=due,
        language=who.language,
        understood=request["summary"],
    )


def reply(
    tx: Transaction, office: Office, actor: Actor, request: Row, *, text: str, now: datetime
) -> Row:
    """Answer the citizen by the way they came from; the words are kept as they were sent.

    Only the lead, the holder or the desk answers: a cooperating bureau gives its part to the lead.
    A reporter hears that the matter was seen to, and no private details (N16). Raises ``Refusal``.
    """
    casework.require_open(request)
    answer = casework.need(text, "refusal.reply_too_short", at_least=SHORTEST_REPLY)
    units = casework.units_of(office, actor, now)
    desk = office.directory.unit.get(actor.unit)
    at_desk = desk is not None and desk.authority == HOTLINE
    if not at_desk and actor.role is not Role.SUPERVISOR and request["holder_unit"] not in units:
        casework.own_referral(tx, request["id"], units, ReferralRole.LEAD)
    if _just_said(tx, request, actor, answer, now):
        return request
    who, phrase = correspondent(tx, office, request), "reply_to_citizen"
    tell_joined(tx, office, request, phrase, due=now, now=now, unit=desk, answer=answer)
    if who.page:
        tell_one(tx, office, request, phrase, True, due=now, now=now, unit=desk, answer=answer)
    message = tell_one(
        tx,
        office,
        request,
        reporters.OUTCOME if who.reported else phrase,
        due=now,
        now=now,
        unit=desk,
        **({} if who.reported else {"answer": answer}),
    )
    stops = ["CLK-CONSULT"] if request["track"] == Track.CONSULTATION else []
    if not Level(request["level"]).is_urgent:
        stops.append("CLK-CONTACT")
    if who.reported or joined_to(tx, request["id"]):
        stops.append("CLK-DISCOVERY-FEEDBACK")
    casework.halt(tx, request["id"], stops, now)
    casework.record(
        tx,
        "replied",
        actor,
        before=request,
        after=request,
        now=now,
        outbox=message["id"],
        channel=message["channel"],
        reachable=who.reply is not None and not (who.stopped and not message["safety"]),
        answer=answer,
    )
    return request


AT_ONCE = timedelta(minutes=2)
"""The same words by the same person within this time are one press of the button too many."""


def _just_said(tx: Transaction, request: Row, actor: Actor, answer: str, now: datetime) -> bool:
    told = casework.history(tx, request["id"], "replied", "rehandled")
    last = told[-1] if told else None
    return (
        last is not None
        and last.kind == "replied"
        and last.by == actor.login
        and last.detail.get("answer") == answer
        and now - last.at < AT_ONCE
    )
