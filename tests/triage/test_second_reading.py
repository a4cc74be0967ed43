"""Experience may bring a person and confirm a weak row; it never lowers what a row says."""

import csv
import io
from dataclasses import replace

import pytest

from models.vocabulary import Level
from triage.assess import Context, assess
from triage.experience import QUIET, Case, dump, learn, load, seen
from triage.policy import SignalPolicy, load_signals

POLICY = load_signals()
TAUGHT = [
    *(Case(frozenset(seen(text, ())), "D2") for text in ("爸倒地不醒", "妈昏倒了", "他倒在地上")),
    *(Case(frozenset(seen(text, ())), QUIET) for text in ("路灯坏了", "怎么申请低保", "几点上班")),
]


def with_borders(**borders: float) -> SignalPolicy:
    return replace(POLICY, borders=replace(POLICY.borders, **borders))


def test_the_same_cases_give_the_same_experience() -> None:
    assert learn(TAUGHT) == learn(TAUGHT)


def test_what_was_learned_tells_new_texts_apart() -> None:
    known = learn(TAUGHT)
    danger, calm = "奶奶倒地了", "低保几点申请"
    assert known.read(danger, (), 0, len(danger)).urgent > known.read(calm, (), 0, len(calm)).urgent
    assert known.likely(danger, ()) == "D2"


def test_experience_is_written_and_read_back() -> None:
    known = learn(TAUGHT)
    file = io.StringIO()
    csv.writer(file).writerows(dump(known))
    back = load(file.getvalue().splitlines())
    text = "爸倒在地上"
    first, second = (e.read(text, (), 0, len(text)).urgent for e in (known, back))
    assert first == pytest.approx(second, abs=0.05)


@pytest.mark.parametrize("lines", [["gram,urgent"], [",".join(("gram", "rarity")), "x"]])
def test_a_file_that_is_no_experience_is_refused(lines: list[str]) -> None:
    with pytest.raises(ValueError, match=r"experience\.csv"):
        load(lines)


def test_a_text_without_a_row_is_brought_to_a_person_with_the_words_that_spoke() -> None:
    text = "他把家里收拾得干干净净,跟每个人都道了谢,人不见了"
    result = assess(text, Context(), POLICY)
    alarms = [s for s in result.signals if s.rule.startswith("X.")]
    assert result.level.is_urgent
    assert alarms
    assert alarms[0].quote in text
    assert "经验" in alarms[0].cite


def test_a_strong_row_counts_whatever_experience_says() -> None:
    deaf = with_borders(alarm=99.0, part=99.0, confirm=99.0)
    assert assess("家里断粮两天了", Context(), deaf).level.is_urgent
    assert assess("救我", Context(), deaf).level is Level.LIFE_THREAT


def test_a_weak_row_brings_a_person_at_least() -> None:
    deaf = with_borders(alarm=99.0, part=99.0, confirm=99.0)
    assert assess("工友从架子上摔下来不动了", Context(), deaf).level.rank <= Level.PRIORITY.rank


def test_the_second_reading_never_lowers() -> None:
    deaf = with_borders(alarm=99.0, part=99.0)
    for text in ("我想自杀", "三楼着火了有人出不来", "路灯坏了", "断粮三天"):
        heard, unheard = (assess(text, Context(), p).level.rank for p in (POLICY, deaf))
        assert heard <= unheard
