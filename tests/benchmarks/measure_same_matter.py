"""Measure whether the same matter is recognised: pairs, groups, and every miss with its reasons.

``python -m tests.benchmarks.measure_same_matter [--misses N] [--data DIR]``. The data beside the
project is never copied into it. Cases fall into two parts by a hash of their name: the weights were
set on the part "tune", the part "untouched" was only ever counted.

Hard pairs are built here: all pairs of one case against, for each post, the two most similar posts
of other cases (weighted shingles), which are neighbours of one street, one estate, one flood. The
flood posts call a case what shares a telephone, so posts pasted again without it would count as
"different"; those more than half alike are left out of the negatives and counted.
"""

import argparse
import csv
import json
import math
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from triage.assess import Context, assess
from triage.grouping import group
from triage.matter import Matter, read_matter
from triage.policy import load_signals
from triage.same_matter import causes, compare, shipped_scale

DATA = Path("/work/shared/data")
PARTS = ("tune", "untouched")
_ALIKE = 0.5  # shingles in common from which on an unlabelled flood post is the same one
_SIGNS = re.compile(r"[^\u4e00-\u9fa5a-z0-9]")
_SEEN: dict[str, Matter] = {}


@dataclass(frozen=True, slots=True)
class Pair:
    """Two posts and whether they are one case."""

    part: str
    same: bool
    a: str
    b: str


def part_of(case: str) -> str:
    """The part of a case; the same in every run."""
    return PARTS[sha256(case.encode()).digest()[0] >= 128]


