"""AS-06: one household by three doors becomes one case, confirmed by a named person; everybody who
asked is answered; and a wrong merge is put back exactly."""

import re

import pytest
from fastapi import FastAPI
from sqlalchemy import select, update
from sqlmodel import col

from gateway.accounting import account
from gateway.state import State
from models.bars import Bar
from models.likenesses import Merger
from models.referrals import Referral
from models.requests import Contact, HelpRequest
from models.transaction import acting
from models.vocabulary import ReferralStatus, Status
from tests.conftest import Clock
from tests.gateway.people import Caller, application, signed_in
from tests.journeys.same_matter import compared, exported, proposals, row, said_to, told

DAUGHTER = "+8613800001111"
ROWS = ("contacts", "requests", "referrals", "clocks")


@pytest.fixture
def app(state: State) -> FastAPI:
    return application(state)


@pytest.fixture
def three(state: State, now: Clock) -> tuple[str, str, str]:
    """08:00 a call, 08:40 a text message, 10:00 a grid worker's report: their numbers."""
    phone = told(
        state,
        "phone",
        "+8613900002222",
        "张桂英，和平路 12 号院 3 单元 501，老人一个人住，女儿电话13800001111，请来看看",
    )
    now.forward(minutes=40)
    sms = told(
        state,
        "sms",
        DAUGHTER,
        "我妈张桂英（章桂英）住平安里和平路十二号 3-501，家里断粮两天了",
    )
    now.forward(minutes=80)
    grid = told(
        state,
        "grid_app",
        "grid_w010401",
        "和平社区三号楼五楼张大妈，独居，家里没有吃的",
        reporter="grid_w010401",
    )
    compared(state)
    return phone.number, sms.number, grid.number


@pytest.fixture
def desk(state: State, app: FastAPI, three: tuple[str, str, str]) -> Caller:
    """A dispatcher who signs in when all three are there."""
    return signed_in(state, app, "dispatch01")


def test_the_software_proposes_one_case_and_says_why(
    state: State, three: tuple[str, str, str]
) -> None:
    phone, sms, grid = three
    assert len({*three}) == 3, "software never merges by itself"
    found = proposals(state)
    first = found[sms, phone]
    assert (first.relation, first.state, first.proposed_by) == ("repeat", "proposed", "system")
    why = {one["kind"]: (one["mine"], one["theirs"]) for one in first.findings}
    assert why["phone"] == ("13800001111", "13800001111"), "the daughter's telephone"
    assert why["name"] == ("张桂英", "张桂英")
    assert why["flat"] == ("3-501", "3-501"), "the same unit by the normal form of the address"
    assert (sms, phone) in found
    assert any(one in found for one in ((grid, phone), (grid, sms)))
    third = found.get((grid, phone)) or found[grid, sms]
    assert third.relation == "repeat"
    assert {"name_called", "place"} <= {one["kind"] for one in third.findings}


def test_the_page_shows_both_side_by_side_with_what_agrees(
    state: State, desk: Caller, three: tuple[str, str, str]
) -> None:
    phone, sms, _ = three
    page = desk.get(f"/desk/{sms}").text
    assert "可能是同一件事" in page
    assert phone in page
    assert "断粮两天" in page
    assert "请来看看" in page
    assert "楼室相同" in page
    shown = desk.get(f"/api/v1/requests/{sms}").json()["alike"]
    assert shown[0]["number"] == phone
    assert {"kind", "agrees", "this", "other", "weight"} <= set(shown[0]["findings"][0])
    assert "13800001111" not in page.replace("138******11", ""), "numbers stay masked"


def test_only_the_dispatcher_or_the_duty_lead_confirms_and_names_both(
    state: State, app: FastAPI, desk: Caller, three: tuple[str, str, str]
) -> None:
    phone, sms, _ = three
    operator = signed_in(state, app, "op01")
    assert operator.act(sms, "merge", other=phone).status_code == 403
    officer = signed_in(state, app, "civil_affairs.1")
    assert officer.act(sms, "merge", other=phone).status_code == 403
    assert desk.act(sms, "merge").status_code == 422, "nobody merges what they did not name"
    assert desk.act(sms, "merge", other=sms).status_code == 422
    assert row(state, sms).status != Status.MERGED


