"""Which household is this? Rules of the field, each on households of our own invention."""

import io

import orjson
import pytest

from triage.doors import Agreement
from triage.dwelling import read_dwelling
from triage.household_index import HouseholdIndex, Listed
from triage.household_lines import encoding_of, match_lines, read_registry
from triage.household_matching import read_home
from triage.name_field import read_called, read_names
from triage.phones import near_number, read_number
from triage.same_dwelling import compare_doors

ESTATE = "东门街道春熙社区文昌路8号院"
REGISTRY = (
    Listed("A1", "邱桂珍", ["邱桂珍", "邱小满"], ["13900001111"], "柳塘镇丰乐村3组12号", "T1"),
    Listed("A2", "邱桂芬", ["邱桂芬"], ["13900002222"], "柳塘镇丰乐村3组14号", "T1"),
    Listed("B1", "王芳", ["王芳", "韩立"], ["13900003333"], ESTATE + "2号楼1单元301室", "T2"),
    Listed("B2", "王芳", ["王芳"], ["13900004444"], ESTATE + "3号楼2单元201室", "T2"),
    Listed("C1", "顾长河", ["顾长河"], ["13900005555"], "东门街道文庙社区尚书巷5号", "T2"),
    Listed("C2", "顾小川", ["顾小川"], ["13900005555"], "柳塘镇竹溪村7号", "T1"),
    Listed("D1", "欧阳云", ["欧阳云"], [], "柳塘镇竹溪村二社45号", "T1", (81,)),
)  # fmt: skip


@pytest.fixture(scope="module")
def index():
    return HouseholdIndex(REGISTRY)


def ask(index, name="", phone="", address="", area="", age=None):
    query = read_home(
        names=(name,), phones=(phone,), address=address, area=area,
        ages=() if age is None else (age,),
    )  # fmt: skip
    return index.matches(query)


def best(index, **given):
    found = ask(index, **given)
    return found[0].household_id if found else None


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ({"phone": "13900001111"}, "A1"),
        ({"phone": "+86 139-0000-1111"}, "A1"),
        ({"phone": "１３９００００１１１１"}, "A1"),
        ({"name": "邱贵真", "address": "丰乐村三组十二号"}, "A1"),  # by ear
        ({"name": "邱婆婆", "address": "丰乐村三组12号"}, "A1"),  # an honorific
        ({"address": "柳塘镇丰乐村3组12号"}, "A1"),  # no name at all
        ({"name": "邱桂珍", "phone": "13900001117"}, "A1"),  # a slip in the number
        ({"name": "邱桂珍", "phone": "1390000111"}, "A1"),  # a digit is missing
        ({"name": "邱小滿", "address": "豐樂村12號"}, "A1"),  # a member, traditional characters
        ({"name": "王芳", "address": "文昌路8号院2栋1单元301"}, "B1"),
        ({"name": "王芳", "address": "文昌路8号院3幢2单元201室"}, "B2"),
        ({"name": "王芳", "address": "3#2单元201，文昌路8号，春熙社区"}, "B2"),  # turned round
        ({"name": "王芳", "address": "文昌路八号院 2-1-301"}, "B1"),
        ({"name": "韩立", "address": "春熙社区2号楼301"}, "B1"),  # the road is left out
        ({"name": "欧阳大爷", "address": "竹溪村二社45号"}, "D1"),
    ],
)
def test_a_garbled_query_finds_its_household_first(index, given, meant):
    assert best(index, **given) == meant


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"name": "王芳"},  # a name alone, and a common one
        {"name": "王芳", "address": "文昌路8号院5号楼1单元602"},  # a namesake in the same estate
        {"name": "邱桂珍", "address": "柳塘镇竹溪村90号"},  # a namesake in another village
        {"name": "胡大山", "address": "丰乐村3组13号"},  # a neighbour
        {"name": "胡大山", "phone": "13911112222", "address": "丰乐村"},
        {"name": "胡大山", "address": "柳塘镇丰乐村3组12号"},  # another family at the door
        {"address": "东门街道春熙社区"},
        {"phone": "13900001117"},  # nearly the number, and nothing else
        {"name": "欧阳云", "address": "竹溪村", "age": 35},  # a young namesake
    ],
)
def test_nobody_is_proposed_for_a_stranger(index, given):
    assert ask(index, **given) == []


