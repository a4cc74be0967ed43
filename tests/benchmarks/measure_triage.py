"""Measure triage on the real texts beside the project: recall per label, false alarms, speed.

``python tests/benchmarks/measure_triage.py [--show LABEL] [--data DIR]``. The data is never copied
into the project; without it only the speed is measured.
"""

import argparse
import csv
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from triage.assess import Assessment, Context, assess
from triage.policy import SignalPolicy, load_signals

Row = tuple[str, str, str]  # set, label, text


def rows(data: Path) -> Iterator[Row]:
    csv.field_size_limit(10_000_000)
    for name in ("urgency_gold_dev", "urgency_silver"):
        with (data / "urgency" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                yield name + "/" + row["source"].split("_")[0], row["label"], row["text"]
    for name in ("messages", "inbox", "replies"):
        with (data / "tipdm_c" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                yield f"tipdm_c/{name}", "ordinary", f"{row['title']}。{row['text']}"
    for name in ("wuhan_2020", "wuhan_topic_mix_2020", "henan_flood_2021"):
        with (data / "help_posts" / f"{name}.jsonl").open(encoding="utf-8") as file:
            for line in file:
                row = json.loads(line)
                label = row.get("category") or row.get("topic") or "help"
                yield f"help_posts/{name}", label, row["text"]


def measure(data: Path, policy: SignalPolicy, *, show: str | None, rules: bool) -> None:
    counts: dict[tuple[str, str], Counter[str]] = {}
    reasons: dict[tuple[str, str], Counter[str]] = {}
    shown: list[tuple[Row, Assessment]] = []
    for row in rows(data):
        result = assess(row[2], Context(), policy)
        key = row[:2]
        counts.setdefault(key, Counter())[result.level.value] += 1
        if result.level.is_urgent:
            reasons.setdefault(key, Counter()).update(
                {s.rule for s in result.signals if s.counts and s.level.is_urgent}
            )
        wanted = row[1] in ("urgent", "pneumonia_help", "help") or row[1].startswith("求救")
        if show == f"{row[0]}:{row[1]}" and result.level.is_urgent != wanted:
            shown.append((row, result))
    for key, levels in counts.items():
        total = sum(levels.values())
        urgent = levels["life_threat"] + levels["urgent"]
        rest = " ".join(f"{name}={n}" for name, n in levels.most_common())
        print(f"{key[0]:32} {key[1]:18} n={total:5} urgent={urgent / total:6.1%}  {rest}")
        if rules:
            print("      ", reasons.get(key, Counter()).most_common(14))
    gold = {label: c for (name, label), c in merged(counts, "urgency_gold_dev").items()}
    for label, levels in gold.items():
        share = (levels["life_threat"] + levels["urgent"]) / sum(levels.values())
        print(f"gold {label}: urgent {share:.1%} of {sum(levels.values())}")
    random.Random(7).shuffle(shown)
    for row, result in shown[:40]:
        why = [(s.rule, s.quote) for s in result.signals if s.counts and s.level.is_urgent]
        ruled_out = [
            (s.rule, s.quote, s.polarity.value, s.time.value, s.person.value, s.purpose.value)
            for s in result.signals
            if not s.counts
        ]
        print("-", result.level.value, why, ruled_out[:6], "|", row[2][:400].replace("\n", " "))


def merged(
    counts: dict[tuple[str, str], Counter[str]], prefix: str
) -> dict[tuple[str, str], Counter[str]]:
    total: dict[tuple[str, str], Counter[str]] = {}
    for (name, label), levels in counts.items():
        if name.startswith(prefix):
            total.setdefault((prefix, label), Counter()).update(levels)
    return total


def speed(policy: SignalPolicy, texts: Iterable[str]) -> None:
    """CPU microseconds for 100 characters: a fresh text every time, best of five passes."""
    samples = [text for text in texts if len(text) >= 60][:3000]
    characters = sum(map(len, samples))
    best = min(_pass(policy, samples) for _ in range(5))
    print(f"speed: {best / characters * 1e8:.1f} µs per 100 characters ({len(samples)} texts)")
    long = (samples[0] * 100)[:5000]
    began = time.process_time()
    assess(long, Context(), policy)
    print(f"speed: one text of 5,000 characters: {(time.process_time() - began) * 1000:.2f} ms")


def _pass(policy: SignalPolicy, samples: list[str]) -> float:
    began = time.process_time()
    for text in samples:
        assess(text, Context(), policy)
    return time.process_time() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("/work/shared/data"))
    parser.add_argument("--show", help="SET:LABEL whose wrong texts are printed")
    parser.add_argument("--rules", action="store_true", help="which rules made texts urgent")
    chosen = parser.parse_args()
    began = time.process_time()
    policy = load_signals()
    print(f"load: {time.process_time() - began:.3f} s, {len(policy.signals)} signal rows")
    if chosen.data.is_dir():
        measure(chosen.data, policy, show=chosen.show, rules=chosen.rules)
        speed(policy, (text for _, _, text in rows(chosen.data)))
    else:
        speed(policy, ["小区停水半天,老人小孩都没水做饭,物业电话打不通,希望尽快处理。" * 3] * 300)


if __name__ == "__main__":
    main()
