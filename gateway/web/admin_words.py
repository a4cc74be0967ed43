"""Rows of rules in the reader's words: authorities, amounts, differences, why a route wins."""

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from fastapi import Request

from gateway import overlay, trying
from gateway.web.rendering import language_of, translator
from referral import wording
from referral.calendars import Calendar
from referral.clocks import Due
from referral.directory import ZONE
from referral.office import Office
from referral.policy import ClockRule

WHYS = {
    "a grievance never goes": "grievance",
    "a question is answered": "question",
    "danger decides": "danger",
    "the one department": "one_department",
    "several departments": "several",
    "no type recognised": "unclear",
    "life in danger": "life",
    "is complained about": "accused",
}
"""How the router says why, and the phrase that says it to people."""

_PLAIN = ("clock", "urgent_clock")


def of(request: Request, office: Office) -> dict[str, Any]:
    """What the templates call: ``body`` names an authority, ``amount`` a clock's length, ``shown``
    the value of a field, ``changed`` the fields of a change with what they were and become,
    ``named`` a row, ``titled`` the row that a change is about, ``moment`` when a clock begins or
    stops."""
    language = language_of(request)
    t = translator(office.phrases, language)

    def body(code: str) -> str:
        found = office.policy.authorities.get(code)
        return wording.named(found, language) if found else code

    def amount(number: float, measure: str) -> str:
        return t(f"admin.amount.{measure}", n=f"{number:g}")

    def shown(name: str, value: Any) -> str:
        if isinstance(value, bool):
            return t("admin.yes" if value else "admin.no")
        if isinstance(value, (int, float)):
            return f"{value:g}"
        if isinstance(value, (list, tuple)):
            return t("admin.between").join(map(body, value)) or t("admin.none")
        if not value:
            return t("admin.none")
        if name in ("measure", "first_line", "place"):
            return t(f"admin.{name}.{'none' if value == '-' else value}")
        if name == "ladder":
            return ladder(value)
        return str(value) if name in _PLAIN else body(value)

    def ladder(code: str) -> str:
        """A county may have ladders of its own, which have no words but their name."""
        try:
            return t(f"admin.ladder.{code}")
        except KeyError:
            return code

    def named(row: Any) -> str:
        return wording.named(row, language)

    def titled(kind: str, subject: str) -> str:
        row = overlay.row_of(office.policy, kind, subject)
        return t("admin.rule.title", name=named(row), subject=subject) if row else subject

    def changed(
        kind: str, subject: str, rows: Iterable[tuple[str, Any, Any]]
    ) -> Iterator[tuple[str, str, str]]:
        """A length is said with its measure, which may change with it."""
        rows = tuple(rows)
        row = overlay.row_of(office.policy, kind, subject)
        same = getattr(row, "measure", "")
        measures = next((two for name, *two in rows if name == "measure"), [same, same])
        for name, *two in rows:
            if name == "amount" and all(measures):
                was, becomes = (amount(*one) for one in zip(two, measures, strict=True))
            else:
                was, becomes = (shown(name, one) for one in two)
            yield name, was, becomes

    def moment(said: str) -> str:
        """When a clock begins or stops; a county's own words are shown as they are."""
        try:
            return t(f"moment.{slug(said)}")
        except KeyError:
            return said

    return {
        "body": body,
        "amount": amount,
        "shown": shown,
        "changed": changed,
        "named": named,
        "titled": titled,
        "moment": moment,
    }


def slug(said: str) -> str:
    """The words of a rule as the key of a phrase."""
    return re.sub(r"[^a-z0-9]+", "_", said.lower()).strip("_")


def whys(said: str) -> tuple[str, ...]:
    """The phrases for why a route wins; a row that is simply the type's own says "type"."""
    found = tuple(code for words, code in WHYS.items() if words in said)
    first = {"grievance", "question", "danger", "one_department", "several", "unclear"}
    return found if first & set(found) else ("type", *found)


def due_with(rule: Any, fields: Mapping[str, Any], at: datetime, calendar: Calendar) -> Due | None:
    """When the clock would end that began now, with the changed fields."""
    if not isinstance(rule, ClockRule):
        return None
    changed = dataclasses.replace(rule, amount=fields["amount"], measure=fields["measure"])
    try:
        return trying.due_of(changed, at, calendar)
    except ValueError:
        return None


def tomorrow(now: datetime) -> date:
    """The first day from which a change usually counts."""
    return now.astimezone(ZONE).date() + timedelta(days=1)
