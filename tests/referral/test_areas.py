"""Places are found as people name them, and never guessed."""

import csv
import timeit
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral.areas import Area, Gazetteer

CSV = Path(__file__).parents[2] / "gateway/demo/areas.csv"


def demo() -> tuple[Area, ...]:
    with CSV.open(encoding="utf-8", newline="") as file:
        return tuple(
            Area(
                code=row["code"],
                kind=row["kind"],
                name=row["name"],
                parent=row["parent"] or None,
                aliases=tuple(filter(None, row["aliases"].split(";"))),
                latitude=float(row["latitude"]),
                longitude=float(row["longitude"]),
            )
            for row in csv.DictReader(file)
        )


AREAS = demo()
COUNTY = Gazetteer(AREAS)
BY_CODE = {area.code: area for area in AREAS}


def place(text: str, hint: str | None = None) -> str | None:
    found = COUNTY.locate(text, hint)
    return (
        "/".join(area.name for area in reversed(COUNTY.path(found.area.code)[:-1]))
        if found
        else None
    )


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("我住柳湾镇藕塘村三组，屋顶塌了", "柳湾镇/藕塘村"),
        ("藕塘村那边断水两天", "柳湾镇/藕塘村"),
        ("藕塘这边断水两天", "柳湾镇/藕塘村"),
        ("柳湾的，老人没人管", "柳湾镇"),
        ("柳湾村的，老人没人管", "柳湾镇/柳湾村"),
        ("柳湾集上有个要饭的", "柳湾镇"),
        ("石桥镇张庄村老段家", "石桥镇/张庄村"),
        ("双河张庄老段家", "双河镇/张庄村"),
        ("张庄村在双河镇这边", "双河镇/张庄村"),
        ("锦绣小区3号楼", "滨河街道/锦绣社区"),
        ("滨河办的望月居委会不给办", "滨河街道/望月社区"),
        ("棉纺厂家属院有人晕倒", "南门街道/纺织社区"),
        ("栗子坪村第二网格", "青山镇/栗子坪村/栗子坪村第二网格"),
        ("云岭乡布依寨下雪封山", "云岭乡/布依寨村"),
        ("北石桥村桥断了", "石桥镇/北石桥村"),
        ("从清泉镇搬到石桥镇窑头村了", "石桥镇/窑头村"),
        ("我住雙河鎮張莊村，冇人理", "双河镇/张庄村"),
        ("雲嶺鄉羊圈村封山了", "云岭乡/羊圈村"),
        ("和平社区七号院", ""),
        ("没有说地方，就是饿", None),
        ("", None),
    ],
)
def test_a_place_is_found_as_it_is_named(text: str, where: str | None) -> None:
    assert place(text) == where


def test_one_name_in_two_townships_is_only_what_both_lie_in() -> None:
    found = COUNTY.locate("张庄村的老段")
    assert found is not None
    assert (found.area.code, found.township, found.certainty) == ("W", None, 0.5)


@pytest.mark.parametrize(
    ("hint", "code"),
    [("W0403", "W0403"), ("W07", "W0703"), ("双河镇", "W0703"), ("W0405", "W0403")],
)
def test_the_reporters_own_area_decides_between_equal_names(hint: str, code: str) -> None:
    found = COUNTY.locate("张庄村的老段", hint)
    assert found is not None
    assert (found.area.code, found.certainty) == (code, 0.7)


def test_the_nearer_of_two_equal_names_is_taken_when_the_place_is_known() -> None:
    village = BY_CODE["W0703"]
    assert village.latitude is not None
    assert village.longitude is not None
    found = COUNTY.locate("张庄村", location=(village.latitude + 0.01, village.longitude))
    assert found is not None
    assert found.area.code == "W0703"


def test_words_beat_hint_and_location() -> None:
    far = BY_CODE["W1003"]
    assert far.latitude is not None
    assert far.longitude is not None
    found = COUNTY.locate("人在藕塘村", "W0905", (far.latitude, far.longitude))
    assert found is not None
    assert found.area.name == "藕塘村"


