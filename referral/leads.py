"""What other bodies' lists say (监测预警, Social Assistance Law Art. 10), weighed by the rules.

A lead that passes a threshold becomes a warning: a named person knocks by a due time and asks what
is needed. It says nothing about anybody's honesty, takes nothing away and is no check of means. The
same fact twice is one warning; a second fact while a warning waits joins it and can only raise it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import or_, select, update
from sqlmodel import col

from models import keyring
from models.discovery import Warned
from models.sealing import open_blind
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


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a lead: new, repeated, joined or noted; its row, None where the fact was here
    before; and of the waiting warning that it made more pressing the columns as they were."""

    what: str
    warning: int | None = None
    raised: tuple[Row, ...] = ()


def take_in(
    tx: Transaction, office: Office, rota: Rota, leads: Sequence[Lead], by: str, *, now: datetime
) -> list[Taken]:
    """Weigh leads in their order, and say what became of each."""
    names = {lead.subject: _names(tx, lead.subject) for lead in leads}
    before = _Before(tx, leads, {old: named[0] for named in names.values() for old in named})
    leads = [replace(lead, subject=names[lead.subject][0]) for lead in leads]
    return [_one(tx, office, rota, before, lead, by, now=now) for lead in leads]


def _names(tx: Transaction, subject: str) -> list[str]:
    """The names under which a person of a list may be kept, first the one that is written: it comes
    from what is a keyed mark already, and stays when the keys of the fields are rotated."""
    field = "warning.subject"
    return [open_blind(field, subject), *keyring.names(tx.connection, field, subject)]


class _Before:
    """What came before about the people of some leads, found by fact, person and household."""

    def __init__(self, tx: Transaction, leads: Sequence[Lead], names: Mapping[str, str]) -> None:
        self._names = names  # that are written today, by every name
        self.facts: set[tuple[str, ...]] = set()
        self._of: dict[tuple[str, str], list[Row]] = defaultdict(list)
        homes = {lead.household_id for lead in leads if lead.household_id}
        about = or_(col(Warned.subject).in_(names), col(Warned.household_id).in_(homes))
        for row in tx.execute(select(*Warned.__table__.columns).where(about)):  # type: ignore[attr-defined]
            self.add(dict(row._mapping))

    def add(self, row: Row) -> None:
        """One more."""
        row = {**row, "subject": self._names.get(row["subject"], row["subject"])}
        self.facts.add((row["source"], row["kind"], row["subject"], row["period"]))
        self._of["subject", row["subject"]].append(row)
        if row["household_id"]:
            self._of["household", row["household_id"]].append(row)

    def of(self, lead: Lead) -> list[Row]:
        """What is known of the person, in the list of the same kind."""
        return [row for row in self._of["subject", lead.subject] if row["kind"] == lead.kind]

    def waiting(self, lead: Lead) -> Row | None:
        """The open warning of the same kind at the same door."""
        near = [*self._of["subject", lead.subject]]
        if lead.household_id:
            near += self._of["household", lead.household_id]
        return next((row for row in near if (row["state"], row["kind"]) == (OPEN, lead.kind)), None)


def _one(
    tx: Transaction,
    office: Office,
    rota: Rota,
    before: _Before,
    lead: Lead,
    by: str,
    *,
    now: datetime,
) -> Taken:
    if (lead.source, lead.kind, lead.subject, lead.period) in before.facts:
        return Taken(REPEATED)
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
    sought = office.policy.outreach.sought(lead.kind, lead.groups, _day(now))
    rule, waiting = weigh(sought, lead, before.of(lead)), before.waiting(lead)
    raised: tuple[Row, ...] = ()
    if rule is None:
        row["state"], result = NOTED, NOTED
    elif waiting is not None:
        row |= {"state": JOINED, "joined_to": waiting["id"], "colour": rule.colour, "rule": rule.id}
        raised = _raise(tx, office, waiting, rule, now)
        result = JOINED
    else:
        row |= _opened(tx, office, rota, lead, rule, row["id"], by, now)
        result = NEW
    before.add(tx.add(Warned, **row))
    return Taken(result, row["id"], raised)


def weigh(
    rules: Iterable[WarningRule], lead: Lead, before: Sequence[Row] = ()
) -> WarningRule | None:
    """The most pressing rule that the lead passes, together with what came ``before`` it: rows of
    the same person and kind."""
    for rule in rules:
        values = [
            row["value"]
            for row in before
            if rule.since(lead.happened_on) <= row["happened_on"] <= lead.happened_on
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


def _raise(
    tx: Transaction, office: Office, waiting: Row, rule: WarningRule, now: datetime
) -> tuple[Row, ...]:
    """A later fact makes a waiting warning more pressing, never less; its due time only comes
    nearer. What stood there before, where it did."""
    if COLOURS.index(rule.colour) >= COLOURS.index(waiting["colour"]):
        return ()
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
    stood = {"id": waiting["id"], **{name: waiting[name] for name in changes}}
    waiting |= changes
    tx.later(update(Warned).where(col(Warned.id) == waiting["id"]).values(**changes))
    return (stood,)


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


def _day(now: datetime) -> date:
    return now.astimezone(ZONE).date()
