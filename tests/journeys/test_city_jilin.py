"""Jilin 2007: in a disaster food, clothing, shelter, water and medical help within 24 hours; goods
in kind at once; for legal aid the first who is asked answers, and everything is said at once; a
household without work is found and solved."""

from datetime import timedelta

from gateway import aid_views
from models.clocks import Clock
from tests.journeys.aid import TOWN
from tests.journeys.city import City

FIVE = ("food", "clothing", "shelter", "water", "medical")
OFFICER = "emergency_management.1"


def test_the_five_needs_of_a_disaster_have_24_hours_and_a_breach_stays(county: City) -> None:
    number = county.asked("disaster")
    assert county.span(number, "CLK-DISASTER") == timedelta(hours=24)
    for need in FIVE[:4]:
        county.do(OFFICER, "set_need", number, need=need, need_state="met", supplier="应急局")
    county.now.forward(hours=25)
    county.tick()
    county.do(OFFICER, "set_need", number, need="medical", need_state="met", supplier="卫生院")
    [clock] = [row for row in county.rows(Clock, number) if row.name == "CLK-DISASTER"]
    assert clock.stopped_at is not None
    assert clock.breached_at == clock.due_at, "the fifth came an hour late"


def test_a_bureaus_list_of_damage_is_a_warning_at_somebodys_door(county: City) -> None:
    home = next(one for one in county.homes().values() if one.categories)
    done = county.listed({"kind": "disaster_damage", "source": "县应急管理局", "value": 1,
                          "household_id": home.id})  # fmt: skip
    assert done.new == 1
    [warning] = county.warnings()
    officer = county.state.offices.current().directory.officer[warning.holder]
    assert (warning.household_id, officer.unit) == (home.id, warning.unit)
    assert warning.due_at > county.now()


def test_goods_in_kind_on_sudden_difficulty(county: City) -> None:
    number = county.given(TOWN, need="clothing", cause="fire", goods="“阳光超市”棉衣四件",
                          recipient="丙", proof="照片")  # fmt: skip
    row = county.aid(number)
    assert (row.form, row.fund, row.amount_fen) == ("goods", "goods_store", 0)
    assert county.entries(number) == []
    with county.state.database.read() as session:
        ledger = aid_views.ledger(
            session, county.actor(TOWN), county.state.offices.current(), {}, now=county.now()
        )
    assert [one.goods for one in ledger.lines] == ["“阳光超市”棉衣四件"]


def test_legal_aid_is_answered_by_the_first_who_was_asked_and_told_at_once(county: City) -> None:
    number = county.asked("legal_aid")
    assert county.lead(number).bureau == "justice"
    first = county.request(number).first_responder
    assert county.state.offices.current().directory.officer[first].unit == "hotline"
    assert county.notices(number) == 1
    county.do("justice.1", "sign", number)
    assert county.request(number).first_responder == first, "whoever has it since"


def test_a_household_without_work_is_found_and_its_end_is_recorded(county: City) -> None:
    home = next(one for one in county.homes().values() if "dibao" in one.categories)
    county.listed({"kind": "unemployment", "source": "县人社局", "value": 12,
                   "household_id": home.id})  # fmt: skip
    [warning] = county.warnings()
    kept = county.door(warning.holder, warning, "needs_help", what="warning",
                       note="全家没有人有工作，想申请就业救助")  # fmt: skip
    assert kept.number, "it is a request now, with a holder and clocks"
    [settled] = county.warnings()
    assert (settled.outcome, settled.number) == ("needs_help", kept.number)
