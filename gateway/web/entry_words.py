"""The details of an entry of the ledger as people read them: names and codes in the page's words.

Numbers that only the database knows are left out; the export has every detail as it was written.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gateway import aid
from gateway.own_words import worded
from gateway.web.rendering import money
from models.phrases import Phrasebook
from models.vocabulary import Form
from referral import wording
from referral.office import Office

_FAMILIES: Mapping[str, tuple[str, ...]] = {
    "act": ("event",),
    "aid_kind": ("aid_kind",),
    "because": ("because",),
    "channel": ("channel",),
    "claims": ("level",),
    "closed_as": ("reason",),
    "colour": ("colour",),
    "form": ("form", "aid_form"),
    "found_by": ("found_by",),
    "guards": ("guard",),
    "how": ("aid_how",),
    "level": ("level",),
    "need_state": ("need_state",),
    "now": ("status", "order", "level"),
    "order_now": ("order",),
    "order_was": ("order",),
    "outcome": ("outcome",),
    "reason": ("reason",),
    "proof": ("proof",),
    "relation": ("relation", "joined"),
    "role": ("role", "order"),
    "rung": ("rung",),
    "status": ("status", "order"),
    "task_kind": ("task",),
    "track": ("level",),
    "view": ("view",),
    "what": ("what",),
    "was": ("status", "order", "level"),
    "was_level": ("level",),
}
"""Which words the code of a detail is made of: the phrases under ``staff.<family>``."""
_UNITS = frozenset((
    "absent", "bureau", "cooperating", "decides", "first", "giver", "holder_unit", "lead",
    "lead_bureau", "old_lead", "right_unit", "successor", "unit", "units", "was_unit", "went_to",
))  # fmt: skip
_SERVICES = frozenset(("service", "services"))
_FLAGS = {"written": "in_writing"}
"""Details that are a moment in one event and in another yes or no, which has a name of its own."""
_SUMS = frozenset(("amount_fen", "was_fen"))
_GROUNDS = {"ground": "", "cause": "aid_cause", "fund": "aid_fund", "need": "aid_need"}
"""Details that are a code of a closed list, and which; "" where its act is another each time."""
_OWN = frozenset(("error", "why"))
"""Details in which software says for itself why something was not done."""
_INNER = frozenset((
    "asked_row", "case", "clock_id", "clocks", "entry", "journal", "outbox", "row", "steps", "task",
    "warning",
))  # fmt: skip


class EntryWords:
    """Puts details into the words of one language."""

    def __init__(self, office: Office, language: str) -> None:
        self._phrases: Phrasebook = office.phrases
        self._language = language
        policy, units = office.policy, office.directory.units
        self._units = {one.code: wording.named(one, language) for one in units}
        self._services = {one.service: wording.named(one, language) for one in policy.routes}
        self._clocks = {(one.name, one.case): wording.named(one, language) for one in policy.clocks}
        self._grounds = {
            (one.act, one.code): wording.named(one, language) for one in policy.grounds
        }
        self._grounds |= {("", one.code): wording.named(one, language) for one in policy.grounds}
        seen = policy.outreach
        self._found = {one.code: wording.named(one, language) for one in seen.findings}
        self._rules = {one.id: wording.named(one, language) for one in seen.warnings}
        self._rules |= {one.code: wording.named(one, language) for one in seen.visits}
        self._known = office.phrases.keys()

    def line(self, detail: Mapping[str, Any]) -> str:
        """All details in one line; what is empty is left out."""
        case = detail.get("case") or ""
        said = [
            self._say("audit.said.one", name=self._label(name, given), value=value)
            for name, given in detail.items()
            if name not in _INNER and (value := self._value(name, given, case))
        ]
        return self._say("audit.said.between").join(said)

    def _label(self, name: str, given: Any) -> str:
        named = _FLAGS.get(name, name) if isinstance(given, bool) else name
        return self._word("detail", named) or name

    def _value(self, name: str, given: Any, case: str = "") -> str:
        if given is None:
            return ""
        if name == "clock":
            return self._clocks.get((given, case), str(given))
        if isinstance(given, bool):
            return self._say("audit.said.yes" if given else "audit.said.no")
        if isinstance(given, Mapping):
            inner = self.line(given)
            return f"({inner})" if inner else ""
        if isinstance(given, list):
            return self._say("audit.said.list").join(
                filter(None, (self._value(name, one) for one in given))
            )
        if name in _SUMS and isinstance(given, int):
            return money(aid.yuan(given))
        return self._named(name, str(given))

    def _named(self, name: str, code: str) -> str:
        if name in _UNITS:
            return self._units.get(code, code)
        if name in _SERVICES:
            return self._services.get(code, code)
        if name in _GROUNDS:
            return self._grounds.get((_GROUNDS[name], code), code)
        if name == "rule" and code in self._rules:
            return self._rules[code]
        if name == "outcome" and code in self._found:
            return self._found[code]
        if name in _OWN:
            return worded(self._phrases, code, self._language, self._services)
        for family in _FAMILIES.get(name, ()):
            if found := self._word(family, code):
                return found
        return self._moment(code) or code

    def _word(self, family: str, code: str) -> str:
        """The code in words; "" where the family has none for it."""
        key = f"staff.{family}.{code}"
        return self._say(key) if key in self._known else ""

    def _moment(self, text: str) -> str:
        if len(text) < 20 or text[10] != "T":
            return ""
        try:
            return wording.when(datetime.fromisoformat(text), self._language)
        except ValueError:
            return ""

    def _say(self, key: str, **params: str) -> str:
        return self._phrases.say(key, params, Form.FULL, self._language)
