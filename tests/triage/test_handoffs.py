"""The lines that danger is handed to fit the situation, the most pressing first."""

from pathlib import Path

import pytest

from triage.assess import Context, assess
from triage.handoffs import Line, handoff, read_lines
from triage.policy import check, load_signals

POLICY = load_signals()


def lines(text: str) -> tuple[str, ...]:
    return assess(text, Context(), POLICY).handoff


@pytest.mark.parametrize(
    "text",
    [
        "侄女拿刀片划破了手腕,一直淌血",
        "我把一盒安定都吃了",
        "大爷把除草剂灌下去了",
        "姐姐吞了几十片感冒药",
        "老婆割腕了,在厕所",
        "妹子吃了老鼠药",
        "孩子留了遗书,药都吃下去了",
    ],
)
def test_what_is_cut_or_swallowed_is_for_the_ambulance_first(text: str) -> None:
    assert lines(text)[0] == "120"


@pytest.mark.parametrize(
    "text",
    [
        "我想喝农药,一了百了",
        "刀在手里,想割腕",
        "我准备喝药了",
        "如果不批我就喝农药",
        "药已经放桌上了,对不起",
        "我不想活了",
    ],
)
def test_what_is_only_meant_is_for_the_police_first(text: str) -> None:
    assert lines(text)[0] == "110"


@pytest.mark.parametrize(
    "text",
    [
        "胰岛素用完了,没钱买",
        "儿子一型糖,针剂断供两天,吐",
        "家里冰箱坏了,胰岛素放不住",
        "呼吸机坏了,老人脸发紫",
        "抗癫痫药没了,娃抽起来了",
    ],
)
def test_a_medicine_without_a_power_cut_is_not_for_the_power_company(text: str) -> None:
    assert "120" in lines(text)
    assert "95598" not in lines(text)


@pytest.mark.parametrize(
    "text",
    [
        "没电了,制氧机停了",
        "变电箱烧了,我爱人用着呼吸机",
        "村里停电三天,我奶奶在家输氧",
        "停电两天,冰箱里的胰岛素要坏了",
    ],
)
def test_a_power_cut_that_endangers_somebody_is_for_the_power_company_too(text: str) -> None:
    assert "95598" in lines(text)


@pytest.mark.parametrize(
    "text",
    [
        "面包车撞上护栏,司机昏过去了",
        "摩托车把老太太撞倒了,头上流血",
        "我骑电动车被轿车刮倒了,腿断了",
        "有人被车撞飞了,快来",
        "老公送货翻了车,腰断了躺在乡卫生院,对方没保险",
        "货车追尾,驾驶室里的人卡住了",
    ],
)
def test_a_crash_with_hurt_people_is_for_the_ambulance_and_the_traffic_police(text: str) -> None:
    found = lines(text)
    assert found.index("120") < found.index("122")


@pytest.mark.parametrize(
    "text",
    [
        "车间里机器把手压断了,血止不住",
        "去年车祸后一直瘫着,今天突然喘不上气",
        "爸爸从楼梯上摔下来不动了",
    ],
)
def test_an_accident_of_another_kind_is_not_for_the_traffic_police(text: str) -> None:
    assert "120" in lines(text)
    assert "122" not in lines(text)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("液化气泄漏,楼道都闻到了", ("119",)),
        ("天然气味好大,我不敢开灯", ("119",)),
        ("热水器煤气中毒,我姐不省人事", ("120", "119")),
        ("屋里生炭火,爷爷奶奶都熏倒了", ("120", "119")),
        ("沼气池里两个人晕过去了", ("120", "119")),
    ],
)
def test_gas_is_for_the_fire_brigade_and_the_poisoned_for_the_ambulance_first(
    text: str, wanted: tuple[str, ...]
) -> None:
    assert lines(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("着火了,我爸烧伤了", {"119", "120"}),
        ("工地塌方埋了两个人", {"119", "120"}),
        ("三楼着火了,楼道全是烟", {"119"}),
        ("孩子被后爸打得骨折", {"110", "120"}),
        ("爷爷糊涂了,早上出门没回来", {"110"}),
        ("我妈跳河了", {"110", "119", "120", "12356"}),
        ("厕所里捡到一个婴儿", {"110", "120"}),
        ("桥洞下流浪老人冻僵了叫不醒", {"120"}),
        ("我心里堵得慌,想找人说说话", {"12356"}),
        ("小区停水半天", set()),
    ],
)
def test_each_situation_has_its_lines(text: str, wanted: set[str]) -> None:
    assert set(lines(text)) == wanted


def test_a_county_changes_a_line_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "handoff.toml").write_text(
        '[[line]]\nid = "H.gas"\nlines = ["119", "96777"]\n', "utf-8"
    )
    policy = load_signals(tmp_path)
    assert assess("液化气泄漏,楼道都闻到了", Context(), policy).handoff == ("119", "96777")
    assert not check(policy)


@pytest.mark.parametrize("row", POLICY.lines, ids=lambda row: row.words.id)
def test_the_examples_of_a_shipped_row_are_handed_to_somebody(row: Line) -> None:
    assert row.words.examples
    assert all(lines(text) for text in row.words.examples)


def test_rules_that_make_a_danger_quiet_leave_the_shipped_lines_right(tmp_path: Path) -> None:
    (tmp_path / "signals.toml").write_text("[experience]\nalarm = 99.0\npart = 99.0\n", "utf-8")
    problems = check(load_signals(tmp_path))
    assert not [problem for problem in problems if problem.startswith("handoff.toml")]


def test_an_example_of_a_countys_own_line_must_be_handed_over(tmp_path: Path) -> None:
    (tmp_path / "handoff.toml").write_text(
        '[[line]]\nid = "H.own"\nput = "also"\nwords = ["路灯"]\nlines = ["119"]\n'
        'cite = "x"\ntag = "P"\nexamples = ["路灯坏了"]\n',
        "utf-8",
    )
    assert any("H.own" in problem for problem in check(load_signals(tmp_path)))


def test_a_row_that_cannot_be_read_is_named_in_one_sentence() -> None:
    row = {"id": "H.1", "words": ["水"], "lines": ["119"], "cite": "x", "tag": "P"}
    with pytest.raises(ValueError, match=r"handoff\.toml: H\.1: put"):
        read_lines([row])
    with pytest.raises(ValueError, match=r"handoff\.toml: H\.1: lines"):
        read_lines([{**row, "put": "also", "lines": []}])


def test_nothing_urgent_is_handed_to_nobody() -> None:
    assert handoff([], [], POLICY.lines) == ()