def on_the_tab(desk: Caller) -> set[str]:
    return set(re.findall(r'data-number="(HY[^"]+)"', desk.get("/desk?tab=alike").text))


@pytest.mark.parametrize("why", ["closed", "barred"])
def test_what_has_no_other_left_to_decide_about_is_not_on_the_tab(
    state: State, desk: Caller, three: tuple[str, str, str], why: str
) -> None:
    listed = on_the_tab(desk)
    assert three[1] in listed
    for number in listed:
        assert '<article class="pair"' in desk.get(f"/desk/{number}").text
    others = [row(state, number) for number in (three[0], three[2])]
    with acting(state.database, state.mint) as tx:
        for other in others:
            if why == "closed":
                gone = update(HelpRequest).where(col(HelpRequest.id) == other.id)
                tx.execute(gone.values(status=Status.CLOSED, closed_at=state.now()))
            else:
                tx.add(
                    Bar, id=tx.mint(), request_id=other.id, login="dispatch01", why="relative",
                    by="super01", at=state.now(),
                )  # fmt: skip
    assert on_the_tab(desk) == set()
    assert '<article class="pair"' not in desk.get(f"/desk/{three[1]}").text


def merged(desk: Caller, three: tuple[str, str, str]) -> str:
    phone, sms, grid = three
    for later in (sms, grid):
        answer = desk.act(later, "merge", other=phone, reason="同一户，女儿电话一致")
        assert answer.status_code == 200, answer.text
        assert answer.json()["number"] == phone, "the older one goes on, whichever is named first"
    return phone


def test_the_merged_case_has_the_earliest_receipt_the_highest_urgency_and_one_order(
    state: State, desk: Caller, three: tuple[str, str, str]
) -> None:
    received = row(state, three[0]).received_at
    assert row(state, three[0]).level not in ("urgent", "life_threat")
    assert row(state, three[1]).level == "urgent"
    master = row(state, merged(desk, three))
    assert (master.level, master.track) == ("urgent", "urgent")
    assert master.received_at == received
    with state.database.read() as session:
        contacts = session.scalars(select(Contact)).all()
        assert {contact.request_id for contact in contacts} == {master.id}
        assert len(contacts) == 3
        living = [
            one
            for one in session.scalars(select(Referral))
            if one.status not in (ReferralStatus.CANCELLED, ReferralStatus.RETURNED)
        ]
        leads = [one for one in living if one.role == "lead"]
        assert [one.request_id for one in leads] == [master.id], "one lead, not three"
        assert {one.request_id for one in living} == {master.id}
        found = account(session)
        assert found.missing == []
        assert (found.contacts, found.by_place["open"]) == (3, 3)
    requests = desk.get("/api/v1/requests").json()["requests"]
    assert [(one["number"], one["contacts"]) for one in requests] == [(master.number, 3)]
    urgent = desk.get(f"/api/v1/requests/{master.number}").json()["clocks"]
    names = {clock["clock"] for clock in urgent if clock["stopped_at"] is None}
    assert {"CLK-URGENT-CONTACT", "CLK-RELIEF"} <= names, "urgent clocks go along"


def test_each_requester_is_told_the_master_number_and_gets_the_final_answer(
    state: State, desk: Caller, three: tuple[str, str, str]
) -> None:
    phone, sms, grid = three
    merged(desk, three)
    assert said_to(state, sms)[-1] == "merged"
    assert said_to(state, grid)[-1] == "merged_reporter"
    assert "joined" in said_to(state, phone)
    assert (
        desk.act(phone, "reply", text="今天中午前把米面送到家里，请留人在家。").status_code == 200
    )
    assert said_to(state, phone)[-1] == "reply_to_citizen"
    assert said_to(state, sms)[-1] == "reply_to_citizen"
    assert said_to(state, grid)[-1] == "reporter_outcome", "no private details (N16)"


