"""Facts of people, place and time are read as people write them; nothing is read into a text."""

import json
import time
from datetime import datetime

import pytest
from hypothesis import strategies as st

from tests.drawn import for_all
from triage.assess import Context, assess
from triage.facts import Facts, read_facts
from triage.policy import load_signals
from triage.text import fold

POLICY = load_signals()
AT = datetime.fromisoformat("2026-11-22T03:10:00+08:00")  # a Sunday


def facts(text: str) -> Facts:
    return assess(text, Context(at=AT), POLICY).facts


@pytest.mark.parametrize(
    ("text", "phones"),
    [
        ("一三八 零零一三 八零零零", ("13800138000",)),
        ("138零零幺三8000", ("13800138000",)),
        ("+86 138-0013-8000", ("13800138000",)),
        ("(0355)3123456转801", ("03553123456-801",)),
        ("０７３１－８７６５４３２１", ("073187654321",)),
        ("400-820-8820", ("4008208820",)),
        ("电话6234567", ("6234567",)),
        ("先打13900139000再打010-62345678", ("13900139000", "01062345678")),
        ("一二三四五六七八九十", ()),
        ("订单号20260101123456789", ()),
        ("体温38.5,血压180/110", ()),
    ],
)
def test_a_number_is_read_as_it_is_spoken_or_written(text: str, phones: tuple[str, ...]) -> None:
    assert facts(text).phones == phones


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("父亲张建国七十七岁,母亲李秀兰七十五岁", [("张建国", 77), ("李秀兰", 75)]),
        ("我叫王建军,我妈刘桂香82岁了,一个人在家", [("王建军", None), ("刘桂香", 82)]),
        ("患者陈小丽,女,34岁,高烧三天", [("陈小丽", 34)]),
        ("李红 45 石桥镇柳树村 高烧", [("李红", 45)]),
        ("求助信息李红45石桥镇柳树村", [("李红", 45)]),
        ("周大山、吴桂花 71岁、69岁,断粮了", [("周大山", 71), ("吴桂花", 69)]),
        ("周大山吴桂花71岁69岁石桥镇", [("周大山", 71), ("吴桂花", 69)]),
        ("我媽王某八十歲", [("王某", 80)]),
        ("父親張建國七十七歲", [("張建國", 77)]),
        ("老伴赵××瘫在床上", [("赵××", None)]),
        ("我妈77岁,瘫在床上", [(None, 77)]),
        ("72岁的母亲没人管", [(None, 72)]),
        ("我今年十二岁", [(None, 12)]),
        ("姓名欧阳建华", [("欧阳建华", None)]),
        ("独居老人周大娘(86岁)倒在家里", [(None, 86)]),
    ],
)
def test_those_in_need_are_named_with_their_age(
    text: str, people: list[tuple[str | None, int | None]]
) -> None:
    assert [(person.name, person.age) for person in facts(text).people] == people


@pytest.mark.parametrize(
    "text",
    [
        "体温39度,患者高烧不退",
        "任何方面都没人管",
        "我妈马上就要断药了",
        "老人安全吗",
        "胡书记您好,请问低保怎么办",
        "全长1108米,容积率高达6.42",
        "路灯坏了,请来修",
        "石桥镇柳树村三组断水",
        "病人常年卧床",
    ],
)
def test_no_word_is_taken_for_a_name(text: str) -> None:
    assert [person.name for person in facts(text).people if person.name] == []


@pytest.mark.parametrize(
    "text", ["联系人:孙丽 15800001111", "李明15900001111", "小区叫阳光100,电梯坏了"]
)
def test_no_number_is_taken_for_an_age(text: str) -> None:
    found = facts(text)
    assert [person.age for person in found.people if person.age] == []
    assert not found.minor
    assert not found.elder


def test_whom_to_telephone_is_not_who_is_in_need() -> None:
    found = facts("周大山,71岁,断粮三天。联系人吴强13800138000")
    assert [person.name for person in found.people] == ["周大山"]
    assert found.contacts == ("吴强",)
    assert found.phones == ("13800138000",)


