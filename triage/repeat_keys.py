"""Keys by which reports of one matter find each other without comparing all with all. Pure.

Two reports that share no key are never compared, so each kind of evidence that can carry a
proposal alone has its key; a key that many share is cut off by whoever reads it.
"""

from collections.abc import Iterator
from hashlib import blake2b

from triage.called import by_ear
from triage.matter import Matter

MOST = 8
_MIXED = (0x9E3779B1, 0x85EBCA77)
_LEAST_GRAMS = 8


def keys(matter: Matter) -> tuple[str, ...]:
    """The keys of a report, the most telling first, at most ``MOST``."""
    return tuple(dict.fromkeys(_keys(matter)))[:MOST]


def hashed(key: str, secret: bytes = b"") -> int:
    """A key as 63 bits, the same in every process and for as long as the secret is; never 0."""
    digest = blake2b(key.encode(), digest_size=8, key=secret).digest()
    return int.from_bytes(digest, "big") >> 1 or 1


def _keys(matter: Matter) -> Iterator[str]:
    for phone in sorted(matter.phones)[:2]:
        yield "p" + phone
    for name in matter.names[:2]:
        yield "n" + by_ear(name)
    places = matter.address.near
    flat = matter.address.flat
    tails = tuple(dict.fromkeys(by_ear(place.name[-2:]) for place in places))
    if tails and flat.room:
        yield f"r{tails[-1]}{flat.room}"
    surnames = tuple(dict.fromkeys((*sorted(matter.honored), *(name[0] for name in matter.names))))
    if surnames and tails:
        yield f"c{tails[-1]}{by_ear(surnames[0])}"
    house = next((place for place in places if place.house), None)
    if house is not None:
        yield f"h{by_ear(house.name[-2:])}{house.house}"
    for name, _ in matter.events[:1]:
        for place in places[:2]:  # 幸福里小区 and 幸福里 begin alike
            yield f"e{name}{by_ear(place.name[:2])}"
    yield from _least(matter)
    for place in reversed(places):
        if place.kind != "road":
            yield "w" + by_ear(place.name[-2:])
            break
    else:
        if tails:
            yield "w" + tails[-1]


def _least(matter: Matter) -> Iterator[str]:
    """The least hashes of the shingles: posts pasted again share them (min-wise hashing)."""
    if len(matter.grams) < _LEAST_GRAMS:
        return
    for at, mixed in enumerate(_MIXED):
        yield f"s{at}{min([(value >> 4) * mixed & 0xFFFFFFFF for value in matter.grams]):x}"