def test_a_telephone_that_two_households_share_proposes_both_and_the_name_decides(index):
    assert {one.household_id for one in ask(index, phone="13900005555")} == {"C1", "C2"}
    found = ask(index, phone="13900005555", name="顾小川")
    assert found[0].household_id == "C2"


def test_age_tells_namesakes_apart(index):
    assert best(index, name="欧阳云", address="竹溪村", age=80) == "D1"


def test_every_match_says_what_it_rests_on_with_the_words_of_both(index):
    (match,) = ask(index, name="邱贵真", phone="13900001111", address="丰乐村三组十二号")
    why = match.as_json()["why"]
    assert set(why) == {"phone", "name", "address"}
    (name,) = [one for one in why["name"] if one["kind"] == "name_sound"]
    assert (name["query"], name["registry"]) == ("邱贵真", "邱桂珍")
    assert [one["kind"] for one in why["address"]] == ["place", "door"]
    assert 0.5 <= match.score <= 1


def test_at_most_five_are_proposed_and_never_in_an_order_of_chance():
    crowd = [
        Listed(f"F{at}", f"冯{name}", [], ["13900009999"], f"清水镇石桥村{at + 1}号", "")
        for at, name in enumerate("甲乙丙丁戊己庚辛")
    ]
    found = [one.household_id for one in ask(HouseholdIndex(crowd), phone="13900009999")]
    assert found == ["F0", "F1", "F2", "F3", "F4"]


@pytest.mark.parametrize(
    ("a", "b", "agreement"),
    [
        ("文昌路8号院2号楼1单元301室", "文昌路八号院2栋1单元301", Agreement.SAME),
        ("文昌路8号院2号楼1单元301室", "2-1-301", Agreement.SAME),
        ("2号楼3单元301", "3号楼2单元301", Agreement.DIFFERENT),
        ("2号楼3单元301", "2号楼3单元302", Agreement.DIFFERENT),
        ("5楼1室", "501", Agreement.SAME),
        ("2号楼301", "2号楼1单元301", Agreement.PART),
        ("丰乐村3组12号", "丰乐村三组十二号", Agreement.SAME),
        ("丰乐村3组12号", "丰乐村4组12号", Agreement.DIFFERENT),
        ("丰乐村12号", "丰乐村3组12号", Agreement.SAME),
        ("丰乐村", "丰乐村3组12号", Agreement.UNKNOWN),
        ("5楼2单元302室", "5栋2单元302", Agreement.SAME),
    ],
)
def test_two_writings_of_a_door(a, b, agreement):
    assert compare_doors(read_dwelling(a), read_dwelling(b)) is agreement
    assert compare_doors(read_dwelling(b), read_dwelling(a)) is agreement


@pytest.mark.parametrize(
    ("text", "name", "surname_only"),
    [
        ("王婆婆", "王", True),
        ("老王", "王", True),
        ("王某某", "王", True),
        ("歐陽大爺", "欧阳", True),
        ("王芳的妈妈", "王芳", False),
        ("王桂芳阿姨", "王桂芳", False),
        (" 王 芳 ", "王芳", False),
    ],
)
def test_a_name_is_read_without_what_stands_around_it(text, name, surname_only):
    called = read_called(text)
    assert (called.name, called.surname_only) == (name, surname_only)


def test_numbers_are_near_by_one_slip_only():
    assert near_number("13900001111", "13900001112")
    assert near_number("13900001211", "13900002111")
    assert near_number("1390000111", "13900001111")
    assert near_number("7654321", "05317654321")
    assert not near_number("13900001111", "13900002222")
    assert read_number("0531-7654321") == ("05317654321",)
    assert read_number("没有电话") == ()


@pytest.mark.parametrize("text", ["", "\x00", "号号号", "一" * 5000, "🏠🏠", "1" * 400, "-" * 900])
def test_nothing_that_is_written_breaks_the_reading(index, text):
    assert ask(index, name=text, phone=text, address=text) == []


HEADER = "household_id,head_name,members,phones,address,area\n"


