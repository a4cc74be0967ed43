"""Ages, names, numbers of people and places as they are told on the telephone."""

import pytest

from triage.assess import Context, assess
from triage.facts import Facts
from triage.policy import load_signals

POLICY = load_signals()


def facts(text: str) -> Facts:
    return assess(text, Context(), POLICY).facts


@pytest.mark.parametrize(
    ("text", "ages"),
    [
        ("老人今年八十三,一个人住", [83]),
        ("楼下78的老太太摔了", [78]),
        ("我妈今年81了,走不动", [81]),
        ("我爸六十七,瘫在床上", [67]),
        ("老爷子都九十二了还下地", [92]),
        ("我今年四十五,下岗了", [45]),
        ("女儿刚满十四", [14]),
        ("孩子才5个月,没奶粉", [0]),
        ("抱着四个月的孩子没地方去", [0]),
        ("娃七八岁,没人管", [7]),
        ("我叫李大山,今年五十二,腿断了", [52]),
        ("他今年干了八十三天的活没给钱", []),
        ("老人住院花了八十三万", []),
        ("我妈住83号", []),
        ("今年83度", []),
        ("给老人八十,给孩子五十", []),
        ("孩子8个月没上学", []),
        ("欠了六个月的孩子补助", []),
        ("我属猴,今年运气差", []),
        ("我妈37.5,发烧", []),
    ],
)
def test_an_age_is_read_without_the_word_for_years(text: str, ages: list[int]) -> None:
    assert [person.age for person in facts(text).people if person.age is not None] == ages


@pytest.mark.parametrize(
    "text",
    [
        "12岁以下儿童有补贴吗",
        "18周岁以下的孩子可以办吗",
        "请问60岁以上老人有什么补贴",
        "80周岁以上高龄津贴怎么领",
        "孩子12岁以下免票吗",
        "老人65岁以上坐车免费吗",
    ],
)
def test_what_bounds_a_rule_is_nobodys_age(text: str) -> None:
    found = facts(text)
    assert not found.people
    assert not found.minor
    assert not found.elder


@pytest.mark.parametrize(
    ("text", "minor", "elder"),
    [
        ("孩子才5个月,没奶粉", True, False),
        ("我12岁,爸妈不在家", True, False),
        ("老人今年八十三,一个人住", False, True),
        ("我是他儿子,想问低保", False, False),
        ("不满三岁的孩子没奶粉", True, False),
    ],
)
def test_the_young_and_the_old_are_marked(text: str, minor: bool, elder: bool) -> None:
    found = facts(text)
    assert (found.minor, found.elder) == (minor, elder)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("我是张秀英,家里断粮了", ["张秀英"]),
        ("你好我是王芳,想问低保", ["王芳"]),
        ("我是陈大山我家房子漏雨", ["陈大山"]),
        ("我是刘桂兰的儿子,她瘫痪了", ["刘桂兰"]),
        ("我叫李大山,住石桥镇上河村", ["李大山"]),
        ("本人赵国强,因病致贫", ["赵国强"]),
        ("户主陈桂花,低保被取消", ["陈桂花"]),
    ],
)
def test_who_calls_is_read_by_name(text: str, names: list[str]) -> None:
    assert [person.name for person in facts(text).people] == names


@pytest.mark.parametrize(
    "text",
    """我是来问低保的|我是低保户|我是他儿子|我是王家村的村民|我是高三学生|我是安全员,工地有隐患|我是小李|我是周口人
我是单亲妈妈|我是单身汉,没人管|我是农民工,工资没发|我是水电工|我是党员,退休了|我是高工,退休|我是车主,投诉停车|我是江西的
我是石桥镇居民|我是温泉小区业主|我是安徽,在这打工|我是冯老师|我是马上要生了|本人因车祸致残|户主不在家""".replace(
        "\n", "|"
    ).split("|"),
)
def test_what_somebody_is_is_no_name(text: str) -> None:
    assert not [person.name for person in facts(text).people if person.name]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("我家一家三口,外加一个老娘", 4),
        ("一家四口人,再加一个瘫痪的爷爷", 5),
        ("我们老两口带俩孙子,没米了", 4),
        ("我和两个孩子没饭吃", 3),
        ("我带着三个孩子租房", 4),
        ("我和老公还有两个娃", 4),
        ("我一个人带俩娃", 3),
        ("夫妻俩加一个婆婆", 3),
        ("我和三位工友被欠薪", 4),
        ("一家五口,老人两个,孩子一个", 5),
        ("家里五口人,两个残疾", 5),
        ("我一个人在家,带着两条狗", 1),
        ("我和邻居吵架", None),
        ("我和孩子没地方住", None),
    ],
)
def test_those_who_come_on_top_are_counted(text: str, count: int | None) -> None:
    found = facts(text).count
    assert (found.value if found else None) == count
    assert found is None or found.quote in text


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("我在深圳打工,爸妈住老家云山县石桥镇上河村,两天没吃", "云山县石桥镇上河村"),
        ("我在外地,我妈一个人在老家青河县城关镇", "青河县城关镇"),
        ("我人在广州,老母亲在云山县柳林乡,没人管", "云山县柳林乡"),
        ("我和老公在东莞做工,孩子跟爷爷住青河县白马乡", "青河县白马乡"),
        ("我在上海上班,奶奶一个人在临江市和平路12号", "临江市和平路12号"),
        ("我从河南来,在临江市北站没钱回家", "临江市"),
        ("我是四川人,在温州打工被欠薪", "温州"),
        ("我是周口人,想问低保", None),
        ("我在深圳打工,没饭吃", "深圳"),
        ("我在东莞市长安镇打工被欠薪,户口在湖南邵阳", "东莞市长安镇"),
        ("我在临江市纺织厂上班,工资没发,老板是温州的", "临江市纺织厂"),
        ("我现在住威海市高区,户口在周口市", "威海市高区"),
    ],
)
def test_where_the_need_is_goes_before_where_somebody_works_or_comes_from(
    text: str, place: str | None
) -> None:
    assert facts(text).place == place
