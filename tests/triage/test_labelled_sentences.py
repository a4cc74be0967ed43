"""What triage must reach on labelled sentences: danger first, then calm.

The development sentences have taught experience and scales, so their floors only say that nothing
was lost. ``apart*.jsonl`` and ``cries.jsonl`` have taught nothing: their floors are what may be
expected of new texts.
"""

from functools import cache

import pytest

from models.vocabulary import Level
from tests.benchmarks.learn_experience import APART, NEVER, teaching
from tests.benchmarks.triage_scores import (
    DATA,
    Answer,
    answers,
    decoys_called_urgent,
    false_alarms,
    life_recall,
    pairs_right,
    read_sentences,
    service_right,
    urgent_recall,
)
from triage.policy import load_signals

POLICY = load_signals()
KNOWN = [file.name for file in teaching()]
DANGERS = ("D1", "D2", "D3", "D4", "D5", "D6")
HARDSHIPS = tuple(f"U{number}" for number in range(1, 11))


@cache
def seen(name: str) -> tuple[Answer, ...]:
    return tuple(answers(read_sentences(DATA / name), POLICY))


@pytest.mark.thorough
@pytest.mark.parametrize("name", KNOWN)
def test_of_known_danger_almost_none_is_missed(name: str) -> None:
    assert urgent_recall(seen(name)).value >= 0.97
    assert life_recall(seen(name)).value >= 0.97


@pytest.mark.thorough
@pytest.mark.parametrize("name", KNOWN)
def test_known_ordinary_matters_do_not_drown_the_urgent_queue(name: str) -> None:
    calm = false_alarms(seen(name), Level.STANDARD, Level.CONSULTATION)
    assert calm.value <= 0.08
    assert decoys_called_urgent(seen(name)).value <= 0.12


@pytest.mark.thorough
@pytest.mark.parametrize("cls", [*DANGERS, *HARDSHIPS])
def test_every_class_of_danger_is_found_on_known_sentences(cls: str) -> None:
    of = [a for name in KNOWN for a in seen(name) if a.sentence.cls == cls]
    assert len(of) >= 15
    assert urgent_recall(of).value >= 0.98


def test_new_danger_is_found_though_nothing_was_learned_from_it() -> None:
    apart = seen(APART)
    assert urgent_recall(apart).value >= 0.93
    assert life_recall(apart).value >= 0.87


POSTS = ("apart_10.jsonl", "apart_13.jsonl")
SHORT = "apart_14.jsonl"
HARD = "apart_15.jsonl"
UNSEEN = ("apart_3.jsonl", "apart_4.jsonl", "apart_5.jsonl", "apart_6.jsonl")


@pytest.mark.parametrize("name", UNSEEN)
def test_of_texts_that_nobody_had_seen_most_danger_is_found(name: str) -> None:
    unseen = seen(name)
    assert urgent_recall(unseen).value >= 0.95
    assert life_recall(unseen).value >= 0.91
    assert false_alarms(unseen, Level.STANDARD, Level.CONSULTATION).value <= 0.07
    assert pairs_right(unseen).value >= 0.80


def test_of_four_new_writers_together_danger_is_found_and_the_ordinary_left() -> None:
    unseen = [answer for name in UNSEEN for answer in seen(name)]
    assert urgent_recall(unseen).value >= 0.975
    assert life_recall(unseen).value >= 0.955
    assert false_alarms(unseen, Level.STANDARD, Level.CONSULTATION).value <= 0.05
    assert pairs_right(unseen).value >= 0.84


def test_a_cry_of_a_few_words_is_not_talked_down_by_experience() -> None:
    """The plainest words of danger, who, where and a call for help: "my house is on fire" was
    put back for want of anything that experience had met."""
    cries = seen("cries.jsonl")
    assert urgent_recall(cries).value >= 0.97
    assert life_recall(cries).value >= 0.96
    assert service_right(cries).value >= 0.95
    assert false_alarms(cries, Level.STANDARD, Level.CONSULTATION).value <= 0.15


def test_in_what_is_added_to_a_request_danger_is_found_and_most_of_the_ordinary_left() -> None:
    """Short words that lean on what was said before them: six in ten of the hard pairs."""
    added = seen("apart_7.jsonl")
    assert urgent_recall(added).value >= 0.92
    assert life_recall(added).value >= 0.86
    assert false_alarms(added, Level.STANDARD, Level.CONSULTATION).value <= 0.08
    assert pairs_right(added).value >= 0.59


def test_a_writer_of_many_dialects_and_hard_pairs_is_understood_as_well() -> None:
    """Half of these are dialects, mishearings and fragments, a quarter near-identical pairs; its
    ordinary matters seldom accept that no service is named."""
    unseen = seen("apart_8.jsonl")
    assert urgent_recall(unseen).value >= 0.90
    assert life_recall(unseen).value >= 0.85
    assert false_alarms(unseen, Level.STANDARD, Level.CONSULTATION).value <= 0.12
    assert pairs_right(unseen).value >= 0.68
    assert service_right(unseen).value >= 0.60


