"""A complaint that was read as something else becomes a whole one by a person's word (I9, N18)."""

import pytest
from sqlalchemy import delete, update

from gateway import access, offices, staffing
from gateway.ledger_audit import disagreements
from gateway.state import State
from models.bars import Bar
from models.places import Duty
from models.requests import HelpRequest
from models.tasks import Task
from models.transaction import acting
from referral.casework import Refusal
from tests.conftest import Clock as Watch
from tests.journeys.county import County


@pytest.fixture
def county(state: State, now: Watch) -> County:
    return County(state, now)


def misread(county: County) -> str:
    officer = county.state.offices.current().directory.officer["civil_affairs.1"]
    number = county.call("a", f"{officer.name}说我的救助款没有了,他是干部,住滨河街道临江社区")
    assert county.request(number).track == "standard"
    return number


def test_whoever_it_complains_about_is_kept_out_of_it(county: County) -> None:
    number = misread(county)
    assert county.sees("civil_affairs.1", number)
    county.do("dispatch01", "correct_route", number, service="grievance", reason="是投诉干部")
    request = county.request(number)
    assert (request.track, request.service, request.confidential) == (
        "grievance",
        "grievance",
        True,
    )
    assert not county.sees("civil_affairs.1", number)
    assert not county.sees("civil_affairs.2", number), "of a person the whole unit is barred"
    assert "civil_affairs" not in county.orders(number)
    assert county.held(number)[0] != "civil_affairs"
    assert {"CLK-GRIEVANCE-RESULT", "CLK-GRIEVANCE-ACK"} <= set(county.running(number))
    county.do("lead01", "take_upward", number, reason="要求上级看")
    with county.state.database.read() as session:
        assert list(disagreements(session)) == []


def test_what_is_urgent_stays_where_help_for_it_is(county: County) -> None:
    number = county.call("a", "家里断粮两天了,民政局的人扣着救助款,住滨河街道临江社区")
    before = county.request(number)
    assert before.track == "urgent"
    with pytest.raises(Refusal, match="plea_stays"):
        county.do("dispatch01", "correct_route", number, service="grievance", reason="也是投诉")
    assert county.request(number) == before


def test_another_service_makes_no_complaint_of_it(county: County) -> None:
    number = misread(county)
    county.do("dispatch01", "correct_route", number, service="medical", reason="是医疗救助")
    assert county.request(number).track == "standard"
    assert not county.request(number).confidential


def test_a_head_of_shift_may_keep_somebody_from_any_open_request(county: County) -> None:
    number = misread(county)
    county.do("lead01", "bar", number, login="civil_affairs.1", reason="来电人说与他有纠纷")
    assert not county.sees("civil_affairs.1", number)


def moved(county: County, login: str, unit: str = "hotline") -> None:
    """Transferred by the administrator."""
    state, admin = county.state, county.actor("admin01")
    place = {"role": "operator", "unit": unit, "area": ""}
    with acting(state.database, state.mint) as tx:
        left = staffing.transfer(tx, login, place, "轮岗", admin, county.now())
    office = state.offices.refresh()
    with acting(state.database, state.mint) as tx:
        staffing.hand_on(tx, office, login, left, admin, county.now())
    assert county.actor(login).unit == unit


AGAINST_BUREAU = "我要投诉县民政局,低保材料压了半年不给办"


def test_whoever_leaves_the_accused_unit_stays_kept_out(county: County) -> None:
    number = county.call("a", AGAINST_BUREAU)
    other = county.call("b", "请问低保怎么申请", "+8613700000001")
    moved(county, "civil_affairs.1")
    assert not county.sees("civil_affairs.1", number)
    assert county.sees("civil_affairs.1", other)
    with county.state.database.read() as session:
        assert list(disagreements(session)) == []


def test_whoever_left_the_accused_unit_lately_is_kept_out_of_what_comes_after(
    county: County, now: Watch
) -> None:
    login = "civil_affairs.1"
    moved(county, login)
    now.forward(days=300)
    number = county.call("a", AGAINST_BUREAU)
    assert not county.sees(login, number)
    assert county.sees("op01", number)
    bars = {(row.unit or row.login, row.why) for row in county.rows(Bar, number)}
    assert bars == {("civil_affairs", "complained_of"), (login, "was_there")}
    other = county.call("b", "请问低保怎么申请", "+8613700000001")
    assert county.sees(login, other)
    with county.state.database.read() as session:
        assert list(disagreements(session)) == []


