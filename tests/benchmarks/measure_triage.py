"""Measure triage: recall, precision, false alarms, pairs, services, speed and memory.

``python -m tests.benchmarks.measure_triage [--sentences FILE...] [--misses] [--no-data]``. Without
``--sentences`` the project's own development sentences are read. The real texts beside the project
are measured where they lie and never copied; ``--no-data`` leaves them out.
"""

import argparse
import csv
import json
import os
import random
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import ahocorasick

from tests.benchmarks.triage_scores import DATA, answers, misses, read_sentences, report, saw
from triage.assess import Assessment, Context, assess
from triage.policy import SignalPolicy, load_signals
from triage.text import squeeze

Row = tuple[str, str, str]  # set, label, text
_SHOWN = 40
_WANTED = ("urgent", "pneumonia_help", "help")


def rows(data: Path) -> Iterator[Row]:
    """The visible sets of real texts."""
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
        wanted = row[1] in _WANTED or row[1].startswith("求救")
        if show == f"{row[0]}:{row[1]}" and result.level.is_urgent != wanted:
            shown.append((row, result))
    for key, levels in counts.items():
        total = sum(levels.values())
        urgent = levels["life_threat"] + levels["urgent"]
        rest = " ".join(f"{name}={n}" for name, n in levels.most_common())
        print(f"{key[0]:32} {key[1]:18} n={total:5} urgent={urgent / total:6.1%}  {rest}")
        if rules:
            print("      ", reasons.get(key, Counter()).most_common(14))
    for name in ("urgency_gold_dev", "urgency_silver"):
        for label, levels in merged(counts, name).items():
            share = (levels["life_threat"] + levels["urgent"]) / sum(levels.values())
            print(f"{name} {label}: called urgent {share:.1%} of {sum(levels.values())}")
    random.Random(7).shuffle(shown)
    for row, result in shown[:_SHOWN]:
        print("-", result.level.value, "|", row[2][:400].replace("\n", " "))
        for line in saw(result):
            print("     ", line)


def merged(counts: dict[tuple[str, str], Counter[str]], prefix: str) -> dict[str, Counter[str]]:
    """The counts of a set by label, whatever source its texts come from."""
    total: dict[str, Counter[str]] = {}
    for (name, label), levels in counts.items():
        if name.startswith(prefix):
            total.setdefault(label, Counter()).update(levels)
    return total


def speed(policy: SignalPolicy, texts: Iterable[str]) -> None:
    """Texts a CPU second, next to a plain scan of the same texts for the same words."""
    samples = [text for text in texts if len(text) >= 60][:3000]
    if not samples:
        return
    characters = sum(map(len, samples))
    plain = _plain_scan(policy)
    own = scan = float("inf")
    for _ in range(5):
        own = min(own, _seconds(lambda text: assess(text, Context(), policy), samples))
        scan = min(scan, _seconds(lambda text: list(plain.iter(text)), samples))
    print(
        f"speed: {own / characters * 1e8:.1f} µs CPU per 100 characters;"
        f" {len(samples) / own:,.0f} texts/s beside {len(samples) / scan:,.0f} texts/s of a plain"
        f" multi-pattern scan ({len(samples)} texts of {characters // len(samples)} characters)"
    )
    long = (samples[0] * 100)[:5000]
    once = min(_seconds(lambda text: assess(text, Context(), policy), [long]) for _ in range(3))
    print(f"speed: one text of 5,000 characters: {once * 1000:.2f} ms")


def _plain_scan(policy: SignalPolicy) -> ahocorasick.Automaton:
    automaton = ahocorasick.Automaton()
    for rule in (*policy.signals.values(), *policy.topics.values()):
        for phrase in rule.words:
            for part in phrase.split("…"):
                if word := squeeze(part):
                    automaton.add_word(word, word)
    automaton.make_automaton()
    return automaton


def _seconds(work: object, samples: Sequence[str]) -> float:
    assert callable(work)
    began = time.process_time()
    for text in samples:
        work(text)
    return time.process_time() - began


def _resident() -> float:
    """Megabytes of memory that this process holds."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sentences", type=Path, nargs="*", help="files of labelled sentences")
    parser.add_argument("--misses", action="store_true", help="print each wrong text")
    parser.add_argument("--services", action="store_true", help="wrong services are misses too")
    parser.add_argument("--data", type=Path, default=Path("/work/shared/data"))
    parser.add_argument("--no-data", action="store_true", help="leave the real texts out")
    parser.add_argument("--show", help="SET:LABEL whose wrong texts are printed")
    parser.add_argument("--rules", action="store_true", help="which rules made texts urgent")
    chosen = parser.parse_args()
    before, began = _resident(), time.process_time()
    policy = load_signals()
    took = time.process_time() - began
    assess("预热", Context(), policy)
    print(
        f"rules: {len(policy.signals)} signal rows, {len(policy.topics)} services;"
        f" loaded in {took:.2f} s, {_resident() - before:.0f} MB with tables"
    )
    files = sorted(DATA.glob("*.jsonl")) if chosen.sentences is None else chosen.sentences
    texts: list[str] = []
    for file in files:
        try:
            sentences = read_sentences(file)
        except (OSError, ValueError) as error:
            parser.error(str(error))
        seen = answers(sentences, policy)
        texts += [sentence.text for sentence in sentences]
        print(f"\n{file.name}: {len(sentences)} sentences")
        for line in report(seen):
            print(line)
        if chosen.misses or chosen.services:
            for line in misses(seen, services=chosen.services):
                print(line)
    print()
    if chosen.data.is_dir() and not chosen.no_data:
        measure(chosen.data, policy, show=chosen.show, rules=chosen.rules)
        texts = [text for _, _, text in rows(chosen.data)]
    speed(policy, texts or ["小区停水半天,老人小孩都没水做饭,物业电话打不通,希望处理。" * 3] * 300)


if __name__ == "__main__":
    main()
