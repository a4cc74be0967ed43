"""How `huiyin match` does on a registry and queries that it was not tuned on.

    python -m tests.benchmarks.measure_told [SIZE] [--asked N] [--seed S] [--show KIND] [--out DIR]

Per kind of error: recall at one and at five; per kind of stranger: how often somebody is proposed.
``--show`` prints the misses of a kind, ``--out`` writes registry.csv, queries.jsonl and truth.jsonl
for `huiyin match`.
"""

import argparse
import csv
import random
import time
from pathlib import Path

import orjson

from tests.benchmarks.told_registry import KINDS, STRANGERS, Told, ToldCounty
from triage.household_index import HouseholdIndex
from triage.household_lines import COLUMNS
from triage.household_matching import Home, read_home


def queries(county: ToldCounty, many: int, seed: int) -> list[Told]:
    """Some of each kind, of households drawn anew for each."""
    chooser = random.Random(seed)
    found: list[Told] = []
    for kind in KINDS:
        some: list[Told] = []
        for _ in range(many * 60):
            told = county.told(chooser.choice(county.homes), kind)
            if told is not None:
                some.append(told)
            if len(some) == many:
                break
        found += some
    return found + [
        county.stranger(chooser.choice(county.homes), kind)
        for kind in STRANGERS
        for _ in range(many)
    ]


def asked_of(told: Told) -> Home:
    """The query in the form in which it is compared."""
    return read_home(
        names=(told.name,), phones=(told.phone,), address=told.address,
        ages=() if told.age is None else (told.age,),
    )  # fmt: skip


def write_out(county: ToldCounty, asked: list[Told], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "registry.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for one in county.listed():
            cells = (";".join(one.members), ";".join(one.phones), one.address, one.area)
            writer.writerow((one.household_id, one.head_name, *cells))
    with (folder / "queries.jsonl").open("wb") as file, (folder / "truth.jsonl").open("wb") as key:
        for at, one in enumerate(asked):
            given = {"name": one.name, "phone": one.phone, "address": one.address, "age": one.age}
            row = {"id": str(at), **{name: value for name, value in given.items() if value}}
            file.write(orjson.dumps(row) + b"\n")
            key.write(orjson.dumps({"id": str(at), "kind": one.kind, "truth": one.truth}) + b"\n")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("size", nargs="?", type=int, default=30_000)
    parser.add_argument("--asked", type=int, default=150)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--show", default="")
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    county = ToldCounty(chosen.size, chosen.seed)
    asked = queries(county, chosen.asked, chosen.seed + 1)
    if chosen.out:
        write_out(county, asked, chosen.out)
    index = HouseholdIndex(county.listed())
    hits: dict[str, list[tuple[bool, bool]]] = {}
    begin = time.process_time()
    for told in asked:
        found = index.matches(asked_of(told))
        ids = [one.household_id for one in found]
        best = [one.household_id for one in found if one.score == found[0].score]
        right = any(one in best for one in told.truth), any(one in ids for one in told.truth)
        hits.setdefault(told.kind, []).append(right if told.truth else (bool(ids), bool(ids)))
        if told.kind == chosen.show and (not right[0] if told.truth else ids):
            truth = next(
                (one.listed for one in county.homes if one.household_id in told.truth), None
            )
            print("   ", told, truth, *[one.as_json() for one in found[:2]], sep="\n      ")
    each = (time.process_time() - begin) / len(asked)
    known = [pair for kind in KINDS for pair in hits.get(kind, ())]
    false = [one for kind in STRANGERS for one, _ in hits[kind]]
    print(
        f"{chosen.size:,} households, {len(asked):,} queries, {each * 1e3:.2f} ms CPU each: "
        f"recall@1 {sum(one for one, _ in known) / len(known):.4f}, "
        f"@5 {sum(five for _, five in known) / len(known):.4f}; "
        f"proposed for strangers {sum(false) / len(false):.4f}"
    )
    for kind in (*KINDS, *STRANGERS):
        pairs = hits.get(kind, [])
        if pairs:
            one, five = (sum(values) / len(pairs) for values in zip(*pairs, strict=True))
            print(f"    {kind:<28} {one:.3f} {five:.3f}  ({len(pairs)})")


if __name__ == "__main__":
    main()
