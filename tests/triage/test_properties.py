"""What holds for every text: it is total, its quotes stand where it says, danger never lowers."""

import json
import time
import tomllib
from pathlib import Path

import pytest
from hypothesis import strategies as st

from models.messages import remark, spoken
from models.vocabulary import Level
from tests.drawn import for_all
from triage.assess import Assessment, Context, assess
from triage.policy import load_signals

POLICY = load_signals()
SENTENCES = tomllib.loads(Path(__file__).with_name("sentences.toml").read_text("utf-8"))
DANGER = [t for g in ("danger", "flood", "patient") for ts in SENTENCES[g].values() for t in ts]
QUIET = ["路灯坏了,请来修", "想问低保怎么申请", "小区停车难", "谢谢", "", "物业乱收费"]
anything = st.text(st.characters(codec=None, exclude_categories=()), max_size=300)
mixed = st.lists(st.sampled_from([*DANGER, *QUIET, "\u200b", " ", "\n", "。", "🆘"]), max_size=8)


def rank(text: str) -> int:
    return assess(text, Context(), POLICY).level.rank


def of_rows(text: str) -> int:
    """The level that the rows alone give; what a text is like as a whole may weaken beside more
    words, and then only brings nobody in addition."""
    counting = [s for s in assess(text, Context(), POLICY).signals if s.counts]
    levels = (s.level.rank for s in counting if not s.rule.startswith("X."))
    return min(levels, default=Level.STANDARD.rank)


def holds(text: str, result: Assessment) -> None:
    for signal in result.signals:
        assert text[signal.start : signal.end] == signal.quote
        assert signal.quote
    json.dumps(result.as_json())


@for_all(anything, many=300)
def test_any_text_at_all_is_assessed(text: str) -> None:
    holds(text, assess(text, Context(), POLICY))


@for_all(mixed.map("".join), many=200)
def test_a_quote_is_what_stands_at_its_place_in_the_given_text(text: str) -> None:
    holds(text, assess(text, Context(), POLICY))


@for_all(
    st.lists(st.sampled_from(DANGER), min_size=1, max_size=4), st.sampled_from(DANGER), many=300
)
def test_more_danger_never_lowers_the_level(said: list[str], more: str) -> None:
    text = "。".join(said)
    both = f"{text}。{more}"
    assert rank(both) <= 1
    assert rank(both) <= min(of_rows(text), of_rows(more))


@for_all(st.sampled_from(QUIET), st.sampled_from(DANGER), many=200)
def test_danger_beside_an_ordinary_matter_stays_danger(quiet: str, danger: str) -> None:
    assert rank(f"{quiet}。{danger}") <= 1


@for_all(
    st.sampled_from(DANGER), st.sampled_from(["\u200b", "\u2060", "\ufeff", "\u202e"]), many=100
)
def test_marks_nobody_sees_hide_nothing(danger: str, mark: str) -> None:
    text = mark.join(danger)
    result = assess(text, Context(), POLICY)
    assert result.level.is_urgent
    holds(text, result)


@for_all(anything, many=100)
def test_the_same_text_gets_the_same_answer(text: str) -> None:
    assert assess(text, Context(), POLICY) == assess(text, Context(), POLICY)


@pytest.mark.parametrize("text", ["", "\0", "\ud800断粮了\udfff", "𠮷" * 50, "\r\n\t", "。" * 500])
def test_odd_texts_are_assessed(text: str) -> None:
    holds(text, assess(text, Context(), POLICY))


def test_of_five_megabytes_the_beginning_and_the_end_are_read() -> None:
    filler = "今天天气不错,路灯正常。" * 150_000
    began = time.process_time()
    at_the_end = assess(filler + "家里断粮两天了", Context(), POLICY)
    took = time.process_time() - began
    assert at_the_end.level.is_urgent
    holds(filler + "家里断粮两天了", at_the_end)
    assert assess("家里断粮两天了。" + filler, Context(), POLICY).level.is_urgent
    assert took < 20


@pytest.mark.thorough
@pytest.mark.parametrize("piece", ["水", "没吃", "老人", "断粮0户,", "(((", "不", "我打他", "🆘"])
def test_time_grows_with_length_and_no_faster(piece: str) -> None:
    def seconds(length: int) -> float:
        text = (piece * length)[:length]
        best = 9.0
        for _ in range(3):
            began = time.process_time()
            assess(text, Context(), POLICY)
            best = min(best, time.process_time() - began)
        return best

    seconds(2000)
    # eight times for eight times the text; what grows with the square takes sixty-four times
    assert seconds(32_000) < 40 * max(seconds(4000), 0.002)


REMARKS = ["代他人填写", "希望打电话联系", "希望发短信联系，不方便接电话", "求助人：张大爷"]


@pytest.mark.parametrize("beside", REMARKS)
@pytest.mark.parametrize("said", [*DANGER, "请问低保要带哪些材料", "路灯坏了三天"])
def test_what_a_form_adds_under_the_words_makes_no_danger_smaller(said: str, beside: str) -> None:
    text = f"{said}\n{remark(beside)}"
    alone, under = assess(said, Context(), POLICY), assess(text, Context(), POLICY)
    assert under.level.rank <= alone.level.rank
    holds(text, under)


def test_danger_that_was_typed_into_the_field_of_the_telephone_is_heard() -> None:
    text = "请尽快联系\n" + remark("留的电话：家里断粮两天了")
    assert assess(text, Context(), POLICY).level.is_urgent


def test_a_remark_is_one_line_whatever_was_typed() -> None:
    assert spoken("断粮\n" + remark("留的电话：〔村口〕\n小店")) == "断粮"
    assert spoken("国办发〔2020〕12号怎么执行") == "国办发〔2020〕12号怎么执行"
