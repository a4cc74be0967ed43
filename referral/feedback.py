"""反馈: the lead's answer in its required parts, checked, said to the requester and handed in.

The same check runs on the page while somebody writes; here it decides. It looks for what makes an
answer come back: a part left out or too short, a telephone or identity number inside, a contact
that is claimed and was never recorded.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models.transaction import Row, Transaction
from models.vocabulary import Form
from referral import answering, casework, reporting
from referral.answering import correspondent
from referral.casework import Actor, Refusal, Told
from referral.handling import SPOKEN
from referral.office import Office

PARTS = ("found", "result", "basis")
REACHED, NOT_REACHED, NO_WAY = "reached", "not_reached", "no_way"
PRIVATE_NUMBER = r"(?<!\d)(?:1[3-9]\d{9}|\d{17}[\dXx])(?!\d)"
"""A mobile or an identity number, as written without blanks and dashes; the page looks for the
same."""
_PRIVATE = re.compile(PRIVATE_NUMBER)
_BETWEEN = re.compile(r"(?<=\d)[\s\-–—.]+(?=\d)")
_AGAIN = ("rehandled", "reopened")


class Faulty(Refusal):
    """Parts of a form are not as they must be. ``faults`` names each with its phrase and what
    fills it; the refusal itself says the first."""

    def __init__(self, faults: Mapping[str, tuple[str, Mapping[str, str]]]) -> None:
        key, params = next(iter(faults.values()))
        super().__init__(key, params, 422)
        self.faults = dict(faults)


@dataclass(frozen=True, slots=True)
class Ground:
    """What the check stands on: whether somebody spoke with the requester since the matter was
    last taken up, tried to, or could at all; how short a part may be; which numbers are public."""

    spoken: bool
    tried: bool
    reachable: bool
    least: int
    public: tuple[str, ...]


def ground(
    reader: Any, office: Office, request: Mapping[str, Any], history: Iterable[Told] | None = None
) -> Ground:
    """What the check of this request stands on; ``reader`` executes, ``history`` saves a query."""
    if history is None:
        history = casework.history(reader, request["id"], "contacted", "called_back", *_AGAIN)
    told = list(history)
    again = max((one.seq for one in told if one.kind in _AGAIN), default=0)
    tries = [one for one in told if one.kind == "contacted" and one.seq > again]
    units = office.directory.units
    return Ground(
        spoken=any(one.detail.get("outcome") in SPOKEN for one in tries),
        tried=bool(tries),
        reachable=correspondent(reader, office, request).reply is not None,
        least=int(office.policy.values["feedback_part_min_chars"].value),
        public=tuple({unit.public_phone for unit in units if unit.public_phone}),
    )


def faults(
    parts: Mapping[str, str], contacted: str, basis: Ground
) -> dict[str, tuple[str, Mapping[str, str]]]:
    """What must be mended, by field, in the order of the form."""
    found: dict[str, tuple[str, Mapping[str, str]]] = {}
    for name in PARTS:
        said = parts.get(name, "").strip()
        if len(said) < basis.least:
            found[name] = ("refusal.part_too_short", {"least": str(basis.least)})
        elif private := private_number(said, basis.public):
            found[name] = ("refusal.number_inside", {"number": private})
    if contacted == REACHED and not basis.spoken:
        found["contacted"] = ("refusal.no_contact", {})
    elif contacted == NOT_REACHED and not basis.tried:
        found["contacted"] = ("refusal.no_attempt", {})
    elif contacted == NO_WAY and basis.reachable:
        found["contacted"] = ("refusal.has_way", {})
    elif contacted not in (REACHED, NOT_REACHED, NO_WAY):
        found["contacted"] = ("refusal.contacted_or_not", {})
    return found


def private_number(said: str, public: Iterable[str]) -> str:
    """A mobile or identity number in the words that is not a unit's public one; "" without."""
    plain = _BETWEEN.sub("", unicodedata.normalize("NFKC", said))
    every = (match[0] for match in _PRIVATE.finditer(plain))
    return next((number for number in every if number not in public), "")


def feedback(
    tx: Transaction,
    office: Office,
    actor: Actor,
    request: Row,
    *,
    found: str = "",
    result: str = "",
    basis: str = "",
    contacted: str = "",
    absent: str = "",
    now: datetime,
) -> Row:
    """Say the answer to the requester and hand in the result, in one act (T18, R9). Raises
    ``Faulty`` with every part that must be mended, else ``Refusal`` or ``Impossible``."""
    casework.require_open(request)
    parts = {"found": found.strip(), "result": result.strip(), "basis": basis.strip()}
    if wrong := faults(parts, contacted, ground(tx, office, request)):
        raise Faulty(wrong)
    language = correspondent(tx, office, request).language
    say = office.phrases.say
    answer = say("words.feedback", parts, Form.FULL, language)
    said = say(f"words.contacted_{contacted}", {}, Form.FULL, "zh-CN")
    kept = say("words.feedback_kept", {**parts, "contacted": said}, Form.FULL, "zh-CN")
    answering.reply(tx, office, actor, request, text=answer, now=now)
    return reporting.complete(tx, office, actor, request, result=kept, absent=absent, now=now)
