"""Where: the county's own list of townships, villages and grids, found again in what people say.

Pure. A hotline serves one jurisdiction, so the county's list is matched and nothing national is
guessed: where two places share a name and nothing decides between them, the answer is what they
both lie in (experience note 4.3). Traditional characters and full width are read like simplified.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from math import cos, hypot, radians

import ahocorasick

from referral.place_names import COMMON_WORDS, full_names, is_part, short_names
from triage.text import plain


class Kind(StrEnum):
    """The levels of a county, outermost first."""

    COUNTY = "county"
    TOWNSHIP = "township"
    VILLAGE = "village"
    GRID = "grid"


@dataclass(frozen=True, slots=True)
class Area:
    """One place of the county. ``aliases`` are other names people use for it; the centre, when
    known, is in degrees (WGS-84)."""

    code: str
    kind: str
    name: str
    parent: str | None = None
    aliases: tuple[str, ...] = ()
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The place a text speaks of, as exact as is certain.

    ``quote`` are the words that said so, "" when only a point or the reporter's own area did.
    ``certainty`` runs from 0 to 1: 1 a full name, 0.9 a short name beside another that agrees, 0.7
    one of several of the same name chosen by place or hint, 0.6 a short name alone, 0.5 only what
    several places of that name lie in, or the place of a point or a hint alone.
    """

    area: Area
    township: Area | None
    village: Area | None
    quote: str
    certainty: float


_NEAR_KM = 15.0
_ALONE = 0.6


