"""What stands around a danger makes it no smaller: who calls and from where, courtesy, the words of
whoever noted it down, a second matter, and that all was well before."""

from collections.abc import Iterable
from itertools import product

import pytest

from models.vocabulary import Level
from triage.assess import Context, assess
from triage.policy import load_signals

POLICY = load_signals()
DANGERS = (
    "我妈叫不醒了",
    "我家着火了",
    "我不想活了,想从楼上跳下去",
    "家里断粮两天了",
    "老公拿刀砍我",
    "孩子掉井里了",
    "我爸喘不上气,嘴唇发紫",
    "五岁的娃找不到了",
    "我老婆割腕了",
    "煤气中毒,人昏过去了",
)
WANTS = (
    "我们三天没吃饭了",
    "房子塌了一家人睡在路边",
    "我爷爷瘫在床上没人管",
    "我被老公赶出来没地方去",
    "透析没钱做了",
    "我跟孩子冻得受不了,家里没暖气没被子",
    "钱包被偷了,身无分文困在车站",
)
BESIDE = (
    "{},谢谢,辛苦了",
    "你好同志,{},请安排人来",
    "{},我住阳光花园3栋502,手机13611112222",
    "群众来电反映{},请相关单位核实",
    "{},联系电话13511112222",
    "{},请问该怎么办",
    "我是社区的小赵,{},地址西关街12号",
    "{}。快派人来。",
    "{},滨江街道河口社区,麻烦你们了,谢谢",
)
BEFORE = (
    "{},早上还好好的",
    "{},昨晚还没事",
    "{}。上回的事已经解决了,谢谢",
    "{},上个月也这样,后来好了",
)
SECOND = (
    "{}。另外小区路灯坏了没人修。",
    "想问一下低保怎么申请。{}。",
    "楼下烧烤店油烟大,晚上吵得睡不着。还有{}",
)


def level(text: str) -> Level:
    return assess(text, Context(), POLICY).level


def lost(frames: Iterable[str], told: tuple[str, ...] = DANGERS) -> list[str]:
    texts = [frame.format(danger) for danger, frame in product(told, frames)]
    return [text for text in texts if not level(text).is_urgent]


@pytest.mark.parametrize("danger", DANGERS)
def test_a_danger_by_itself_is_urgent(danger: str) -> None:
    assert level(danger).is_urgent


def test_courtesy_an_address_and_a_number_make_no_danger_smaller() -> None:
    assert len(lost(BESIDE)) <= 1  # of 90


def test_that_all_was_well_before_is_no_all_clear() -> None:
    assert len(lost(BEFORE)) <= 2  # of 40


def test_one_urgent_part_makes_the_request_urgent() -> None:
    assert len(lost(SECOND)) <= 1  # of 30


@pytest.mark.thorough
def test_a_danger_or_a_want_between_courtesy_and_a_second_matter_is_urgent() -> None:
    frames = [second.format(beside.rstrip("。")) for beside, second in product(BESIDE, SECOND)]
    assert len(lost(frames, (*DANGERS, *WANTS))) <= 6  # of 459


@pytest.mark.parametrize(
    "text",
    [
        "两小时以前孩子走丢了",
        "一小时之前他喝了农药",
        "半个钟头以前家里着火了,火还没灭",
        "老人昏迷不醒,叫也叫不应,前年中风后恢复得不错",
        "断粮两天了,上个月救济粮已经收到过",
        "我妈煤气中毒了,邻居说没事了让她躺着",
    ],
)
def test_some_hours_ago_and_another_time_are_not_long_ago(text: str) -> None:
    assert level(text).is_urgent


@pytest.mark.parametrize(
    "text", ["孩子走丢了,刚才找到了,谢谢", "我爸昏倒了,已经送医院,现在没事了", "三年以前我家断粮"]
)
def test_what_is_over_is_over(text: str) -> None:
    assert not level(text).is_urgent