def test_what_a_person_is_to_the_writer_is_kept() -> None:
    assert [p.relation for p in facts("父亲张建国77岁,我女儿3岁").people] == ["父亲", "女儿"]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("我们三个人困在房顶", 3),
        ("一家五口断粮了", 5),
        ("4大2小困在车里", 6),
        ("两个大人三个孩子没水喝", 5),
        ("母子二人没地方住", 2),
        ("五口人在村委会打地铺", 5),
        ("被困12人", 12),
        ("十二名工人被困", 12),
        ("我们俩没吃的", 2),
        ("我一个人在家", 1),
        ("断粮0人", None),
        ("好几个人被困", None),
        ("路灯坏了", None),
        ("三个人大代表的建议", None),
    ],
)
def test_the_number_of_people_is_counted(text: str, count: int | None) -> None:
    found = facts(text).count
    assert (found.value if found else None) == count
    assert found is None or found.quote in text


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("在山西省临汾市东山县石桥镇柳树村三组断水", "山西省临汾市东山县石桥镇柳树村三组"),
        (
            "武汉市江岸区新河街平安小区3栋2单元501室没人管",
            "武汉市江岸区新河街平安小区3栋2单元501室",
        ),
        ("武汉 江岸区平安小区3栋2单元501 断药了", "武汉 江岸区平安小区3栋2单元501"),
        ("李红45东山县石桥镇柳树村2月26号发烧", "东山县石桥镇柳树村"),
        ("江岸区锦绣中北b座1204", "江岸区锦绣中北b座1204"),
        ("平安小区18-2-501", "平安小区18-2-501"),
        ("和平路28号院甲3楼门口躺着个人", "和平路28号院甲3楼门口"),
        ("人民路和解放路交叉口有人晕倒", "人民路和解放路交叉口"),
        ("老人在华联超市旁边", "华联超市旁边"),
        ("我住老粮站后头,冇得吃了", "老粮站后头"),
        ("柳树村里断水两天", "柳树村"),
        ("柳树村民没水喝", "柳树村"),
        ("老人在石橋鎮柳樹村,冇人理", "石橋鎮柳樹村"),
        ("火车站附近有人晕倒", "火车站附近"),
        ("从昨天开始没水", None),
        ("水到二楼了", None),
        ("24号到现在没吃饭", None),
        ("孩子在学校发烧", None),
    ],
)
def test_a_place_is_read_down_to_the_flat(text: str, place: str | None) -> None:
    assert facts(text).place == place


def test_where_one_lives_goes_before_where_one_comes_from() -> None:
    text = "户籍石桥镇张庄村,现住滨河街道望月小区3栋2单元401"
    assert facts(text).place == "滨河街道望月小区3栋2单元401"


def test_an_address_comes_apart_into_its_parts() -> None:
    assert facts("浙江省宁波市镇海区招宝山街道城河路12号平安公寓3号楼2单元5楼501室").address == {
        "prov": "浙江省",
        "city": "宁波市",
        "district": "镇海区",
        "town": "招宝山街道",
        "road": "城河路",
        "roadno": "12号",
        "poi": "平安公寓",
        "houseno": "3号楼",
        "cellno": "2单元",
        "floorno": "5楼",
        "roomno": "501室",
    }
    assert facts("东山县石桥镇柳树村三组").address == {
        "district": "东山县",
        "town": "石桥镇",
        "community": "柳树村",
        "group": "三组",
    }


@pytest.mark.parametrize(
    ("text", "quote", "day"),
    [
        ("从昨天开始没水", "昨天", "2026-11-21"),
        ("断粮两天了", "两天", "2026-11-20"),
        ("1.24发烧到现在", "1.24", "2026-01-24"),
        ("12月3号开始咳嗽", "12月3号", "2025-12-03"),
        ("2020年1月26日发病", "2020年1月26日", "2020-01-26"),
        ("上周三停的水", "上周三", "2026-11-11"),
        ("停水半个月了", "半个月", "2026-11-07"),
        ("正月初三开始没吃的", "正月初三", None),
        ("停电两个小时了", "两个小时", None),
    ],
)
def test_since_when_is_quoted_and_reckoned(text: str, quote: str, day: str | None) -> None:
    since = facts(text).since
    assert since is not None
    assert since.quote == quote
    assert (str(since.value) if since.value else None) == day


@pytest.mark.parametrize(
    "text",
    [
        "体温38.5",
        "三天内办结",
        "每天打120",
        "住12号楼",
        "东山路24号停水",
        "5分钟后到",
        "孩子3个月大",
    ],
)
def test_no_number_is_taken_for_a_time(text: str) -> None:
    assert facts(text).since is None


