"""What stays of words before somebody reads them who may not know who the person is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select
from sqlmodel import col

from gateway import access
from gateway.access import Sight, Viewer
from models.notes import TYPED
from models.requests import Contact
from models.vocabulary import Protection
from triage.nameless import nameless
from triage.redact import redact_person, star_name

_WHO = ("phones", "contacts", "people")
_WHERE = ("place", "address")
_HOUSE = frozenset(("roadno", "houseno", "cellno", "floorno", "roomno"))
_STREET = _HOUSE | {"road", "poi", "subpoi"}


@dataclass(frozen=True, slots=True)
class Masking:
    """The names of one request's people. ``whole``: the reader may see who they are, and on the
    page of the request words stay as they came. ``place``: the reader may know in which house; if
    not, ``homes`` are the houses that were read from the words, with their street or estate."""

    names: tuple[str, ...] = ()
    whole: bool = False
    place: bool = True
    homes: tuple[str, ...] = ()

    @classmethod
    def of(cls, contacts: Iterable[Any], sees: Sight) -> "Masking":
        """The masking of a request with these contacts for who sees so much of it."""
        if sees.person:
            return cls(whole=True)
        names: list[str] = []
        homes: list[str] = []
        for one in contacts:
            facts = (one.assessment or {}).get("facts", {})
            parts = facts.get("address") or {}
            if not sees.place and _HOUSE & parts.keys():
                homes += [part for kind, part in parts.items() if kind in _STREET and len(part) > 1]
            names += [one.name or "", *facts.get("contacts", ())]
            names += [person.get("name") or "" for person in facts.get("people", ())]
        known = tuple(dict.fromkeys(filter(None, names)))
        return cls(known, place=sees.place, homes=tuple(homes))

    def words(self, text: str) -> str:
        """The words as this reader may see them; the length stays."""
        if self.whole:
            return text
        return redact_person(text, self.names) if self.place else self.listed(text)

    def where(self, text: str | None) -> str | None:
        """An address that stands beside the words, or nothing."""
        return self.words(text) if text and self.place else None

    def listed(self, text: str) -> str:
        """The words as a list shows them to everybody: who it is and the number of the home are for
        the page of the request, where the look is kept. What happened stays, and the street."""
        for part in self.homes:
            text = text.replace(part, "*" * len(part))
        return redact_person(nameless(text, happened=True), self.names)

    def facts(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """What was read from the words, without who it is and in which house."""
        if self.whole:
            return facts
        gone = _WHO if self.place else (*_WHO, *_WHERE)
        return {name: value for name, value in facts.items() if name not in gone}

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


def in_lists(connection: Any, viewer: Viewer, rows: Iterable[Any]) -> Mapping[int, "Masking"]:
    """The masking of each of these requests (``id`` and what ``sight`` asks for) for who reads a
    list. What its people are called is asked once for all: the names that were given beside the
    words, and where this viewer may not know who it is, those that were read from them as well."""
    seen = {row["id"]: access.sight(viewer, row) for row in rows}
    known = [key for key, sees in seen.items() if sees.gist and sees.person]
    veiled = [key for key, sees in seen.items() if sees.gist and not sees.person]
    given: dict[int, list[str]] = {}
    for one in connection.execute(_GIVEN, {"ids": known}) if known else ():
        given.setdefault(one.request_id, []).append(one.name)
    told: dict[int, list[Any]] = {}
    for one in connection.execute(_CALLED, {"ids": veiled}) if veiled else ():
        told.setdefault(one.request_id, []).append(one)
    return {
        key: Masking(tuple(dict.fromkeys(given.get(key, ()))), whole=True)
        if sees.person
        else Masking.of(told.get(key, ()), sees)
        for key, sees in seen.items()
    }


_OF_THESE = col(Contact.request_id).in_(bindparam("ids", expanding=True))
_GIVEN = select(col(Contact.request_id), col(Contact.name)).where(
    _OF_THESE, col(Contact.name).is_not(None)
)
_CALLED = select(col(Contact.request_id), col(Contact.name), col(Contact.assessment)).where(
    _OF_THESE
)

_SENDERS = frozenset(("sender", "to", "phones", "phone"))
_NAMES = frozenset(("head_name", "name", "members", "recipient"))
_TEXTS = frozenset(("text", "error", "result", "summary", "detail", "note"))
_KNOWN: Mapping[str, str] = {"number": Protection.OPERATIONAL}
_GONE = "***"


def row(kept: Mapping[str, Any], masked: Any, fields: Mapping[str, str] = _KNOWN) -> dict[str, Any]:
    """A row of an export as a list may show it. ``fields`` says of each field its protection class:
    what is not operational, and what nobody has classed, is shown only as far as there is a way to:
    names starred, numbers masked by ``masked``, and in words whatever recognises somebody."""
    names = [
        one for name in _NAMES & kept.keys() for one in str(kept[name] or "").split(";") if one
    ]
    raw = kept.get("sender") == ""  # a call that nobody could read: its fields are no sentences
    found = {}
    for name, value in kept.items():
        is_open = fields.get(name) == Protection.OPERATIONAL and name not in _TEXTS
        found[name] = value if is_open else _cell(name, value, masked, names)
    if raw and kept.get("text"):
        found["text"] = _GONE
    return found


def _cell(name: str, value: Any, masked: Any, names: Sequence[str]) -> Any:
    if value is None or value == "":
        return value
    if name in _SENDERS:
        return ";".join(masked(one) for one in str(value).split(";"))
    if name in _NAMES:
        return ";".join(star_name(one) for one in str(value).split(";"))
    if name in _TEXTS:
        return _redacted(value, names)
    return _GONE


def _redacted(value: Any, names: Sequence[str]) -> Any:
    if isinstance(value, str):
        return redact_person(nameless(value), names)
    if isinstance(value, Mapping):
        return {
            name: _GONE if name in TYPED and one else _redacted(one, names)
            for name, one in value.items()
        }
    if isinstance(value, list | tuple):
        return [_redacted(one, names) for one in value]
    return value
