"""Every sentence the system says, kept as data and filled in. Pure once it is loaded.

Format of a file in ``locales/<language>/``: one table a phrase, holding a variant for each form
(``full``, ``sms``, ``spoken``). A table of tables is a name space: ``[menu.start]`` is the key
``menu.start``. Three more keys of a phrase are no variants: ``longest`` holds the longest real
value of its parameters (the table ``[_longest]`` of any file holds the shared ones), ``cut`` names
the one parameter that may be shortened so that the SMS stays within one segment, and ``segments``
says how many the SMS takes in a language that cannot say in one what it must.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from string import Formatter
from types import MappingProxyType
from typing import Any

import tomli

from models.vocabulary import Form

SOURCE_LANGUAGE = "zh-CN"
SMS_UNITS = 70
"""One SMS segment in UCS-2, the provider's signature included (3GPP TS 23.038: 140 octets)."""
JOINED_UNITS = 67
"""One of several segments that arrive as one message: a header takes the rest (3GPP TS 23.040)."""
MOST_SEGMENTS = 2
SHORTEST_CUT = 4
"""A parameter that may be cut keeps at least this many units; ``check`` counts with it."""

_LOCALES = Path(__file__).parent / "locales"
_EXTRAS = frozenset({"longest", "cut", "segments"})
_NO_VALUES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Phrase:
    """One occasion in one language. ``parameters`` are the names used by any of its variants."""

    key: str
    variants: Mapping[Form, str]
    parameters: frozenset[str]
    longest: Mapping[str, str] = field(default_factory=lambda: _NO_VALUES)
    cut: str | None = None
    segments: int = 1

    def said(self, form: Form) -> str | None:
        """The variant for a form, without one of its own the full one."""
        return self.variants.get(form) or self.variants.get(Form.FULL)

    @property
    def room(self) -> int:
        """How many units its SMS may take."""
        return SMS_UNITS if self.segments == 1 else JOINED_UNITS * self.segments


_Books = Mapping[str, Mapping[str, Phrase]]
_Shared = Mapping[str, Mapping[str, str]]
_NO_BOOK: Mapping[str, Phrase] = MappingProxyType({})


class Phrasebook:
    """All phrases of all languages. Build it with ``load``; it is never changed afterwards."""

    __slots__ = ("_books", "_shared", "_shipped")

    def __init__(self, books: _Books, shared: _Shared, shipped: "Phrasebook | None") -> None:
        self._books, self._shared, self._shipped = books, shared, shipped

    @classmethod
    def load(cls, overlay: Path | None = None) -> "Phrasebook":
        """Read the shipped phrases, then ``overlay/<language>/*.toml`` over them (a county's own
        wording; single variants may be replaced, the rest stays).

        Raises ValueError with one sentence that names the file when a file is no TOML or holds
        anything that is no phrase; a placeholder must be a plain name in braces, one of the shipped
        phrase or of those that any notice may use (``_longest``): a mistyped one is seen by nobody.
        """
        return _shipped() if overlay is None else cls.of(_LOCALES, overlay)

    @classmethod
    def of(cls, *roots: Path) -> "Phrasebook":
        """The phrases of these folders, each over those before it; raises as ``load`` does."""
        tables: dict[str, dict[str, dict[str, Any]]] = {}
        shared: dict[str, dict[str, str]] = {}
        for root in roots:
            for path in sorted(root.glob("*/*.toml")):
                language = path.parent.name
                book = tables.setdefault(language, {})
                for key, table in _read(path):
                    if key == "_longest":
                        shared.setdefault(language, {}).update(table)
                        continue
                    if root != roots[0]:
                        said = [one.get(key) for one in tables.values()]
                        _require_given(path, key, table, said, shared.get(SOURCE_LANGUAGE, ()))
                    book[key] = {**book.get(key, {}), **table}
        books = {
            language: {key: _phrase(key, table) for key, table in book.items()}
            for language, book in tables.items()
        }
        return cls(books, shared, cls.of(roots[0]) if roots[1:] else None)

    def say(self, key: str, params: Mapping[str, str], form: Form, language: str) -> str:
        """The phrase in the given form and language, filled in.

        A form that the phrase does not have falls back to the full one; a language that the book
        does not have, or a phrase that it lacks, to Chinese; a county's own that asks for what it
        is not given to what is shipped: a message is answered. Values are never read as templates.
        Raises KeyError naming the phrase and, if one is missing, the parameter.
        """
        for tag in (language, SOURCE_LANGUAGE):
            phrase = self._books.get(tag, _NO_BOOK).get(key)
            if phrase is not None and (template := phrase.said(form)):
                break
        else:
            raise KeyError(f"phrase {key!r} has no form {form.value!r} in {language!r}")
        try:
            text = template.format_map(params)
        except KeyError as error:
            if self._shipped is not None:
                return self._shipped.say(key, params, form, language)
            raise KeyError(f"phrase {key!r} needs the parameter {error.args[0]!r}") from None
        cut = phrase.cut if form == Form.SMS else None
        if cut is None or cut not in params or (over := units(text) - phrase.room) <= 0:
            return text
        return template.format_map({**params, cut: _shortened(params[cut], by=over)})

    def languages(self) -> tuple[str, ...]:
        """The language tags of the book, Chinese first."""
        return tuple(sorted(self._books, key=lambda tag: (tag != SOURCE_LANGUAGE, tag)))

    def room(self, key: str, language: str) -> int:
        """How many units the SMS of a phrase may take."""
        return self._books[language][key].room

    def keys(self) -> frozenset[str]:
        """All phrase keys of the source language."""
        return frozenset(self._books[SOURCE_LANGUAGE])

    def parameters(self, key: str) -> frozenset[str]:
        """The parameters that a phrase uses in any form; raises KeyError for an unknown phrase."""
        return self._books[SOURCE_LANGUAGE][key].parameters

    def forms(self, key: str, language: str) -> dict[str, str]:
        """The variants of a phrase as they are written, by form; {} when the language lacks it."""
        phrase = self._books.get(language, {}).get(key)
        return {form.value: text for form, text in phrase.variants.items()} if phrase else {}

    @property
    def version(self) -> str:
        """``sha256:…`` of every phrase in every form and language."""
        said = sorted(
            (language, key, str(form), template)
            for language, book in self._books.items()
            for key, phrase in book.items()
            for form in Form
            if (template := phrase.said(form))
        )
        return f"sha256:{sha256(repr(said).encode()).hexdigest()}"

    def check(self) -> list[str]:
        """What is wrong with the book, one sentence each; an empty list when nothing is.

        Every language has the same phrases with the same forms and parameters, and every SMS fits
        one segment, or those that its phrase names, when it is filled with its longest values.
        """
        faults: list[str] = []
        source = self._books[SOURCE_LANGUAGE]
        for language in self.languages():
            book = self._books[language]
            faults += [f"{language}: phrase {key!r} is missing" for key in source.keys() - book]
            faults += [f"{language}: phrase {key!r} is not Chinese" for key in book.keys() - source]
            for key, phrase in book.items():
                faults += _compare(language, phrase, source.get(key, phrase))
                faults += self._measure(language, phrase)
        return sorted(faults)

    def _measure(self, language: str, phrase: Phrase) -> Iterator[str]:
        template = phrase.variants.get(Form.SMS)
        if template is None:
            return
        values = {**self._shared.get(language, {}), **phrase.longest}
        if phrase.cut:
            values[phrase.cut] = "…" * SHORTEST_CUT
        unknown = _placeholders(template) - values.keys()
        if unknown:
            names = ", ".join(sorted(unknown))
            yield f"{language}: {phrase.key!r} has no longest value for {names}"
            return
        length = units(template.format_map(values))
        if length > phrase.room:
            yield f"{language}: the SMS of {phrase.key!r} takes {length} units, not {phrase.room}"


