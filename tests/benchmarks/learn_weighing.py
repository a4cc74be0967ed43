"""Learn how the signs of a text are weighed and write ``triage/rules/weighing.npz``.

``python -m tests.benchmarks.learn_weighing`` after ``learn_experience``, from the same sentences.
What experience says of a sentence that it was taught would be weighed too much; so each group of
files is read with an experience that was taught the others only. Needs scikit-learn (the extra
``schooling``) and some minutes; the same files give the same trees, in one thread
(``OMP_NUM_THREADS=1``): several add up in another order.
"""

import argparse
import tomllib
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

from models.vocabulary import Level
from tests.benchmarks.learn_experience import cases, teaching, test_cases
from tests.benchmarks.triage_scores import Sentence, read_sentences
from tests.benchmarks.wrapped import plain, wrapped
from triage.assess import read_hits
from triage.experience import load
from triage.policy import SignalPolicy, load_signals
from triage.scales import Scales, dump, monotonic, signs
from triage.schooling import learn
from triage.trees import Node, Trees
from triage.weighing import values

TARGET = Path(__file__).parents[2] / "triage" / "rules" / "weighing.npz"
GROUPS = (
    ("lessons",),
    ("pairs", "pairs_2"),
    ("broad", "letters"),
    ("callers", "dialects"),
    ("followups", "ordinary", "municipal"),
    ("posts", "posts_2"),
    ("pairs_3", "mixed", "edges", "calm", "breadth"),
    ("pairs_4", "pairs_5", "everyday", "long_calls"),
    ("pairs_6", "mixed_2", "grave"),
    ("everyday_2", "edges_2"),
    ("shorts",),
    ("pairs_7", "mixed_3", "posts_3"),
)
"""Files that were written in one go; all others are one group more."""
ROUNDS, LEAVES = 300, 12

Numbers = NDArray[np.float64]


def seen(sentence: Sentence, policy: SignalPolicy) -> Numbers:
    """What of a sentence is weighed."""
    message, hits = read_hits(sentence.text, policy)
    return values(message, hits, policy.scales.classes)


def unprompted() -> Iterator[tuple[Sentence, Numbers]]:
    """Every sentence that may be learned from, with what is weighed of it, read by an experience
    that was not taught its group; a process for each core."""
    grouped = {name for group in GROUPS for name in group}
    names = (*(file.stem for file in teaching()), "plain", "tests")
    rest = tuple(name for name in names if name not in grouped)
    with ProcessPoolExecutor() as pool:
        for rows in pool.map(_unprompted, (*GROUPS, rest)):
            yield from rows


def _unprompted(group: tuple[str, ...]) -> list[tuple[Sentence, Numbers]]:
    policy = load_signals()
    sentences = {file.stem: list(wrapped(read_sentences(file))) for file in teaching()}
    sentences["plain"] = list(plain())
    taught = [one for name, own in sentences.items() if name not in group for one in own]
    told = list(cases(taught, policy))
    if "tests" not in group:
        told += test_cases(policy)
    reader = replace(policy, experience=learn(told))
    own = [one for name in group for one in sentences.get(name, ())]
    return [(one, seen(one, reader)) for one in own]


def grow(names: Sequence[str], rows: Numbers, sides: Sequence[bool]) -> Trees:
    """Trees that tell the sides apart, the rarer one weighing as much as the other."""
    only = monotonic(names)
    learner = HistGradientBoostingClassifier(
        max_iter=ROUNDS,
        max_leaf_nodes=LEAVES,
        learning_rate=0.05,
        min_samples_leaf=40,
        l2_regularization=5,
        max_features=0.3,
        class_weight="balanced",
        monotonic_cst=[only.get(name, 0) for name in names],
        random_state=0,
    ).fit(rows, sides)
    grown = [_node(one[0].nodes, 0) for one in learner._predictors]
    return Trees.of([*grown, float(learner._baseline_prediction.ravel()[0])])


def _node(nodes: NDArray[np.void], at: int) -> Node | float:
    node = nodes[at]
    if node["is_leaf"]:
        return float(node["value"])
    return Node(
        int(node["feature_idx"]),
        float(node["num_threshold"]),
        _node(nodes, int(node["left"])),
        _node(nodes, int(node["right"])),
    )


def schooled(rows: Sequence[tuple[Sentence, Numbers]], policy: SignalPolicy) -> Scales:
    """Scales that were learned from sentences and what is weighed of them. Nobody says what is
    right of a sentence between the two sides."""
    classes = policy.scales.classes
    names = signs(policy.experience, classes)
    told = [(one, seen) for one, seen in rows if one.level.is_urgent or one.is_decoy]
    urgent = [(one, seen) for one, seen in told if one.level.is_urgent]
    clear = [
        (one, seen)
        for one, seen in urgent
        if one.level is Level.LIFE_THREAT or Level.LIFE_THREAT not in one.ok
    ]
    return Scales(
        names,
        classes,
        grow(names, _table(told), [one.level.is_urgent for one, _ in told]),
        grow(names, _table(clear), [one.level is Level.LIFE_THREAT for one, _ in clear]),
    )


def _table(rows: Sequence[tuple[Sentence, Numbers]]) -> Numbers:
    return np.array([seen for _, seen in rows])


def blank() -> Scales:
    """Scales that weigh nothing, for the columns of the experience as it is now."""
    rules = files("triage.rules")
    experience = load(rules.joinpath("experience.npz").read_bytes())
    rows = tomllib.loads(rules.joinpath("signals.toml").read_text("utf-8"))
    classes = tuple(sorted(rows["class"]))
    return Scales(signs(experience, classes), classes, Trees.of([0.0]), Trees.of([0.0]))


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    TARGET.write_bytes(dump(blank()))
    policy = load_signals()
    rows = list(unprompted())
    TARGET.write_bytes(dump(schooled(rows, policy)))
    print(f"{len(rows)} sentences -> {TARGET.name}")


if __name__ == "__main__":
    main()
