"""A requester says that their name, address or telephone is wrong (PIPL Art. 46).

A named person of the desk decides; until then nothing changes. What stood and what was wanted are
both kept, and what came in once stays as it came: only what we go by from now on is put right.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlmodel import col

from models import keyring, people
from models.corrections import Correction
from models.people import FIELD, Address, Person
from models.requests import Contact
from models.transaction import Row, Transaction
from models.vocabulary import Level, Status, TaskKind
from referral import casework, clocks, renewing, telling
from referral.answering import tell_one
from referral.casework import Actor, Refusal, need
from referral.clocks import Rung
from referral.office import Office
from referral.requester import REQUESTER
from referral.rungs import who

FIELDS = ("name", "place", "phone")
TEL = "tel"


def standing(connection: Any, request: Row) -> dict[str, str]:
    """What we go by: the requester's name and telephone, the address of the matter; "" where
    nothing is known. Of what a browser began and no telephone has spoken in only what was written
    there: whoever typed somebody's number is not told what else is known of that person."""
    if renewing.is_owed(connection, request):
        return {**_written(connection, request), "place": request["place"] or ""}
    person = request["person_id"]
    name = connection.execute(select(col(Person.name)).where(col(Person.id) == person)).scalar()
    if not name:
        said = select(col(Contact.name)).where(
            col(Contact.person_id) == person, col(Contact.name).is_not(None)
        )
        lately = said.order_by(col(Contact.received_at).desc(), col(Contact.id).desc())
        name = connection.execute(lately.limit(1)).scalar()
    phone = _telephone(connection, request)
    return {
        "name": name or "",
        "place": request["place"] or "",
        "phone": phone.value if phone else "",
    }


def _written(connection: Any, request: Row) -> dict[str, str]:
    """The name and telephone of a form, as they were typed or as a person put them right since."""
    said = connection.execute(
        select(col(Contact.name), col(Contact.sender))
        .where(
            col(Contact.request_id).in_((request["id"], request["merged_into"])),
            col(Contact.person_id) == request["person_id"],
            col(Contact.channel) == renewing.FORM,
        )
        .order_by(col(Contact.received_at).desc(), col(Contact.id).desc())
    ).all()
    found = {
        "name": next((one.name for one in said if one.name), ""),
        "phone": next((one.sender for one in said if one.sender.startswith("+")), ""),
    }
    right = connection.execute(
        select(col(Correction.wanted))
        .where(col(Correction.request_id) == request["id"], col(Correction.accepted).is_(True))
        .order_by(col(Correction.decided_at))
    ).scalars()
    for wanted in right:
        found |= {name: wanted[name] for name in found if wanted.get(name)}
    return found


def waiting(connection: Any, request_id: int) -> Row | None:
    """The correction that nobody has decided on yet."""
    columns = Correction.__table__.columns  # type: ignore[attr-defined]
    found = connection.execute(
        select(*columns).where(
            col(Correction.request_id) == request_id, col(Correction.decided_at).is_(None)
        )
    ).first()
    return dict(found._mapping) if found else None


def ask(
    tx: Transaction, office: Office, request: Row, *, wanted: Mapping[str, str], now: datetime
) -> Row:
    """Ask for a correction; pressed twice is asked once. Raises ``Refusal``: nothing would be
    different (422), another one waits, or the words of the request are erased (409)."""
    number = {"number": request["number"]}
    if request["erased_at"] is not None:
        raise Refusal("refusal.erased", number)
    stood = standing(tx, request)
    changes = {name: wanted.get(name, "").strip() for name in FIELDS}
    changes = {name: value for name, value in changes.items() if value and value != stood[name]}
    if not changes:
        raise Refusal("refusal.nothing_to_correct", status=422)
    waits = waiting(tx, request["id"])
    if waits is not None:
        if waits["wanted"] == changes:
            return request
        raise Refusal("refusal.correction_waits", number)
    tx.add(
        Correction,
        id=tx.mint(),
        request_id=request["id"],
        asked_at=now,
        stood={name: stood[name] for name in changes},
        wanted=changes,
    )
    telling.ask(
        tx, office, TaskKind.CORRECT_DATA, request, now=now, due=by_when(office, request, now)
    )
    casework.record(
        tx, "correction_asked", REQUESTER, before=request, after=request, now=now,
        fields=sorted(changes),
    )  # fmt: skip
    return request


