"""The codes by which households are known are data, with their source."""

import pytest

from referral.policy import PolicyError, load_policy
from tests import shipped

NINE = "低保 特困 临时救助 残疾人 困境儿童 三留守 建档立卡贫困 低收入家庭 流浪乞讨"  # Weihai 2020
LAW = "特困 低保 低保边缘 刚性支出困难 受灾 临时困难 疾病应急 生活无着"  # Art. 13


@pytest.mark.parametrize("word", [*NINE.split(), *LAW.split()])
def test_every_group_that_a_source_names_is_a_category(word):
    assert any(word in (one.name_zh, *one.aliases) for one in shipped.policy().categories.values())


def test_no_two_categories_answer_to_one_word():
    words = [
        word
        for one in shipped.policy().categories.values()
        for word in {one.code, one.name_zh, one.name_en, *one.aliases}
    ]
    assert sorted(words) == sorted(set(words))


def test_a_county_may_add_its_own_and_must_name_the_source(tmp_path):
    row = '[[category]]\ncode = "veteran"\nname_zh = "优抚对象"\nname_en = "veteran"\n'
    (tmp_path / "categories.toml").write_text(row + 'family = "care"\n', "utf-8")
    with pytest.raises(PolicyError, match=r"names its own source"):
        load_policy(overlay=tmp_path)
    more = 'family = "care"\nsource = "县政府2025"\ntag = "L"\n'
    (tmp_path / "categories.toml").write_text(row + more, "utf-8")
    assert load_policy(overlay=tmp_path).categories["veteran"].name_zh == "优抚对象"
