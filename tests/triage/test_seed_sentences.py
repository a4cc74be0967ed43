"""The forty sentences of the domain note (3e.6) come out as the note lists them."""

import pytest

from models.vocabulary import Level, Track
from triage.assess import Context, assess
from triage.policy import load_signals

POLICY = load_signals()

SEEDS = [
    ("我爸突然倒地叫不醒,嘴歪了", "life_threat", "D2"),
    ("屋里一股煤气味,老太太一个人头晕", "life_threat", "D3"),
    ("他正拿菜刀砍门,我和孩子在里面", "life_threat", "D4"),
    ("药已经放桌上了,对不起", "life_threat", "D1"),
    ("我已經把炭買好了,對不起大家", "life_threat", "D1"),
    ("妈喝农药了!!🆘", "life_threat", "D1"),
    ("喝要了在地上打滚", "life_threat", "D1"),
    ("水到二楼了,我们三个在房顶", "life_threat", "D3"),
    ("停电了,老人上着呼吸机", "life_threat", "D6"),
    ("我12岁,我继父晚上进我房间,我不敢回家", "life_threat", "D4"),
    ("老头昨晚出去到现在没回来,有老年痴呆", "life_threat", "D5"),
    ("不给办我就从楼上跳下去", "life_threat", "D1"),
    ("活着没意思,你们不用管了", "life_threat", "D1"),
    ("断粮两天了,就剩半袋盐", "urgent", "U1"),
    ("断凉了娃没奶粉", "urgent", "U1"),
    ("冇地方住,瞓天橋底,好凍", "urgent", "U2"),
    ("昨晚房子烧光了,五口人在村委会打地铺", "urgent", "U3"),
    ("医院说今天再不交钱就停药", "urgent", "U4"),
    ("三个娃在家,爹妈都被抓走了", "urgent", "U5"),
    ("俺村老张头瘫床上,儿子没了,屋里没火", "urgent", "U5"),
    ("钱包手机身份证全没了,车站两天没吃", "urgent", "U6"),
    ("抱着四个月孩子被赶出来,零下十度", "urgent", "U2"),
    ("火都灭了人没事,粮食全烧没了", "urgent", "U3"),
    ("低保申请多久批?我妈两顿没吃了", "urgent", "U1"),
    ("要不是邻居送饭早饿死了", "priority", "U1"),
    ("【转发】白血病女孩急需救命钱请扩散", "priority", "U4"),
    ("网格排查:断粮0户,危房0户", "none", None),
    ("我们这没有断粮的", "none", None),
    ("新闻说邻省洪水死了好多人", "none", None),
    ("去年家里失火,现在想问低保怎么办", "standard", None),
    ("人已经出院了,想问医疗救助", "standard", None),
    ("万一以后断粮了怎么办", "consultation", None),
    ("火灾救助政策文件号是多少", "consultation", None),
    ("饿死我了排了两小时队", "standard", None),
    ("救命啊你们网页打不开", "standard", None),
    ("死活不给我办低保,村主任亲戚都有", "standard", None),
    ("小区停水半天", "standard", None),
    ("走失的老人已经找到了谢谢", "none", None),
    ("我朋友说他想不开,电话打不通", "life_threat", "D1"),
    ("自杀热线是多少", "life_threat", "D1"),
]


@pytest.mark.parametrize(("text", "level", "cls"), SEEDS, ids=[seed[0] for seed in SEEDS])
def test_a_seed_sentence_gets_the_level_and_the_class_of_the_note(
    text: str, level: str, cls: str | None
) -> None:
    result = assess(text, Context(), POLICY)
    assert result.level is Level(level)
    counted = {signal.cls for signal in result.signals if signal.counts}
    if cls is not None:
        assert cls in counted
    if result.level.is_urgent:
        assert result.track is Track.URGENT


def test_all_forty_sentences_of_the_note_are_here() -> None:
    assert len(SEEDS) == 40


def test_the_favour_that_was_refused_is_a_grievance_on_the_standard_level() -> None:
    result = assess("死活不给我办低保,村主任亲戚都有", Context(), POLICY)
    assert (result.track, result.service) == (Track.GRIEVANCE, "grievance")
