"""Danger is found however it is said; what only looks like danger is not."""

import tomllib
from pathlib import Path

import pytest

from models.vocabulary import Level
from triage.assess import Context, assess
from triage.policy import check, load_signals

POLICY = load_signals()
SENTENCES = tomllib.loads(Path(__file__).with_name("sentences.toml").read_text("utf-8"))
DANGER = [
    pytest.param(text, id=f"{group}-{cls}-{text[:12]}")
    for group in ("danger", "flood", "patient")
    for cls, texts in SENTENCES[group].items()
    for text in texts
]


@pytest.mark.parametrize("text", DANGER)
def test_danger_said_in_a_citizens_own_words_is_urgent(text: str) -> None:
    result = assess(text, Context(), POLICY)
    assert result.level.is_urgent, [(s.rule, s.quote, s.counts) for s in result.signals]


@pytest.mark.parametrize("text", SENTENCES["decoy"]["not_urgent"])
def test_what_only_looks_like_danger_is_not_urgent(text: str) -> None:
    result = assess(text, Context(), POLICY)
    assert not result.level.is_urgent, [(s.rule, s.quote) for s in result.signals if s.counts]


def test_every_rules_own_examples_assess_to_it() -> None:
    assert check(POLICY) == []


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("家里断凉了", "断粮"),
        ("断良三天", "断粮"),
        ("断吹了", "断炊"),
        ("他喝要了", "喝药"),
        ("透西做不了,喘", "透析"),
        ("地保还没批", "低保"),
        ("底保怎么办", "低保"),
        ("想申请临时就住", "临时救助"),
        ("她想寻短剑", "寻短见"),
        ("一氧化碳中度了", "一氧化碳中毒"),
        ("没米下过了", "没米下锅"),
        ("惨连在哪", "残联"),
    ],
)
def test_what_speech_recognition_damaged_is_read_as_it_was_meant(heard: str, meant: str) -> None:
    assert meant in {read for _, read in assess(heard, Context(), POLICY).repaired}


@pytest.mark.parametrize("text", ["每天坚持锻炼", "符合要求的都要来", "流量用完了", "调和一下矛盾"])
def test_an_ordinary_word_is_not_repaired(text: str) -> None:
    assert assess(text, Context(), POLICY).repaired == ()


def test_the_quote_of_a_repaired_word_is_what_stands_in_the_text() -> None:
    text = "屋里断凉了地保还没批娃没奶粉"
    result = assess(text, Context(), POLICY)
    assert result.level.is_urgent
    assert {"断凉", "没奶粉"} <= {signal.quote for signal in result.signals}
    assert ("断凉", "断粮") in result.repaired
    assert "dibao" in {need.service for need in result.needs}


@pytest.mark.parametrize(
    ("text", "polarity", "time", "person", "purpose"),
    [
        ("家里有饭吃,不是断粮", "negated", "now", "self", "report"),
        ("我爷爷当年是饿死的", "affirmed", "past_resolved", "family", "report"),
        ("万一以后断粮了怎么办", "affirmed", "hypothetical", "self", "report"),
        ("新闻里说外地有人饿死", "affirmed", "now", "general", "report"),
        ("不给办我就从楼上跳下去", "affirmed", "now", "known_other", "threat"),
        ("火灾救助政策文件号是多少", "affirmed", "now", "self", "ask"),
        ("是不是断粮了", "uncertain", "now", "self", "report"),
    ],
)
def test_a_hit_is_judged_by_polarity_time_person_and_purpose(
    text: str, polarity: str, time: str, person: str, purpose: str
) -> None:
    signal = assess(text, Context(), POLICY).signals[0]
    judged = (signal.polarity, signal.time, signal.person, signal.purpose)
    assert judged == (polarity, time, person, purpose)


def test_an_exercise_is_none_only_with_a_registered_code() -> None:
    text = "【演练】代码YL-0612 三楼起火,有人被困"
    unknown = assess(text, Context(), POLICY)
    assert unknown.level is Level.PRIORITY
    known = assess(text, Context(exercise_codes=frozenset({"YL-0612"})), POLICY)
    assert known.level is Level.NONE


def test_a_claimed_level_only_raises() -> None:
    calm, danger = "路灯坏了", "家里断粮两天了"
    assert assess(calm, Context(claims=Level.URGENT), POLICY).level is Level.URGENT
    assert assess(danger, Context(claims=Level.STANDARD), POLICY).level is Level.URGENT


def test_a_question_with_a_present_need_gives_both() -> None:
    result = assess("请问低保要等几天?我妈两顿没吃了,腿也肿.", Context(), POLICY)
    assert result.level.is_urgent
    assert {"dibao", "temp_emergency"} <= {need.service for need in result.needs}


def test_one_family_with_four_needs_gets_four_rows() -> None:
    text = "我家低保户,爸爸残疾人,妈妈的医药费没报销,孩子学费没着落,房顶漏雨"
    services = {need.service for need in assess(text, Context(), POLICY).needs}
    assert {"dibao", "disability", "medical", "education", "housing"} <= services


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("三楼着火了有人出不来", "119"),
        ("我爸昏迷了叫不醒", "120"),
        ("他拿刀砍我", "110"),
        ("我想自杀", "12356"),
        ("停电了,老人的呼吸机没电", "95598"),
        ("我爸刚才车祸被撞伤躺在路上", "122"),
    ],
)
def test_a_danger_names_the_line_that_can_help(text: str, line: str) -> None:
    assert line in assess(text, Context(), POLICY).handoff
