"""A person asks to be erased: two named people decide, and only then anything goes."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import update

from gateway import erasure_wishes
from gateway.state import State
from models.access import StaffSession
from models.bars import Bar
from models.erasures import Erasure
from models.events import Event
from models.holds import LegalHold
from models.outbox import Outgoing
from models.people import Address
from models.requests import Contact, HelpRequest
from models.tasks import Task
from models.transaction import acting
from models.vocabulary import Role, TaskKind
from referral.casework import Actor
from tests.client import TestClient
from tests.conftest import Clock as Watch
from tests.gateway.people import Caller, application, signed_in
from tests.gateway.test_own_case import opened
from tests.journeys.county import County

LAMP = "我叫周小禾，小区楼道的灯坏了两个月，请派人修，南门街道和平社区"
PHONE = "+8613800000001"
PATH = "/status/case/erase"


@pytest.fixture
def county(state: State, now: Watch) -> County:
    return County(state, now)


@pytest.fixture
def closed(county: County) -> str:
    """A request that is over."""
    number = county.call("lamp", LAMP, PHONE)
    over(county, number)
    return number


@pytest.fixture
def browser(state: State) -> TestClient:
    return TestClient(
        application(state),
        base_url="https://hotline.example",
        headers={"accept": "text/html"},
        follow_redirects=False,
    )


@pytest.fixture
def wish(county: County, browser: TestClient, closed: str) -> int:
    """Asked on the page of the request."""
    opened(county, browser, closed)
    assert browser.post(PATH, data={"sure": "yes"}).status_code == 303
    [row] = county.every(Erasure)
    return row.id


def test_wishes_stand_in_the_order_of_their_time_whichever_process_kept_them(
    county: County,
) -> None:
    requests = [county.request(county.call(f"w{n}", LAMP, f"+861380000001{n}")) for n in range(4)]
    later = iter((9, 8, 7, 6))  # the first wish was kept by the process of the highest ids
    with acting(county.state.database, county.state.mint) as tx:
        for nth, request in enumerate(requests):
            at = county.now() + timedelta(minutes=nth)
            over = {"decided_at": at, "agreed": False} if nth < 2 else {}
            tx.add(
                Erasure, id=next(later) << 40, request_id=request.id, asked_at=at,
                asked_by="citizen", **over,
            )  # fmt: skip
    office = county.state.offices.current()
    with county.state.database.read() as session:
        lead = office.directory.officer["lead01"]
        actor = Actor(lead.login, Role(lead.role), lead.unit, lead.area)
        found = erasure_wishes.every(session.connection(), actor, office, county.now())
    numbers = [request.number for request in requests]
    assert [one.request["number"] for one in found] == [
        numbers[2],
        numbers[3],
        numbers[1],
        numbers[0],
    ]


def over(county: County, number: str) -> None:
    request = county.request(number)
    with acting(county.state.database, county.state.mint) as tx:
        tx.execute(
            update(HelpRequest)
            .where(HelpRequest.id == request.id)
            .values(status="closed", closed_at=county.now())
        )


def somebody(state: State, login: str) -> Caller:
    return signed_in(state, application(state), login)


def press(caller: Caller, path: str, **fields: str):
    page = caller.get("/erasures", headers={"accept": "text/html"})
    csrf = re.search(r'name="csrf" value="([^"]+)"', page.text)[1]
    return caller.http.post(path, data={"csrf": csrf, **fields}, headers={"accept": "text/html"})


def kinds(county: County) -> list[str]:
    return [row.kind for row in county.every(Event) if row.kind.startswith(("eras", "subject"))]


def words(county: County) -> list[str]:
    return [row.text for row in county.every(Contact)]


def test_what_a_requester_asks_waits_for_a_person_and_erases_nothing(
    county: County, browser: TestClient, closed: str
) -> None:
    page = opened(county, browser, closed)
    assert "我要求删除我的信息" in page
    unsure = browser.post(PATH, data={})
    assert unsure.status_code == 422
    assert county.every(Erasure) == []
    for _ in range(2):  # pressed twice
        assert browser.post(PATH, data={"sure": "yes"}).status_code == 303
    [row] = county.every(Erasure)
    assert (row.asked_by, row.decided_at) == ("citizen", None)
    [task] = [one for one in county.every(Task) if one.kind == TaskKind.ERASE_DATA]
    days = county.state.offices.current().policy.values["erasure_workdays"].value
    assert task.due_at > county.now() + timedelta(days=float(days))
    assert words(county) == [LAMP]
    assert "工作人员正在核实" in browser.get("/status/case?done=erasing").text


def test_without_the_proof_of_number_and_code_nobody_is_erased(
    county: County, browser: TestClient, closed: str
) -> None:
    answer = browser.post(PATH, data={"sure": "yes"})
    assert answer.status_code in (303, 403)
    assert county.every(Erasure) == []


def test_two_named_people_erase_and_the_first_cannot_be_the_second(
    county: County, state: State, wish: int, closed: str
) -> None:
    first, second = somebody(state, "lead01"), somebody(state, "super01")
    early = press(second, f"/erasures/{wish}/agree")
    assert early.status_code == 409, "nobody has proposed it"
    assert press(first, f"/erasures/{wish}/propose").status_code == 422, "how was it checked?"
    assert press(first, f"/erasures/{wish}/propose", words="回拨了登记的电话").status_code == 303
    [told] = [one for one in county.every(Outgoing) if one.phrase == "erasure_proposed"]
    assert told.address == PHONE, "the requester hears of it while there is an address"
    assert press(first, f"/erasures/{wish}/agree").status_code == 409
    assert words(county) == [LAMP]
    assert press(second, f"/erasures/{wish}/agree").status_code == 303
    assert words(county) == [""]
    assert [one for one in county.every(Address) if one.staff is None] == []
    [row] = county.every(Erasure)
    assert (row.proposed_by, row.decided_by, row.agreed) == ("lead01", "super01", True)
    assert (row.words, row.reason) == ("", "")
    assert row.classes["case_words"] == [1, 0]
    assert kinds(county) == ["erasure_asked", "erasure_proposed", "subject_erased"]
    assert not [one for one in county.every(Task)
                if one.kind == TaskKind.ERASE_DATA and one.done_at is None]  # fmt: skip
    page = second.get(f"/erasures/{wish}", headers={"accept": "text/html"}).text
    assert "您要求删除个人信息的申请已经办理" in page
    assert press(second, f"/erasures/{wish}/agree").status_code == 409, "once is enough"


def test_looking_shows_what_would_go_and_changes_nothing(
    county: County, state: State, wish: int
) -> None:
    lead = somebody(state, "lead01")
    before = len(county.every(Event))
    page = lead.get(f"/erasures/{wish}", headers={"accept": "text/html"})
    assert page.status_code == 200
    assert "您的诉求：说过的话" in page.text
    assert "没有需要保留的内容" in page.text
    assert words(county) == [LAMP]
    assert len(county.every(Event)) == before
    assert LAMP[:6] not in page.text, "the words themselves are not needed to decide"


def test_who_writes_a_wish_down_may_propose_it_but_not_agree(
    county: County, state: State, closed: str
) -> None:
    first = somebody(state, "lead01")
    answer = press(first, "/erasures", number=closed, words="来电人答出了上次来电的时间")
    wish = answer.headers["location"]
    assert press(first, f"{wish}/propose", words="回拨核实").status_code == 303
    refused = press(first, f"{wish}/agree")
    assert refused.status_code == 409
    assert "不能自己同意" in refused.text
    assert press(somebody(state, "super01"), f"{wish}/agree").status_code == 303


@pytest.mark.parametrize("why", ["open", "held"])
def test_an_open_or_held_request_of_the_same_person_stays_and_is_named(
    county: County, state: State, wish: int, why: str
) -> None:
    other = county.call("second", LAMP.replace("灯", "门禁"), PHONE)
    if why == "held":
        over(county, other)
        request = county.request(other)
        with acting(state.database, state.mint) as tx:
            tx.add(LegalHold, id=tx.mint(), request_id=request.id, reason="诉讼",
                   placed_at=county.now(), placed_by="super01")  # fmt: skip
    first = somebody(state, "lead01")
    page = first.get(f"/erasures/{wish}", headers={"accept": "text/html"}).text
    assert f"{other} {'还没有办结' if why == 'open' else '已被要求保留'}" in page
    assert press(first, f"/erasures/{wish}/propose", words="回拨核实").status_code == 409


def test_what_is_declined_is_told_with_its_reason_and_nothing_goes(
    county: County, state: State, wish: int
) -> None:
    first = somebody(state, "lead01")
    assert press(first, f"/erasures/{wish}/decline").status_code == 422
    assert press(first, f"/erasures/{wish}/decline", words="登记的电话不是本人").status_code == 303
    [told] = [one for one in county.every(Outgoing) if one.phrase == "erasure_declined"]
    assert "登记的电话不是本人" in told.params["reason"]
    assert words(county) == [LAMP]
    assert press(first, f"/erasures/{wish}/propose", words="x核实").status_code == 409


@pytest.mark.parametrize("login", ["op01", "civil_affairs.1", "audit01", "admin01"])
def test_nobody_else_sees_or_decides_a_wish(
    county: County, state: State, wish: int, login: str
) -> None:
    caller = somebody(state, login)
    html = {"accept": "text/html"}
    assert caller.get("/erasures", headers=html).status_code == 403
    assert caller.get(f"/erasures/{wish}", headers=html).status_code == 403
    there = caller.http.post(f"/erasures/{wish}/agree", data={}, headers=html)
    missing = caller.http.post("/erasures/7/agree", data={}, headers=html)
    assert there.status_code == missing.status_code == 403


def test_before_anything_goes_the_keyboard_is_asked_who_it_is(
    county: County, state: State, wish: int, now: Watch
) -> None:
    first = somebody(state, "lead01")
    with acting(state.database, state.mint) as tx:
        tx.execute(update(StaffSession).values(confirmed_at=now() - timedelta(hours=1)))
    answer = press(first, f"/erasures/{wish}/propose", words="回拨核实")
    assert answer.status_code == 401
    assert 'action="/account/confirm"' in answer.text
    [row] = county.every(Erasure)
    assert row.proposed_by is None


def test_who_is_complained_of_in_one_request_erases_none_of_that_person(
    county: County, state: State, wish: int
) -> None:
    """The wish is about another request; agreeing would wipe out the complaint as well."""
    complaint = county.call("complaint", "我要投诉值班长态度恶劣，请处理", PHONE)
    over(county, complaint)
    request = county.request(complaint)
    with acting(state.database, state.mint) as tx:
        tx.add(Bar, id=tx.mint(), request_id=request.id, login="lead01", why="complained_of",
               by="system", at=county.now())  # fmt: skip
    barred, other = somebody(state, "lead01"), somebody(state, "lead02")
    html = {"accept": "text/html"}
    assert barred.get(f"/erasures/{wish}", headers=html).status_code == 404
    assert press(barred, f"/erasures/{wish}/propose", words="回拨核实").status_code == 404
    assert other.get(f"/erasures/{wish}", headers=html).status_code == 200
