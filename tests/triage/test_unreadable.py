"""A text that no rule can read is never silently ordinary: a person must look, and sees why."""

import random

import pytest
from hypothesis import strategies as st

from models.vocabulary import Level
from tests.drawn import for_all
from triage.assess import Assessment, Context, assess
from triage.policy import load_signals
from triage.unruled import unread

POLICY = load_signals()
UYGHUR = st.text(st.characters(min_codepoint=0x620, max_codepoint=0x64A), min_size=1, max_size=60)
TIBETAN = st.text(st.characters(min_codepoint=0xF40, max_codepoint=0xF6C), min_size=1, max_size=60)
PICTURES = st.text(
    st.characters(min_codepoint=0x1F620, max_codepoint=0x1F64A), min_size=1, max_size=20
)


def test_of_a_text_too_long_to_read_whole_a_person_must_look() -> None:
    filler = "今天天气不错,路灯正常。"
    result = assess(filler * 8000, Context(), POLICY)
    assert result.level is Level.PRIORITY
    assert [signal.rule for signal in result.signals if signal.counts] == ["R.2"]
    short = assess(filler * 100, Context(), POLICY)
    assert "R.2" not in {signal.rule for signal in short.signals}


def judged(text: str) -> Assessment:
    return assess(text, Context(), POLICY)


@pytest.mark.parametrize(
    "text", ["ياردەم قىلىڭلار", "རོགས་རམ་གནང་རོགས།", "помогите мне", "たすけて", "도와주세요"]
)
def test_a_script_we_cannot_read_is_brought_to_a_person_with_the_reason(text: str) -> None:
    result = judged(text)
    assert result.level.rank <= Level.PRIORITY.rank
    reasons = [s for s in result.signals if s.rule == "R.1"]
    assert reasons
    assert reasons[0].counts
    assert reasons[0].quote in text
    assert "不能判读" in reasons[0].cite
    assert reasons[0].polarity == "uncertain"


@for_all(st.one_of(UYGHUR, TIBETAN, PICTURES), many=150)
def test_no_unreadable_text_is_ordinary(text: str) -> None:
    assert judged(text).level.rank <= Level.PRIORITY.rank


@pytest.mark.parametrize("text", ["👍", "🙏🙏", "🌹🌹🌹"])
def test_a_friendly_picture_alone_wakes_nobody(text: str) -> None:
    assert judged(text).level.rank > Level.PRIORITY.rank


@pytest.mark.parametrize("text", ["路灯坏了 ok", "想问低保 ياردەم 怎么申请", "no water"])
def test_a_text_that_is_mostly_readable_is_read(text: str) -> None:
    assert unread(text) is None


@pytest.mark.parametrize("text", ["wo bu xiang huo le", "WOJIA ZHAOHUO LE", "qing wen zenme ban"])
def test_pinyin_is_brought_to_a_person(text: str) -> None:
    result = judged(text)
    assert result.level.rank <= Level.PRIORITY.rank
    assert [s.quote for s in result.signals if s.rule == "R.1"] == [text]


@pytest.mark.parametrize("text", ["hao", "ok", "come on", "good morning", "the lamp is broken"])
def test_a_short_or_foreign_word_is_no_pinyin(text: str) -> None:
    assert unread(text) is None


@pytest.mark.parametrize("text", ["帮帮我", "求助", "help", "急急急!", "青石镇五里村3组,求助,谢谢"])
def test_a_bare_call_for_help_is_asked_what_happened(text: str) -> None:
    result = judged(text)
    assert result.level is Level.PRIORITY
    assert [s.rule for s in result.signals if s.counts] == ["R.3"]


@pytest.mark.parametrize("text", ["求助,路灯坏了两盏", "求助:低保怎么申请", "多谢帮忙"])
def test_who_says_what_he_needs_is_heard_for_that(text: str) -> None:
    assert "R.3" not in {signal.rule for signal in judged(text).signals}


@for_all(st.binary(max_size=400), many=150)
def test_noise_is_assessed_or_shown_to_a_person(noise: bytes) -> None:
    for text in (noise.decode("latin-1"), noise.decode("utf-8", "replace")):
        result = judged(text)
        for signal in result.signals:
            assert text[signal.start : signal.end] == signal.quote


@pytest.mark.parametrize("seed", range(3))
def test_a_hundred_thousand_characters_of_anything_are_assessed(seed: int) -> None:
    chance = random.Random(seed)
    blocks = ((0x20, 0x7E), (0x4E00, 0x9FFF), (0x600, 0x6FF), (0x1F300, 0x1F6FF), (0xF00, 0xFFF))
    first, last = chance.choice(blocks)
    text = "".join(chr(chance.randint(first, last)) for _ in range(100_000))
    for signal in judged(text).signals:
        assert text[signal.start : signal.end] == signal.quote
