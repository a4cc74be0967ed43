"""A person asks to be erased: two named people decide, one after the other (PIPL Art. 47).

The first makes sure that it is they who ask and proposes it; the requester is told then, while
there is still an address, so that somebody else's wish in their name is found out. The second sees
what would go and what a duty keeps, and agrees: only then anything goes, and for good. Either may
decline with a reason, which the requester is told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlmodel import col

from gateway import access, one_matter, subjects
from gateway.access import Actor
from gateway.subjects import Subject
from gateway.wishes import Fate
from models.erasures import Erasure
from models.requests import HelpRequest
from models.transaction import Row, Transaction
from models.vocabulary import TaskKind
from referral import casework, clocks, telling
from referral.answering import tell_one
from referral.casework import Refusal, need
from referral.office import Office
from referral.requester import REQUESTER

RIGHT = "decide_erasure"
LATEST = 50


@dataclass(frozen=True, slots=True)
class Wish:
    """One wish and the request by which its person is known."""

    row: Row
    request: Row
    due: datetime

    @property
    def fates(self) -> Sequence[Fate]:
        """What went and what stays; nothing before it is done."""
        return [Fate(name, *counts) for name, counts in (self.row["classes"] or {}).items()]

    def may_agree(self, login: str) -> bool:
        """Whether this is a second pair of eyes."""
        return login not in (self.row["asked_by"], self.row["proposed_by"])


def ask(
    tx: Transaction, office: Office, request: Row, *, by: Actor, words: str, now: datetime
) -> int:
    """Let the wish wait for a named person; the id of it, which is the earlier one's when it was
    asked before. Raises ``Refusal`` (409) where the words are erased already."""
    if request["erased_at"] is not None:
        raise Refusal("refusal.erased_already", {"number": request["number"]})
    if waits := _waiting(tx, request["id"]):
        return int(waits["id"])
    row = tx.add(
        Erasure, id=tx.mint(), request_id=request["id"], asked_at=now, asked_by=by.login,
        words=words.strip()[:500],
    )  # fmt: skip
    telling.ask(tx, office, TaskKind.ERASE_DATA, request, now=now, due=_due(office, now))
    casework.record(tx, "erasure_asked", by, before=request, after=request, now=now)
    return int(row["id"])


def ask_for(
    tx: Transaction, office: Office, actor: Actor, number: str, words: str, now: datetime
) -> int:
    """A member of staff writes down what somebody asks by telephone or at the counter; the id of
    the wish. Raises ``Refusal`` (403, 404, 409, 422)."""
    access.allow(actor, RIGHT)
    how = need(words, "refusal.note_missing")
    query = _seen(actor, office, now).where(col(HelpRequest.number) == number)
    found = tx.execute(query).first()
    if found is None:
        raise Refusal("refusal.not_found", status=404)
    return ask(tx, office, dict(found._mapping), by=actor, words=how, now=now)


def every(reader: Any, actor: Actor, office: Office, now: datetime) -> list[Wish]:
    """The wishes that this person may decide on: those that wait, the oldest first, and then the
    latest decided."""
    access.allow(actor, RIGHT)
    columns = Erasure.__table__.columns  # type: ignore[attr-defined]
    visible = _seen(actor, office, now).with_only_columns(col(HelpRequest.id))
    query = select(*columns).where(col(Erasure.request_id).in_(visible))
    decided, key = col(Erasure.decided_at), col(Erasure.id)  # ids of two processes have no order
    waits = query.where(decided.is_(None)).order_by(col(Erasure.asked_at), key)
    over = query.where(decided.is_not(None)).order_by(decided.desc(), key.desc())
    rows = [*reader.execute(waits), *reader.execute(over.limit(LATEST))]
    return [_with_request(reader, office, dict(row._mapping)) for row in rows]


def one(reader: Any, actor: Actor, office: Office, wish_id: int, now: datetime) -> Wish:
    """Raises ``Refusal``: 403 without the right; 404 alike for a missing wish and one of a person
    of whom not every request may be seen."""
    access.allow(actor, RIGHT)
    columns = Erasure.__table__.columns  # type: ignore[attr-defined]
    row = reader.execute(select(*columns).where(col(Erasure.id) == wish_id)).first()
    if row is None:
        raise Refusal("refusal.not_found", status=404)
    found = _with_request(reader, office, dict(row._mapping))
    whole = {each.id for each in behind(reader, found.request).requests}
    seen = _seen(actor, office, now).where(col(HelpRequest.id).in_(whole))
    if {each.id for each in reader.execute(seen)} != whole:
        raise Refusal("refusal.not_found", status=404)
    return found


def behind(reader: Any, request: Mapping[str, Any]) -> Subject:
    """The person of a request, and all their requests."""
    columns = HelpRequest.__table__.columns  # type: ignore[attr-defined]
    person = request["person_id"]
    rows = reader.execute(
        select(*columns).where(col(HelpRequest.person_id) == person).order_by(col(HelpRequest.id))
    ).all()
    return Subject([person], rows)


def hindrances(reader: Any, subject: Subject) -> dict[str, str]:
    """The requests for which nothing can be erased yet, each with its reason: open, or held; also
    those that the person's own were joined to."""
    return one_matter.hindrances(reader, [row.id for row in subject.requests], subject.person_ids)


