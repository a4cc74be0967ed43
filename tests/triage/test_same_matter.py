"""One matter told twice is recognised, and what only looks like it is not; with the reasons."""

import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import strategies as st

from models.phrases import Phrasebook
from tests.drawn import for_all
from triage.assess import Context, assess
from triage.evidence import longest_shared
from triage.grouping import group
from triage.matter import Matter, causes_of, facts_of, read_matter
from triage.policy import load_signals
from triage.repeat_keys import MOST, hashed, keys
from triage.same_matter import Relation, causes, compare, read_scale, shipped_scale, weigh

SIGNALS = load_signals()
NOON = datetime(2026, 9, 30, 4, tzinfo=UTC)
PAIRS = tomllib.loads(Path(__file__).with_name("same_matter_pairs.toml").read_text("utf-8"))["pair"]
PASTED = (
    "求扩散：望河县新村小区进水超过一米，几百户停水停电，老人孩子没有地方可去，"
    "希望有船的救援队尽快联系，现在手机都快没电了，大家帮忙转发，谢谢每一位好心人"
)


def matter(text: str, at: datetime | None = None, *given: str) -> Matter:
    assessment = assess(text, Context(), SIGNALS)
    return read_matter(text, assessment.facts, causes(assessment), at=at, given=given)


TUNE = [pair for pair in PAIRS if pair["part"] == "tune"]
UNTOUCHED = [pair for pair in PAIRS if pair["part"] == "untouched"]


def verdict(pair: dict[str, str]) -> str:
    later = NOON + timedelta(hours=2)
    return compare(matter(pair["a"], NOON), matter(pair["b"], later)).relation or "none"


@pytest.mark.parametrize("pair", TUNE, ids=lambda pair: f"{pair['relation']} {pair['a'][:12]}")
def test_a_duty_lead_would_say_the_same(pair: dict[str, str]) -> None:
    assert verdict(pair) == pair["relation"]


def test_sentences_the_weights_were_not_set_on_come_out_right_too() -> None:
    right = [pair for pair in UNTOUCHED if verdict(pair) == pair["relation"]]
    assert len(right) >= len(UNTOUCHED) - 2
    assert not [p for p in UNTOUCHED if verdict(p) == "repeat" and p["relation"] == "none"]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair["a"][:12])
def test_the_verdict_does_not_hang_on_who_is_named_first(pair: dict[str, str]) -> None:
    a, b = matter(pair["a"], NOON), matter(pair["b"], NOON)
    one, other = compare(a, b), compare(b, a)
    assert (one.relation, round(one.odds, 6)) == (other.relation, round(other.odds, 6))
    assert one.kinds == other.kinds


def test_the_reasons_quote_both_sides() -> None:
    found = compare(
        matter("张桂英,和平路 12 号院 3 单元 501"), matter("章桂英住和平路十二号 3-501,断粮了")
    )
    quoted = {one.kind: (one.mine, one.theirs) for one, _ in found.findings}
    assert quoted["name_sound"] == ("张桂英", "章桂英")
    assert quoted["flat"] == ("3-501", "3-501")
    assert quoted["house"] == ("12", "12")


def test_every_finding_has_a_weight_and_words_in_every_language() -> None:
    said = Phrasebook.load().keys()
    for kind in shipped_scale().weights:
        assert f"staff.finding.{kind}" in said


def test_a_telephone_of_the_channel_counts_like_one_in_the_words() -> None:
    told = matter("我爸没有胰岛素了", NOON, "13922017730")
    assert compare(told, matter("父亲断药，电话13922017730", NOON)).relation is Relation.REPEAT


def test_placeholders_are_no_telephone() -> None:
    first, second = matter("电话0000-0000612，路灯坏了"), matter("电话0000-0000612，井盖没了")
    assert first.phones == second.phones == frozenset()


def test_pasted_words_are_one_matter_even_without_name_and_place() -> None:
    found = compare(matter("转：" + PASTED), matter(PASTED + "！！"))
    assert found.relation is Relation.REPEAT
    assert "words_pasted" in found.kinds


def test_an_event_ends_with_its_hours() -> None:
    a = "柳湾村11号，洪水进屋了，被困在二楼"
    b = "柳湾村12号，水漫进来了，我们一家被困"
    assert compare(matter(a, NOON), matter(b, NOON)).relation is Relation.EVENT
    later = NOON + timedelta(days=20)
    assert compare(matter(a, NOON), matter(b, later)).relation is None


def test_what_was_stored_is_read_like_what_was_just_judged() -> None:
    text = "我是陈淑珍，78岁，学府路7号院2单元601，断粮两天，电话13612340917"
    assessment = assess(text, Context(), SIGNALS)
    stored = assessment.as_json()
    again = read_matter(text, facts_of(stored), causes_of(stored))
    assert again == read_matter(text, assessment.facts, causes(assessment))


def test_two_that_are_alike_share_a_key() -> None:
    alike = [pair for pair in TUNE if pair["relation"] in ("repeat", "household", "event")]
    for pair in alike:
        assert set(keys(matter(pair["a"]))) & set(keys(matter(pair["b"]))), pair["a"]


def test_keys_are_few_stable_and_never_the_mark_of_what_waits() -> None:
    found = keys(matter(PASTED + "张桂英李国栋和平路12号院3单元501，电话13612340917、13755512046"))
    assert len(found) <= MOST
    assert hashed("p13612340917") == 4952293152525421830
    assert all(0 < hashed(key) < 2**63 for key in found)


def test_a_chain_is_not_a_group() -> None:
    """A is like B and B like C by different evidence; A and C contradict each other."""
    texts = [
        "李国栋，光明小区2号楼1单元301，断粮了，电话13612340917",
        "帮转：断粮了，打13612340917或者13755512046",
        "王秀兰，朝阳小区8号楼2单元602，断粮了，电话13755512046",
    ]
    matters = [matter(text) for text in texts]
    scale = shipped_scale()
    assert weigh(matters[0], matters[1], scale) > 0 < weigh(matters[1], matters[2], scale)
    assert len(set(group(matters, scale))) == 2, "the middle one joins one side only"


def test_a_group_is_named_by_its_first_line() -> None:
    texts = [PASTED, "路灯坏了", "转" + PASTED, PASTED + "。"]
    assert group([matter(text) for text in texts], shipped_scale()) == [0, 1, 0, 0]


def test_the_longest_shared_passage_is_shown_and_cut_when_long() -> None:
    assert longest_shared("abc家里断粮两天xyz", "昨天家里断粮两天了") == "家里断粮两天"
    assert longest_shared("短", "短") == ""
    assert len(longest_shared(PASTED, PASTED)) == 24


def test_a_scale_that_cannot_be_read_is_named_in_one_sentence() -> None:
    with pytest.raises(ValueError, match=r"same_matter\.toml"):
        read_scale("[limits]\nstart = 1\n")


@for_all(st.text(max_size=300), st.text(max_size=300), many=150)
def test_any_two_strings_are_compared_without_a_fault(a: str, b: str) -> None:
    found = compare(matter(a), matter(b))
    assert 0 <= found.score <= 1
    keys(matter(a))


@pytest.mark.parametrize(
    "text", ["", "😭😭😭", "قانۇن ياردەم", "\x00\ud800", "一" * 100_000, "3-501" * 20_000]
)
def test_odd_texts_are_read(text: str) -> None:
    assert compare(matter(text), matter(PASTED)).relation is None