def test_the_citizens_number_of_the_merged_request_keeps_working(
    state: State, app: FastAPI, desk: Caller, three: tuple[str, str, str], now: Clock
) -> None:
    phone, sms, _ = three
    merged(desk, three)
    desk.act(phone, "reply", text="今天中午前把米面送到家里，请留人在家。")
    code = row(state, sms).code
    citizen = Caller(app)
    answer = citizen.http.post("/status", data={"number": sms, "code": code})
    assert answer.status_code == 303
    page = citizen.get("/status/case").text
    assert sms in page
    assert "合并办理" in page
    assert "断粮两天" in page
    assert "米面" in page
    assert "请来看看" not in page, "the words of the other requester stay theirs"
    now.forward(minutes=5)
    again = told(state, "sms", DAUGHTER, "又补充一句，我妈有糖尿病")
    assert (again.number, again.opened) == (sms, False), "under the number they know"
    with state.database.read() as session:
        words = session.scalars(select(Contact)).all()[-1]
        assert words.request_id == row(state, phone).id


def test_undoing_puts_both_back_byte_for_byte(
    state: State, app: FastAPI, desk: Caller, three: tuple[str, str, str], now: Clock
) -> None:
    phone, sms, grid = three
    before = exported(state, *ROWS)
    merged(desk, three)
    assert exported(state, *ROWS) != before
    now.forward(hours=3)
    desk = signed_in(state, app, "dispatch03")
    assert desk.act(grid, "undo_merge", other=phone, reason="看错").status_code == 403
    lead = signed_in(state, app, "lead01")
    assert lead.act(grid, "undo_merge", other=sms, reason="看错了").status_code == 409
    for number in (grid, sms):
        answer = lead.act(number, "undo_merge", other=phone, reason="看错了，不是一户")
        assert answer.status_code == 200, answer.text
    assert exported(state, *ROWS) == before
    assert said_to(state, sms)[-1] == "parted"
    with state.database.read() as session:
        assert account(session).missing == []
        assert all(one.undone_by == "lead01" for one in session.scalars(select(Merger)))
    compared(state)
    assert proposals(state)[sms, phone].state == "undone", "not proposed again"
    again = signed_in(state, app, "dispatch02").act(sms, "merge", other=phone)
    assert again.status_code == 200, "a person may still think again"


def test_a_merge_is_not_undone_after_the_days_of_the_profile(
    state: State, app: FastAPI, desk: Caller, three: tuple[str, str, str], now: Clock
) -> None:
    phone, sms, _ = three
    desk.act(sms, "merge", other=phone)
    now.forward(days=31)
    lead = signed_in(state, app, "lead01")
    answer = lead.act(sms, "undo_merge", other=phone, reason="看错了")
    assert (answer.status_code, answer.json()["key"]) == (409, "refusal.undo_too_late")


def test_what_people_decided_after_the_merge_stays_when_it_is_undone(
    state: State, app: FastAPI, desk: Caller, three: tuple[str, str, str], now: Clock
) -> None:
    phone, sms, _ = three
    desk.act(sms, "merge", other=phone)
    told(state, "sms", DAUGHTER, "再补充，老人腿脚不便")
    desk.act(phone, "raise_urgency", level="life_threat", reason="老人晕倒")
    lead = signed_in(state, app, "lead01")
    refused = lead.act(sms, "undo_merge", other=phone, reason="不是一户")
    assert (refused.status_code, refused.json()["key"]) == (409, "refusal.undo_changed")
    assert "life_threat" in refused.json()["error"], "both versions are named"
    assert lead.act(sms, "undo_merge", other=phone, reason="不是一户", keep=True).status_code == 200
    assert row(state, phone).level == "life_threat", "software lowers nothing a person raised"
    with state.database.read() as session:
        mine = [c for c in session.scalars(select(Contact)) if c.request_id == row(state, sms).id]
    assert [c.sender for c in mine] == [DAUGHTER, DAUGHTER], "later words go back with their person"
