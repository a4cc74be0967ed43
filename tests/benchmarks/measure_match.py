"""How `huiyin match` finds a household among ten thousand, a hundred thousand, a million.

    python -m tests.benchmarks.measure_match [SIZE ...] [--asked N] [--show KIND]

For each size: time to load, memory, time of a look-up, recall at one and at five on garbled
queries, what is proposed for strangers, and RapidFuzz's process.extract over all rows in the same
run. Times are of the processor (time.process_time). Where two households fit a query equally (a
shared telephone and nothing else), either may stand first. At the end stands how the look-up grows
from the smallest size to each other, beside the growth of the logarithm.
"""

import argparse
import random
import resource
import statistics
import sys
import time
from dataclasses import dataclass
from math import log

from rapidfuzz import fuzz, process

from tests.benchmarks.invented_registry import KINDS, STRANGERS, Asked, County
from triage.household_index import HouseholdIndex
from triage.household_matching import Home, read_home


def home_of(asked: Asked) -> Home:
    return read_home(names=(asked.name,), phones=(asked.phone,), address=asked.address)


@dataclass(frozen=True)
class Course:
    """What a look-up takes at a size, in milliseconds of the processor."""

    size: int
    p50: float
    p99: float


def growth(courses: list[Course]) -> str:
    """The curve: each size against the smallest, and the logarithm of it."""
    first = min(courses, key=lambda one: one.size)
    lines = ["          growth of a look-up (CPU)  p50        p99        log(size)"]
    lines += [
        f"          {one.size:>9,} households   x {one.p50 / first.p50:6.2f}   "
        f"x {one.p99 / first.p99:6.2f}   x {log(one.size) / log(first.size):6.2f}"
        for one in sorted(courses, key=lambda one: one.size)
    ]
    return "\n".join(lines)


def measure(size: int, many: int, compared: int, show: str) -> Course:
    county = County(size)
    chooser = random.Random(11)
    kept: list[tuple[object, object]] = []
    wanted = set(chooser.sample(range(size), min(size, many)))
    lines: list[str] = []

    def listed():
        for at, (one, door) in enumerate(county.listed()):
            if at in wanted:
                kept.append((one, door))
            if compared:
                lines.append(f"{one.head_name} {''.join(one.phones)} {one.address}")
            yield one

    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin = time.process_time()
    index = HouseholdIndex(listed())
    load = time.process_time() - begin
    chooser.shuffle(kept)
    queries = [county.garbled(*one, KINDS[at % len(KINDS)]) for at, one in enumerate(kept)]
    queries += [
        county.stranger(*one, STRANGERS[at % len(STRANGERS)])
        for at, one in enumerate(kept[: len(kept) // 2])
    ]
    times, hits = [], {}
    for asked in queries:
        begin = time.perf_counter_ns()
        cpu = time.process_time_ns()
        found = index.matches(home_of(asked))
        times.append((time.process_time_ns() - cpu, time.perf_counter_ns() - begin))
        ids = [one.household_id for one in found]
        best = [one.household_id for one in found if one.score == found[0].score]
        if asked.truth is None:
            hits.setdefault(asked.kind, []).append((bool(ids), bool(ids)))
        else:
            hits.setdefault(asked.kind, []).append((asked.truth in best, asked.truth in ids))
        if asked.kind == show and (asked.truth not in best if asked.truth else ids):
            truth = next((o for o, _ in kept if o.household_id == asked.truth), None)
            print("   ", asked, truth, [one.as_json() for one in found[:2]], sep="\n      ")
    cpu = sorted(one for one, _ in times)
    wall = sorted(one for _, one in times)
    real = [one for kind in KINDS for one in hits.get(kind, ())]
    false = [one for kind, some in hits.items() if kind.startswith("stranger") for one, _ in some]
    print(
        f"{size:>9,} households: load {load:6.1f} s (with inventing them), "
        f"held {index.bytes_held / 2**20:5.0f} MiB, "
        f"process {(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - rss) / 1024:5.0f} MiB more"
    )
    print(
        f"          look-up CPU p50 {statistics.median(cpu) / 1e6:5.2f} ms, "
        f"p99 {cpu[int(len(cpu) * 0.99)] / 1e6:5.2f} ms (wall p99 "
        f"{wall[int(len(wall) * 0.99)] / 1e6:5.2f}); recall@1 "
        f"{sum(one for one, _ in real) / len(real):.4f}, @5 "
        f"{sum(five for _, five in real) / len(real):.4f}; proposed for strangers "
        f"{sum(false) / len(false):.4f}"
    )
    for kind, some in sorted(hits.items()):
        one, five = (sum(values) / len(some) for values in zip(*some, strict=True))
        print(f"            {kind:<20} {one:.3f} {five:.3f}  ({len(some)})")
    if compared:
        begin = time.process_time()
        right = 0
        asked_of_it = [one for one in queries if one.truth][:compared]
        for asked in asked_of_it:
            text = f"{asked.name} {asked.phone} {asked.address}"
            (_, _, at), *_ = process.extract(text, lines, scorer=fuzz.ratio, limit=5)
            right += f"H{at:07}" == asked.truth
        each = (time.process_time() - begin) / compared
        print(
            f"          rapidfuzz process.extract over all rows: {each * 1e3:.1f} ms a look-up, "
            f"recall@1 {right / compared:.3f} ({compared} look-ups); "
            f"{each / (statistics.median(cpu) / 1e9):.0f} times ours"
        )
    return Course(size, statistics.median(cpu) / 1e6, cpu[int(len(cpu) * 0.99)] / 1e6)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("sizes", nargs="*", type=int, default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--asked", type=int, default=2_800)
    parser.add_argument("--compared", type=int, default=10)
    parser.add_argument("--show", default="")
    chosen = parser.parse_args()
    courses = []
    for size in chosen.sizes or [10_000, 100_000, 1_000_000]:
        courses.append(measure(size, chosen.asked, chosen.compared, chosen.show))
        sys.stdout.flush()
    print(growth(courses))


if __name__ == "__main__":
    main()
