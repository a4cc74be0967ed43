"""AS-18: a complaint never reaches those complained about; there is a way up."""

from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient

from gateway import offices, views
from gateway.state import State
from models.kin import NearRelative
from models.outbox import Outgoing
from models.referrals import Referral
from models.requests import Contact
from models.tasks import Task
from models.transaction import acting
from referral.casework import Refusal
from tests.conftest import Clock as Watch
from tests.gateway.people import application, signed_in
from tests.journeys.county import County

CADRE = "我要举报，柳湾镇柳湾村村主任的小舅子开车还吃低保"
BUREAU = "我要投诉望河县民政局的人收了钱才给办低保"
INSPECTORS = "我要投诉县纪委的人不管事，望河县纪律检查委员会收了信不查"
SENDER = "+8613812345678"


@pytest.fixture
def county(state: State, now: Watch) -> County:
    now.at = datetime(2026, 11, 3, 2, 0, tzinfo=UTC)
    return County(state, now)


def queue(county: County, login: str) -> list[str]:
    office = county.state.offices.current()
    with county.state.database.read() as session:
        page = views.queue(
            session, county.actor(login), office, where=[], after=None, limit=50, now=county.now()
        )
    return [line.number for line in page.lines]


def people_of(county: County, *units: str) -> list[str]:
    directory = county.state.offices.current().directory
    return [one.login for one in directory.officers if one.unit in units and one.role != "auditor"]


def test_a_complaint_about_a_cadre_goes_past_village_and_township(county: County) -> None:
    number = county.call("cadre", CADRE)
    row = county.request(number)
    assert row.track == "grievance"
    assert row.lead_bureau == "discipline_inspection"
    assert row.confidential, "the caller is known to the desk alone"
    near = [
        unit.code
        for unit in county.state.offices.current().directory.units
        if unit.authority in ("township", "village_committee")
    ]
    for login in people_of(county, *near):
        assert not county.sees(login, number)
        assert number not in queue(county, login)
    assert "grievance_received" in county.said_to_citizen(number), "N18"
    ack = county.running(number)["CLK-GRIEVANCE-ACK"]
    assert ack.due_at - county.now() == timedelta(days=15)
    told = {message.staff for message in county.rows(Outgoing, number) if message.staff}
    assert not told & set(people_of(county, *near))


def test_a_bureau_complained_about_neither_leads_nor_sees_nor_counts(
    county: County, state: State
) -> None:
    number = county.call("bureau", BUREAU)
    assert "civil_affairs" not in county.orders(number)
    accused = people_of(county, "civil_affairs")
    assert accused
    for login in accused:
        assert not county.sees(login, number)
        assert number not in queue(county, login)
    with pytest.raises(Refusal, match="barred"):
        county.do("super01", "correct_route", number, bureau="civil_affairs", reason="属民政")
    assert county.held(number)[0] != "civil_affairs"
    app = application(state)
    inbox = signed_in(state, app, accused[0]).get("/inbox")
    assert number not in inbox.text
    listed = signed_in(state, app, accused[0]).get("/api/v1/requests").json()
    assert number not in str(listed)
    inspector = signed_in(state, app, "discipline_inspection.1").get(f"/api/v1/requests/{number}")
    assert SENDER not in inspector.text
    assert "138" not in str(inspector.json()["said"][0]["sender"]).replace("*", "")[3:]


def test_reminders_climb_past_those_complained_about(county: County) -> None:
    number = county.call("bureau", BUREAU)
    due = county.lead(number).due_at
    while county.now() < due + timedelta(days=9):
        county.now.forward(hours=12)
        county.tick()
    readers = {message.staff for message in county.rows(Outgoing, number) if message.staff}
    assert readers
    assert not readers & set(people_of(county, "civil_affairs"))


def test_a_complaint_about_the_inspectors_goes_elsewhere(county: County) -> None:
    number = county.call("inspectors", INSPECTORS)
    lead = county.lead(number).bureau
    assert lead != "discipline_inspection"
    assert all(not county.sees(one, number) for one in people_of(county, "discipline_inspection"))


def test_the_complainant_can_have_the_next_level_look(county: County) -> None:
    number = county.call("cadre", CADRE)
    first = county.lead(number).bureau
    county.do("discipline_inspection.1", "sign", number)
    county.now.forward(days=3)
    county.do("op01", "take_upward", number, reason="来电人对核查结果不满意")
    second = county.lead(number)
    assert second.bureau != first
    assert second.due_at - county.now() == timedelta(days=15)
    assert county.held(number)[0] == second.bureau
    assert all(not county.sees(one, number) for one in people_of(county, first))
    assert "grievance_upward" in county.said_to_citizen(number)
    ended = [row for row in county.rows(Referral, number) if row.bureau == first]
    assert [row.status for row in ended] == ["cancelled"]
    county.do("op01", "take_upward", number, reason="仍不满意")
    with pytest.raises(Refusal, match="no_higher_body"):
        county.do("op01", "take_upward", number, reason="再来一次")


