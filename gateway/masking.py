"""What stays of words before somebody reads them who may not know who the person is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from triage.nameless import nameless
from triage.redact import redact_person, star_name

_WHO = ("phones", "contacts", "people")


@dataclass(frozen=True, slots=True)
class Masking:
    """The names of one request's people. ``whole``: the reader may see who they are, and words stay
    as they came."""

    names: tuple[str, ...] = ()
    whole: bool = False

    @classmethod
    def of(cls, contacts: Iterable[Any], *, whole: bool) -> "Masking":
        """The masking for a request with these contacts."""
        if whole:
            return cls(whole=True)
        names: list[str] = []
        for one in contacts:
            facts = (one.assessment or {}).get("facts", {})
            names += [one.name or "", *facts.get("contacts", ())]
            names += [person.get("name") or "" for person in facts.get("people", ())]
        return cls(tuple(dict.fromkeys(filter(None, names))))

    def words(self, text: str) -> str:
        """The words as this reader may see them; the length stays."""
        return text if self.whole else redact_person(text, self.names)

    def facts(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """What was read from the words, without who it is."""
        return facts if self.whole else {k: v for k, v in facts.items() if k not in _WHO}

    def detail(self, value: Any) -> Any:
        """An entry of the history, its words masked however deep they stand."""
        if self.whole:
            return value
        if isinstance(value, str):
            return self.words(value)
        if isinstance(value, Mapping):
            return {name: self.detail(one) for name, one in value.items()}
        if isinstance(value, list | tuple):
            return [self.detail(one) for one in value]
        return value


_SENDERS = frozenset(("sender", "to", "phones", "phone"))
_NAMES = frozenset(("head_name", "name"))
_LISTS_OF_NAMES = frozenset(("members",))
_PLACES = frozenset(("address", "place"))
_TEXTS = frozenset(("text", "error", "result", "summary", "detail", "note"))


def row(kept: Mapping[str, Any], masked: Any) -> dict[str, Any]:
    """A row of an export as a list may show it: names starred, numbers masked by ``masked``,
    places left out, and in words whatever recognises somebody."""
    return {name: _cell(name, value, masked) for name, value in kept.items()}


def _cell(name: str, value: Any, masked: Any) -> Any:
    if value is None or value == "":
        return value
    if name in _SENDERS:
        return ";".join(masked(one) for one in str(value).split(";"))
    if name in _NAMES:
        return star_name(str(value))
    if name in _LISTS_OF_NAMES:
        return ";".join(star_name(one) for one in str(value).split(";"))
    if name in _PLACES:
        return "***"
    if name in _TEXTS:
        return _redacted(value)
    return value


def _redacted(value: Any) -> Any:
    if isinstance(value, str):
        return nameless(value)
    if isinstance(value, Mapping):
        return {name: _redacted(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(one) for one in value]
    return value