def by_when(office: Office, request: Mapping[str, Any], now: datetime) -> datetime:
    """When somebody has decided: at once where help is on its way to a wrong address."""
    if Level(request["level"]).is_urgent and Status(request["status"]).is_open:
        return telling.by_when(office, "CLK-TRIAGE", now, "danger")
    days = float(office.policy.values["correction_workdays"].value)
    return clocks.due(now, days, clocks.WORKING_DAY, office.policy.calendar).at


def accept_correction(
    tx: Transaction, office: Office, actor: Actor, request: Row, *, note: str, now: datetime
) -> Row:
    """Put right what the requester asked for; ``note`` says how it was checked. The requester is
    told, and who works on it. Raises ``Refusal``: there is nothing to decide (409), the telephone
    is somebody else's here (422)."""
    how = need(note, "refusal.note_missing")
    asked = _decided(tx, actor, request, accepted=True, reason=how, now=now)
    wanted, after = asked["wanted"], request
    if "name" in wanted:
        named = update(Person).where(col(Person.id) == request["person_id"])
        tx.execute(named.values(name=wanted["name"]))
    if "phone" in wanted:
        _ring_under(tx, request, wanted["phone"])
    if "place" in wanted:
        after = casework.change(tx, request, place=wanted["place"])
    casework.record(
        tx, "correction_accepted", actor, before=request, after=after, now=now,
        correction=str(asked["id"]), fields=sorted(wanted), note=how,
    )  # fmt: skip
    tell_one(tx, office, after, "correction_accepted", due=now, now=now)
    if Status(request["status"]).is_open:
        holder = who(office, after, Rung.HOLDER, now)
        due = casework.lead_of(tx, request["id"])["due_at"]
        telling.tell_staff(tx, office, "staff_data_corrected", after, holder, due=due, now=now)
    return after


def decline_correction(
    tx: Transaction, office: Office, actor: Actor, request: Row, *, reason: str, now: datetime
) -> Row:
    """Change nothing, and tell the requester why and who looks again. Raises ``Refusal``."""
    why = need(reason, "refusal.reason_missing")
    asked = _decided(tx, actor, request, accepted=False, reason=why, now=now)
    casework.record(
        tx, "correction_declined", actor, before=request, after=request, now=now,
        correction=str(asked["id"]), fields=sorted(asked["wanted"]), reason=why,
    )  # fmt: skip
    tell_one(tx, office, request, "correction_declined", due=now, now=now, reason=why)
    return request


def _decided(
    tx: Transaction, actor: Actor, request: Row, *, accepted: bool, reason: str, now: datetime
) -> Row:
    asked = waiting(tx, request["id"])
    if asked is None:
        raise Refusal("refusal.no_correction", {"number": request["number"]})
    tx.execute(
        update(Correction)
        .where(col(Correction.id) == asked["id"], col(Correction.decided_at).is_(None))
        .values(decided_at=now, decided_by=actor.login, accepted=accepted, reason=reason)
    )
    casework.finish_tasks(tx, request["id"], TaskKind.CORRECT_DATA, actor, now)
    return asked


def _telephone(connection: Any, request: Mapping[str, Any]) -> Any:
    """The telephone of the requester that is no member of staff's."""
    return connection.execute(
        select(col(Address.id), col(Address.value))
        .where(
            col(Address.person_id) == request["person_id"],
            col(Address.kind) == TEL,
            col(Address.staff).is_(None),
        )
        .order_by(col(Address.id).desc())
    ).first()


def _ring_under(tx: Transaction, request: Row, phone: str) -> None:
    """From now on the requester is reached under this number, and no longer under the old one."""
    lookups = keyring.names(tx.connection, FIELD, phone)
    owner = tx.execute(
        select(col(Address.person_id)).where(
            col(Address.lookup).in_(lookups), col(Address.kind) == TEL
        )
    ).scalar()
    if owner is not None and owner != request["person_id"]:
        raise Refusal("refusal.phone_of_another", {"number": request["number"]}, 422)
    old = _telephone(tx, request)
    if owner is None and old is None:
        people.introduce(tx, request["person_id"], TEL, phone)
    elif owner is None:
        changed = update(Address).where(col(Address.id) == old.id)
        tx.execute(changed.values(value=phone, lookup=lookups[0]))
