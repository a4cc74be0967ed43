"""What a code of the directory or of the rules is called, in its reader's language."""

from collections.abc import Callable
from functools import cache
from typing import Any

from gateway.own_words import worded
from models.vocabulary import Form
from referral.office import Office
from referral.wording import named

Called = Callable[[str, str | None], str]
_UNCLEAR = "words.unclear"


def caller(office: Office, language: str) -> Called:
    """``called`` of the templates: ``called("unit", code)``, likewise of a ``service``, an
    ``authority``, a ``category`` of households, a ``clock``, or a reason of the closed list of an
    act; the code itself where it is unknown, as with what was given by somebody outside. A ``note``
    is what software wrote for itself, perhaps with whose task it is before it, a ``person`` an
    account."""
    rows: dict[str, Callable[[str], Any]] = {
        "unit": office.directory.unit.get,
        "authority": office.policy.authorities.get,
        "category": office.policy.categories.get,
        "clock": lambda code: next((one for one in office.policy.clocks if one.name == code), None),
        "service": lambda code: next(
            (one for one in office.policy.routes if one.service == code), None
        ),
    }

    def called(what: str, code: str | None) -> str:
        if not code:
            return ""
        if what == "person":
            officer = office.directory.officer.get(code)
            return f"{officer.name} {code}".strip() if officer else code
        if what == "note":
            who, _, why = code.partition(": ")
            if why and who in office.directory.officer:  # whose it is, and what became of it
                said = {"name": called("person", who), "value": called("note", why)}
                return office.phrases.say("audit.said.one", said, Form.FULL, language)
            clock = called("clock", code)
            return clock if clock != code else worded(office.phrases, code, language)
        row = rows[what](code) if what in rows else office.policy.ground(what, code)
        return named(row, language) if row else code

    return called


def reader(office: Office, language: str) -> Callable[[str], str]:
    """``matter`` of the templates: a summary as it was kept, with the kind of help that it opens
    with in the reader's language. What follows are the caller's own words and stays as it is."""

    @cache  # most pages show no summary
    def names() -> list[tuple[str, str]]:
        known: dict[str, str] = {}
        for row in office.policy.routes:
            known |= dict.fromkeys((row.name_zh, row.name_en), named(row, language))
        for kept in office.phrases.languages():
            known[_said(office, kept)] = _said(office, language)
        return sorted(
            ((name, said) for name, said in known.items() if name), key=lambda one: -len(one[0])
        )

    def matter(summary: str) -> str:
        for name, said in names():
            if summary == name:
                return said
            if summary.startswith(f"{name}："):
                mark = ": " if language.startswith("en") else "："
                return said + mark + summary[len(name) + 1 :]
        return summary

    return matter


def _said(office: Office, language: str) -> str:
    return office.phrases.say(_UNCLEAR, {}, Form.FULL, language)
