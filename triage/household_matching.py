"""Which household is this? What a caller gives is held against a household of the registry, with
what speaks for it and what against, each with its words and its weight. Pure.

Neighbours share the house, namesakes the name, a family its telephone: no finding decides alone
but an own telephone or a whole door, and a name that is another speaks against both.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from math import exp

import tomli

from triage.doors import Agreement
from triage.dwelling import Dwelling, read_dwelling
from triage.name_field import Called, read_names
from triage.phones import near_number, read_number
from triage.same_dwelling import compare_doors, near_names, same_names

_ROOMY = 10  # years of age that somebody does not err by
_OLDEST = 130  # what is more is the year of a birth, and only held against another year
_NOWHERE = Dwelling()


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason: ``aspect`` is phone, name, address or age, ``kind`` a row of households.toml."""

    aspect: str
    kind: str
    mine: str
    theirs: str
    weight: float

    def as_json(self) -> dict[str, object]:
        words = {"query": self.mine, "registry": self.theirs}
        return {"kind": self.kind, **words, "weight": self.weight}


@dataclass(frozen=True, slots=True)
class Scale:
    """What findings weigh, and from where on they count."""

    weights: Mapping[str, float]
    start: float
    propose: float
    most: int
    namesakes: int


@dataclass(frozen=True, slots=True)
class Home:
    """A household of the registry, or what a caller says of one, as it is compared."""

    phones: tuple[str, ...] = ()
    people: tuple[Called, ...] = ()
    ages: tuple[int | None, ...] = ()
    dwelling: Dwelling = _NOWHERE
    area: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """A household with its score from 0 to 1 and the reasons."""

    household_id: str
    score: float
    findings: tuple[Finding, ...]

    def as_json(self) -> dict[str, object]:
        why: dict[str, list[dict[str, object]]] = {}
        for one in self.findings:
            why.setdefault(one.aspect, []).append(one.as_json())
        return {"household_id": self.household_id, "score": round(self.score, 3), "why": why}


@cache
def shipped_scale() -> Scale:
    """The weights that come with the program. Raises ValueError when a weight is missing."""
    source = resources.files("triage.rules").joinpath("households.toml").read_text("utf-8")
    read = tomli.loads(source)
    limits = read["limits"]
    return Scale(
        weights={kind: float(weight) for kind, weight in read["weights"].items()},
        start=float(limits["start"]),
        propose=float(limits["propose"]),
        most=int(limits["most"]),
        namesakes=int(limits["namesakes"]),
    )


def read_home(
    *,
    names: Sequence[str],
    phones: Sequence[str],
    address: str,
    area: str = "",
    ages: Sequence[int | None] = (),
) -> Home:
    """A household or a query in the form in which it is compared; never raises."""
    numbers = dict.fromkeys(one for phone in phones for one in read_number(phone))
    people = dict.fromkeys(one for name in names for one in read_names(name))
    return Home(
        tuple(numbers), tuple(people), tuple(ages), read_dwelling(address), area.strip(), address
    )


def hold_against(
    query: Home, home: Home, namesakes: int, scale: Scale
) -> tuple[float, list[Finding]]:
    """The odds that the query is about this household, and the findings that they add up from."""
    found = [
        Finding(aspect, kind, mine, theirs, scale.weights[kind])
        for aspect, kind, mine, theirs in (
            *_phones(query, home),
            *_people(query, home, namesakes, scale),
            *_where(query, home),
        )
    ]
    return scale.start + sum(one.weight for one in found), found


def probability(odds: float) -> float:
    """Odds as a score from 0 to 1."""
    return 1 / (1 + exp(-max(-30.0, min(30.0, odds))))


_Found = tuple[str, str, str, str]


def _phones(query: Home, home: Home) -> Iterator[_Found]:
    if not query.phones or not home.phones:
        return
    for mine in query.phones:
        if mine in home.phones:
            yield "phone", "phone", mine, mine
            return
    for mine in query.phones:
        for theirs in home.phones:
            if near_number(mine, theirs):
                yield "phone", "phone_near", mine, theirs
                return
    yield "phone", "phone_other", query.phones[0], home.phones[0]


_RANK = {
    "name": 0, "name_short": 1, "name_sound": 2, "name_sound_short": 3, "name_near": 4,
    "name_part": 5, "name_called": 6,
}  # fmt: skip


