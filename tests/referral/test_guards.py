"""The guards of aid: they warn by data, ask for a reason, name who decides, and stop no help that
a body needs."""

from datetime import date

import pytest

from referral.guards import (
    DECISION,
    NOTE,
    REASON,
    Earlier,
    Grant,
    asks,
    essential,
    fen,
    guards,
    shown,
)
from referral.policy import load_policy
from tests import shipped

BASE, LINFEN = shipped.policy(), shipped.policy("linfen")
WEIHAI = shipped.policy("weihai_shandong")
DAY = date(2026, 10, 20)


def grant(yuan: float = 500, **more: object) -> Grant:
    told: dict = {
        "amount_fen": fen(yuan), "service": "temp_emergency", "need": "living", "cause": "illness",
        "fund": "temp_aid", "by_township": True,
    }  # fmt: skip
    return Grant(**{**told, **more})


def had(yuan: float, *, cause: str = "fire", service: str = "temp_emergency", same: bool = True):
    return Earlier("JZ1", date(2026, 3, 1), fen(yuan), service, cause, "township_w01", same)


def keys(found) -> list[str]:
    return [one.key for one in found]


def test_a_cap_warns_one_fen_above_and_not_at_the_cap() -> None:
    at = guards(LINFEN, grant(2000), [had(3000)], on=DAY)
    above = guards(LINFEN, grant(2000.01), [had(3000)], on=DAY)
    assert "cap_person_year" not in keys(at)
    found = next(one for one in above if one.key == "cap_person_year")
    assert (found.sum_fen, found.limit_fen) == (500_001, 500_000)
    assert found.earlier == ("JZ1",)
    assert (found.asks, found.decides, found.tag) == (DECISION, "civil_affairs", "S")


def test_the_family_has_its_own_cap_and_others_count_only_there() -> None:
    found = guards(LINFEN, grant(4000), [had(7000, same=False)], on=DAY)
    assert "cap_family_year" in keys(found)
    assert "cap_person_year" not in keys(found)


def test_where_no_profile_sets_a_cap_there_is_none() -> None:
    assert keys(guards(BASE, grant(90_000), [], on=DAY)) == []


def test_the_same_type_in_the_same_year_goes_to_the_leading_group_in_weihai_only() -> None:
    weihai = guards(WEIHAI, grant(), [had(100)], on=DAY)
    base = guards(BASE, grant(), [had(100)], on=DAY)
    mine = {one.key: one for one in weihai}["repeat_same_type_same_year"]
    assert (mine.asks, mine.decides) == (DECISION, "coordination_office")
    assert asks(base) == REASON


def test_the_same_cause_asks_for_the_word_of_civil_affairs() -> None:
    found = guards(BASE, grant(cause="fire"), [had(100, cause="fire")], on=DAY)
    mine = {one.key: one for one in found}["repeat_same_cause"]
    assert (mine.asks, mine.decides) == (DECISION, "civil_affairs")
    assert "47号" in mine.source


@pytest.mark.parametrize("need", ["food", "water", "clothing", "shelter", "medical"])
def test_food_shelter_and_medicine_are_never_stopped(need: str) -> None:
    earlier = [had(9_000, cause="illness"), had(4_000)]
    for policy in (BASE, LINFEN, WEIHAI):
        found = guards(policy, grant(6000, need=need, fund="reserve"), earlier, on=DAY, left_fen=0)
        assert found
        assert {one.asks for one in found} == {NOTE}
        assert essential(policy, need, DAY)


def test_a_township_is_warned_above_its_limit_and_the_county_is_not() -> None:
    town = guards(WEIHAI, grant(3000.01), [], on=DAY)
    county = guards(WEIHAI, grant(9000, by_township=False), [], on=DAY)
    assert keys(town) == ["township_limit"]
    assert keys(guards(WEIHAI, grant(3000), [], on=DAY)) == []
    assert county == ()


def test_a_rule_binds_only_from_its_day(tmp_path) -> None:
    path = tmp_path / "values.toml"
    path.write_text(
        '[[value]]\nkey = "township_approval_limit"\nvalue = 2000\nsource = "县规定"\ntag = "L"\n'
        "effective_from = 2026-10-01\n",
        "utf-8",
    )
    policy = load_policy("national_baseline", tmp_path)
    before = guards(policy, grant(2500), [], on=date(2026, 9, 30))
    after = guards(policy, grant(2500), [], on=date(2026, 10, 1))
    assert (keys(before), keys(after)) == ([], ["township_limit"])


@pytest.mark.parametrize("tag", ["L", "GK", "P"])
def test_what_a_place_or_we_ourselves_set_is_never_shown_as_law(tag: str, tmp_path) -> None:
    (tmp_path / "values.toml").write_text(
        '[[value]]\nkey = "township_approval_limit"\nvalue = 1\nis_law = true\n'
        f'source = "某处"\ntag = "{tag}"\n',
        "utf-8",
    )
    policy = load_policy("national_baseline", tmp_path)
    (found,) = guards(policy, grant(5), [], on=DAY)
    assert not found.is_law
    assert shown(found.as_json()) == "own"


@pytest.mark.parametrize("wrong", ["0.001", "nan", "inf", "abc"])
def test_money_has_no_parts_of_a_fen(wrong: str) -> None:
    with pytest.raises((ValueError, ArithmeticError)):
        fen(wrong)


def test_money_is_counted_in_whole_fen() -> None:
    assert (fen("0.1") + fen("0.2"), fen(5000), fen("1234.56")) == (30, 500_000, 123_456)