def test_a_person_can_bar_whom_the_words_did_not_name(county: County) -> None:
    number = county.call("vague", "我要投诉，低保不公平，有人走关系")
    lead = county.lead(number).bureau
    due = county.lead(number).due_at
    county.do("super01", "bar", number, login=f"{lead}.1", reason="来电人说的就是他")
    moved = county.lead(number)
    assert moved.bureau != lead
    assert moved.due_at == due, "the due time goes along"
    assert county.held(number)[0] == moved.bureau
    assert not county.sees(f"{lead}.1", number)
    for body in ({"reason": "不知是谁"}, {"unit": "nobody", "reason": "不知是谁"}):
        with pytest.raises(Refusal, match="bar_nobody"):
            county.do("super01", "bar", number, **body)


def test_a_registered_relative_is_flagged_to_those_above_and_nothing_is_stopped(
    county: County, state: State
) -> None:
    with acting(state.database, state.mint) as tx:
        tx.add(
            NearRelative, id=tx.mint(), login="township_w01.1", name="章桂兰", relation="姐姐",
            declared_at=county.now(), declared_by="admin01",
        )  # fmt: skip
        offices.changed(tx)
    state.offices.refresh()
    number = county.call("relative", "我叫章桂兰，想申请低保，住在滨河街道临江社区")
    tasks = [task for task in county.rows(Task, number) if task.kind == "relative"]
    assert [task.unit for task in tasks] == ["coordination_office"]
    assert "relative_found" in county.kinds(number)
    assert county.orders(number), "it goes its way"
    other = county.call("stranger", "我叫李大山，想申请低保，住滨河街道", "+8613600000009")
    assert "relative_found" not in county.kinds(other)


AID = "我想申请低保，一个人带孩子，住在滨河街道临江社区"
ABOUT_AID = "我要投诉望河县民政局的人，收了钱才给办低保"
MORE = "是上个月十五号下午的事，在他们二楼的办公室里，希望查一查"
DANGER = "我爸突然倒地叫不醒了，快来人"


def test_a_complaint_that_comes_as_a_second_message_is_a_request_of_its_own(
    county: County,
) -> None:
    matter = county.call("aid", AID)
    assert "civil_affairs" in county.orders(matter)
    county.now.forward(days=2)
    complaint = county.call("complaint", ABOUT_AID)
    assert complaint != matter
    assert county.request(complaint).track == "grievance"
    for login in people_of(county, "civil_affairs"):
        assert county.sees(login, matter)
        assert not county.sees(login, complaint)
    assert [row.text for row in county.rows(Contact, matter)] == [AID]


def test_what_follows_a_complaint_at_once_belongs_to_it_and_later_words_to_the_matter(
    county: County,
) -> None:
    matter = county.call("aid", AID)
    county.now.forward(days=2)
    complaint = county.call("complaint", ABOUT_AID)
    county.now.forward(seconds=40)
    assert county.call("more", MORE) == complaint, "a long text comes in parts"
    county.now.forward(days=1)
    assert county.call("later", "户口本复印件还要不要交") == matter
    assert county.call("again", "我还要投诉民政局的人，今天又要我请吃饭") == complaint


def test_danger_is_never_hidden_in_a_complaint_from_those_who_must_help(county: County) -> None:
    complaint = county.call("complaint", ABOUT_AID)
    county.now.forward(days=1)
    danger = county.call("danger", DANGER)
    assert danger != complaint
    assert county.request(danger).track == "urgent"
    assert "level_raised" not in county.kinds(complaint)


def test_words_added_under_the_number_of_a_complaint_stay_there(
    county: County, state: State
) -> None:
    matter = county.call("aid", AID)
    county.now.forward(days=2)
    complaint = county.call("complaint", ABOUT_AID)
    county.now.forward(days=2)
    row = county.request(complaint)
    page = TestClient(application(state), base_url="https://hotline.example")
    page.post("/status", data={"number": complaint, "code": row.code})
    page.post("/status/case", data={"what": MORE, "nonce": "one"})
    assert [one.text for one in county.rows(Contact, complaint)] == [ABOUT_AID, MORE]
    assert [one.text for one in county.rows(Contact, matter)] == [AID]
