"""What speaks for two reports being one matter, and what against it: each with its words."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from triage.called import alike, by_ear
from triage.doors import Agreement, Place, compare_flats, shared_places
from triage.matter import GRAM, Matter
from triage.occurrences import occurrences


@dataclass(frozen=True, slots=True)
class Evidence:
    """One finding. ``kind`` names a row of same_matter.toml; ``mine`` and ``theirs`` are the words
    of the two reports that it rests on."""

    kind: str
    mine: str = ""
    theirs: str = ""


_WHOLE_NAME = 3
_WORDS = (
    (0.75, "words_nearly_all"),
    (0.5, "words_most"),
    (0.3, "words_many"),
    (0.15, "words_some"),
)
_LONG = 60  # shingles: nobody says so much twice in the same words by chance
_ALMOST_NONE = 0.03
_SHOWN = 24
_SHORT = 12  # shingles under which an overlap may be chance


def evidence(a: Matter, b: Matter, *, explain: bool = True) -> list[Evidence]:
    """Every finding, for and against, in the order a person reads them; each kind at most once.
    ``explain`` False leaves out the passages that both share, which cost most."""
    return [
        *_phones(a, b), *_people(a, b), *_ages(a, b), *_where(a, b), *_causes(a, b), *_events(a, b),
        *_said(a, b, explain), *_when(a, b),
    ]  # fmt: skip


def _phones(a: Matter, b: Matter) -> Iterator[Evidence]:
    if shared := sorted(a.phones & b.phones):
        yield Evidence("phone", shared[0], shared[0])
    elif a.phones and b.phones:
        yield Evidence("phone_other", min(a.phones), min(b.phones))


def _people(a: Matter, b: Matter) -> Iterator[Evidence]:
    for name in a.names:
        if name in b.names or (len(name) >= _WHOLE_NAME and name in b.words):
            yield Evidence("name", name, name)
            return
    for name in b.names:
        if len(name) >= _WHOLE_NAME and name in a.words:
            yield Evidence("name", name, name)
            return
    for mine in a.names:
        for theirs in b.names:
            if alike(mine, theirs):
                yield Evidence("name_sound", mine, theirs)
                return
    for name in a.names:
        if heard_as := _heard_in(name, b.words):
            yield Evidence("name_sound", name, heard_as)
            return
    for name in b.names:
        if heard_as := _heard_in(name, a.words):
            yield Evidence("name_sound", heard_as, name)
            return
    first_a = {name[0] for name in a.names} | a.honored
    first_b = {name[0] for name in b.names} | b.honored
    called = (a.honored & first_b) | (b.honored & first_a)
    if called:
        yield Evidence("name_called", min(called), min(called))
    elif a.names and b.names:
        yield Evidence("name_other", a.names[0], b.names[0])


def _heard_in(name: str, words: str) -> str:
    """How a name of three characters stands in a text that was written by ear; "" if it does not.
    One character must stand as it is: by sound alone, names are found in any text."""
    if len(name) < _WHOLE_NAME or sum(char in words for char in name) < len(name) - 1:
        return ""
    at = by_ear(words).find(by_ear(name))
    return words[at : at + len(name)] if at >= 0 else ""


def _ages(a: Matter, b: Matter) -> Iterator[Evidence]:
    if shared := a.ages & b.ages:
        yield Evidence("age", str(min(shared)), str(min(shared)))
    elif a.ages and b.ages:
        gap = min(abs(x - y) for x in a.ages for y in b.ages)
        if gap > 1:
            yield Evidence("age_other", str(min(a.ages)), str(min(b.ages)))


def _where(a: Matter, b: Matter) -> Iterator[Evidence]:
    here, there = a.address, b.address
    near = shared_places(here.near, there.near) + _across(a, b)
    if near:
        yield Evidence("place", near[0][0].word, near[0][1].word)
        yield from _house(near)
    elif _contradict(here.near, there.near):
        yield Evidence("place_other", here.near[0].word, there.near[0].word)
    doors = compare_flats(here.flat, there.flat)
    if doors is not Agreement.UNKNOWN:
        yield Evidence(_DOORS[doors, bool(near)], _door(a), _door(b))
    if here.towns and there.towns:
        shared = shared_places(here.towns, there.towns)
        mine, theirs = shared[0] if shared else (here.towns[0], there.towns[0])
        yield Evidence("town" if shared else "town_other", mine.word, theirs.word)
    if here.regions and there.regions and not shared_places(here.regions, there.regions):
        yield Evidence("region_other", here.regions[0].word, there.regions[0].word)


_DOORS = {
    (Agreement.SAME, True): "flat",
    (Agreement.SAME, False): "flat_alone",
    (Agreement.PART, True): "flat_part",
    (Agreement.PART, False): "flat_alone",
    (Agreement.DIFFERENT, True): "flat_other",
    (Agreement.DIFFERENT, False): "flat_other",
}


def _house(near: Sequence[tuple[Place, Place]]) -> Iterator[Evidence]:
    numbered = [(x, y) for x, y in near if x.house and y.house]
    for x, y in numbered:
        if x.house == y.house:
            yield Evidence("house", x.house, y.house)
            return
    if numbered:
        x, y = numbered[0]
        yield Evidence("house_other", x.word + x.house, y.word + y.house)


def _across(a: Matter, b: Matter) -> list[tuple[Place, Place]]:
    """A place that one report names and the other mentions without saying what it is."""
    found = []
    for mine, other, turned in ((a, b, False), (b, a, True)):
        for place in mine.address.near:
            if len(place.name) > 2 and place.name in other.words:
                met = Place(place.name, place.kind, place.name)
                found.append((met, place) if turned else (place, met))
    return found


def _contradict(a: Sequence[Place], b: Sequence[Place]) -> bool:
    """Both sides name a place of one kind; a street and an estate can be one address."""
    return bool({place.kind for place in a} & {place.kind for place in b})


def _door(matter: Matter) -> str:
    flat = matter.address.flat
    return "-".join((*flat.stairs, flat.room or (flat.floor + "F" if flat.floor else "")))


_BROAD = frozenset({"temp_emergency", "service_aid"})
"""What every danger opens, and what everybody has who lives alone: no cause of its own."""


def _causes(a: Matter, b: Matter) -> Iterator[Evidence]:
    if shared := sorted(a.causes & b.causes - _BROAD):
        yield Evidence("cause", shared[0], shared[0])
    elif a.causes - _BROAD and b.causes - _BROAD:
        yield Evidence("cause_other", min(a.causes - _BROAD), min(b.causes - _BROAD))


def _events(a: Matter, b: Matter) -> Iterator[Evidence]:
    """One event of one place; of a thing that stands in one spot, no other house number."""
    shared = [(mine, theirs) for mine in a.events for theirs in b.events if mine[0] == theirs[0]]
    if not shared:
        return
    near = shared_places(a.address.near, b.address.near) + _across(a, b)
    contradicted = _contradict(a.address.near, b.address.near)
    town = not contradicted and shared_places(a.address.towns, b.address.towns)
    other_house = any(found.kind == "house_other" for found in _house(near))
    other_flat = compare_flats(a.address.flat, b.address.flat) is Agreement.DIFFERENT
    kinds = occurrences()[0]
    for mine, theirs in shared:
        if kinds[mine[0]].spot:
            one = bool(near) and not other_house and not other_flat
        else:
            one = bool(near or town)
        if one:
            yield Evidence("event", mine[1], theirs[1])
            return


def _said(a: Matter, b: Matter, explain: bool) -> Iterator[Evidence]:
    mine, theirs, every = _same_sample(a, b)
    if not mine or not theirs:
        return
    shared = len(mine.intersection(theirs))
    part = shared / min(len(mine), len(theirs))
    if shared * every < _SHORT:
        part *= shared * every / _SHORT
    kind = next((kind for least, kind in _WORDS if part >= least), "")
    if kind == "words_nearly_all" and shared * every >= _LONG:
        kind = "words_pasted"
    if kind:
        passage = longest_shared(a.words, b.words) if explain else ""
        yield Evidence(kind, passage, passage)
        return
    if part < _ALMOST_NONE and min(len(mine), len(theirs)) * every >= 2 * _SHORT:
        yield Evidence("words_none")


def _same_sample(a: Matter, b: Matter) -> tuple[set[int], Collection[int], int]:
    """The shingles of both that the coarser of the two samples would keep."""
    every = max(a.every, b.every)
    mine = set(a.grams) if a.every == every else {one for one in a.grams if one % every == 0}
    theirs = b.grams if b.every == every else [one for one in b.grams if one % every == 0]
    return mine, theirs, every


def longest_shared(a: str, b: str) -> str:
    """The longest passage of four characters or more in both, for a person to see; cut when long.
    The first of several as long."""
    best, start = "", 0
    while start + max(len(best), GRAM - 1) < len(a):
        size = max(len(best) + 1, GRAM)
        while start + size <= len(a) and size <= _SHOWN and a[start : start + size] in b:
            best = a[start : start + size]
            size += 1
        if len(best) >= _SHOWN:
            break
        start += 1
    return best


def _when(a: Matter, b: Matter) -> Iterator[Evidence]:
    if a.at is None or b.at is None:
        return
    days = abs((a.at - b.at).total_seconds()) / 86400
    if days <= 2:
        yield Evidence("time_near")
    elif days > 30:
        yield Evidence("time_far", f"{a.at:%Y-%m-%d}", f"{b.at:%Y-%m-%d}")
