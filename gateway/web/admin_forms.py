"""A change of a rule as a form gives it: every field read, or refused by name."""

import re
from collections.abc import Mapping
from typing import Any

from gateway import days, overlay
from gateway.proposals import Wanted
from models.vocabulary import PlaceRule
from referral.casework import Refusal
from referral.clocks import MEASURES
from referral.policy import Policy
from referral.routing import FIRST_LINES
from referral.rows import TAGS

_LISTS = ("cooperating", "by_need")
_BETWEEN = re.compile(r"[,，、;；\s]+")


def choices(policy: Policy) -> dict[str, tuple[str, ...]]:
    """What a field of a row may be."""
    return {
        "measure": (*MEASURES, *sorted({rule.measure for rule in policy.clocks} - {*MEASURES})),
        "ladder": tuple(policy.ladders),
        "first_line": FIRST_LINES,
        "place": tuple(one.value for one in PlaceRule),
        "clock": tuple(dict.fromkeys(rule.name for rule in policy.clocks)),
        "authority": tuple(policy.authorities),
        "tag": TAGS,
    }


def typed_in(fields: Mapping[str, str]) -> dict[str, Any]:
    """What was typed, as the form shows it again."""
    typed: dict[str, Any] = {key: value for key, value in fields.items() if key != "step"}
    return {**typed, "is_law": fields.get("is_law") == "1"}


def wanted_by(policy: Policy, kind: str, subject: str, fields: Mapping[str, str]) -> Wanted:
    """The change that a form asks for. Raises ``Refusal`` (404, 422)."""
    known = choices(policy)
    values: dict[str, Any] = {}
    for name in overlay.FIELDS.get(kind, ()):
        given = fields.get(name, "").strip()
        if name == "amount":
            values[name] = _amount(given)
        elif name == "is_law":
            values[name] = given == "1"
        elif name in _LISTS:
            values[name] = _authorities(policy, name, given)
        elif name in ("danger_lead", "alternate_lead") and not given:
            values[name] = ""
        else:
            values[name] = _one_of(known, name, given)
    try:
        begins = days.day(fields.get("effective_from", ""))
    except ValueError:
        raise Refusal("refusal.field", {"field": "effective_from"}, 422) from None
    return Wanted(
        kind,
        subject,
        values,
        fields.get("source", ""),
        fields.get("tag", ""),
        begins,
        fields.get("reason", ""),
    )


def _one_of(known: Mapping[str, tuple[str, ...]], name: str, given: str) -> str:
    same = {"urgent_clock": "clock"}
    kind = "authority" if name.endswith("lead") else same.get(name, name)
    if given not in known[kind]:
        raise Refusal("refusal.field", {"field": name}, 422)
    return given


def _amount(given: str) -> float:
    try:
        amount = float(given)
    except ValueError:
        amount = 0
    if not 0 < amount < 100_000:
        raise Refusal("refusal.field", {"field": "amount"}, 422)
    return amount


def _authorities(policy: Policy, name: str, given: str) -> list[str]:
    """Codes or names, with any mark between them."""
    bodies = policy.authorities
    named = {body.name_zh: code for code, body in bodies.items()}
    found = []
    for word in filter(None, _BETWEEN.split(given)):
        code = word if word in bodies else named.get(word)
        if code is None:
            raise Refusal("refusal.no_authority", {"field": name, "word": word}, 422)
        found.append(code)
    return list(dict.fromkeys(found))