def test_without_the_time_of_the_words_only_a_whole_date_is_reckoned() -> None:
    since = assess("昨天开始没水", Context(), POLICY).facts.since
    assert since is not None
    assert (since.quote, since.value) == ("昨天", None)
    assert assess("2020年2月30日发病", Context(), POLICY).facts.since is not None


@pytest.mark.parametrize(
    ("text", "minor", "pregnant", "disabled", "devices"),
    [
        ("我老婆怀孕七个月", False, True, False, ()),
        ("没有怀孕,就是肚子疼", False, False, False, ()),
        ("我不是孕妇", False, False, False, ()),
        ("我爸上着呼吸机,停电了", False, False, False, ("呼吸机",)),
        ("家里没有呼吸机", False, False, False, ()),
        ("胰岛素放冰箱里,停电了", False, False, False, ("胰岛素放冰箱",)),
        ("家里没有残疾人", False, False, False, ()),
        ("老张坐轮椅", False, False, True, ()),
        ("家里没有小孩", False, False, False, ()),
        ("我女儿在外地打工,我没人管", False, False, False, ()),
        ("女儿发烧39度", True, False, False, ()),
        ("我12岁", True, False, False, ()),
    ],
)
def test_only_what_is_affirmed_counts(
    text: str, minor: bool, pregnant: bool, disabled: bool, devices: tuple[str, ...]
) -> None:
    found = facts(text)
    assert (found.minor, found.pregnant, found.disabled) == (minor, pregnant, disabled)
    assert found.devices == devices
    assert found.device == bool(devices)


def test_the_facts_leave_as_the_interface_says() -> None:
    out = facts("张桂英,76岁,住石桥镇柳树村,断粮两天,13800138000").as_json()
    assert out["phones"] == ["13800138000"]
    assert out["people"] == [{"name": "张桂英", "age": 76, "relation": None}]
    assert out["place"] == "石桥镇柳树村"
    assert out["since"] == {"quote": "两天", "date": "2026-11-20"}
    assert json.dumps(out)


@for_all(st.text(st.characters(codec=None, exclude_categories=()), max_size=200), many=200)
def test_any_text_has_facts_of_its_own_words(text: str) -> None:
    found = facts(text)
    quotes = [q.quote for q in (found.count, found.since) if q is not None]
    places = [found.place] if found.place else []
    names = [person.name for person in found.people if person.name]
    assert all(words in text for words in [*quotes, *places, *names, *found.address.values()])


PIECES = st.sampled_from(
    [
        *("石桥镇", "柳树村", "三组", "张三", "76岁", "住在", "武汉市", "路", "号", "楼1", "1-2-3"),
        *(",", "、", "。", " ", "138", "幺三八", "2月26号", "1.24", "两天了", "没有怀孕", "呼吸机"),
        *("一家五口", "姓名", "联系人", "×", "某", "某某", "省", "区", "县", "(", "爸", "男", "7"),
    ]
)


@for_all(st.lists(PIECES, max_size=40).map("".join), many=300)
def test_pieces_of_facts_in_any_order_are_read(text: str) -> None:
    found = facts(text)
    assert found.place is None or found.place in text


@pytest.mark.thorough
@pytest.mark.parametrize(
    "piece",
    [
        "1",
        "一",
        "岁",
        "张1",
        "路",
        "县区",
        "楼1",
        "栋单元室",
        "1-",
        "、1",
        "姓名",
        "幺三八",
        "两天",
    ],
)
def test_a_hundred_thousand_hostile_characters_take_linear_time(piece: str) -> None:
    def seconds(length: int) -> float:
        text = (piece * length)[:length]
        folded = fold(text)
        scan = POLICY.matcher.scan(folded)
        best = 9.0
        for _ in range(2):
            began = time.process_time()
            read_facts(text, folded, scan, place=None, at=AT)
            best = min(best, time.process_time() - began)
        return best

    assert seconds(100_000) < 10
    assert seconds(40_000) < 40 * max(seconds(5000), 0.005)


def test_facts_at_the_end_of_a_very_long_text_are_its_own_words() -> None:
    text = "今天天气不错。" * 20_000 + "我住石桥镇柳树村三组,断粮两天了"
    found = facts(text)
    assert found.place == "石桥镇柳树村三组"
    assert found.since is not None
    assert found.since.quote == "两天"
