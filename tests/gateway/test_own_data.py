"""A requester wants their own data put right: a person decides, and nothing else changes."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest
from sqlalchemy import select
from sqlmodel import col

from gateway import erasure, on_record
from gateway.state import State
from models.corrections import Correction
from models.events import Event
from models.outbox import Outgoing
from models.people import Address, Person
from models.requests import Contact
from models.tasks import Task
from models.transaction import acting
from models.vocabulary import TaskKind
from referral.casework import Refusal
from tests.client import TestClient
from tests.conftest import Clock as Watch
from tests.gateway.people import FOOD, application, signed_in
from tests.gateway.test_own_case import opened
from tests.journeys.county import County

TUESDAY = datetime(2026, 11, 3, 1, 0, tzinfo=UTC)
LAMP = "我叫周小禾，小区楼道的灯坏了两个月，请派人修，南门街道和平社区"
OLD, NEW = "+8613800000001", "+8613800000777"
WANTED = {
    "right_name": "周晓禾",
    "right_place": "和平社区九号楼二单元",
    "right_phone": "138 0000 0777",
}
PATH = "/status/case/correct"


@pytest.fixture
def county(state: State, now: Watch) -> County:
    now.at = TUESDAY
    return County(state, now)


@pytest.fixture
def lamp(county: County) -> str:
    return county.call("lamp", LAMP, OLD)


@pytest.fixture
def browser(state: State) -> TestClient:
    return TestClient(
        application(state),
        base_url="https://hotline.example",
        headers={"accept": "text/html"},
        follow_redirects=False,
    )


@pytest.fixture
def asked(county: County, browser: TestClient, lamp: str) -> str:
    """All three fields asked for."""
    opened(county, browser, lamp)
    answer = browser.post(PATH, data=WANTED)
    assert answer.headers["location"].startswith("/status/case?done=corrected")
    return lamp


def phones(county: County, number: str) -> list[str]:
    person = county.request(number).person_id
    return [row.value for row in county.every(Address) if row.person_id == person]


def tasks(county: County, number: str) -> list[Task]:
    rows = county.rows(Task, number)
    return [one for one in rows if one.kind == TaskKind.CORRECT_DATA and one.done_at is None]


def details(county: County, number: str, kind: str) -> list[dict[str, object]]:
    return [orjson.loads(row.detail) for row in county.rows(Event, number) if row.kind == kind]


def test_what_is_asked_for_changes_nothing_until_a_person_decides(
    county: County, browser: TestClient, lamp: str
) -> None:
    before = county.request(lamp)
    assert "我的姓名、地址、电话有错，要更正" in opened(county, browser, lamp)
    for _ in range(2):  # pressed twice
        assert browser.post(PATH, data=WANTED).status_code == 303
    assert county.request(lamp) == before
    assert phones(county, lamp) == [OLD]
    [kept] = county.every(Correction)
    assert kept.wanted == {"name": "周晓禾", "place": "和平社区九号楼二单元", "phone": NEW}
    assert kept.stood["phone"] == OLD
    assert kept.decided_at is None
    [task] = tasks(county, lamp)
    rule = county.state.offices.current().policy.values["correction_workdays"]
    assert task.due_at > county.now() + timedelta(days=float(rule.value))
    [told] = details(county, lamp, "correction_asked")
    assert told["fields"] == ["name", "phone", "place"]
    page = browser.get("/status/case?done=corrected").text
    assert "工作人员正在核实" in page
    assert "周晓禾" not in page, "what is wanted is not shown to whoever has the pass"
    waits = browser.post(PATH, data={"right_name": "周大禾"})
    assert waits.status_code == 409
    assert "前面的更正要求还在核实" in waits.text


def test_a_named_person_puts_it_right_and_both_are_kept_and_told(
    county: County, asked: str
) -> None:
    contact = county.rows(Contact, asked)
    county.do("op01", "accept_correction", asked, note="打原号码核实，是本人")
    assert county.request(asked).place == WANTED["right_place"]
    assert phones(county, asked) == [NEW]
    person = county.request(asked).person_id
    assert [p.name for p in county.every(Person) if p.id == person] == [WANTED["right_name"]]
    assert county.rows(Contact, asked) == contact, "what came in stays as it came"
    [kept] = county.every(Correction)
    assert (kept.decided_by, kept.accepted) == ("op01", True)
    assert (kept.stood["phone"], kept.wanted["phone"]) == (OLD, NEW)
    assert not tasks(county, asked)
    [told] = details(county, asked, "correction_accepted")
    assert told["correction"] == str(kept.id)
    assert NEW not in orjson.dumps(told).decode()
    to_citizen = [r for r in county.rows(Outgoing, asked) if r.phrase == "correction_accepted"]
    assert [one.address for one in to_citizen] == [NEW]
    assert [
        r.staff for r in county.rows(Outgoing, asked) if r.phrase == "staff_data_corrected"
    ] == [county.request(asked).holder_person]
    assert county.call("more", "还有一盏灯也不亮", NEW) == asked, "the new number is theirs"
    with pytest.raises(Refusal, match="no_correction"):
        county.do("op01", "accept_correction", asked, note="再点一次")


def test_who_declines_says_why_and_nothing_changes(county: County, asked: str) -> None:
    before = county.request(asked)
    with pytest.raises(Refusal, match="reason_missing"):
        county.do("op01", "decline_correction", asked, reason=" ")
    county.do("op01", "decline_correction", asked, reason="原号码的机主说不是本人要求的")
    assert county.request(asked) == before
    assert phones(county, asked) == [OLD]
    [kept] = county.every(Correction)
    assert (kept.accepted, kept.decided_by) == (False, "op01")
    [said] = [r for r in county.rows(Outgoing, asked) if r.phrase == "correction_declined"]
    assert said.address == OLD
    assert not tasks(county, asked)


def test_a_bureau_does_not_decide(county: County, asked: str) -> None:
    lead = county.request(asked).lead_bureau
    with pytest.raises(Refusal) as refused:
        county.do(f"{lead}.1", "accept_correction", asked, note="核实过")
    assert refused.value.status == 403


def test_somebody_elses_telephone_is_not_taken_over(
    county: County, browser: TestClient, lamp: str
) -> None:
    other = county.call("other", "小区没有热水，请派人修，柳湾镇柳湾村", NEW)
    opened(county, browser, lamp)
    assert browser.post(PATH, data={"right_phone": NEW}).status_code == 303, "told to nobody here"
    with pytest.raises(Refusal, match="phone_of_another"):
        county.do("op01", "accept_correction", lamp, note="核实过")
    assert phones(county, lamp) == [OLD]
    assert phones(county, other) == [NEW]
    assert len(tasks(county, lamp)) == 1, "it still waits for a decision"


def test_the_page_shows_no_number_and_no_words_of_others(
    county: County, browser: TestClient, state: State, lamp: str
) -> None:
    page = opened(county, browser, lamp)
    assert OLD not in page
    assert OLD[3:] not in page
    assert "138****0001" in page
    foreign = county.call("again", "和平社区十二号楼楼道的灯坏了，请派人修", "+8613800000009")
    county.do("lead01", "merge", lamp, other=foreign, reason="同一件事")
    with state.database.read() as session:
        row = dict(county.request(lamp)._mapping)
        seen = on_record.of(session.connection(), state.offices.current(), row)
    assert seen.stands["place"] == "", "the address may be the neighbour's"
    other = TestClient(application(state), base_url="https://hotline.example")
    sent = other.post(PATH, data=WANTED, follow_redirects=False)
    assert sent.status_code == 403, "without number and code nothing is asked for"
    assert county.every(Correction) == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "至少一项"),
        ({"right_phone": "没有"}, "这个电话看不懂"),
        ({"right_phone": OLD}, "和现在登记的一样"),
        ({"right_name": "长" * 61}, "写得太长"),
        ({"right_place": "长" * 201}, "写得太长"),
    ],
)
def test_what_cannot_be_taken_is_said_in_a_sentence_with_the_words_kept(
    county: County, browser: TestClient, lamp: str, fields: dict[str, str], words: str
) -> None:
    opened(county, browser, lamp)
    answer = browser.post(PATH, data=fields)
    assert answer.status_code == 422
    assert words in answer.text
    assert all(value in answer.text for value in fields.values())
    assert county.every(Correction) == []


def test_a_wrong_address_of_an_urgent_case_is_looked_at_at_once(
    county: County, browser: TestClient
) -> None:
    number = county.call("food", FOOD, OLD)
    opened(county, browser, number)
    browser.post(PATH, data={"right_place": "临江社区三号楼一单元"})
    [task] = tasks(county, number)
    assert task.urgent
    assert task.due_at - county.now() <= timedelta(minutes=10)


def test_it_waits_through_the_end_of_the_request_and_through_a_merge(
    county: County, browser: TestClient, lamp: str
) -> None:
    older = county.call("older", "和平社区楼道没有灯，请派人修", "+8613800000009")
    newer, first = sorted((lamp, older), reverse=True)
    sender = newer
    opened(county, browser, sender)
    assert browser.post(PATH, data={"right_name": "周晓禾"}).status_code == 303
    county.do("lead01", "merge", first, other=newer, reason="同一件事")
    assert len(tasks(county, sender)) == 1
    county.do("lead01", "undo_merge", newer, other=first, reason="不是同一件事", keep=True)
    county.do("op01", "withdraw", sender, note="本人说不用了")
    assert county.request(sender).closed_at is not None
    assert len(tasks(county, sender)) == 1
    county.do("op01", "accept_correction", sender, note="打电话核实过")
    assert not tasks(county, sender)


def test_the_desk_sees_old_and_new_masked_and_in_full_after_a_look(
    county: County, state: State, asked: str
) -> None:
    desk = signed_in(state, application(state), "op01")
    page = desk.get(f"/desk/{asked}").text
    assert 'id="correction"' in page
    assert NEW not in page
    assert "138****0777" in page
    shown = desk.form(f"/desk/{asked}/reveal", ground="other", purpose="核实更正要求").text
    assert NEW in shown
    assert "周晓禾" in shown
    done = desk.form(f"/desk/{asked}/accept_correction", note="打原号码核实，是本人")
    assert done.status_code == 303
    assert 'id="correction"' not in desk.get(f"/desk/{asked}").text
    lead = county.request(asked).lead_bureau
    inbox = signed_in(state, application(state), f"{lead}.1").get(f"/inbox/{asked}").text
    assert NEW not in inbox


def test_the_words_of_a_correction_are_erased_with_the_case(
    county: County, state: State, asked: str
) -> None:
    with acting(state.database, state.mint) as tx:
        erasure.of_requests(tx, [county.request(asked).id], county.now())
    with state.database.read() as session:
        [row] = session.connection().execute(
            select(col(Correction.stood), col(Correction.wanted), col(Correction.reason))
        )
    assert (row.stood, row.wanted, row.reason) == ({}, {}, "")
