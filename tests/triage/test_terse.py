"""The shortest words in which people say that somebody is in danger, and what only sounds so."""

import pytest

from models.vocabulary import Level
from triage.assess import Context, assess
from triage.policy import load_signals

POLICY = load_signals()

TO_LIFE = [
    "电梯困人",
    "我家电梯困人了",
    "电梯夹住人了",
    "扶梯卷了脚",
    "手卡进门缝拔不出来",
    "孩子反锁在车里了,太阳很大",
    "小孩掉粪坑了",
    "掉进下水道",
    "盲人走到马路中间",
    "山洪来了",
    "泥石流下来了",
    "堤坝漏水",
    "烟花厂爆炸了",
    "地铁进水",
    "雷劈了人",
    "疯狗咬人了",
    "野猪伤人",
    "马踢了肚子",
    "中暑了",
    "热射病",
    "中枪",
    "砍伤",
    "吃药过量",
    "药吃错了",
    "救护车等了一小时没来",
    "强奸",
    "婆婆不给我饭吃还打",
]
URGENT = [
    "变压器爆炸",
    "家里进贼了",
    "被骗去缅甸",
    "养老院饿老人",
    "福利院孩子挨打",
    "家里大人都死了",
    "老人按了呼叫没人来",
    "独居的大爷窗户没亮灯好几天",
    "吃树叶",
    "断水五天了",
    "奶奶不吃不喝两天了",
    "国道上出车祸了",
]
ORDINARY = [
    "电梯老是困人,希望换新电梯",
    "钥匙掉下水道了",
    "狗咬人了怎么赔偿",
    "三年前出车祸,现在想申请低保",
    "路口容易出车祸,建议装红绿灯",
    "野猪把玉米拱了",
    "预防中暑的药哪里领",
    "大坝漏水是谣言吗",
    "上个月家里进贼,还没破案",
    "黑工厂排污",
    "刀伤险怎么买",
    "强奸罪要判几年",
    "养老院收费高",
    "福利院招聘护工",
    "对面楼一直没亮灯是不是空置房",
    "断水三天的通知什么时候解除",
    "路上有个坑,车轮掉坑里好几次",
]


@pytest.mark.parametrize("text", TO_LIFE)
def test_danger_to_life_is_seen_in_few_words(text: str) -> None:
    assert assess(text, Context(), POLICY).level is Level.LIFE_THREAT


@pytest.mark.parametrize("text", URGENT)
def test_need_is_seen_in_few_words(text: str) -> None:
    assert assess(text, Context(), POLICY).level.is_urgent


@pytest.mark.parametrize("text", ORDINARY)
def test_what_only_sounds_so_is_not_urgent(text: str) -> None:
    assert not assess(text, Context(), POLICY).level.is_urgent
