"""What other bodies' lists say (监测预警, Social Assistance Law Art. 10), weighed by the rules.

A lead that passes a threshold becomes a warning: a named person knocks by a due time and asks what
is needed. It says nothing about anybody's honesty, takes nothing away and is no check of means. The
same fact twice is one warning; a second fact while a warning waits joins it and can only raise it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import or_, select, update
from sqlmodel import col

from models.discovery import Warned
from models.transaction import Row, Transaction
from referral import promising, telling, wording
from referral.directory import ZONE
from referral.office import Office, Reply
from referral.outreach import COLOURS, WarningRule
from referral.rota import Rota

NEW, REPEATED, JOINED, NOTED = "new", "repeated", "joined", "noted"
OPEN, SETTLED = "open", "settled"


@dataclass(frozen=True, slots=True)
class Lead:
    """One row of a list. ``subject`` names the person as far as the list does; ``household_id``
    and ``groups`` are what the register knows, ``known_by`` how it was found there."""

    source: str
    kind: str
    subject: str
    period: str
    happened_on: date
    value: float
    name: str = ""
    phone: str = ""
    address: str = ""
    note: str = ""
    area: str | None = None
    household_id: str | None = None
    known_by: str = ""
    groups: tuple[str, ...] = ()


def take_in(
    tx: Transaction, office: Office, rota: Rota, leads: Sequence[Lead], by: str, *, now: datetime
) -> list[str]:
    """Weigh leads in their order; what became of each: new, repeated, joined or noted."""
    before = _before(tx, leads)
    return [_one(tx, office, rota, before, lead, by, now=now) for lead in leads]


def _before(tx: Transaction, leads: Sequence[Lead]) -> list[Row]:
    subjects = {lead.subject for lead in leads}
    homes = {lead.household_id for lead in leads if lead.household_id}
    about = or_(col(Warned.subject).in_(subjects), col(Warned.household_id).in_(homes))
    found = tx.execute(select(*Warned.__table__.columns).where(about))  # type: ignore[attr-defined]
    return [dict(row._mapping) for row in found]


def _one(
    tx: Transaction,
    office: Office,
    rota: Rota,
    before: list[Row],
    lead: Lead,
    by: str,
    *,
    now: datetime,
) -> str:
    if any(_fact(row) == (lead.source, lead.kind, lead.subject, lead.period) for row in before):
        return REPEATED
    row: Row = {
        "id": tx.mint(),
        "source": lead.source,
        "kind": lead.kind,
        "subject": lead.subject,
        "period": lead.period,
        "happened_on": lead.happened_on,
        "value": lead.value,
        "name": lead.name,
        "phone": lead.phone,
        "address": lead.address,
        "note": lead.note,
        "area": lead.area,
        "household_id": lead.household_id,
        "known_by": lead.known_by,
        "received_at": now,
        "received_by": by,
        "said": {},
    }
    rule = weigh(office.policy.outreach.sought(lead.kind, lead.groups, _day(now)), lead, before)
    waiting = next((one for one in before if one["state"] == OPEN and _same(one, lead)), None)
    if rule is None:
        row["state"], result = NOTED, NOTED
    elif waiting is not None:
        row |= {"state": JOINED, "joined_to": waiting["id"], "colour": rule.colour, "rule": rule.id}
        _raise(tx, office, waiting, rule, now)
        result = JOINED
    else:
        row |= _opened(tx, office, rota, lead, rule, row["id"], by, now)
        result = NEW
    before.append(tx.add(Warned, **row))
    return result


def weigh(
    rules: Iterable[WarningRule], lead: Lead, before: Sequence[Row] = ()
) -> WarningRule | None:
    """The most pressing rule that the lead passes, together with what came before it."""
    for rule in rules:
        values = [
            row["value"]
            for row in before
            if row["subject"] == lead.subject
            and row["kind"] == lead.kind
            and rule.since(lead.happened_on) <= row["happened_on"] <= lead.happened_on
        ]
        reached = sum(values, lead.value) if rule.adds else max(values, default=lead.value)
        if max(reached, lead.value) >= rule.threshold:
            return rule
    return None


def _opened(
    tx: Transaction,
    office: Office,
    rota: Rota,
    lead: Lead,
    rule: WarningRule,
    warning_id: int,
    by: str,
    now: datetime,
) -> Row:
    clock = office.policy.clock("CLK-WARNING", rule.colour, _day(now))
    urgent = rule.colour == COLOURS[0]
    reader = rota.holder(lead.area, lead.household_id or lead.subject, now)
    promised = promising.promise(office, clock, now, urgent=urgent)
    tx.event(
        "warning_opened",
        at=now,
        by=by,
        warning=str(warning_id),
        rule=rule.id,
        colour=rule.colour,
        holder=reader.officer.login,
        due=promised["due_at"],
    )
    if urgent:
        _tell(tx, office, reader, promised["due_at"], now)
    return {
        "state": OPEN,
        "rule": rule.id,
        "colour": rule.colour,
        "rule_source": rule.source,
        "rule_tag": rule.tag,
        "unit": reader.unit.code,
        "holder": reader.officer.login,
        **promised,
    }


def _raise(tx: Transaction, office: Office, waiting: Row, rule: WarningRule, now: datetime) -> None:
    """A later fact makes a waiting warning more pressing, never less; its due time only comes
    nearer."""
    if COLOURS.index(rule.colour) >= COLOURS.index(waiting["colour"]):
        return
    clock = office.policy.clock("CLK-WARNING", rule.colour, _day(now))
    urgent = rule.colour == COLOURS[0]
    changes = promising.promise(office, clock, now, urgent=urgent)
    if changes["due_at"] > waiting["due_at"]:
        changes = {"urgent": urgent}
    changes |= {
        "colour": rule.colour,
        "rule": rule.id,
        "rule_source": rule.source,
        "rule_tag": rule.tag,
    }
    tx.event("warning_raised", at=now, warning=str(waiting["id"]), rule=rule.id, colour=rule.colour)
    waiting |= changes
    tx.later(update(Warned).where(col(Warned.id) == waiting["id"]).values(**changes))


def _tell(tx: Transaction, office: Office, reader: Any, due: datetime, now: datetime) -> None:
    way = office.ways.get("tel")
    address = reader.officer.phone or reader.unit.duty_phone
    if way is None or not address:
        return
    language = wording.STAFF_LANGUAGE
    telling.post(
        tx,
        office,
        "staff_warning",
        request=None,
        reply=Reply(way, address),
        now=now,
        language=language,
        params={"due": wording.when(due, language), "hotline": office.hotline},
        urgent=True,
        staff=reader.officer.login,
    )


def _fact(row: Row) -> tuple[str, str, str, str]:
    return row["source"], row["kind"], row["subject"], row["period"]


def _same(row: Row, lead: Lead) -> bool:
    if row["kind"] != lead.kind:
        return False
    if lead.household_id is not None and row["household_id"] == lead.household_id:
        return True
    return bool(row["subject"] == lead.subject)


def _day(now: datetime) -> date:
    return now.astimezone(ZONE).date()
