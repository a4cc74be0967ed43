"""Trees are asked all at once and answer what walking them down one by one does."""

import numpy as np
import pytest
from hypothesis import strategies as st

from tests.drawn import for_all
from triage.trees import MOST_LEAVES, Node, Trees

VALUES = 5
numbers = st.integers(-3, 3).map(float)
trees = st.recursive(
    numbers,
    lambda below: st.builds(
        Node, place=st.integers(0, VALUES - 1), border=numbers, below=below, above=below
    ),
    max_leaves=MOST_LEAVES,
)


def walked(tree: Node | float, values: list[float]) -> float:
    while isinstance(tree, Node):
        tree = tree.above if values[tree.place] > tree.border else tree.below
    return tree


points = st.lists(numbers, min_size=VALUES, max_size=VALUES)


@for_all(st.lists(trees, min_size=1, max_size=6), points)
def test_the_answer_is_that_of_walking_each_tree(
    grown: list[Node | float], at: list[float]
) -> None:
    score = Trees.of(grown).score(np.array(at))
    assert score == pytest.approx(sum(walked(tree, at) for tree in grown))


def deep(answers: int) -> Node | float:
    tree: Node | float = 0.0
    for number in range(1, answers):
        tree = Node(0, float(number), tree, float(number))
    return tree


def test_a_tree_of_as_many_answers_as_fit_is_taken_and_one_of_more_is_refused() -> None:
    assert Trees.of([deep(MOST_LEAVES)]).score(np.array([99.0])) == MOST_LEAVES - 1
    with pytest.raises(ValueError, match="13 answers"):
        Trees.of([deep(MOST_LEAVES + 1)])


def test_what_is_kept_is_read_back() -> None:
    grown = Trees.of([Node(1, 0.5, 1.0, 2.0), 0.25])
    back = Trees.read(grown.arrays("a"), "a", VALUES)
    for value in (0.5, 0.75):
        at = np.array([0.0, value, 0.0, 0.0, 0.0])
        assert back.score(at) == grown.score(at)


@pytest.mark.parametrize("values", [0, 1])
def test_trees_that_ask_for_what_there_is_not_are_refused(values: int) -> None:
    grown = Trees.of([Node(1, 0.5, 1.0, 2.0)])
    with pytest.raises(ValueError, match="do not go together"):
        Trees.read(grown.arrays("a"), "a", values)


def test_arrays_that_do_not_fit_each_other_are_refused() -> None:
    arrays = Trees.of([Node(1, 0.5, 1.0, 2.0), 0.25]).arrays("a")
    arrays["a.leaves"] = arrays["a.leaves"][:1]
    with pytest.raises(ValueError, match="do not go together"):
        Trees.read(arrays, "a", VALUES)
    del arrays["a.left"]
    with pytest.raises(KeyError):
        Trees.read(arrays, "a", VALUES)