def test_a_point_alone_gives_the_nearest_village_and_a_far_one_nothing() -> None:
    village = BY_CODE["W0905"]
    assert village.latitude is not None
    assert village.longitude is not None
    found = COUNTY.locate("救命", location=(village.latitude, village.longitude))
    assert found is not None
    assert (found.area.code, found.quote) == ("W0905", "")
    assert COUNTY.locate("救命", location=(39.9, 116.4)) is None


def test_a_hint_alone_is_the_place_of_who_reports() -> None:
    found = COUNTY.locate("老人瘫在床上没火", "W090502")
    assert found is not None
    assert (found.area.code, found.village, found.township) == (
        "W090502",
        BY_CODE["W0905"],
        BY_CODE["W09"],
    )


def test_the_quote_is_in_the_text() -> None:
    text = "我在柳湾镇的藕塘村"
    found = COUNTY.locate(text)
    assert found is not None
    assert found.quote in text
    assert found.certainty == 1.0


def test_the_quote_keeps_the_characters_the_person_wrote() -> None:
    found = COUNTY.locate("阿婆在柳灣鎮藕塘村")
    assert found is not None
    assert found.quote == "藕塘村"
    town = COUNTY.locate("阿婆在柳灣鎮")
    assert town is not None
    assert town.quote == "柳灣鎮"


@pytest.mark.parametrize(
    "text",
    [
        "老百姓就盼个和平",
        "火车站在石门路那头",
        "柳湾路堵车",
        "文庙小学放假",
        "只能喝冷水",
        "在外打鱼为生",
        "大石桥那边",
        "青山区的房子",
        "白马花园的物业",
        "藕塘新城的开发商",
    ],
)
def test_a_common_word_or_a_street_is_no_place(text: str) -> None:
    assert COUNTY.locate(text) is None


def test_a_short_name_alone_is_less_certain_than_beside_its_township() -> None:
    alone, beside = COUNTY.locate("藕塘断水了"), COUNTY.locate("柳湾镇藕塘断水了")
    assert alone is not None
    assert beside is not None
    assert alone.area == beside.area
    assert (alone.certainty, beside.certainty) == (0.6, 0.9)


def test_paths_and_containment() -> None:
    assert [area.code for area in COUNTY.path("W030602")] == ["W030602", "W0306", "W03", "W"]
    assert COUNTY.within("W030602", "W03")
    assert not COUNTY.within("W030602", "W04")
    assert not COUNTY.within("nowhere", "W")
    with pytest.raises(KeyError):
        COUNTY.path("nowhere")


def test_every_unambiguous_village_is_found_by_township_and_name() -> None:
    for area in AREAS:
        if area.kind == "village":
            township = BY_CODE[area.parent or ""]
            found = COUNTY.locate(f"您好，{township.name}{area.name}有情况")
            assert found is not None
            assert found.area == area


def test_a_county_without_a_list_finds_nothing_and_fails_at_nothing() -> None:
    assert Gazetteer(()).locate("柳湾镇藕塘村", "W03", (33.7, 112.4)) is None


def test_a_list_that_hangs_in_the_air_is_refused() -> None:
    with pytest.raises(ValueError, match="does not exist"):
        Gazetteer([Area("a", "village", "甲村", "b")])
    with pytest.raises(ValueError, match="lies in itself"):
        Gazetteer([Area("a", "village", "甲村", "b"), Area("b", "village", "乙村", "a")])


@given(st.text(alphabet="柳湾石桥张庄村镇社区和平河南门一二三号楼，。我在的路x", max_size=60))
def test_any_words_give_a_place_of_the_list_or_none(text: str) -> None:
    found = COUNTY.locate(text)
    assert found is None or (found.area in AREAS and found.quote in text)


def test_a_hundred_characters_cost_microseconds() -> None:
    text = ("我母亲一个人住在藕塘村三组，这两天一直下雨，屋顶漏得厉害，村里也没有人来看。" * 3)[
        :100
    ]
    best = min(timeit.repeat(lambda: COUNTY.locate(text), number=2_000, repeat=5)) / 2_000
    assert best < 1e-3  # about 10 µs on an idle core; a walk over all areas takes far longer