def test_a_line_in_is_a_line_out_in_the_same_order():
    index = HouseholdIndex(
        read_registry(
            io.StringIO(HEADER + 'H1,邱桂珍,"邱桂珍;邱小满",13900001111,丰乐村3组12号,\n'), "r.csv"
        )
    )
    lines = ['{"id": 7, "phone": "13900001111"}', "", '{"id": "x", "name": "谁"}']
    first, second = match_lines(lines, "q", index)
    assert (first["id"], first["matches"][0]["household_id"]) == (7, "H1")
    assert second == {"id": "x", "matches": []}
    orjson.dumps(first)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "r.csv:1: the column 'household_id' is missing"),
        ("id,name\n1,a\n", "r.csv:1: the column 'household_id' is missing"),
        (HEADER + "H1,甲,,,,\nH1,乙,,,,\n", "r.csv:3: household_id 'H1' is also on line 2"),
        (HEADER + "H1,甲,,\n", "r.csv:2: 4 columns where the first line has 6"),
        (HEADER + ",甲,,,,\n", "r.csv:2: household_id is empty"),
    ],
)
def test_a_bad_registry_is_named_with_its_line(text, sentence):
    with pytest.raises(ValueError, match="^" + sentence):
        list(read_registry(io.StringIO(text), "r.csv"))


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("{", "q:1:2: not JSON"),
        ("[]", "q:1:1: not an object"),
        ('{"name": "甲"}', 'q:1:1: "id" is missing'),
        ('{"id": 1, "phone": 139}', 'q:1:1: "phone" is not text'),
        ('{"id": 1, "age": "x"}', 'q:1:1: "age" is no whole number'),
    ],
)
def test_a_bad_query_is_named_with_its_line(index, line, sentence):
    with pytest.raises(ValueError, match="^" + sentence):
        list(match_lines([line], "q", index))


def test_a_registry_of_the_region_s_spreadsheets_is_read():
    assert encoding_of(io.BytesIO("户主".encode("gb18030")), "r") == "gb18030"
    assert encoding_of(io.BytesIO("户主".encode("utf-8-sig")), "r") == "utf-8-sig"
    with pytest.raises(ValueError, match="not a text file"):
        encoding_of(io.BytesIO(b"\xff\xff\xff\x80"), "r")


@pytest.mark.parametrize(
    "field",
    ["户主邱桂珍", "邱桂珍（低保户）", "邱桂珍，女，76岁", "邱桂珍 76", "我妈邱桂珍", "邱 桂 珍",
     "邱桂珍大娘", "邱桂珍的邻居", "邱桂珍、邱小满"],
)  # fmt: skip
def test_what_stands_around_a_name_is_no_name(field):
    assert read_names(field)[0].name == "邱桂珍"


@pytest.mark.parametrize(
    "called", ["黄", "欧阳", "黄婶子", "宋大爷", "老董", "熊老太太", "令狐师傅", "邵某"]
)
def test_every_frequent_surname_leaves_an_honorific(called):
    person = read_called(called)
    assert person is not None
    assert person.surname_only


@pytest.mark.parametrize(
    ("told", "written"),
    [
        ("竹溪村贰社肆伍号", "竹溪村二社45号"),
        ("竹溪村第二村民组45号", "竹溪村2组45号"),
        ("我家住竹溪村二组45号", "竹溪村2组45号"),
        ("文昌路8号春熙苑11号2单元902室", "文昌路8号春熙苑11栋2单元902"),
        ("伍家庄伍组", "伍家庄村5组"),
        ("丰乐行政村3组", "丰乐村3组"),
    ],
)
def test_one_door_in_two_writings_is_one_door(told, written):
    one, two = read_dwelling(told), read_dwelling(written)
    assert [name.sound for name in one.names] == [name.sound for name in two.names]
    numbers = ("house", "group", "building", "unit", "loose", "floor", "room")
    assert [getattr(one, n) for n in numbers] == [getattr(two, n) for n in numbers]


def test_a_slip_in_the_name_of_a_village_keeps_its_door_and_another_village_does_not(index):
    assert best(index, name="邱桂珍", address="柳塘镇丰东村3组12号") == "A1"
    assert best(index, name="邱桂珍", address="柳塘镇石门村3组12号") is None


def test_the_year_of_a_birth_is_not_held_against_an_age(index):
    assert best(index, name="欧阳云", address="竹溪村二社", age=1945) == "D1"


def test_numbers_without_a_place_say_little(index):
    assert best(index, name="邱桂珍", address="3组12号") == "A1"
    assert best(index, address="3组12号") is None
