"""A refusal as one clear sentence in the reader's language; the one place that words it."""

from collections.abc import Mapping
from datetime import datetime

from gateway.called import Called
from models.phrases import SOURCE_LANGUAGE, Phrasebook
from models.vocabulary import Form
from referral.casework import Refusal
from referral.feedback import Faulty
from referral.lifecycle import Impossible
from referral.wording import when

_WORDS_OF: Mapping[str, tuple[str, ...]] = {
    "act": ("act",),
    "instead": ("act",),
    "scope": ("act",),
    "status": ("status", "order"),
    "possible": ("status", "order"),
    "role": ("role",),
    "who": ("role",),
    "reason": ("reason",),
    "allowed": ("reason", "outcome", "view"),
    "level": ("level",),
    "relief_act": ("aid_act",),
    "relief_state": ("aid_state",),
    "relief_states": ("aid_state",),
    "guards": ("guard",),
    "missing": ("judgement",),
    "field": ("field",),
}
"""Which words a parameter is made of: the phrases under ``staff.<name>``."""

_NAMED: Mapping[str, str] = {"unit": "unit", "decides": "authority"}
"""Which parameters are codes of the directory or of the rules, and of what."""

_STATUS = {
    "impossible.status": 409,
    "impossible.reason": 409,
    "impossible.role": 403,
    "impossible.approval": 403,
    "impossible.relief_role": 403,
}


def language(accepted: str | None, phrases: Phrasebook) -> str:
    """The first language of an Accept-Language header that we speak; Chinese otherwise."""
    for part in (accepted or "").split(","):
        tag = part.split(";")[0].strip().lower()
        for known in phrases.languages():
            if tag and (known.lower() == tag or known.lower().split("-")[0] == tag.split("-")[0]):
                return known
    return SOURCE_LANGUAGE


def _as_it_is(_what: str, code: str | None) -> str:
    return code or ""


def sentence(
    phrases: Phrasebook, error: Refusal | Impossible, spoken: str, called: Called = _as_it_is
) -> str:
    """What the refusal says, its codes put into words and its moments into the time here."""
    form = error.params.get("called", "")
    params = {
        name: _worded(phrases, name, value, spoken, called, form)
        for name, value in error.params.items()
    }
    return phrases.say(error.key, params, Form.FULL, spoken)


_FIELD_OF: Mapping[str, str] = {
    "refusal.area_missing": "area",
    "refusal.ground": "ground",
    "refusal.names_itself": "right_unit",
    "refusal.no_such_bureau": "right_unit",
    "refusal.outcome": "outcome",
    "refusal.purpose": "purpose",
    "refusal.reason_missing": "reason",
    "refusal.reply_too_short": "text",
    "refusal.result_missing": "result",
    "refusal.rule_missing": "rule",
    "refusal.time": "at",
    "refusal.who_says": "note",
    "refusal.who_was_called": "who",
    "refusal.workdays": "workdays",
}
"""Which field of a form a refusal is about."""


def faults(
    phrases: Phrasebook, error: Refusal | Impossible, spoken: str, called: Called = _as_it_is
) -> dict[str, str]:
    """What is wrong at which field, worded; {} where the refusal is about no field."""
    if isinstance(error, Faulty):
        return {
            name: phrases.say(key, params, Form.FULL, spoken)
            for name, (key, params) in error.faults.items()
        }
    if error.key == "refusal.field":
        fill = phrases.say("refusal.must_fill", {}, Form.FULL, spoken)
        return dict.fromkeys(error.params["field"].split(", "), fill)
    field = _FIELD_OF.get(error.params.get("of", error.key))
    return {field: sentence(phrases, error, spoken, called)} if field else {}


def status_of(error: Refusal | Impossible) -> int:
    """The HTTP status that goes with it."""
    return error.status if isinstance(error, Refusal) else _STATUS.get(error.key, 409)


def word(phrases: Phrasebook, family: str, code: str, spoken: str) -> str:
    """A code of a closed vocabulary in words; ``other`` of the family, else the code itself."""
    for key in (f"staff.{family}.{code}", f"staff.{family}.other"):
        try:
            return phrases.say(key, {}, Form.FULL, spoken)
        except KeyError:
            continue
    return code


def _worded(
    phrases: Phrasebook, name: str, value: str, spoken: str, called: Called, form: str
) -> str:
    families, what = _WORDS_OF.get(name, ()), _NAMED.get(name)
    if name == "field" and form:
        families = (f"{form}_field", *families)
    if name == "due":
        return when(datetime.fromisoformat(value), spoken)
    if not families and not what:
        return value
    parts = [
        called(what, part) if what else _one(phrases, families, part, spoken)
        for part in value.split(", ")
        if part
    ]
    joined = (", " if spoken.startswith("en") else "、").join(parts)
    return joined or value


def _one(phrases: Phrasebook, families: tuple[str, ...], code: str, spoken: str) -> str:
    for family in families:
        if (found := word(phrases, family, code, spoken)) != code:
            return found
    return code
