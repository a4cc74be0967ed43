"""Keys by which a household is found without holding it against every other. Pure.

Each kind of evidence that can carry a proposal has its key. A key that many households share
(a common name, a whole estate) is cut off by whoever reads it: the rarer ones find the household.
"""

from collections.abc import Iterator, Mapping
from typing import TypeVar

from triage.called import RARER, SURNAMES
from triage.dwelling import Dwelling
from triage.household_matching import Home
from triage.name_field import Called

_SURNAMES = frozenset(SURNAMES + RARER)
_PEOPLE, _PHONES, _PLACES = 4, 3, 3


def keys(home: Home) -> tuple[str, ...]:
    """The keys of a household or a query."""
    return tuple(dict.fromkeys(_keys(home)))


RERANKED = 24
"""Households that are held against one caller in full, at most."""
SURELY = 6
"""So many of them in any case; the others only when they share ``SHARE`` of what the first does, so
that a caller costs a registry of a million no more than one of ten thousand."""
SHARE = 0.08
_Id = TypeVar("_Id", int, str)


def nearest(shared: Mapping[_Id, float]) -> list[_Id]:
    """Those who share keys with a caller and are worth a closer look, the nearest first; ``shared``
    is what their keys weigh together."""
    near = sorted(shared, key=lambda one: (-shared[one], one))[:RERANKED]
    least = SHARE * shared[near[0]] if near else 0.0
    return [one for at, one in enumerate(near) if at < SURELY or shared[one] >= least]


def name_key(person: Called) -> str:
    """The key that counts namesakes."""
    return "n" + person.sound


def _keys(home: Home) -> Iterator[str]:
    people = home.people[:_PEOPLE]
    surnames = dict.fromkeys(one.sound[0] for one in people if one.name[0] in _SURNAMES)
    heads = tuple(surnames)[:2]
    for number in home.phones[:_PHONES]:
        yield "a" + number[-6:]
        yield "b" + number[-8:-2]
        for surname in heads:
            yield f"c{number[-8:-6]}{number[-2:]}{surname}"
    places = [one.sound[-2:] for one in home.dwelling.names[-_PLACES:]]
    for one in people:
        if not one.surname_only:
            yield name_key(one)
            for place in places:
                yield f"g{one.sound[-2:]}{place}"
    for number in _numbers(home.dwelling):
        for place in places:
            yield f"d{place}{number}"
            for surname in heads:
                yield f"s{place}{number}{surname}"


def _numbers(dwelling: Dwelling) -> Iterator[str]:
    if dwelling.room:
        yield "r" + dwelling.room
    if dwelling.house:
        yield "h" + dwelling.house
