"""The citizen is told once and in full (N4): what, how, by whom, and proof that it was said.

Each time is an entry of the ledger: which version went to whom by which way, and for a call whether
the person could say it back. Having to tell again is counted: it is the measure of telling badly.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from models.outbox import Outgoing
from models.requests import Contact, HelpRequest
from models.transaction import Row, Transaction
from models.vocabulary import Form, Level
from referral import casework, notices, telling, wording
from referral.answering import correspondent, tell_one
from referral.casework import Actor, Refusal
from referral.directory import ZONE, Unit
from referral.joined import as_heard, joined_to
from referral.notices import Notice
from referral.office import Office

GIVEN = "notice_given"
BY_WORD_OF_MOUTH = ("read_out", "window")


def services_of(tx: Transaction, request: Mapping[str, Any]) -> tuple[str, ...]:
    """The kinds of help that are asked for: one notice tells all of them (AS-19)."""
    found = [request["service"]]
    rows = tx.execute(
        select(col(Contact.assessment))
        .where(col(Contact.request_id) == request["id"])
        .order_by(col(Contact.received_at), col(Contact.id))
    )
    for (assessment,) in rows:
        found += [need.get("service") for need in (assessment or {}).get("needs", ())]
    return tuple(dict.fromkeys(service for service in found if service))


def notice_for(
    tx: Transaction, office: Office, request: Mapping[str, Any], now: datetime, language: str
) -> Notice:
    """The notice in force at this moment for everything the request asks for."""
    return notices.compose(
        office.policy,
        office.phrases,
        services_of(tx, request),
        now.astimezone(ZONE).date(),
        language,
    )


def inform(
    tx: Transaction,
    office: Office,
    request: Row,
    *,
    due: datetime,
    now: datetime,
    unit: Unit | None,
    by: str,
) -> None:
    """Send the notice to the requester and to everybody whose request was joined to this one, each
    in their own language. A reporter of somebody else's need asks for nothing and gets none."""
    for hearer in (request, *(as_heard(one, request) for one in joined_to(tx, request["id"]))):
        who = correspondent(tx, office, hearer)
        if who.reported:
            continue
        notice = notice_for(tx, office, request, now, who.language)
        words = {**notice.params, "version": notice.version}
        message = tell_one(
            tx, office, hearer, "standard_accepted", due=due, now=now, unit=unit, **words
        )
        form = who.reply.way.form if who.reply else Form.FULL
        sent = [message["id"]]
        if form is Form.SMS:
            common = {"number": hearer["number"], "hotline": office.hotline}
            for part in notices.parts(notice, office.phrases, who.language, **common):
                more = tell_one(
                    tx, office, hearer, "notice_part", due=due, now=now, unit=unit, **part
                )
                sent.append(more["id"])
        _kept(tx, request, notice, now, by, number=hearer["number"], channel=message["channel"],
              form=form, language=who.language, outbox=[str(one) for one in sent])  # fmt: skip


def give_notice(
    tx: Transaction,
    office: Office,
    actor: Actor,
    request: Row,
    *,
    by: str = "message",
    repeated: bool = False,
    note: str = "",
    now: datetime,
) -> Row:
    """Tell once more, or read it out: on the telephone and at the window the person says back what
    to bring, and ``repeated`` says whether they could. Raises ``Refusal``."""
    casework.require_open(request)
    if Level(request["level"]).is_urgent:
        raise Refusal("refusal.no_notice_now", {"number": request["number"]})
    lead = casework.lead_of(tx, request["id"])
    unit = office.directory.unit.get(lead["bureau"])
    if by not in BY_WORD_OF_MOUTH:
        inform(tx, office, request, due=lead["due_at"], now=now, unit=unit, by=actor.login)
        return request
    who = correspondent(tx, office, request)
    notice = notice_for(tx, office, request, now, who.language)
    _kept(
        tx,
        request,
        notice,
        now,
        actor.login,
        number=request["number"],
        channel=by,
        form=Form.SPOKEN,
        language=who.language,
        repeated=repeated,
        note=note.strip(),
    )
    return request


def script(
    tx: Transaction, office: Office, request: Mapping[str, Any], now: datetime
) -> tuple[Notice, str, str]:
    """The notice, the words to read out to a caller, and their language: the caller's own."""
    who = correspondent(tx, office, request)
    notice = notice_for(tx, office, request, now, who.language)
    lead = casework.lead_of(tx, request["id"])
    params = wording.params(
        office,
        request,
        unit=office.directory.unit.get(lead["bureau"]),
        officer=office.directory.officer.get(request["first_responder"]),
        due=lead["due_at"],
        language=who.language,
        understood=request["summary"],
    )
    said = {**params, **notice.params, "version": notice.version}
    words = office.phrases.say("standard_accepted", said, Form.SPOKEN, who.language)
    return notice, words, who.language


def _kept(
    tx: Transaction, request: Row, notice: Notice, now: datetime, by: str, **how: Any
) -> None:
    tx.event(
        GIVEN,
        at=now,
        by=by,
        request=request,
        services=list(notice.services),
        version=notice.version,
        to=how.pop("number"),
        **how,
    )


def tell_rights(tx: Transaction, office: Office, request: Row, *, now: datetime) -> None:
    """What we keep of the person and how to see and correct it (N19), once in a person's life here;
    after an emergency, not in it (PIPL Art. 17, 18)."""
    who = correspondent(tx, office, request)
    if who.reply is None or who.reported:
        return
    told = tx.execute(
        select(col(Outgoing.id))
        .join(HelpRequest, col(HelpRequest.id) == col(Outgoing.request_id))
        .where(
            col(HelpRequest.person_id) == request["person_id"],
            col(Outgoing.person_id) == request["person_id"],
            col(Outgoing.phrase) == "data_rights",
        )
    ).first()
    if told is None:
        due = telling.by_when(office, "CLK-CONSULT", now)
        tell_one(tx, office, request, "data_rights", due=due, now=now)
