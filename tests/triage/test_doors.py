"""Two writings of one door are the same door."""

import pytest

from triage.doors import Agreement, Flat, compare_flats, read_address, shared_places
from triage.text import plain


def flat(text: str) -> Flat:
    return read_address(plain(text)).flat


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3 单元 501", Flat(("3",), "5", "501")),
        ("三单元五零一室", Flat(("3",), "5", "501")),
        ("3-501", Flat(("3",), "5", "501")),
        ("1-2-301", Flat(("1", "2"), "3", "301")),
        ("12栋2单元1102", Flat(("12", "2"), "11", "1102")),
        ("十二号楼二单元十一楼", Flat(("12", "2"), "11", "")),
        ("7幢4单元19楼1室", Flat(("7", "4"), "19", "1")),
        ("五號樓", Flat(("5",), "", "")),
        ("2026-10-01", Flat()),
        ("电话13612340917", Flat()),
        ("3楼下有人", Flat()),
    ],
)
def test_a_door_is_read_in_any_writing(text: str, expected: Flat) -> None:
    assert flat(text) == expected


@pytest.mark.parametrize(
    ("a", "b", "agreement"),
    [
        ("3单元501", "3-501", Agreement.SAME),
        ("5号楼2单元402", "五栋二单元402室", Agreement.SAME),
        ("5号楼402", "五栋二单元402室", Agreement.SAME),
        ("501室", "3-501", Agreement.PART),
        ("3号楼五楼", "3-501", Agreement.PART),
        ("2-301", "3-201", Agreement.DIFFERENT),
        ("2单元301", "2单元302", Agreement.DIFFERENT),
        ("5号楼", "6号楼", Agreement.DIFFERENT),
        ("", "3-501", Agreement.UNKNOWN),
    ],
)
def test_doors_agree_when_what_both_give_agrees(a: str, b: str, agreement: Agreement) -> None:
    assert compare_flats(flat(a), flat(b)) is agreement
    assert compare_flats(flat(b), flat(a)) is agreement


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("和平路12号院3单元501", [("和平", "road", "12")]),
        ("我住平安里和平路十二号", [("平安", "estate", ""), ("和平", "road", "12")]),
        ("石桥镇柳湾村21号", [("石桥", "town", ""), ("柳湾", "village", "21")]),
        (
            "望河县城南区北原庄村",
            [("望河", "region", ""), ("城南", "region", ""), ("北原庄", "village", "")],
        ),
        ("人民医院急诊", [("人民", "landmark", "")]),
        ("呼吁政府关注，她迷路了，在家里", []),
    ],
)
def test_places_are_read_with_kind_and_house_number(
    text: str, names: list[tuple[str, ...]]
) -> None:
    found = [(place.name, place.kind, place.house) for place in read_address(plain(text)).places]
    assert found == names


def test_words_before_a_name_do_not_make_it_another_place() -> None:
    a, b = read_address("困在滨河路45号"), read_address("平安里滨河路45号")
    assert shared_places(a.near, b.near)
    assert not shared_places(a.near, read_address("滨江路45号").near)
