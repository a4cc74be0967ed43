"""Measure what ``huiyin learn`` makes of real orders: is it right, and does it know when not.

``python -m tests.benchmarks.measure_learning [--data DIR] [--folds N]``: macro-F1 with
near-identical orders in one fold and as they come, the reliability table of the unseen folds,
seconds to learn, bytes of the model, time an opinion takes beside the triage of the same text.
The data is never copied into the project; without it there is nothing to measure.
"""

import argparse
import csv
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import orjson

from triage.assess import Context, assess
from triage.folds import folds, near_identical
from triage.grams import squeezed
from triage.learning import SURE_FROM, Order, learn
from triage.opinion import Model
from triage.policy import load_signals
from triage.reliability import Checked

SETS = (
    ("titles.csv", ("title",), 0.88),
    ("messages.csv", ("text",), 0.92),
    ("messages.csv", ("title", "text"), 0.92),
)
ROUNDS = 3


def orders(path: Path, columns: Sequence[str]) -> list[Order]:
    csv.field_size_limit(10_000_000)
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Order(tuple(row[column] for column in columns), row["label"])
            for row in csv.DictReader(file)
        ]


def checked(given: Sequence[Order], fold: Sequence[int], columns: Sequence[str]) -> Checked:
    """Each fold judged by a model of the others, calibrated without it."""
    opinions = {}
    for one in sorted(set(fold)):
        model, _ = learn(
            [order for order, of in zip(given, fold, strict=True) if of != one], columns
        )
        for place, order in enumerate(given):
            if fold[place] == one:
                opinions[place] = model.opinion(*order.texts)
    said = [opinions[place] for place in range(len(given))]
    return Checked(
        tuple(order.label for order in given),
        tuple(opinion.label for opinion in said),
        tuple(opinion.confidence for opinion in said),
    )


def report(name: str, columns: Sequence[str], target: float, data: Path, many: int) -> None:
    given = orders(data / name, columns)
    labels = sorted({order.label for order in given})
    truth = [labels.index(order.label) for order in given]
    groups = near_identical([squeezed("".join(order.texts)) for order in given])
    print(f"\n{name} ({'+'.join(columns)}): {len(given)} orders, {len(set(groups))} groups")
    for how, of in (("near-identical in one fold", groups), ("as they come", range(len(given)))):
        found = checked(given, folds(list(of), truth, many), columns)
        print(
            f"  macro-F1, {many} folds, {how}: {found.macro_f1:.4f} (asked: {target})", flush=True
        )
        if of is groups:
            apart = found
    for label in labels:
        print(f"    {label}: F1 {apart.f1(label):.3f}")
    print("  confidence      orders    said   right")
    for band in apart.bands():
        print(
            f"  {band.low:.2f} - {band.high:.2f} {band.orders:10} "
            f"{band.confidence:7.1%} {band.right:7.1%}"
        )
    off = sum(b.orders * abs(b.confidence - b.right) for b in apart.bands()) / len(given)
    sure, right = apart.right_from(SURE_FROM)
    print(f"  expected calibration error {off:.3f}")
    print(f"  sure of {sure / len(given):.1%}, right in {right:.1%} of those")
    began = time.process_time()
    model, _ = learn(given, columns)
    print(f"  learned in {time.process_time() - began:.1f} s of computing")
    content = orjson.dumps(model.as_json())
    began = time.process_time()
    Model.from_json(orjson.loads(content))
    took = time.process_time() - began
    print(f"  model {len(content):,} bytes, {len(model.grams)} signs, loaded in {took:.2f} s")
    speed(model, ["".join(order.texts) for order in given[:1000]])


def speed(model: Model, texts: Sequence[str]) -> None:
    """Best of several passes over the same texts, beside triage in the same run."""
    policy = load_signals()
    ours = best(model.opinion, texts)
    theirs = best(lambda text: assess(text, Context(), policy), texts)
    characters = sum(map(len, texts))
    print(
        f"  opinion {ours / len(texts) * 1000:.2f} ms a text, "
        f"{ours / characters * 1e8:.0f} µs per 100 characters "
        f"(triage of the same texts: {theirs / characters * 1e8:.0f} µs)"
    )


def best(judge: Callable[[str], object], texts: Sequence[str]) -> float:
    taken = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for text in texts:
            judge(text)
        taken.append(time.process_time() - began)
    return min(taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("/work/shared/data/tipdm_c"))
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--only", help="a set by the beginning of its name")
    chosen = parser.parse_args()
    if not chosen.data.is_dir():
        print(f"there is no {chosen.data}; nothing was measured", file=sys.stderr)
        return
    for name, columns, target in SETS:
        if not chosen.only or name.startswith(chosen.only):
            report(name, columns, target, chosen.data, chosen.folds)


if __name__ == "__main__":
    main()
