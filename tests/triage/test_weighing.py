"""All signs of a text are weighed together; rows speak for danger, and nothing is lowered."""

from dataclasses import replace

import pytest
from hypothesis import strategies as st

from models.vocabulary import Level
from tests.drawn import for_all
from triage.assess import Context, assess, read_hits
from triage.policy import SignalPolicy, load_signals
from triage.scales import Weighed, dump, load, monotonic
from triage.weighing import values, weigh

POLICY = load_signals()
SIGNS = POLICY.scales.signs


def with_borders(**borders: float) -> SignalPolicy:
    return replace(POLICY, borders=replace(POLICY.borders, **borders))


DEAF = with_borders(alarm=99.0, against=99.0, plea=99.0, part=99.0, clause=99.0)
"""Nothing is ever enough."""
TRUSTING = with_borders(alarm=99.0, against=-99.0, plea=-99.0, part=99.0, clause=99.0)
"""Rows count as they are written, and nothing else brings anybody."""


def test_the_scales_are_written_and_read_back() -> None:
    back = load(dump(POLICY.scales), POLICY.experience)
    message, hits = read_hits("三楼着火了,有人出不来", POLICY)
    given = values(message, hits, POLICY.scales.classes)
    assert back.signs == SIGNS
    read, kept = Weighed(given, back), Weighed(given, POLICY.scales)
    assert (read.urgent, read.life) == (kept.urgent, kept.life)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", dump(POLICY.scales)[:400]])
def test_a_file_that_is_no_scales_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"weighing\.npz"):
        load(data, POLICY.experience)


def test_scales_that_were_learned_with_another_experience_are_refused() -> None:
    other = replace(POLICY.experience, services=POLICY.experience.services[:-1])
    with pytest.raises(ValueError, match="learn both again"):
        load(dump(POLICY.scales), other)


def test_what_is_weighed_has_a_name_each() -> None:
    message, hits = read_hits("奶奶三天没吃饭了,请问低保怎么申请", POLICY)
    given = dict(zip(SIGNS, values(message, hits, POLICY.scales.classes), strict=True))
    assert given["length"] == len(message.folded.text)
    assert given["row.U1.counts"] >= 1
    assert given["row.D3.counts"] == 0
    assert given["best.counts"] == Level.URGENT.rank


@for_all(
    st.sampled_from(["奶奶三天没吃饭了", "路灯坏了", "请问低保怎么申请", "水进屋了,救命"]),
    st.sampled_from(sorted(monotonic(SIGNS))),
    st.integers(1, 4),
    many=150,
)
def test_a_row_that_counts_never_weighs_against_danger(text: str, sign: str, more: int) -> None:
    message, hits = read_hits(text, POLICY)
    before = values(message, hits, POLICY.scales.classes)
    after = before.copy()
    after[SIGNS.index(sign)] += more * monotonic(SIGNS)[sign]
    was, now = Weighed(before, POLICY.scales), Weighed(after, POLICY.scales)
    assert now.urgent >= was.urgent
    assert now.life >= was.life


def test_where_too_little_speaks_for_danger_a_row_brings_a_person() -> None:
    text = "家里断粮两天了,孩子发烧,求你们快想想办法吧"
    assert assess(text, Context(), POLICY).level.is_urgent
    doubted = assess(text, Context(), DEAF)
    assert doubted.level is Level.PRIORITY
    assert {signal.doubted for signal in doubted.signals if signal.counts} == {True}
    assert doubted.as_json()["signals"][0]["doubted"] is True


def test_a_county_may_let_every_row_count_as_it_is_written() -> None:
    for text in ("请问低保怎么申请,家里断粮两天了,路灯也坏了", "我妈两顿没吃了,房顶还漏雨"):
        assert assess(text, Context(), TRUSTING).level.is_urgent


def test_a_cry_is_heard_whatever_is_weighed() -> None:
    assert assess("救我", Context(), DEAF).level is Level.LIFE_THREAT
    assert assess("我家着火了", Context(), DEAF).level is Level.LIFE_THREAT


def test_danger_in_one_sentence_stands_beside_much_that_is_ordinary() -> None:
    ordinary = "路灯不亮,请来修。公交改线我知道了。" * 6
    text = ordinary + "家里断粮两天了。" + ordinary
    message, hits = read_hits(text, POLICY)
    assert weigh(message, hits).urgent < POLICY.borders.against  # as a whole it is ordinary
    assert assess(text, Context(), POLICY).level.is_urgent


def test_what_is_weighed_raises_and_never_lowers_below_a_person() -> None:
    for text in ("我想自杀", "三楼着火了有人出不来", "路灯坏了", "断粮三天"):
        heard, trusted = (assess(text, Context(), p).level for p in (POLICY, TRUSTING))
        assert heard.rank <= max(trusted.rank, Level.PRIORITY.rank)


def test_a_row_that_a_county_wrote_counts_as_it_is_written() -> None:
    rows = {name: replace(row, local=True) for name, row in DEAF.signals.items()}
    assert assess("家里断粮两天了,路灯坏了", Context(), replace(DEAF, signals=rows)).level.is_urgent


def test_what_was_averted_once_and_is_here_now_counts_in_full() -> None:
    """ "But for the neighbour" makes a need of a danger; "but now" makes it a danger again."""
    averted = assess("要不是邻居送饭早饿死了", Context(), POLICY)
    here = assess("要不是我抱住他,他刚才就跳下去了,现在我抱不住了,快来人", Context(), POLICY)
    assert (averted.level, here.level) == ("priority", "life_threat")
    assert (
        assess(
            "要不是我抱住他,他刚才就跳下去了", Context(), with_borders(averted=99.0, alarm=99.0)
        ).level
        == "priority"
    )
