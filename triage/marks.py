"""The words of places.toml in a folded text: names of places, suffixes, what ends an address."""

from functools import cache
from importlib import resources

import ahocorasick
import tomli

from triage.text import squeeze

Mark = tuple[int, int, str]
"""Start and end of a word of the list in the text, and its kind: the name of its row."""


EDGES = frozenset(("stop", "lead", "home", "origin"))
_NAMED = {"region": "prov", "city_by_suffix": "city", "prefecture": "city"}
_SUFFIX_OF = {"prov": "省", "city": "市", "city_by_suffix": "市"}


def marks(flat: str) -> list[Mark]:
    """The longest words from left to right, none inside another; ``flat`` is a folded text.
    A name is marked ``=prov``, ``=city`` or ``=district``, a suffix or an edge by its row."""
    words = _automaton().iter_long(flat)
    return [(last - length, last + 1, kind) for last, (length, kind) in words]


def is_name_of_place(word: str) -> bool:
    """Whether the words are the name of a province, a prefecture or a well known county."""
    kind: str = _automaton().get(word, (0, ""))[1]
    return kind.startswith("=")


@cache
def _automaton() -> ahocorasick.Automaton:
    source = resources.files("triage.rules").joinpath("places.toml").read_text("utf-8")
    read = tomli.loads(source)
    kinds: dict[str, str] = {}
    for kind in ("stop", "lead", "home", "origin"):
        kinds.update((squeeze(word), kind) for word in read["edges"][kind])
    for kind, words in read["suffixes"].items():
        kinds.update((squeeze(word), kind) for word in words)
    for kind, words in read["names"].items():
        named = "=" + _NAMED.get(kind, kind)
        for word in words:
            if kind != "city_by_suffix":
                kinds[word] = named
            if suffix := _SUFFIX_OF.get(kind):
                kinds[word + suffix] = named
    automaton = ahocorasick.Automaton()
    for word, kind in kinds.items():
        automaton.add_word(word, (len(word) - 1, kind))
    automaton.make_automaton()
    return automaton
