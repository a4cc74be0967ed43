"""Learn the second reading from labelled sentences and write ``triage/rules/experience.npz``.

``python -m tests.benchmarks.learn_experience [FILE...]``; without files, from the project's own
development sentences and the sentences of the tests. The same files give the same weights.
"""

import argparse
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

from models.vocabulary import Level
from tests.benchmarks.triage_scores import DATA, Sentence, read_sentences
from tests.benchmarks.wrapped import plain, wrapped
from tests.triage.test_seed_sentences import SEEDS
from triage.assess import hear
from triage.experience import NOBODY, dump, seen
from triage.policy import SignalPolicy, load_signals
from triage.schooling import QUIET, Case, learn
from triage.text import fold

TARGET = Path(__file__).parents[2] / "triage" / "rules" / "experience.npz"
APART = "apart.jsonl"
"""Sentences that are never learned from, and whose misses may be read."""
NEVER = (APART, *(f"apart_{n}.jsonl" for n in range(2, 16)), "cries.jsonl")
"""Files that teach nothing. Nobody reads the misses in ``apart_3`` to ``apart_15``; the borders of
signals.toml were chosen by the figures of all but the last, which flatters them a little.
``apart_7`` are short words that are added to an open request, which lean on what was said before;
``apart_10`` and ``apart_13`` are posts from disasters; ``apart_15`` is hard on purpose: each quiet
text of it has words that usually speak of danger."""
_LIKE = {"flood": "D3", "patient": "D2"}


def teaching() -> list[Path]:
    """The files that may be learned from."""
    return [file for file in sorted(DATA.glob("*.jsonl")) if file.name not in NEVER]


def case(text: str, cls: str, policy: SignalPolicy, services: tuple[str, ...] = ()) -> Case:
    """A text as the second reading sees it."""
    readings, _ = hear(fold(text), policy)
    heard = readings[-1]
    return Case(frozenset(seen(heard.text, heard.cues)), cls, services)


def cases(sentences: Iterable[Sentence], policy: SignalPolicy) -> Iterator[Case]:
    """What can be learned: on which side a sentence stands, unless it is in between, and which
    service it needs."""
    for sentence in sentences:
        cls = ""
        if sentence.level.is_urgent:
            cls = sentence.cls if sentence.cls[:1] in ("D", "U") else ""
            life = sentence.level is Level.LIFE_THREAT
            if cls.startswith("D") is not life:
                cls = "D2" if life else "U1"
        elif sentence.is_decoy:
            cls = QUIET
        yield case(sentence.text, cls, policy, _services(sentence))


def _services(sentence: Sentence) -> tuple[str, ...]:
    """All services that would be right, the best one first."""
    if sentence.services is None:
        return ()
    right = sorted((name or NOBODY for name in sentence.services), key=str)
    best = sentence.service or NOBODY
    return (best, *(name for name in right if name != best))


def test_cases(policy: SignalPolicy) -> Iterator[Case]:
    """The sentences of the tests, which are grouped otherwise."""
    sets = tomllib.loads((DATA.parent / "sentences.toml").read_text("utf-8"))
    for group in ("danger", "flood", "patient"):
        for name, texts in sets[group].items():
            cls = name if name[:1] in "DU" and name[1:].isdigit() else _LIKE.get(group, "D2")
            yield from (case(text, cls, policy) for text in texts)
    yield from (case(text, QUIET, policy) for text in sets["decoy"]["not_urgent"])
    for text, level, seed in SEEDS:
        if Level(level).is_urgent:
            yield case(text, seed or "U1", policy)
        elif level != "priority":
            yield case(text, QUIET, policy)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path, nargs="*")
    chosen = parser.parse_args()
    files = chosen.files or teaching()
    policy = load_signals()
    known = [one for file in files for one in cases(wrapped(read_sentences(file)), policy)]
    known += cases(plain(), policy)
    known += test_cases(policy)
    experience = learn(known)
    TARGET.write_bytes(dump(experience))
    print(f"{len(known)} cases, {len(experience.signs)} signs -> {TARGET.name}")


if __name__ == "__main__":
    main()
