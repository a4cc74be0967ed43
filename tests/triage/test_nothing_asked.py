"""What asks for nothing is "none"; a word of news, or a danger that is denied, is not enough."""

import pytest

from triage.assess import Context, assess
from triage.policy import load_signals

RULES = load_signals()
ASKED = [
    "加油站门口的井盖没了",
    "新闻路和解放路路口堵死了",
    "日报社门口路面坑坑洼洼",
    pytest.param(
        "日报社门口路面塌陷",
        marks=pytest.mark.xfail(strict=True, reason="experience alone calls it a danger to life"),
    ),
    "社区公告栏被人撕了",
    "预警短信发错号码了",
    "抖音上卖假药的,买了没用",
    "通知:今天停水,到现在还没来",
    "温馨提示牌挡住了盲道",
    "记者曝光过的排污口又开始排了",
    "电线老化,早晚要起火,请来检查",
    "楼道里堆满电动车充电,早晚要着火",
    "食堂没吃坏人,可是菜里有苍蝇",
    "供暖管道漏了,没烫着人,赶紧来修",
    "电动车在楼道充电,没着火也得管",
]
NOTHING = [
    "武汉加油,平安归来",
    "今日辖区无人员被困,无积水停电,特此报告",
    "谢谢你们送来的棉被",
    "没有人受伤,没有房屋倒塌,一切正常",
    "央视新闻:外省某地山火已扑灭",
    "志愿者招募:有皮划艇的报名",
    "向消防员致敬,辛苦了",
]


def level(text: str) -> str:
    return assess(text, Context(), RULES).level.value


@pytest.mark.parametrize("text", ASKED)
def test_a_complaint_waits_for_somebody_whatever_else_it_names(text: str) -> None:
    assert level(text) not in ("none", "urgent", "life_threat")


@pytest.mark.parametrize("text", NOTHING)
def test_news_cheer_thanks_and_reports_of_nothing_ask_for_nothing(text: str) -> None:
    assert level(text) == "none"


def test_who_is_known_is_no_news_of_elsewhere() -> None:
    assert level("刷到邻居的视频说不想活了,她家住城关镇") == "life_threat"
    assert level("电视里演邻居家着火了") == "none"


def test_a_word_of_news_inside_the_name_of_a_road_takes_no_danger_away() -> None:
    """新闻路 is a road: what burns there is not told of elsewhere."""
    found = assess("新闻路那栋楼着火了", Context(), RULES)
    assert any(signal.cls == "D3" and signal.counts for signal in found.signals)
    told = assess("新闻说那栋楼着火了", Context(), RULES)
    assert not any(signal.counts for signal in told.signals)


@pytest.mark.parametrize(
    "text",
    [
        "楼上半夜拖椅子,老人睡不好",
        "工地晚上十点还在打桩",
        "路口红绿灯时间太短,老人过不去",
    ],
)
def test_words_of_a_frame_with_something_else_between_them_are_no_cry(text: str) -> None:
    assert level(text) not in ("urgent", "life_threat")