def test_a_complaint_is_first_with_nobody_who_was_there_lately(county: County) -> None:
    moved(county, "civil_affairs.1")
    duty = {"unit": "hotline", "from_minute": 0, "to_minute": 1440}
    with acting(county.state.database, county.state.mint) as tx:
        tx.execute(delete(Duty))
        for login in ("civil_affairs.1", "op01"):
            tx.add(Duty, id=tx.mint(), login=login, **duty)
        offices.changed(tx)
    county.state.offices.refresh()
    asked = "请问低保怎么申请"
    for words, first in ((asked, {"civil_affairs.1", "op01"}), (AGAINST_BUREAU, {"op01"})):
        told = {
            county.request(county.call(f"{words}{n}", words, f"+861370000010{n}")).first_responder
            for n in range(4)
        }
        assert told == first


def test_who_was_there_long_ago_may_see_a_complaint(county: County, now: Watch) -> None:
    moved(county, "civil_affairs.1")
    now.forward(days=800)
    assert county.sees("civil_affairs.1", county.call("a", AGAINST_BUREAU))


def test_who_left_lately_is_kept_out_when_a_person_sees_the_complaint(county: County) -> None:
    moved(county, "civil_affairs.2")
    number = misread(county)
    assert county.sees("civil_affairs.2", number)
    county.do("dispatch01", "correct_route", number, service="grievance", reason="是投诉干部")
    assert not county.sees("civil_affairs.2", number)
    barred = county.call("b", "请问低保怎么申请", "+8613700000001")
    county.do("lead01", "bar", barred, unit="civil_affairs", reason="来电人说与他们有纠纷")
    assert not county.sees("civil_affairs.2", barred)


PLEA = "家里断粮两天了,孩子饿得直哭,住滨河街道临江社区"


def test_a_complaint_inside_a_plea_is_parted_by_a_person_and_help_goes_on(county: County) -> None:
    number = county.call("a", f"{PLEA}。我要投诉县民政局,他们不管")
    assert county.request(number).track == "urgent"
    asked = [(row.kind, row.unit) for row in county.rows(Task, number)]
    assert asked.count(("complaint_inside", "hotline")) == 1


def test_a_complaint_sends_no_plea_to_those_who_hear_complaints(county: County) -> None:
    plea = county.request(county.call("a", "断粮两天了,住滨河街道临江社区"))
    both = "断粮两天了,我要投诉民政局,别说是我说的,住滨河街道临江社区"
    mixed = county.request(county.call("b", both, "+8613700000001"))
    for name in ("level", "track", "service", "lead_bureau", "holder_unit"):
        assert getattr(mixed, name) == getattr(plea, name), name


@pytest.mark.parametrize("seconds", [0, 60, 3600])
def test_a_complaint_after_a_plea_stands_apart_and_help_goes_on(
    county: County, now: Watch, seconds: int
) -> None:
    plea = county.call("a", PLEA)
    before = county.request(plea)
    now.forward(seconds=seconds)
    complaint = county.call("b", "我要投诉县民政局")
    assert complaint != plea
    assert county.request(complaint).track == "grievance"
    assert not county.sees("civil_affairs.1", complaint)
    assert county.request(plea) == before


def test_a_plea_alone_asks_nobody_to_part_it(county: County) -> None:
    number = county.call("a", PLEA)
    assert "complaint_inside" not in [row.kind for row in county.rows(Task, number)]


TAKEN = "{}把我的救助款拿走了,他是干部,住滨河街道临江社区"


def waiting(county: County, number: str) -> list[str]:
    return [row.kind for row in county.rows(Task, number)]


def name_of(county: County, login: str) -> str:
    return county.state.offices.current().directory.officer[login].name


def test_what_is_perhaps_a_complaint_is_with_the_desk_before_the_named_reads_it(
    county: County,
) -> None:
    number = county.call("a", TAKEN.format(name_of(county, "civil_affairs.1")))
    assert county.request(number).track == "standard"
    assert waiting(county, number).count("perhaps_complaint") == 1
    assert not county.sees("civil_affairs.1", number)
    assert "civil_affairs" not in county.orders(number)
    assert county.held(number)[0] == "hotline"
    county.do("dispatch01", "correct_route", number, service="grievance", reason="是投诉干部")
    assert county.request(number).track == "grievance"
    assert not county.sees("civil_affairs.1", number)
    with county.state.database.read() as session:
        assert list(disagreements(session)) == []


def test_where_it_is_none_the_desk_sends_it_on_with_its_due_time(county: County) -> None:
    number = county.call("a", TAKEN.format(name_of(county, "civil_affairs.1")))
    due = county.lead(number).due_at
    county.do("dispatch01", "correct_route", number, bureau="civil_affairs", reason="不是投诉")
    assert (county.lead(number).bureau, county.lead(number).due_at) == ("civil_affairs", due)
    assert county.sees("civil_affairs.1", number)


