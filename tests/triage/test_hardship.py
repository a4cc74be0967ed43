"""Need is read from what is said together; what a desk is asked stays calm; the aid fits."""

import pytest

from models.vocabulary import Level
from triage.assess import Context, assess
from triage.policy import load_signals

POLICY = load_signals()


@pytest.mark.parametrize(
    ("text", "cls"),
    [
        ("连饭钱都没有了", "U1"),
        ("从昨天起灶就没点过,娃一人分了半块饼", "U1"),
        ("店里今晚不能再待了,我跟娃没着落", "U2"),
        ("屋里水缸都冻透了,老娘就一床薄毯", "U2"),
        ("火星子溅出来,三间房都没剩,存折也成灰", "U3"),
        ("护士说账上欠费,明天的药就停了", "U4"),
        ("爷爷摔断腰抬去县里,屋里就剩两个娃", "U5"),
        ("我手机和身份证丢了,在广场睡了两晚", "U6"),
        ("连骨灰盒都买不起", "U7"),
        ("趁他睡着抱着闺女翻窗跑的,娘家不让我回", "U8"),
        ("电给掐了六天,俺爹长褥疮", "U9"),
        ("放贷的堵在门口,不准买菜,孩子吓哭", "U10"),
    ],
)
def test_need_is_found_by_what_is_said_together(text: str, cls: str) -> None:
    result = assess(text, Context(), POLICY)
    assert result.level.is_urgent
    assert cls in {signal.cls for signal in result.signals if signal.counts}


@pytest.mark.parametrize(
    "text",
    [
        "食堂的馒头卖完了,想问几点再开",
        "房东换了锁,钥匙给我了,想问公租房还要轮候多久",
        "水退下去半年了,补偿登了记还没到账,想查一下",
        "孩子爸爸走了六年,想问事实无人抚养的补助怎么领",
    ],
)
def test_common_words_of_need_stay_calm_where_a_desk_is_asked(text: str) -> None:
    assert not assess(text, Context(), POLICY).level.is_urgent


def test_a_row_of_common_words_counts_beside_a_desks_sentence_but_not_inside_it() -> None:
    rule = POLICY.signals["U1.20"]
    assert rule.telling

    def seen(text: str) -> bool:
        found = assess(text, Context(), POLICY).signals
        return any(signal.rule == rule.id and signal.counts for signal in found)

    assert seen("路灯坏了。从昨天起灶就没点过")
    assert not seen("从昨天起灶就没点过,想问食堂几时开")


def test_several_needs_come_out_as_several_with_their_own_words() -> None:
    text = "我妈两顿没吃了,医药费也没报销,房顶还漏雨,想问低保怎么申请"
    result = assess(text, Context(), POLICY)
    assert result.level.is_urgent
    quotes = {need.service: need.quote for need in result.needs}
    assert {"temp_emergency", "medical", "housing", "dibao"} <= quotes.keys()
    assert all(quote in text for quote in quotes.values())


@pytest.mark.parametrize(
    ("text", "service"),
    [
        ("低保户火化费能减免吗", "funeral"),
        ("我家是低保户,取暖费还没退", "utilities_relief"),
        ("低保户", "dibao"),
    ],
)
def test_who_somebody_is_comes_after_what_is_asked(text: str, service: str) -> None:
    assert assess(text, Context(), POLICY).service == service


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("写论文用,救助站对没有身份证的人怎么处理,有规定吗", Level.CONSULTATION),
        ("打错了,不好意思", Level.NONE),
        ("【内部演习】东堤管涌,请按预案响应", Level.PRIORITY),
        ("物价补贴怎么还没到账", Level.STANDARD),
    ],
)
def test_a_quiet_text_gets_the_level_of_its_kind(text: str, level: Level) -> None:
    assert assess(text, Context(), POLICY).level is level


def test_a_question_about_nothing_that_is_named_is_for_the_desk() -> None:
    assert assess("几点上班?", Context(), POLICY).service == "consultation"


def test_the_psychological_line_never_stands_alone_for_an_urgent_danger() -> None:
    for rule in POLICY.signals.values():
        if rule.level.is_urgent and "12356" in rule.handoff:
            assert {"110", "120"} <= set(rule.handoff), rule.id


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("有个姑娘翻过护栏站在桥上", {"110", "119", "120"}),
        ("我七十多一个人住,滑倒了站不起来", {"120"}),
        ("厕所的纸箱里有个裹着毛巾的婴儿在哭", {"110", "120"}),
        ("桥洞下有个大爷睡好几天了,说不清自己是哪里人", {"110"}),
    ],
)
def test_the_lines_fit_the_situation(text: str, lines: set[str]) -> None:
    assert lines <= set(assess(text, Context(), POLICY).handoff)