@cache
def _shipped() -> Phrasebook:
    """What is shipped never changes while a process runs."""
    return Phrasebook.of(_LOCALES)


def units(text: str) -> int:
    """The length in UCS-2 code units, as an SMS centre counts: a rare character takes two."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _shortened(value: str, *, by: int) -> str:
    keep = max(units(value) - by, SHORTEST_CUT) - 1
    kept = value
    while kept and units(kept) > keep:
        kept = kept[:-1]
    return kept + "…"


def _compare(language: str, phrase: Phrase, source: Phrase) -> Iterator[str]:
    if phrase.variants.keys() != source.variants.keys():
        yield f"{language}: {phrase.key!r} has not the forms of the Chinese phrase"
        return
    for form, template in phrase.variants.items():
        if _placeholders(template) != _placeholders(source.variants[form]):
            yield f"{language}: {phrase.key!r} ({form.value}) has not the Chinese parameters"


def _read(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        content = tomli.loads(path.read_text("utf-8"))
    except (tomli.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: {error}") from None
    try:
        yield from _flat("", content)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _require_given(
    path: Path, key: str, table: Mapping[str, Any], said: Sequence[Any], any_notice: Iterable[str]
) -> None:
    """Raise ``ValueError`` for a parameter that neither the phrase has so far nor any notice."""
    before = [_phrase(key, dict(one)).parameters for one in said if one]
    known: frozenset[str] = frozenset().union(*before)
    unknown = _phrase(key, table).parameters - known.union(any_notice)
    if before and unknown:
        there = ", ".join(f"{{{name}}}" for name in sorted(known)) or "none"
        raise ValueError(
            f"{path}: {key!r} names {{{min(unknown)}}}, and nobody fills that in; there are {there}"
        )


def _flat(prefix: str, content: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, table in content.items():
        key = f"{prefix}{name}"
        if not isinstance(table, dict):
            raise ValueError(f"{key!r} stands outside a phrase")
        if name == "_longest" or any(isinstance(value, str) for value in table.values()):
            _inspect(key, table)
            yield name if name == "_longest" else key, table
            continue
        yield from _flat(f"{key}.", table)


def _inspect(key: str, table: Mapping[str, Any]) -> None:
    for name, value in table.items():
        if key.endswith("_longest") or name == "cut":
            sound = isinstance(value, str)
        elif name == "segments":
            sound = isinstance(value, int) and 1 <= value <= MOST_SEGMENTS
        elif name == "longest":
            sound = isinstance(value, dict) and all(isinstance(v, str) for v in value.values())
        else:
            sound = name in set(Form) and isinstance(value, str) and bool(value)
            if sound:
                _placeholders(value)
        if not sound:
            raise ValueError(f"{key!r}: {name!r} is neither a form nor one of {sorted(_EXTRAS)}")


@cache
def _placeholders(template: str) -> frozenset[str]:
    names: set[str] = set()
    for _, name, spec, conversion in Formatter().parse(template):
        if name is None:
            continue
        if not name.isidentifier() or spec or conversion:
            raise ValueError(f"{{{name}}} in {template!r} is not a plain parameter")
        names.add(name)
    return frozenset(names)


def _phrase(key: str, table: Mapping[str, Any]) -> Phrase:
    variants = {Form(name): text for name, text in table.items() if name not in _EXTRAS}
    return Phrase(
        key=key,
        variants=MappingProxyType(variants),
        parameters=frozenset().union(*(_placeholders(text) for text in variants.values())),
        longest=MappingProxyType(dict(table.get("longest", {}))),
        cut=table.get("cut"),
        segments=table.get("segments", 1),
    )