def test_a_month_of_a_hotline_is_understood_by_one_who_never_saw_it() -> None:
    """Four hundred of every class, decoy, topic and variant, by a writer of their own."""
    unseen = seen("apart_9.jsonl")
    assert urgent_recall(unseen).value >= 0.96
    assert life_recall(unseen).value >= 0.96
    assert false_alarms(unseen, Level.STANDARD, Level.CONSULTATION).value <= 0.06
    assert pairs_right(unseen).value >= 0.77


def test_of_posts_from_disasters_pleas_are_found_and_most_others_left() -> None:
    """Posts and relief templates, half of them decoys in nearly the same words: volunteers, goods
    that came, news, thanks; tags stand in both alike."""
    posts = seen("apart_10.jsonl")
    assert urgent_recall(posts).value >= 0.92
    assert life_recall(posts).value >= 0.88
    assert decoys_called_urgent(posts).value <= 0.33


@pytest.mark.parametrize("name", sorted({*NEVER} - {"apart_8.jsonl", SHORT, HARD, *POSTS}))
def test_of_new_texts_the_service_is_mostly_right(name: str) -> None:
    assert service_right(seen(name)).value >= 0.79


def test_of_new_texts_few_ordinary_ones_are_called_urgent() -> None:
    apart = seen(APART)
    assert false_alarms(apart, Level.STANDARD, Level.CONSULTATION).value <= 0.05
    assert decoys_called_urgent(apart).value <= 0.10
    assert pairs_right(apart).value >= 0.78


@pytest.mark.thorough
def test_sentences_are_told_apart_and_several_hundred() -> None:
    rows = [a.sentence for name in (*KNOWN, APART) for a in seen(name)]
    assert len(rows) > 1500
    assert len({row.text for row in rows}) >= 0.995 * len(rows)
    assert {row.variant for row in rows} >= {"traditional", "cantonese", "asr", "sms", "emoji"}


def test_by_an_examiners_set_danger_is_found_beside_hard_decoys() -> None:
    """An examiner's set, met for the first time when all was learned: of its ordinary texts nearly
    all are decoys in the words of danger."""
    unseen = seen("apart_11.jsonl")
    assert urgent_recall(unseen).value >= 0.97
    assert life_recall(unseen).value >= 0.95
    assert false_alarms(unseen, Level.STANDARD, Level.CONSULTATION).value <= 0.10
    assert pairs_right(unseen).value >= 0.83


def test_of_a_day_of_calls_as_they_come_in_nearly_all_is_sorted_right() -> None:
    """Another examiner's set, of ordinary and bad days: it taught nothing."""
    unseen = seen("apart_12.jsonl")
    assert urgent_recall(unseen).value >= 0.98
    assert life_recall(unseen).value >= 0.98
    assert false_alarms(unseen, Level.STANDARD, Level.CONSULTATION).value <= 0.04
    assert pairs_right(unseen).value >= 0.9
    assert service_right(unseen).value >= 0.84


def test_of_a_few_words_danger_is_found_and_most_of_the_ordinary_left() -> None:
    """Three to sixteen characters each, three in four of them one of a near-identical pair."""
    unseen = seen(SHORT)
    assert urgent_recall(unseen).value >= 0.955
    assert life_recall(unseen).value >= 0.94
    assert false_alarms(unseen, Level.STANDARD, Level.CONSULTATION).value <= 0.15
    assert pairs_right(unseen).value >= 0.77
    assert service_right(unseen).value >= 0.74


def test_of_posts_by_a_writer_met_last_of_all_hardly_a_plea_is_missed() -> None:
    """Met for the first time when everything was learned and chosen. A tag stands in pleas and in
    other posts alike; seventeen pairs are too few for a floor."""
    posts = seen("apart_13.jsonl")
    assert urgent_recall(posts).value >= 0.96
    assert life_recall(posts).value >= 0.94
    assert decoys_called_urgent(posts).value <= 0.17


def test_of_texts_full_of_words_of_danger_danger_is_found_and_most_of_the_ordinary_left() -> None:
    """The only set by which nothing was learned and no border chosen. Its quiet texts each hold
    words that usually speak of danger, three in four of its dangers stand beside such a text."""
    hard = seen(HARD)
    assert urgent_recall(hard).value >= 0.93
    assert life_recall(hard).value >= 0.91
    assert false_alarms(hard, Level.STANDARD, Level.CONSULTATION).value <= 0.16
    assert pairs_right(hard).value >= 0.77
    assert service_right(hard).value >= 0.74
