"""What a code of the directory or of the rules is called on a page, in its reader's language."""

from collections.abc import Callable
from typing import Any

from referral.office import Office
from referral.wording import named

Called = Callable[[str, str | None], str]


def caller(office: Office, language: str) -> Called:
    """``called`` of the templates: ``called("unit", code)``, likewise of a ``service``, an
    ``authority``, or a reason of the closed list of an act; the code itself where it is unknown,
    as with what was given by somebody outside."""
    rows: dict[str, Callable[[str], Any]] = {
        "unit": office.directory.unit.get,
        "authority": office.policy.authorities.get,
        "service": lambda code: next(
            (one for one in office.policy.routes if one.service == code), None
        ),
    }

    def called(what: str, code: str | None) -> str:
        if not code:
            return ""
        row = rows[what](code) if what in rows else office.policy.ground(what, code)
        return named(row, language) if row else code

    return called
