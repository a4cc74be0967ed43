"""Experience says what texts with such words were, which service they needed, and why."""

import pytest

from triage.assess import Context, assess
from triage.experience import NOBODY, dump, load, seen
from triage.policy import load_signals
from triage.schooling import QUIET, Case, learn

POLICY = load_signals()
TAUGHT = [
    *(
        Case(frozenset(seen(text, ())), "D2", ("medical",))
        for text in ("爸倒地不醒", "妈昏倒了", "他倒在地上")
    ),
    *(
        Case(frozenset(seen(text, ())), QUIET, (service,))
        for text, service in (("路灯坏了", NOBODY), ("怎么申请低保", "dibao"), ("几点上班", NOBODY))
    ),
    Case(frozenset(seen("低保卡坏了", ())), "", ("dibao", NOBODY)),
]


def test_the_same_cases_give_the_same_experience() -> None:
    assert dump(learn(TAUGHT)) == dump(learn(TAUGHT))


def test_what_was_learned_tells_new_texts_apart() -> None:
    known = learn(TAUGHT)
    danger, calm = "奶奶倒地了", "低保几点申请"
    assert known.read(danger, (), 0, len(danger)).urgent > known.read(calm, (), 0, len(calm)).urgent
    assert known.likely(known.sums(danger, ()), {"D2", "U1"}) == "D2"
    assert known.likely(known.sums(danger, ()), {"U1"}) == ""
    scores = dict(zip(known.services, known.service_scores(known.sums(calm, ())), strict=True))
    assert max(scores, key=lambda name: scores[name]) == "dibao"


def test_what_is_right_as_well_is_not_taught_as_wrong() -> None:
    either, only = (
        learn([*TAUGHT[:-1], Case(TAUGHT[-1].seen, "", services)])
        for services in (("dibao", NOBODY), ("dibao",))
    )
    text = "低保卡坏了"
    first, second = (
        e.service_scores(e.sums(text, ()))[e.services.index(NOBODY)] for e in (either, only)
    )
    assert first > second


def test_nothing_familiar_has_no_service_and_no_class() -> None:
    known = learn(TAUGHT)
    assert known.service_scores(known.sums("xyz", ())) == []
    assert known.likely(known.sums("xyz", ()), {"D2"}) == ""


def test_experience_is_written_and_read_back() -> None:
    known = learn(TAUGHT)
    back = load(dump(known))
    text = "爸倒在地上"
    first, second = (e.read(text, (), 0, len(text)).urgent for e in (known, back))
    assert first == pytest.approx(second, abs=0.05)
    assert (back.signs, back.classes, back.services) == (
        known.signs,
        known.classes,
        known.services,
    )


@pytest.mark.parametrize("data", [b"", b"gram,urgent", dump(learn(TAUGHT))[:200]])
def test_a_file_that_is_no_experience_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"experience\.npz"):
        load(data)


def test_the_service_that_experience_names_comes_with_the_words_that_ask_for_it() -> None:
    text = "奶奶腿脚不便,想请人隔天上门帮着擦身翻身做口饭"
    result = assess(text, Context(), POLICY)
    assert result.service == "service_aid"
    assert next(need.quote for need in result.needs if need.service == result.service) in text


def test_what_the_words_name_stands_where_experience_is_unsure() -> None:
    assert assess("低保怎么申请", Context(), POLICY).service == "dibao"
    assert assess("残疾证怎么办理", Context(), POLICY).service == "disability"


def test_a_complaint_about_those_who_handle_cases_needs_its_own_words() -> None:
    result = assess("窗口的人今天没上班,白跑一趟", Context(), POLICY)
    named = {need.service for need in result.needs}
    assert result.service != "grievance" or "grievance" in named


def test_a_text_without_a_row_is_brought_to_a_person_with_the_words_that_spoke() -> None:
    text = "他把家里收拾得干干净净,跟每个人都道了谢,人不见了"
    result = assess(text, Context(), POLICY)
    alarms = [s for s in result.signals if s.rule.startswith("X.")]
    assert result.level.is_urgent
    assert alarms
    assert alarms[0].quote in text
    assert "经验" in alarms[0].cite


@pytest.mark.parametrize(
    ("misheard", "meant"),
    [
        ("我家断凉两天了,以前断粮过,政策是什么", "我家断粮两天了,以前断粮过,政策是什么"),
        ("他说不想火了,你们几点下班", "他说不想活了,你们几点下班"),
        ("老人家里的制养机停了,电费怎么交", "老人家里的制氧机停了,电费怎么交"),
    ],
)
def test_a_misheard_text_is_weighed_as_it_was_meant(misheard: str, meant: str) -> None:
    heard, written = assess(misheard, Context(), POLICY), assess(meant, Context(), POLICY)
    assert heard.repaired
    assert (heard.level, heard.service) == (written.level, written.service)