def _people(query: Home, home: Home, namesakes: int, scale: Scale) -> Iterator[_Found]:
    best: tuple[int, str, Called, int] | None = None
    for mine in query.people:
        for at, theirs in enumerate(home.people):
            kind = _one_person(mine, theirs)
            if kind is not None and (best is None or _RANK[kind] < best[0]):
                best = _RANK[kind], kind, mine, at
    if best is None:
        if query.people and home.people:
            mine = query.people[0]
            only = all(one.surname_only for one in query.people)
            kin = [one.name for one in home.people if one.sound[0] == mine.sound[0]]
            kind = "name_called_other" if only else "name_family" if kin else "name_other"
            yield "name", kind, mine.name, kin[0] if kin else home.people[0].name
        return
    rank, kind, mine, at = best
    theirs = home.people[at]
    yield "name", kind, mine.name, theirs.name
    if rank <= _RANK["name_sound_short"]:
        if namesakes <= 1:
            yield "name", "rare", mine.name, theirs.name
        elif namesakes > scale.namesakes:
            yield "name", "common", mine.name, theirs.name
    told, known = (ages[0] if ages else None for ages in (query.ages, home.ages[at : at + 1]))
    if told is not None and known is not None and (told > _OLDEST) == (known > _OLDEST):
        years = abs(told - known)
        if years <= 2 or years > _ROOMY:
            yield "age", "age" if years <= 2 else "age_other", str(told), str(known)


def _one_person(mine: Called, theirs: Called) -> str | None:
    """Which row of the weights two names are, or None when they are two people's."""
    if mine.surname_only:
        return "name_called" if theirs.sound.startswith(mine.sound) else None
    if mine.name == theirs.name:
        return "name" if len(mine.name) > 2 else "name_short"
    if mine.sound == theirs.sound:
        return "name_sound" if len(mine.name) > 2 else "name_sound_short"
    a, b = mine.sound, theirs.sound
    if len(a) == len(b) >= 3:
        return "name_near" if sum(x != y for x, y in zip(a, b, strict=True)) == 1 else None
    short, long = sorted((a, b), key=len)
    if len(short) >= 2 and len(long) - len(short) == 1:
        inside = long.startswith(short) or long.endswith(short) or long[0] + long[2:] == short
        return "name_part" if inside else None
    # 艾力 for 买买提艾力: a name of several parts
    whole = len(long) >= 4 and (long.startswith(short) or long.endswith(short))
    return "name_part" if len(short) >= 2 and whole else None


def _where(query: Home, home: Home) -> Iterator[_Found]:
    if query.area and home.area:
        same = query.area.startswith(home.area) or home.area.startswith(query.area)
        yield "address", "area" if same else "area_other", query.area, home.area
    mine, theirs = query.dwelling, home.dwelling
    if not mine or not theirs:
        return
    towns, _ = same_names(mine.broad, theirs.broad)
    if mine.broad and theirs.broad:
        a, b = mine.broad[-1], theirs.broad[-1]
        yield "address", "town" if towns else "town_other", a.name, b.name
    pairs, apart = same_names(mine.names, theirs.names)
    near = None if pairs else near_names(mine.names, theirs.names)
    strange = mine.names and theirs.names and not (pairs or near or _across(mine, theirs))
    if apart or strange:
        yield "address", "place_other", mine.names[-1].name, theirs.names[-1].name
        return
    if near:
        yield "address", "place_near", near[0].name, near[1].name
    elif pairs:
        yield "address", "place", pairs[-1][0].name, pairs[-1][1].name
        if len(pairs) > 1:
            yield "address", "places", pairs[0][0].name, pairs[0][1].name
    elif not towns and not _across(mine, theirs):
        # Numbers alone say little: two that agree, and no name of a place that could differ.
        if not mine.names and mine.several and compare_doors(mine, theirs) is Agreement.SAME:
            yield "address", "door_bare", query.address, home.address
        return
    door = compare_doors(mine, theirs)
    if door is not Agreement.UNKNOWN:
        kind = {
            Agreement.SAME: "door", Agreement.PART: "door_part", Agreement.DIFFERENT: "door_other"
        }[door]  # fmt: skip
        yield "address", kind, query.address, home.address


def _across(a: Dwelling, b: Dwelling) -> bool:
    """Whether a narrow name of one is a broad one of the other (临江社区, 临江街道)."""
    return bool(same_names(a.names, b.broad)[0] or same_names(a.broad, b.names)[0])