def test_it_is_first_with_nobody_of_the_desk_whom_it_names(county: County) -> None:
    names = {name_of(county, one): one for one in ("op01", "op02")}
    for name, login in names.items():
        number = county.call(login, TAKEN.format(name), f"+86137000001{login[-2:]}")
        assert county.request(number).first_responder != login
        assert waiting(county, number).count("perhaps_complaint") == 1


@pytest.mark.parametrize(
    "words",
    [
        "我的救助款被{}拿走了,住滨河街道临江社区",
        "{}收了我五百块钱才肯办,住滨河街道临江社区",
        "我去问低保,{}动手打人,住滨河街道临江社区",
        "住滨河街道临江社区,我要投诉{}",
    ],
)
def test_in_other_words_too(county: County, words: str) -> None:
    number = county.call("a", words.format(name_of(county, "civil_affairs.1")))
    if county.request(number).track != "grievance":
        assert waiting(county, number).count("perhaps_complaint") == 1
    assert not county.sees("civil_affairs.1", number)


@pytest.mark.parametrize(
    ("words", "login"),
    [
        ("住滨河街道临江社区,我要投诉街道办", "township_w01.1"),
        ("住滨河街道临江社区,我要举报医保局的人", "medical_insurance.1"),
    ],
)
def test_of_who_says_whom_they_complain_about_those_read_nothing_before_the_desk_has_looked(
    county: County, words: str, login: str
) -> None:
    number = county.call("a", words)
    assert county.request(number).track == "standard", "not read as a complaint"
    assert waiting(county, number).count("perhaps_complaint") == 1
    assert county.actor(login).unit not in county.orders(number)
    assert not county.sees(login, number)
    plea = county.call("b", f"{words},家里断粮两天了,孩子饿得直哭", "+8613700000001")
    assert county.request(plea).track == "urgent"
    assert not access.sight(county.actor(login), county.request(plea)._mapping).words
    assert county.sees("township_w01.1", plea), "help goes on"
    with county.state.database.write() as connection:
        connection.execute(update(HelpRequest).values(level="standard"))
    assert county.sees("township_w01.1", plea), "who holds it goes on"
    assert not county.sees(login, number)


def test_a_complaint_about_somebody_else_that_names_an_office_too_goes_where_it_does(
    county: County,
) -> None:
    number = county.call("a", "住滨河街道临江社区,我要投诉物业,街道办的人叫我打这个电话")
    assert "perhaps_complaint" not in waiting(county, number)


def test_help_for_what_is_urgent_does_not_wait_for_it(county: County) -> None:
    name = name_of(county, "civil_affairs.1")
    plea = county.request(county.call("a", PLEA))
    words = f"{PLEA}。{name}把我的救助款拿走了"
    number = county.call("b", words, "+8613700000001")
    both = county.request(number)
    for one in ("level", "track", "service", "lead_bureau", "holder_unit"):
        assert getattr(both, one) == getattr(plea, one), one
    assert waiting(county, number).count("perhaps_complaint") == 1


def test_a_later_word_that_names_who_took_it_is_looked_at_too(county: County, now: Watch) -> None:
    number = county.call("a", "我想申请低保,住在滨河街道临江社区")
    now.forward(hours=2)
    assert county.call("b", TAKEN.format(name_of(county, "civil_affairs.1"))) == number
    assert waiting(county, number).count("perhaps_complaint") == 1


@pytest.mark.parametrize(
    "words",
    [
        "民政局的{}帮了我,我想再申请一次临时救助",
        "请{}联系我,我想问低保的事",
        "{}没有拿走我的材料,我是想补交",
        "{}打我电话没接到,请再打一次,我想办低保",
        "我想申请临时救助,钱包被小偷拿走了。{}说可以申请",
        "{}把我的材料拿走了,说去办低保,我想问要等几天",
        "{}帮我把救助款领回来了,我想问下个月还有没有",
        "{}收了我的材料,说月底答复,我想问低保办好没有",
    ],
)
def test_words_that_name_somebody_and_accuse_nobody_go_where_they_always_do(
    county: County, words: str
) -> None:
    number = county.call("a", words.format(name_of(county, "civil_affairs.1")))
    assert "perhaps_complaint" not in waiting(county, number)
    other = county.call("b", words.format("他们"), "+8613700000001")
    assert county.request(number).lead_bureau == county.request(other).lead_bureau
