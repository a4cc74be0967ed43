"""How the promises are put into words: due times, names and parameters of the phrases. Pure."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from models import spelling
from models.vocabulary import Form
from referral.directory import ZONE, Officer, Unit
from referral.office import Office

EVERY_LINE = ("110", "119", "120")
STAFF_LANGUAGE = "zh-CN"


def say(office: Office, phrase: str, params: Mapping[str, str], form: Form, language: str) -> str:
    """A notice in a form; aloud its numbers are said figure by figure."""
    if form is Form.SPOKEN:
        names, pause = (
            office.phrases.say(key, {}, form, language) for key in (spelling.NAMES, spelling.PAUSE)
        )
        params = spelling.spoken(params, names.split(), pause)
    return office.phrases.say(phrase, params, form, language)


def anew(office: Office, message: Any, form: Form) -> str:
    """A message of the outbox (a row) in the form of another way out; as it stands where it was not
    worded from its phrase, or cannot be worded from what it kept."""
    params = {"hotline": office.hotline, "number": message.number or "", **(message.params or {})}
    stands: str = message.text
    worded: dict[Form, str] = {}
    for one in Form:
        try:
            worded[one] = say(office, message.phrase, params, one, message.language)
        except KeyError:
            continue
    return worded.get(form, stands) if stands in worded.values() else stands


@lru_cache(maxsize=256)
def when(at: datetime, language: str, *, kept: bool = False) -> str:
    """A due time as people say it, in China time: "11月27日17:30" or "27 Nov, 17:30"; with its year
    on a paper that is ``kept``."""
    local = at.astimezone(ZONE)
    between = ", " if language.startswith("en") else ""
    return f"{day(at, language, kept=kept)}{between}{local:%H:%M}"


def aloud(office: Office, at: datetime, language: str) -> str:
    """A due time as a voice says it, in China time."""
    local = at.astimezone(ZONE)
    parts = {"month": local.month, "day": local.day, "hour": local.hour, "minute": f"{local:%M}"}
    said = {name: str(value) for name, value in parts.items()}
    return office.phrases.say("call_due", said, Form.SPOKEN, language)


def day(at: datetime, language: str, *, kept: bool = False) -> str:
    """The date alone, in the same way."""
    local = at.astimezone(ZONE)
    if language.startswith("en"):
        return f"{local.day} {local:%b}" + (f" {local.year}" if kept else "")
    return (f"{local.year}年" if kept else "") + f"{local.month}月{local.day}日"


def named(row: Any, language: str) -> str:
    """What a unit or a row of the rules is called in the reader's language; Chinese where it has
    no other name."""
    return str((language.startswith("en") and row.name_en) or row.name_zh)


def phone(office: Office, unit: Unit | None) -> str:
    """By which telephone people reach a unit: the hotline's while its own is not known, so that no
    notice tells them to ring nothing."""
    return (unit.public_phone or unit.duty_phone if unit else "") or office.hotline


def params(
    office: Office,
    request: Mapping[str, Any],
    *,
    unit: Unit | None,
    officer: Officer | None,
    due: datetime,
    language: str,
    understood: str = "",
    lines: tuple[str, ...] = (),
) -> dict[str, str]:
    """The parameters every notice may use. An officer is named by staff number only (N1), with the
    telephone of the officer's own unit; of one who has left, whoever holds the request is named,
    else the hotline, never nobody. ``lines`` are the emergency lines that fit the danger."""
    officer = officer or office.directory.officer.get(request.get("holder_person") or "")
    number = f"工号{officer.login}" if officer else office.hotline
    if officer and language.startswith("en"):
        number = f"staff no. {officer.login}"
    home = office.directory.unit.get(officer.unit) if officer else unit
    return {
        "number": request["number"],
        "code": request["code"],
        "hotline": office.hotline,
        "responder": number,
        "responder_phone": phone(office, home),
        "unit": unit.name(language) if unit else office.hotline,
        "unit_phone": phone(office, unit),
        "due": when(due, language),
        "understood": understood,
        "lines": ("/" if language.startswith("en") else "、").join(lines or EVERY_LINE),
    }
