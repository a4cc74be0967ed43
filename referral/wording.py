"""How the promises are put into words: due times, names and parameters of the phrases. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from referral.directory import ZONE, Officer, Unit
from referral.office import Office


def when(at: datetime, language: str) -> str:
    """A due time as people say it, in China time: "11月27日17:30" or "27 Nov, 17:30"."""
    local = at.astimezone(ZONE)
    if language.startswith("en"):
        return f"{local.day} {local:%b}, {local:%H:%M}"
    return f"{local.month}月{local.day}日{local:%H:%M}"


def params(
    office: Office,
    request: Mapping[str, Any],
    *,
    unit: Unit | None,
    officer: Officer | None,
    due: datetime,
    language: str,
    understood: str = "",
) -> dict[str, str]:
    """The parameters every notice may use. An officer is named by staff number only (N1)."""
    number = f"工号{officer.login}" if officer else ""
    if officer and language.startswith("en"):
        number = f"staff no. {officer.login}"
    return {
        "number": request["number"],
        "code": request["code"],
        "hotline": office.hotline,
        "responder": number,
        "responder_phone": (unit.duty_phone or unit.public_phone) if unit else "",
        "unit": unit.name(language) if unit else office.hotline,
        "unit_phone": (unit.public_phone or unit.duty_phone) if unit else "",
        "due": when(due, language),
        "understood": understood,
        "lines": "110/119/120",
    }
