"""Rows of other bodies' lists as leads: read, checked cell by cell, found in the register.

A spreadsheet and ``POST /api/v1/warnings`` both come here. A row is taken whole or not at all; what
is wrong with it names the column and the phrase that says how to mend it.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Connection
from stdnum.cn import ric

from channels.web import e164
from gateway import guessing, registry
from gateway.import_kinds import KINDS, WARNINGS, BadRow
from models.transaction import acting
from referral import homes, leads
from referral.leads import Lead
from referral.office import Office
from referral.outreach import Outreach
from referral.rota import Rota
from referral.visiting import today
from referral.wording import named
from triage.household_matching import read_home

COLUMNS = {column.key: column for column in KINDS[WARNINGS]}
TOGETHER = 200
_OLDEST = date(2000, 1, 1)
_EPOCH = date(1899, 12, 30)  # how a spreadsheet counts its days
_SHORTENED = re.compile(r"\d(?:\.\d+)?[eE]\+?\d+")


@dataclass(slots=True)
class Result:
    """How many rows became what."""

    new: int = 0
    repeated: int = 0
    joined: int = 0
    noted: int = 0

    def count(self, what: str) -> None:
        """One more."""
        setattr(self, what, getattr(self, what) + 1)


def read(row: Mapping[str, Any], office: Office, on: date) -> Lead:
    """One row. Raises ``BadRow``."""
    said = {name: _text(row.get(name)) for name in COLUMNS}
    for name, column in COLUMNS.items():
        if len(said[name]) > column.most:
            raise BadRow(name, "import.fault.long", most=str(column.most))
    kinds = {rule.name_zh: rule.kind for rule in office.policy.outreach.warnings}
    kind = kinds.get(said["kind"], said["kind"])
    if kind not in office.policy.outreach.kinds:
        allowed = "、".join(
            f"{name} ({kind})" for name, kind in lists(office.policy.outreach).items()
        )
        raise BadRow("kind", "import.fault.list", allowed=allowed)
    if not said["source"]:
        raise BadRow("source", "import.fault.source")
    number = _id_number(said["id_number"])
    phone = _phone(said["phone"])
    if not (number or said["household_id"] or (said["name"] and (phone or said["address"]))):
        raise BadRow("name", "import.fault.nobody")
    happened = _day(row.get("happened_on"), said, on)
    place = said["area"]
    area = place if place in office.directory.place else None
    if area is None and (place or said["address"]):
        found = office.gazetteer.locate(f"{place}{said['address']}")
        area = found.area.code if found else None
    return Lead(
        source=said["source"],
        kind=kind,
        subject=_subject(office, number, said, phone),
        period=said["period"] or f"{happened:%Y-%m-%d}",
        happened_on=happened,
        value=_value(row.get("value")),
        name=said["name"],
        phone=phone,
        address=said["address"],
        note=said["note"],
        area=area,
        household_id=said["household_id"] or None,
    )


def names(outreach: Outreach, language: str) -> dict[str, str]:
    """What the lists are called, each by the mildest of its rules."""
    found: dict[str, str] = {}
    for rule in outreach.warnings:
        found.setdefault(rule.kind, named(rule, language))
    return found


def lists(outreach: Outreach) -> dict[str, str]:
    """The codes of the lists that are compared, by the Chinese name that a cell may hold."""
    return {name: kind for kind, name in names(outreach, "zh-CN").items()}


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return unicodedata.normalize("NFKC", str(value)).strip()


def _id_number(said: str) -> str:
    """The number, checked; a spreadsheet may have taken its last digits."""
    if not said:
        return ""
    number = said.upper().replace(" ", "")
    if _SHORTENED.fullmatch(number) or (len(number) == 18 and number.endswith("000")):
        raise BadRow("id_number", "import.fault.lost")
    if not ric.is_valid(number):
        raise BadRow("id_number", "import.fault.identity")
    return number


def _phone(said: str) -> str:
    return (e164(said) or said)[:40] if said else ""


def _value(said: Any) -> float:
    text = _text(said).replace(",", "")
    if not text:
        return 1.0
    try:
        value = float(text)
    except ValueError:
        raise BadRow("value", "import.fault.number_alone") from None
    if not 0 <= value < 1e12:  # False for what is no number
        raise BadRow("value", "import.fault.negative")
    return value


def _day(given: Any, said: Mapping[str, str], on: date) -> date:
    """The day of the fact, or the first of its period; a later day than today is a slip."""
    text = said["happened_on"] or said["period"]
    if isinstance(given, datetime):
        day = given.date()
    elif isinstance(given, date):
        day = given
    elif not text:
        return on
    else:
        day = _read_day(text)
    if not _OLDEST <= day <= on:
        raise BadRow("happened_on", "import.fault.day_range", year=str(_OLDEST.year))
    return day


def _read_day(text: str) -> date:
    if text.isdecimal() and 30_000 < int(text) < 80_000:
        return _EPOCH + timedelta(days=int(text))
    parts = [int(part) for part in re.findall(r"\d+", text)]
    if len(parts) == 1 and len(text) in (6, 8) and text.isdecimal():
        parts = [int(text[:4]), int(text[4:6]), *([int(text[6:])] if len(text) == 8 else [])]
    try:
        return date(*(*parts, 1)[:3]) if len(parts) in (2, 3) else date.fromisoformat(text)
    except (ValueError, TypeError, OverflowError):
        raise BadRow("happened_on", "import.fault.day") from None


def _subject(office: Office, number: str, said: Mapping[str, str], phone: str) -> str:
    """A mark of the person: what names them under a key, never in clear."""
    if number:
        named = f"id\0{number}"
    elif said["household_id"]:
        named = f"household\0{said['household_id']}\0{said['name']}"
    else:
        named = f"person\0{said['name']}\0{phone or said['address']}"
    return guessing.named(office.guessing_key, "lead", named)


def at_home(connection: Connection, office: Office, lead: Lead, on: date) -> Lead:
    """The lead with its household where exactly one is meant, else as it was: named by its number,
    or found by the match index as a caller is. Two that fit are none: nobody is sent to a
    namesake's door in the name of a list."""
    if lead.household_id:
        found = {lead.household_id: "household_id"}
    else:
        found = _matched(connection, office, lead, on)
    standing = homes.of(connection, found, on)
    if len(standing) != 1:
        return replace(lead, household_id=None)
    ((home_id, home),) = standing.items()
    return replace(
        lead,
        household_id=home_id,
        known_by=found[home_id],
        groups=home.categories,
        area=home.area or lead.area,
    )


