"""What a text states is read; what recognises a person is masked."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.assess import Context, assess
from triage.policy import load_signals
from triage.redact import redact

POLICY = load_signals()


@pytest.mark.parametrize(
    ("text", "phones"),
    [
        ("电话13800138000", ("13800138000",)),
        ("138 0013 8000找我", ("13800138000",)),
        ("１３８００１３８０００", ("13800138000",)),
        ("幺三八零零幺三八零零零", ("13800138000",)),
        ("座机010-62345678", ("01062345678",)),
        ("身份证110101199001011234", ()),
        ("没有电话", ()),
    ],
)
def test_a_telephone_number_is_read_in_any_writing(text: str, phones: tuple[str, ...]) -> None:
    assert assess(text, Context(), POLICY).facts.phones == phones


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("我家在东山县石桥镇柳树村三组,没水喝", "东山县石桥镇柳树村三组"),
        ("【地址】卫城镇王村二组12号,老人被困", "卫城镇王村二组12号"),
        ("住平安里和平路十二号3-501,断粮了", "平安里和平路十二号3-501"),
        ("心里难受", None),
    ],
)
def test_an_address_is_read_as_it_is_written(text: str, place: str | None) -> None:
    assert assess(text, Context(), POLICY).facts.place == place


def test_the_place_the_channel_knows_stands_when_the_text_names_none() -> None:
    assert assess("断粮了", Context(place="下湾村"), POLICY).facts.place == "下湾村"


def test_a_name_and_an_age_are_read_where_they_are_stated() -> None:
    facts = assess("我叫张桂英,76岁,断粮了", Context(), POLICY).facts
    assert [(p.name, p.age) for p in facts.people] == [("张桂英", 76)]
    assert facts.elder


def test_a_child_who_writes_is_a_minor() -> None:
    assert assess("我12岁,我继父晚上进我房间", Context(), POLICY).facts.minor


@given(st.text())
def test_redaction_keeps_length_and_everything_but_digits(text: str) -> None:
    masked = redact(text)
    assert len(masked) == len(text)
    assert all(a in (b, "*") for a, b in zip(masked, text, strict=True))


@given(
    st.text("。,我家电话 \n", max_size=8),
    st.sampled_from(["0123456789", "０１２３４５６７８９", "٠١٢٣٤٥٦٧٨٩"]),
    st.from_regex(r"1[3-9][0-9]{9}|[1-9][0-9]{16}[0-9X]|62[0-9]{14,17}", fullmatch=True),
    st.text("。,我家电话 \n", max_size=8),
)
def test_no_mobile_identity_or_card_number_is_left(
    before: str, digits: str, number: str, after: str
) -> None:
    written = "".join(digits[int(c)] if c.isdigit() else c for c in number)
    masked = unicodedata.normalize("NFKC", redact(before + written + after))
    shown = "".join(str(unicodedata.digit(c, c)) for c in masked)
    assert not re.search(r"\d{11}|\d{17}[\dX]", shown)
    assert number not in shown


def test_a_spaced_and_a_spoken_number_are_masked_too() -> None:
    assert redact("138 0013 8000") == "138 **** 8000"
    assert "零零幺三八" not in redact("幺三八零零幺三八零零零")