def propose(
    tx: Transaction, office: Office, actor: Actor, wish_id: int, *, note: str, now: datetime
) -> None:
    """The first pair of eyes: it is they who ask, and it may be done; ``note`` says how that was
    checked. Raises ``Refusal`` (403, 404, 409, 422)."""
    wish = _waits(tx, actor, office, wish_id, now)
    how = need(note, "refusal.note_missing")
    _require_free(tx, wish)
    done = tx.execute(
        update(Erasure)
        .where(col(Erasure.id) == wish_id, col(Erasure.proposed_at).is_(None))
        .values(proposed_at=now, proposed_by=actor.login, words=how[:500])
    )
    if not done.rowcount:
        raise Refusal("refusal.erasure_decided", status=409)
    request = wish.request
    casework.record(tx, "erasure_proposed", actor, before=request, after=request, now=now)
    tell_one(tx, office, request, "erasure_proposed", due=wish.due, now=now)


def agree(
    tx: Transaction, office: Office, actor: Actor, wish_id: int, *, now: datetime
) -> Sequence[Fate]:
    """The second pair of eyes: everything that may go is gone. Raises ``Refusal``: 409 for who
    asked or proposed it, where nobody has proposed it, or a request is open or held."""
    wish = _waits(tx, actor, office, wish_id, now)
    if wish.row["proposed_by"] is None:
        raise Refusal("refusal.erasure_unproposed", status=409)
    if not wish.may_agree(actor.login):
        raise Refusal("refusal.own_erasure", status=409)
    _require_free(tx, wish)
    casework.finish_tasks(tx, wish.request["id"], TaskKind.ERASE_DATA, actor, now)
    fates = subjects.erase(
        tx, behind(tx, wish.request), by=actor.login, reason="", now=now,
        proposed_by=wish.row["proposed_by"],
    )  # fmt: skip
    classes = {fate.name: [fate.gone, fate.stays] for fate in fates}
    _decide(tx, wish_id, actor, now, agreed=True, classes=classes)
    return fates


def decline(
    tx: Transaction, office: Office, actor: Actor, wish_id: int, *, reason: str, now: datetime
) -> None:
    """Nothing goes, and the requester is told why. Raises ``Refusal`` (403, 404, 409, 422)."""
    wish = _waits(tx, actor, office, wish_id, now)
    why = need(reason, "refusal.reason_missing")[:500]
    _decide(tx, wish_id, actor, now, agreed=False, reason=why)
    request = wish.request
    casework.finish_tasks(tx, request["id"], TaskKind.ERASE_DATA, actor, now)
    casework.record(
        tx, "erasure_declined", actor, before=request, after=request, now=now, reason=why
    )
    tell_one(tx, office, request, "erasure_declined", due=now, now=now, reason=why)


def waits_for(reader: Any, office: Office, request_id: int) -> datetime | None:
    """By when somebody decides on the wish that waits for this request; None where none waits."""
    waits = _waiting(reader, request_id)
    return _due(office, waits["asked_at"]) if waits else None


def by_requester(tx: Transaction, office: Office, own: Row, now: datetime) -> Row:
    """The requester asks on the page of their request."""
    ask(tx, office, own, by=REQUESTER, words="", now=now)
    return own


def _waiting(reader: Any, request_id: int) -> Row | None:
    columns = Erasure.__table__.columns  # type: ignore[attr-defined]
    found = reader.execute(
        select(*columns).where(
            col(Erasure.request_id) == request_id, col(Erasure.decided_at).is_(None)
        )
    ).first()
    return dict(found._mapping) if found else None


def _waits(tx: Transaction, actor: Actor, office: Office, wish_id: int, now: datetime) -> Wish:
    wish = one(tx, actor, office, wish_id, now)
    if wish.row["decided_at"] is not None:
        raise Refusal("refusal.erasure_decided", status=409)
    return wish


def _require_free(tx: Transaction, wish: Wish) -> None:
    for number, why in hindrances(tx, behind(tx, wish.request)).items():
        raise Refusal(f"refusal.erasure_{why}", {"number": number}, 409)


def _decide(tx: Transaction, wish_id: int, actor: Actor, now: datetime, **more: Any) -> None:
    done = tx.execute(
        update(Erasure)
        .where(col(Erasure.id) == wish_id, col(Erasure.decided_at).is_(None))
        .values(decided_at=now, decided_by=actor.login, **more)
    )
    if not done.rowcount:
        raise Refusal("refusal.erasure_decided", status=409)


def _seen(actor: Actor, office: Office, now: datetime) -> Any:
    columns = HelpRequest.__table__.columns  # type: ignore[attr-defined]
    return select(*columns).where(*access.scope(actor, office, now))


def _with_request(reader: Any, office: Office, row: Row) -> Wish:
    columns = HelpRequest.__table__.columns  # type: ignore[attr-defined]
    found = reader.execute(select(*columns).where(col(HelpRequest.id) == row["request_id"])).one()
    return Wish(row, dict(found._mapping), _due(office, row["asked_at"]))


def _due(office: Office, asked_at: datetime) -> datetime:
    days = float(office.policy.values["erasure_workdays"].value)
    return clocks.due(asked_at, days, clocks.WORKING_DAY, office.policy.calendar).at