def _matched(connection: Connection, office: Office, lead: Lead, on: date) -> dict[str, str]:
    """The households that are meant at least as surely as the rules ask, and by what."""
    least = office.policy.value("warning_match_least", on)
    if least is None:
        return {}
    query = read_home(
        names=(lead.name,), phones=(lead.phone,), address=lead.address, area=lead.area or ""
    )
    return {
        match.household_id: "phone"
        if any(one.kind == "phone" for one in match.findings)
        else "name_and_place"
        for match in registry.search(connection, query, on)
        if match.score >= float(least.value)
    }


def take_in(
    database: Any, mint: Any, office: Office, found: Iterable[Lead], by: str, *, now: datetime
) -> Result:
    """Weigh leads, some at a time in one transaction each: a list may be sent again from its
    beginning at any time. Raises ``Busy``."""
    rota, result, day = Rota(office.directory), Result(), today(now)
    for batch in _batches(found):
        with database.read() as session:
            connection = session.connection()
            known = [at_home(connection, office, lead, day) for lead in batch]
        with acting(database, mint) as tx:
            for one in leads.take_in(tx, office, rota, known, by, now=now):
                result.count(one.what)
    return result


def _batches(found: Iterable[Lead]) -> Iterator[Sequence[Lead]]:
    each = iter(found)
    while batch := list(islice(each, TOGETHER)):
        yield batch