class Gazetteer:
    """The areas of one county, ready to be found in texts: one pass over the text."""

    def __init__(self, areas: Iterable[Area], common_words: Collection[str] = COMMON_WORDS) -> None:
        self.areas = tuple(areas)
        self._by_code = {area.code: area for area in self.areas}
        self._common = frozenset(common_words)
        for area in self.areas:
            if area.parent is not None and area.parent not in self._by_code:
                raise ValueError(f"area {area.code} lies in {area.parent!r}, which does not exist")
        self._paths = {area.code: self._climb(area) for area in self.areas}
        self._above = {code: frozenset(a.code for a in path) for code, path in self._paths.items()}
        self._automaton = self._learn()

    def __contains__(self, code: str) -> bool:
        return code in self._by_code

    def __getitem__(self, code: str) -> Area:
        return self._by_code[code]

    def path(self, code: str) -> tuple[Area, ...]:
        """The area and all it lies in, the innermost first; KeyError for an unknown code."""
        return self._paths[code]

    def within(self, code: str, ancestor: str) -> bool:
        """Whether an area is, or lies in, another; False for an unknown code."""
        return ancestor in self._above.get(code, ())

    def locate(
        self, text: str, hint: str | None = None, location: tuple[float, float] | None = None
    ) -> Found | None:
        """The place a text speaks of, or None when nothing names one.

        The longest name wins; a village named together with its township is that village; of
        several places of one name the one in ``hint`` (an area's code, or words) or nearest to
        ``location`` (latitude, longitude) is chosen, else what they all lie in. A place named in
        the text is never overruled by hint or location.
        """
        own = self._own(hint)
        mentions = self._mentions(text)
        if mentions:
            found = self._decide(mentions, own, location)
            if found is not None:
                return found
        if location is not None and (near := self._nearest(location, self._points)) is not None:
            return self._found(near, "", 0.5)
        return self._found(own, "", 0.5) if own is not None else None

    def _own(self, hint: str | None) -> Area | None:
        if not hint:
            return None
        if hint in self._by_code:
            return self._by_code[hint]
        found = self._decide(self._mentions(hint), None, None)
        return found.area if found else None

    def _decide(
        self,
        mentions: "list[_Mention]",
        own: Area | None,
        location: tuple[float, float] | None,
    ) -> Found | None:
        """The innermost area that the mentions agree on, the earliest one where they differ."""
        named = {area.code for mention in mentions for area in mention.areas}
        best: tuple[tuple[int, bool, float, int], Found] | None = None
        for mention in mentions:
            found = self._resolve(mention, named, own, location)
            if found is None:
                continue
            agreed = len(self._above[found.area.code] & named)
            if not mention.whole and agreed == 1 and found.certainty > _ALONE:
                found = replace(found, certainty=_ALONE)
            rank = (agreed, mention.whole, found.certainty, self._depth(found.area))
            if best is None or rank > best[0]:
                best = (rank, found)
        return best[1] if best else None

    def _resolve(
        self,
        mention: "_Mention",
        named: set[str],
        own: Area | None,
        location: tuple[float, float] | None,
    ) -> Found | None:
        """Which of the places of one name is meant: the one that fits the other names, the town
        before the village of its name, the one of the reporter, the nearest, else none of them."""
        areas = mention.areas
        if len(areas) == 1:
            return self._found(areas[0], mention.quote, 1.0 if mention.whole else 0.9)
        others = named - {area.code for area in areas}
        areas = tuple(area for area in areas if self._fits(area, others)) or areas
        outer = next((a for a in areas if all(self.within(b.code, a.code) for b in areas)), None)
        if outer is not None:
            return self._found(outer, mention.quote, 1.0 if mention.whole else 0.9)
        inside = self._around(areas, own)
        if len(inside) == 1:
            return self._found(inside[0], mention.quote, 0.7)
        if location is not None and (near := self._nearest(location, areas)) is not None:
            return self._found(near, mention.quote, 0.7)
        common = self._common_parent(areas)
        return self._found(common, mention.quote, 0.5) if common else None

    def _fits(self, area: Area, others: set[str]) -> bool:
        """Whether an area lies in, or holds, a place that was named besides."""
        return any(
            code != area.code and (self.within(area.code, code) or self.within(code, area.code))
            for code in others
        )

    def _around(self, areas: Sequence[Area], own: Area | None) -> list[Area]:
        """Those in the reporter's own area, or failing that in the reporter's township."""
        if own is None:
            return []
        inside = [
            a for a in areas if self.within(a.code, own.code) or self.within(own.code, a.code)
        ]
        township = self._of_kind(own, Kind.TOWNSHIP)
        if inside or township is None:
            return inside
        return [area for area in areas if self.within(area.code, township.code)]

    def _mentions(self, text: str) -> "list[_Mention]":
        """The longest names, left to right, none inside another; each name once."""
        hits: list[tuple[int, int, _Name]] = []
        words = plain(text)  # one character for one: offsets stay
        for last, name in self._automaton.iter(words) if len(self._automaton) else ():
            begin, end = last - len(name.text) + 1, last + 1
            if name.whole or not is_part(words, begin, end):
                hits.append((begin, end, name))
        hits.sort(key=lambda hit: (hit[0] - hit[1], hit[0]))
        taken: list[tuple[int, int]] = []
        mentions: dict[str, _Mention] = {}
        for begin, end, name in hits:
            if any(begin < other_end and other_begin < end for other_begin, other_end in taken):
                continue
            taken.append((begin, end))
            earlier = mentions.get(name.text)
            if earlier is None or begin < earlier.begin:
                mentions[name.text] = _Mention(begin, text[begin:end], name.whole, name.areas)
        return sorted(mentions.values(), key=lambda mention: mention.begin)

    def _found(self, area: Area, quote: str, certainty: float) -> Found:
        return Found(
            area=area,
            township=self._of_kind(area, Kind.TOWNSHIP),
            village=self._of_kind(area, Kind.VILLAGE),
            quote=quote,
            certainty=certainty,
        )

    def _of_kind(self, area: Area, kind: Kind) -> Area | None:
        return next((above for above in self._paths[area.code] if above.kind == kind), None)

    def _depth(self, area: Area) -> int:
        return len(self._paths[area.code])

    def _common_parent(self, areas: Sequence[Area]) -> Area | None:
        for candidate in self._paths[areas[0].code]:
            if all(self.within(area.code, candidate.code) for area in areas):
                return candidate
        return None

    def _nearest(self, location: tuple[float, float], areas: Sequence[Area]) -> Area | None:
        """The area whose centre is nearest, within 15 km; a plane is exact enough in a county."""
        latitude, longitude = location

        def distance(area: Area) -> float:
            north = (area.latitude or 0.0) - latitude
            east = ((area.longitude or 0.0) - longitude) * cos(radians(latitude))
            return hypot(north, east) * 111.2

        known = [area for area in areas if area.latitude is not None and area.longitude is not None]
        near = min(known, key=distance, default=None)
        return near if near is not None and distance(near) <= _NEAR_KM else None

    @cached_property
    def _points(self) -> tuple[Area, ...]:
        return tuple(area for area in self.areas if area.kind == Kind.VILLAGE)

    def _climb(self, area: Area) -> tuple[Area, ...]:
        path = [area]
        while path[-1].parent is not None:
            above = self._by_code[path[-1].parent]
            if above in path:
                raise ValueError(f"area {area.code} lies in itself")
            path.append(above)
        return tuple(path)

    def _learn(self) -> ahocorasick.Automaton:
        names: dict[str, dict[str, Area]] = {}
        whole: set[str] = set()
        for area in self.areas:
            for text in map(plain, full_names(area.name, area.aliases)):
                names.setdefault(text, {})[area.code] = area
                whole.add(text)
        for area in self.areas:
            if area.kind == Kind.GRID:
                continue  # a grid is known by its number
            for text in map(plain, short_names(area.name, area.aliases)):
                if text not in whole and text not in self._common:
                    names.setdefault(text, {})[area.code] = area
        automaton = ahocorasick.Automaton()
        for text, areas in names.items():
            automaton.add_word(text, _Name(text, text in whole, tuple(areas.values())))
        automaton.make_automaton()
        return automaton


@dataclass(frozen=True, slots=True)
class _Name:
    text: str
    whole: bool
    areas: tuple[Area, ...]


@dataclass(frozen=True, slots=True)
class _Mention:
    begin: int
    quote: str
    whole: bool
    areas: tuple[Area, ...]
