"""Group many reports: those that share a key are compared, the likest join first. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from triage.matter import Matter
from triage.repeat_keys import keys
from triage.same_matter import Relation, Scale, compare, weigh

CROWD = 30
"""A key that more reports share than this joins each only to those just before it."""
_COMPARED = 16  # earlier reports that one report is compared with
_ASKED = 6  # members of a group whom a newcomer is held against


def group(matters: Sequence[Matter], scale: Scale) -> list[int]:
    """For each report the index of the first one of its group.

    A chain is not a group: two groups join only when their members, not only one pair at the
    edge, are near each other.
    """
    joined = [
        (odds, a, b)
        for a, b in _candidates(matters)
        if (odds := weigh(matters[a], matters[b], scale)) >= scale.group
    ]
    joined.sort(key=lambda edge: (-edge[0], edge[1], edge[2]))
    of = list(range(len(matters)))
    members = {at: [at] for at in of}
    for _, a, b in joined:
        first, second = sorted((of[a], of[b]))
        if first == second or not _near(matters, members[first], members[second], scale):
            continue
        for moved in members.pop(second):
            of[moved] = first
            members[first].append(moved)
    return of


def group_events(matters: Sequence[Matter], scale: Scale) -> list[int | None]:
    """For each report of an event that others report too the index of the first one; None for every
    other. Reports of one event stay matters of their own. All are held against the first one."""
    first: list[int | None] = [None] * len(matters)
    for a, b in _candidates(matters):
        if first[b] is not None or not _may_be_one(matters[a], matters[b], scale):
            continue
        told = first[a]
        begun = a if told is None else told
        found = compare(matters[begun], matters[b], scale, explain=False)
        if found.relation is Relation.EVENT or (found.relation and "event" in found.kinds):
            first[begun] = first[b] = begun
    return first


def _may_be_one(a: Matter, b: Matter, scale: Scale) -> bool:
    """A quick look before the close one."""
    return bool({name for name, _ in a.events} & {name for name, _ in b.events}) or bool(
        a.causes & b.causes & scale.events
    )


def _near(matters: Sequence[Matter], mine: list[int], theirs: list[int], scale: Scale) -> bool:
    if len(mine) == len(theirs) == 1:
        return True
    pairs = [(a, b) for a in _some(mine) for b in _some(theirs)]
    odds = [weigh(matters[a], matters[b], scale) for a, b in pairs]
    return min(odds) >= 2 * scale.keep_out and sum(odds) / len(odds) >= scale.group


def _some(members: list[int]) -> list[int]:
    """A few members, spread evenly."""
    step = max(1, len(members) // _ASKED)
    return members[::step][:_ASKED]


def _candidates(matters: Sequence[Matter]) -> Iterator[tuple[int, int]]:
    """Pairs of indexes, each once, the smaller first: for each report the earlier ones with which
    it shares the rarest keys."""
    found = [keys(matter) for matter in matters]
    spread = Counter(key for own in found for key in own)
    buckets: dict[str, list[int]] = defaultdict(list)
    for at, own in enumerate(found):
        shared: dict[int, float] = {}
        for key in own:
            if spread[key] == 1:
                continue
            bucket = buckets[key]
            for earlier in bucket[-CROWD:]:
                shared[earlier] = shared.get(earlier, 0) + 1 / spread[key]
            bucket.append(at)
        for earlier in sorted(shared, key=lambda one: (-shared[one], -one))[:_COMPARED]:
            yield earlier, at