def posts(data: Path, name: str) -> list[dict[str, Any]]:
    """The help posts of one file."""
    with (data / "help_posts" / f"{name}.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def shingles(text: str) -> set[str]:
    """Three characters each."""
    flat = _SIGNS.sub("", text.lower())
    return {flat[at : at + 3] for at in range(len(flat) - 2)}


def hard_pairs(rows: Sequence[Mapping[str, Any]], *, noisy: bool) -> tuple[list[Pair], int]:
    """The hard pairs of a file, and how many likely wrong labels were left out."""
    cases: dict[str, list[int]] = defaultdict(list)
    for at, row in enumerate(rows):
        cases[row["case_id"]].append(at)
    pairs = []
    for case, members in cases.items():
        both = [(a, b) for place, a in enumerate(members) for b in members[place + 1 :]]
        both.sort(key=lambda pair: sha256(f"{case}{pair}".encode()).digest())
        pairs += [Pair(part_of(case), True, rows[a]["text"], rows[b]["text"]) for a, b in both[:6]]
    found, left_out = _neighbours(rows, noisy=noisy)
    ranked = sorted(found, key=lambda pair: -found[pair])[: 2 * len(pairs)]
    for a, b in ranked:
        part = part_of(rows[a]["case_id"])
        if part == part_of(rows[b]["case_id"]):
            pairs.append(Pair(part, False, rows[a]["text"], rows[b]["text"]))
    return pairs, left_out


def _neighbours(
    rows: Sequence[Mapping[str, Any]], *, noisy: bool
) -> tuple[dict[tuple[int, int], float], int]:
    grams = [shingles(row["text"]) for row in rows]
    spread = Counter(gram for one in grams for gram in one)
    rare = {gram: math.log(len(rows) / n) ** 2 for gram, n in spread.items() if n < len(rows) / 10}
    length = [math.sqrt(sum(rare.get(gram, 0.0) for gram in one)) or 1.0 for one in grams]
    holders: dict[str, list[int]] = defaultdict(list)
    for at, one in enumerate(grams):
        for gram in one & rare.keys():
            holders[gram].append(at)
    found: dict[tuple[int, int], float] = {}
    left_out = 0
    for at, one in enumerate(grams):
        shared: Counter[int] = Counter()
        for gram in one & rare.keys():
            for other in holders[gram]:
                if rows[other]["case_id"] != rows[at]["case_id"]:
                    shared[other] += rare[gram]  # type: ignore[assignment]
        near = sorted(((-v / length[at] / length[o], o) for o, v in shared.most_common(30)))
        taken = 0
        for minus, other in near:
            least = min(len(one), len(grams[other])) or 1
            if noisy and len(one & grams[other]) / least > _ALIKE:
                left_out += 1
                continue
            found.setdefault((min(at, other), max(at, other)), -minus)
            taken += 1
            if taken == 2:
                break
    return found, left_out


def silver_pairs(data: Path, cases: Mapping[str, str]) -> list[Pair]:
    """The pairs as given; those whose two posts fall into different parts are left out."""
    pairs = []
    with (data / "duplicates" / "pairs_silver.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            part = {part_of(cases.get(row[side], row[side])) for side in ("a_id", "b_id")}
            if len(part) == 1:
                same = row["label"] == "same"
                pairs.append(Pair(part.pop(), same, row["a_text"], row["b_text"]))
    return pairs


def matter(text: str) -> Matter:
    """A text read once."""
    if text not in _SEEN:
        assessment = assess(text, Context(), _signals())
        _SEEN[text] = read_matter(text, assessment.facts, causes(assessment))
    return _SEEN[text]


_SIGNALS: list[Any] = []


def _signals() -> Any:
    if not _SIGNALS:
        _SIGNALS.append(load_signals())
    return _SIGNALS[0]


def report(name: str, pairs: Iterable[Pair], misses: int) -> None:
    """Precision, recall and F1 of each part; with and without telephone numbers."""
    pairs = list(pairs)
    for part in PARTS:
        here = [pair for pair in pairs if pair.part == part]
        verdicts = [(pair, compare(matter(pair.a), matter(pair.b))) for pair in here]
        scale = shipped_scale()
        told = [(pair.same, found.odds >= scale.propose) for pair, found in verdicts]
        blind = [
            (pair.same, found.odds - _phones(found) >= scale.propose) for pair, found in verdicts
        ]
        print(f"{name:12} {part:10} n={len(here):4} {_figures(told)}  no phones {_figures(blind)}")
        wrong = [(p, found) for p, found in verdicts if p.same != (found.odds >= scale.propose)]
        for pair, found in wrong[:misses] if part == "tune" else ():
            print(f"  {'missed' if pair.same else 'wrongly proposed'} {found.odds:+.1f}", end=" ")
            print([(one.kind, one.mine, one.theirs, weight) for one, weight in found.findings])
            print("    A:", pair.a[:160].replace("\n", " "))
            print("    B:", pair.b[:160].replace("\n", " "))


def _phones(found: Any) -> float:
    return sum(weight for one, weight in found.findings if one.kind.startswith("phone"))


def _figures(told: Iterable[tuple[bool, bool]]) -> str:
    count = Counter(told)
    right, wrong, missed = count[True, True], count[False, True], count[True, False]
    precision, recall = right / ((right + wrong) or 1), right / ((right + missed) or 1)
    f1 = 2 * precision * recall / ((precision + recall) or 1)
    return f"P {precision:.3f} R {recall:.3f} F1 {f1:.3f}"


def report_groups(name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Pairs that the groups make against pairs of one case. Two posts of different cases that are
    more than half alike in words are no error: the labels know only telephones and names."""
    began = time.process_time()
    of = group([matter(row["text"]) for row in rows], shipped_scale())
    spent = time.process_time() - began
    true = set(_pairs(row["case_id"] for row in rows))
    made = set(_pairs(of))
    grams = [shingles(row["text"]) for row in rows]
    pasted = {
        (a, b)
        for a, b in made - true
        if len(grams[a] & grams[b]) / (min(len(grams[a]), len(grams[b])) or 1) > _ALIKE
    }
    right = len(made & true)
    print(
        f"groups {name}: {len(rows)} lines, pairs made {len(made)}: of one case {right}, "
        f"pasted alike {len(pasted)}, other {len(made) - right - len(pasted)}; "
        f"precision {right / (len(made) or 1):.3f} (pasted ones not counted as errors "
        f"{(right + len(pasted)) / (len(made) or 1):.3f}), recall {right / (len(true) or 1):.3f}, "
        f"largest {max(Counter(of).values())}, {spent:.1f} s CPU"
    )


def _pairs(labels: Iterable[Any]) -> Iterator[tuple[int, int]]:
    members: dict[Any, list[int]] = defaultdict(list)
    for at, label in enumerate(labels):
        members[label].append(at)
    for one in members.values():
        yield from ((a, b) for place, a in enumerate(one) for b in one[place + 1 :])


def report_letters(data: Path) -> None:
    """Letters to a city: titles posted again by the same person must come together."""
    csv.field_size_limit(10_000_000)
    with (data / "tipdm_c" / "inbox.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    began = time.process_time()
    of = group([matter(f"{row['title']}。{row['text']}") for row in rows], shipped_scale())
    spent = time.process_time() - began
    again = set(_pairs((row["user"], row["title"]) for row in rows))
    found = sum(of[a] == of[b] for a, b in again)
    sizes = Counter(of)
    print(
        f"groups letters: {len(rows)} lines, same person and title again: {found} of {len(again)} "
        f"together; {sum(n > 1 for n in sizes.values())} groups, largest {max(sizes.values())}, "
        f"{spent:.1f} s CPU with reading"
    )


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--misses", type=int, default=5, help="how many misses of each are shown")
    chosen = parser.parse_args()
    if not chosen.data.is_dir():
        print("there is no data to measure on")
        return
    files = {name: posts(chosen.data, name) for name in ("wuhan_2020", "henan_flood_2021")}
    cases = {row["id"]: row["case_id"] for rows in files.values() for row in rows}
    report("silver", silver_pairs(chosen.data, cases), chosen.misses)
    both: list[Pair] = []
    for name, rows in files.items():
        pairs, left_out = hard_pairs(rows, noisy=name.startswith("henan"))
        print(f"hard pairs of {name}: {left_out} neighbours pasted alike left out")
        report(name, pairs, chosen.misses)
        both += pairs
    report("hard, both", both, 0)
    for name, rows in files.items():
        report_groups(name, rows)
    report_letters(chosen.data)


if __name__ == "__main__":
    main()
