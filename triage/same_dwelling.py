"""Whether two dwellings are one: their names by ear and with a slip, their doors number by number.
Pure."""

from triage.doors import Agreement
from triage.dwelling import Dwelling, Name


def same_names(a: tuple[Name, ...], b: tuple[Name, ...]) -> tuple[list[tuple[Name, Name]], bool]:
    """The pairs that are one place by its name or sound, and whether two roads or two villages
    are told apart."""
    pairs = []
    for mine in a:
        for theirs in b:
            if _one_place(mine, theirs):
                pairs.append((mine, theirs))
                break
    apart = False
    for kind in ("road", "village"):
        ours = [one for one in a if one.kind == kind]
        other = [one for one in b if one.kind == kind]
        if ours and other and not any(one in ours or two in other for one, two in pairs):
            apart = apart or not any(_nearly(x.sound, y.sound) for x in ours for y in other)
    return pairs, apart


def _one_place(a: Name, b: Name) -> bool:
    if a.sound == b.sound:
        return True
    short, long = sorted((a.sound, b.sound), key=len)
    return len(short) >= 2 and long.endswith(short)


def near_names(a: tuple[Name, ...], b: tuple[Name, ...]) -> tuple[Name, Name] | None:
    """Two names of one kind that a slip of the pen would make one; None when there are none."""
    for mine in a:
        for theirs in b:
            if mine.kind == theirs.kind and _nearly(mine.sound, theirs.sound):
                return mine, theirs
    return None


def _nearly(a: str, b: str) -> bool:
    """One character is another, or is left out."""
    if len(a) == len(b):
        return len(a) >= 2 and sum(x != y for x, y in zip(a, b, strict=True)) == 1
    short, long = sorted((a, b), key=len)
    one_more = len(long) - len(short) == 1 and bool(short)
    return one_more and any(long[:at] + long[at + 1 :] == short for at in range(len(long)))


def compare_doors(a: Dwelling, b: Dwelling) -> Agreement:
    """Whether two doors of one place are one: same, the same as far as both tell it, told by
    numbers that cannot be held against each other, or different."""
    agreed = 0
    for mine, theirs in ((a.house, b.house), (a.group, b.group)):
        if mine and theirs:
            if mine != theirs:
                return Agreement.DIFFERENT
            agreed += 1
    stairs = _stairs(a, b)
    if stairs is Agreement.DIFFERENT or (a.floor and b.floor and a.floor != b.floor):
        return Agreement.DIFFERENT
    if a.room and b.room:
        if not _one_room(a, b):
            return Agreement.DIFFERENT
        full = stairs is Agreement.SAME or (not a.stairs and not b.stairs)
        return Agreement.SAME if full else Agreement.PART
    if a.house and a.house == b.house and not (a.stairs or b.stairs or a.room or b.room):
        return Agreement.SAME
    if agreed or stairs in (Agreement.SAME, Agreement.PART) or (a.floor and a.floor == b.floor):
        return Agreement.PART
    return Agreement.UNKNOWN


def _stairs(a: Dwelling, b: Dwelling) -> Agreement:
    for mine, theirs in ((a.building, b.building), (a.unit, b.unit)):
        if mine and theirs and mine != theirs:
            return Agreement.DIFFERENT
    if not a.stairs or not b.stairs:
        return Agreement.UNKNOWN
    if a.stairs == b.stairs:
        return Agreement.SAME
    if {*a.stairs} <= {*b.stairs} or {*b.stairs} <= {*a.stairs}:
        return Agreement.PART
    if (a.building and b.unit and not b.building) or (b.building and a.unit and not a.building):
        return Agreement.UNKNOWN  # one tells the building, the other the staircase
    return Agreement.DIFFERENT


def _one_room(a: Dwelling, b: Dwelling) -> bool:
    if a.room == b.room:
        return True
    short, long = sorted((a.room, b.room), key=len)
    return len(short) <= 2 and len(long) >= 3 and long.endswith(short.zfill(2))  # 5楼1室, 501
