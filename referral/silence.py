"""Where nobody calls although the register says that there is need (沉默地图). Pure.

A place with a few known households is expected to be silent; so is judged only what would be odd
by chance. With the county's own rate of requests a place would see so many: when so few as came,
or fewer, come in less than one of twenty such places, it is quiet.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from math import erfc, exp, sqrt

ODD = 0.05
_MANY = 400  # beyond, the sum is as good as a bell


class Sound(StrEnum):
    """How a place is heard."""

    TOO_FEW = "too_few"  # too few known households to say anything, or to name it
    HEARD = "heard"
    QUIET = "quiet"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Place:
    """Known households of one place (or of one category in it) and the requests from it."""

    code: str
    households: int
    requests: int


@dataclass(frozen=True, slots=True)
class Heard:
    """A place with what would be expected of it. ``expected`` is None where nothing is said."""

    place: Place
    sound: Sound
    expected: float | None


def judge(places: Iterable[Place], *, least: int) -> list[Heard]:
    """Every place against the rate of all of them; below ``least`` households nothing is said."""
    all_places = list(places)
    households = sum(place.households for place in all_places)
    rate = sum(place.requests for place in all_places) / households if households else 0.0
    return [_judge(place, rate, least) for place in all_places]


def _judge(place: Place, rate: float, least: int) -> Heard:
    if place.households < least:
        return Heard(place, Sound.TOO_FEW, None)
    expected = place.households * rate
    if chance(place.requests, expected) >= ODD:
        return Heard(place, Sound.HEARD, expected)
    return Heard(place, Sound.QUIET if place.requests else Sound.SILENT, expected)


def chance(came: int, expected: float) -> float:
    """How likely so few, or fewer, are where so many are expected (Poisson)."""
    if expected > _MANY:
        return erfc((expected - came - 0.5) / sqrt(2 * expected)) / 2
    term = total = exp(-expected)
    for each in range(1, came + 1):
        term *= expected / each
        total += term
    return min(total, 1.0)
