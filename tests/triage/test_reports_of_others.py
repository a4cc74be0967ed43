"""What neighbours and grid workers report: danger stands whatever follows, work done does not."""

import pytest

from triage.assess import Context, assess
from triage.policy import load_signals

POLICY = load_signals()


@pytest.mark.parametrize("address", ["", ",南门街道和平社区3号楼", "。地址:北门路12号院2单元501"])
def test_an_address_at_the_end_hides_no_child_that_is_beaten(address: str) -> None:
    result = assess("楼上孩子天天被打,现在还在哭,别问我是谁" + address, Context(), POLICY)
    assert result.level.is_urgent
    assert result.service in {"child", "domestic_violence"}


@pytest.mark.parametrize(
    "text",
    [
        "孩子辍学在家三个月了,网格员上门劝了两次",
        "摸底发现一名孩子辍学在家,已上门劝返",
        "张家老屋墙裂了一道缝,已劝说搬离",
        "巡查:李家土房墙裂,户主已劝说搬离到儿子家",
    ],
)
def test_an_ordinary_report_of_work_done_is_no_danger(text: str) -> None:
    assert not assess(text, Context(), POLICY).level.is_urgent


@pytest.mark.parametrize(
    "text",
    [
        "水管漏水把楼下淹了,物业不修",
        "楼上厕所漏水,屋顶滴水,物业拖了三个月",
        "门卫室屋顶漏雨,拿盆接着,请拨点钱翻修",
    ],
)
def test_a_repair_is_not_urgent(text: str) -> None:
    assert not assess(text, Context(), POLICY).level.is_urgent


def test_words_that_leave_no_doubt_count_without_experience() -> None:
    for text in ("家里断粮两天了", "我妈喝农药了", "他要跳楼"):
        counted = {s.rule for s in assess(text, Context(), POLICY).signals if s.counts}
        assert not all(POLICY.signals[rule].confirm for rule in counted if rule in POLICY.signals)


@pytest.mark.parametrize(
    "text",
    [
        "这里是线上志愿者,收到一条转发的求助:青石小区7号楼三单元502有老人孩子6名,水到腰部,急需救援!",
        "线上志愿者转扩 求助!老粮库西楼四楼南户有三人需要救助,其中一个小孩,水已经进屋",
    ],
)
def test_who_passes_on_a_call_for_help_from_one_door_is_heard(text: str) -> None:
    assert assess(text, Context(), POLICY).level.is_urgent


@pytest.mark.parametrize(
    "text",
    [
        "我是线上志愿者,收集求救信息,大家可以向我投稿,写明地址姓名电话和现在情况",
        "大家好,我是线上志愿者,有需要帮助的可以私信我,求扩散",
    ],
)
def test_who_collects_calls_for_help_makes_none(text: str) -> None:
    assert not assess(text, Context(), POLICY).level.is_urgent
