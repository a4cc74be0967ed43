"""A wrong merge is undone (T13): both requests are again what they were."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlmodel import col

from models.clocks import Clock
from models.likenesses import Merger
from models.requests import Contact
from models.transaction import Row, Transaction
from models.vocabulary import Form, Level, Status
from referral import (
    barring,
    casework,
    clockwork,
    falling_silent,
    likening,
    reviving,
    secrecy,
    succeeding,
    telling,
    undecided,
    withholding,
)
from referral.answering import correspondent, tell_one
from referral.before import TABLES, Changed, plain, restored, timed
from referral.casework import Actor, Refusal
from referral.lifecycle import may
from referral.office import Office
from referral.wording import STAFF_LANGUAGE

_STAYS = ("confidential", "withheld")
"""What the merge made more secret stays so."""


def undo_merge(
    tx: Transaction,
    office: Office,
    actor: Actor,
    request: Row,
    *,
    other: Row,
    reason: str,
    keep: bool = False,
    now: datetime,
) -> Row:
    """Undo a wrong merge within the days of the profile (T13): contacts, orders, clocks, waiting
    work, status and level are as before, with their original times. What people changed meanwhile
    is named with both versions and refused, until ``keep`` says that it was seen: then it stays as
    they left it, and is recorded. What the other request's answer or end took along lives again
    (``reviving``). Nothing becomes less secret: the other stays so, and whoever asked for it since
    the merge, or was kept out since, asked or is kept out for both; from whom words are withheld
    does not read those of either (AS-05, I9). The requester is
    told. Returns the request that is open again.
    Raises ``Refusal`` or ``Impossible``."""
    why = casework.need(reason, "refusal.reason_missing")
    row = may("undo_merge", Status(request["status"]), actor.role)
    for one in (request, other):
        if one["erased_at"] is not None:
            raise Refusal("refusal.erased_parting", {"number": one["number"]})
    merger = _standing(tx, request, other)
    days = office.policy.values["merge_undo_days"].value
    if now - merger.at > timedelta(days=float(days)):
        raise Refusal("refusal.undo_too_late", {"number": request["number"], "days": str(days)})
    if other["status"] == Status.MERGED:
        raise Refusal("refusal.undo_later_first", {"number": other["number"]})
    changed = _changed_since(merger, other)
    puts = []
    lives = reviving.revival(tx, request, other, merger.at)
    for table, row_id, held, *given in merger.before["rows"]:
        model = TABLES[table]
        current = tx.execute(select(*model.__table__.columns).where(model.id == row_id)).one()
        values, since = restored(model, current, held, given[0] if given else {})
        changed += since
        again = lives.back(table, current, held)
        values |= again
        if table == "clock" and _runs_again(current, values, again):
            values |= clockwork.upcoming(office, {**current._mapping, **values}, current.due_at)
        if values:
            puts.append(update(model).where(model.id == row_id).values(**values))
    if changed and not keep:
        told = _worded(office, changed)
        raise Refusal("refusal.undo_changed", {"number": other["number"], "changes": told})
    for put in puts:
        tx.execute(put)
    reviving.follow(tx, lives.orders, request, other)
    _return_later_words(tx, request, other, merger.at, lives.wrote)
    kept = {
        name: timed(name, old)
        for name, (old, new) in merger.before["master"].items()
        if plain(other[name]) == new and name not in _STAYS
    }
    master = casework.change(tx, other, **kept) if kept else other
    own = {name: timed(name, value) for name, value in merger.before["request"].items()}
    own["status"] = reviving.fitting(tx, request, Status(own["status"]))
    after = casework.change(tx, request, **own, merged_into=None)
    tx.execute(
        update(Merger)
        .where(col(Merger.id) == merger.id)
        .values(undone_at=now, undone_by=actor.login)
    )
    likening.decide(tx, actor, request, other, "undone", why, now, relation="repeat")
    kept_as, again_as = (
        [[one.what, one.column, one.then, one.now] for one in found]
        for found in (lives.spared(changed), lives.told)
    )
    common = {
        "master": other["number"], "joined": request["number"], "reason": why, "kept": kept_as,
        "again": again_as,
    }  # fmt: skip
    casework.record(
        tx, "merge_undone", actor, before=request, after=after, now=now, row=row, **common
    )
    casework.record(tx, "parted", actor, before=other, after=master, now=now, row=row, **common)
    lead = casework.lead_of(tx, after["id"])  # a successor gets it with its due time
    undecided.asked_again(tx, office, after, now)
    after = succeeding.settle(tx, office, after, now)
    after = withholding.also(tx, office, after, other["withheld"], by=actor.login, now=now)
    if not after["confidential"] and secrecy.asked_since(tx, other, merger.at):
        after = secrecy.kept(tx, actor, after, why, now)
    free, after = after, barring.also_since(tx, office, actor, after, other, merger.at, now)
    if after is not free:
        casework.record(tx, "bar_set", actor, before=free, after=after, now=now, reason=why)
    unit = office.directory.unit.get(after["lead_bureau"])
    holder, urgent = office.directory.holder(after), Level(after["level"]).is_urgent
    if not correspondent(tx, office, after).reported:
        late = lead["due_at"] <= now
        word = telling.by_when(office, "CLK-URGENT-CONTACT" if urgent else "CLK-CONTACT", now)
        phrase, due = ("parted_late", word) if late else ("parted", lead["due_at"])
        tell_one(tx, office, after, phrase, due=due, now=now, unit=unit)
    if holder is not None:
        telling.notify(tx, office, after, holder, due=lead["due_at"], now=now, urgent=urgent)
    if lives.revived and unit is not None and unit.code != after["holder_unit"]:
        reader = office.directory.answerable(unit, now)
        telling.notify(tx, office, after, reader, due=lead["due_at"], now=now, urgent=urgent)
    return after


def _changed_since(merger: Any, other: Row) -> list[Changed]:
    """What people changed on the request that went on, of what the merge had given it."""
    return [
        Changed(other["number"], name, new, plain(other[name]))
        for name, (_old, new) in merger.before["master"].items()
        if plain(other[name]) != new and name not in ("queue_key", "withheld")
    ]


def _runs_again(clock: Any, values: Mapping[str, Any], again: Mapping[str, Any]) -> bool:
    """Whether a clock is put back that took its last step after it was put away, or that was
    stopped there and runs again."""
    runs = "stopped_at" in values and values["stopped_at"] is None and clock.paused_at is None
    return runs and ("next_at" not in values or bool(again))


def _worded(office: Office, changed: list[Changed]) -> str:
    """What was changed, both versions beside each other."""
    say = office.phrases.say
    return "；".join(
        say(
            "refusal.undo_version",
            {
                "what": one.what,
                "column": say(f"words.column.{one.column}", {}, Form.FULL, STAFF_LANGUAGE),
                "then": str(one.then if one.then is not None else "–"),
                "now": str(one.now if one.now is not None else "–"),
            },
            Form.FULL,
            STAFF_LANGUAGE,
        )
        for one in changed
    )


def _standing(tx: Transaction, request: Row, other: Row) -> Any:
    found = tx.execute(
        select(*Merger.__table__.columns)  # type: ignore[attr-defined]
        .where(
            col(Merger.request_id) == request["id"],
            col(Merger.master_id) == other["id"],
            col(Merger.undone_at).is_(None),
        )
        .order_by(col(Merger.id).desc())
    ).first()
    if found is None:
        raise Refusal("refusal.not_merged_there", {"number": other["number"]})
    return found


def _return_later_words(
    tx: Transaction, request: Row, other: Row, since: datetime, wrote: Collection[datetime]
) -> None:
    """What the requester said after the merge belongs to their request too, and so does the time
    of silence that began with it."""
    if not wrote:
        return
    tx.execute(
        update(Contact)
        .where(*reviving.later_words(request, other, since))
        .values(request_id=request["id"])
    )
    tx.execute(
        update(Clock)
        .where(
            col(Clock.request_id) == other["id"],
            col(Clock.name) == falling_silent.CLOCK,
            col(Clock.started_at).in_(wrote),
        )
        .values(request_id=request["id"])
    )
