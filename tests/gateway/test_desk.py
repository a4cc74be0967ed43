"""The desk: its queue, who works on what, drafts, calls, the stream, the simulator."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import event, insert, select, update
from sqlmodel import col

from gateway import acts, drafts, standin, views
from gateway.access import Actor
from gateway.live import News, Pulse
from gateway.settings import Settings
from gateway.state import State, wire
from gateway.web.live import telling
from gateway.web.queue import TABS
from gateway.web.simulator import spoken
from models.clocks import Clock
from models.desk import Draft, PhoneCall
from models.requests import HelpRequest
from models.tasks import Task
from models.transaction import acting
from models.vocabulary import Role, TaskKind
from referral.casework import Refusal
from referral.telling import ask_once
from tests.conftest import Clock as Watch
from tests.gateway.people import (
    FOOD,
    JUMP,
    QUESTION,
    Caller,
    application,
    partner,
    said,
    signed_in,
)

OPERATOR = Actor("op01", Role.OPERATOR, "hotline", "W")
CALLER = "+8613900004321"


@pytest.fixture
def app(state: State) -> FastAPI:
    return application(state)


def copies(state: State, number: str, many: int) -> None:
    """So many more requests like this one, as rows."""
    table: Any = HelpRequest.__table__  # type: ignore[attr-defined]
    with state.database.write() as connection:
        one = dict(
            connection.execute(table.select().where(table.c.number == number)).one()._mapping
        )
        rows = [
            {
                **one,
                "id": state.mint(),
                "number": f"HY20270101-{at:05d}-0",
                "queue_key": f"3|{at:09}",
            }
            for at in range(many)
        ]
        connection.execute(insert(table), rows)


def queries(state: State, caller: Caller, path: str) -> int:
    """How often a page asks the database; of three times the least, because once a second any
    page asks as well whether the directory has changed."""
    counted: list[int] = []

    def count(*_call: object) -> None:
        counted[-1] += 1

    event.listen(state.database.engine, "before_cursor_execute", count)
    for _ in range(3):
        counted.append(0)
        assert caller.get(path).status_code == 200
    event.remove(state.database.engine, "before_cursor_execute", count)
    return min(counted)


def test_the_page_of_the_queue_asks_as_often_for_200_rows_as_for_10(
    state: State, app: FastAPI
) -> None:
    number = said(state, "q", QUESTION).number or ""
    caller = signed_in(state, app, "op01")
    caller.get("/desk")
    copies(state, number, 10)
    few = queries(state, caller, "/desk")
    with state.database.write() as connection:
        connection.execute(
            HelpRequest.__table__.delete().where(  # type: ignore[attr-defined]
                col(HelpRequest.number).like("HY20270101%")
            )
        )
    copies(state, number, 200)
    assert queries(state, caller, "/desk") == few


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_tab_is_an_index_range_or_a_small_set_of_ids(state: State) -> None:
    office, now = state.offices.current(), state.now()
    for tab in TABS:
        by = views.ways(tab, OPERATOR, office, now)
        ids = views.merged_ids(OPERATOR, office, by, limit=51, now=now)
        with state.database.read() as session:
            words = str(ids.compile(state.database.engine, compile_kwargs={"literal_binds": True}))
            plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {words}").all()
        steps = [str(row[-1]) for row in plan]
        whole = [s for s in steps if re.match(r"SCAN (?!anon_)", s) and "USING" not in s]
        assert whole == [], f"{tab}: {steps}"


def test_ones_own_requests_come_once_in_their_order_page_by_page(state: State) -> None:
    copies(state, said(state, "q", QUESTION).number or "", 9)
    office, now = state.offices.current(), state.now()
    with state.database.write() as connection:
        ids = connection.execute(select(col(HelpRequest.id)).order_by(col(HelpRequest.id))).all()
        for at, (one,) in enumerate(ids):
            held = {"holder_person": "op01" if at % 3 != 1 else "op02"}
            first = {"first_responder": "op01" if at % 3 != 2 else "op02"}
            connection.execute(
                HelpRequest.__table__.update()  # type: ignore[attr-defined]
                .where(col(HelpRequest.id) == one)
                .values(**held, **first)
            )
    found, after = [], None
    with state.database.read() as session:
        by = views.ways("mine", OPERATOR, office, now)
        while True:
            page = views.queue(session, OPERATOR, office, by=by, after=after, limit=3, now=now)
            found += [line.queue_key for line in page.lines]
            if (after := page.after) is None:
                break
        counted = views.counts(session, OPERATOR, office, ["mine"], now)["mine"]
    assert found == sorted(set(found))
    assert len(found) == counted == len(ids)


def test_a_count_stops_at_a_thousand(state: State, app: FastAPI) -> None:
    copies(state, said(state, "q", QUESTION).number or "", 1100)
    assert "待分拨（999+）" in signed_in(state, app, "op01").get("/desk").text


def test_filters_are_kept_for_each_person(state: State, app: FastAPI) -> None:
    food, question = said(state, "f", FOOD).number, said(state, "q", QUESTION, CALLER).number
    mine, hers = signed_in(state, app, "op01"), signed_in(state, app, "op02")
    assert mine.form("/desk/filters", area="W01", tab="triage").status_code == 303
    page = mine.get("/desk").text
    assert re.findall(r'id="row-(\S+?)"', page) == [food]
    assert "已筛选，其余未显示" in page, "the counters beside it are of everything"
    assert set(re.findall(r'id="row-(\S+?)"', hers.get("/desk").text)) == {food, question}
    assert mine.form("/desk/filters").status_code == 303
    page = mine.get("/desk").text
    assert question in page
    assert "已筛选" not in page


def test_a_search_by_number_or_telephone_leads_to_the_request(state: State, app: FastAPI) -> None:
    number = said(state, "q", QUESTION, CALLER).number or ""
    caller = signed_in(state, app, "op01")
    for words in (number, number[2:].replace("-", ""), "13900004321"):
        answer = caller.search("/desk", q=words)
        assert answer.headers.get("location") == f"/desk/{number}", words
    assert "没有找到“zzz”" in caller.search("/desk", q="zzz").text


def test_of_fifty_who_claim_at_once_exactly_one_gets_it_and_the_others_hear_who(
    state: State,
) -> None:
    number = said(state, "f", FOOD).number or ""

    def press(nth: int) -> str:
        actor = Actor(f"op{nth:02d}", Role.OPERATOR, "hotline", "W")
        body = acts.read_form(acts.ACTS["claim"], {})
        try:
            acts.perform(state, actor, number, acts.ACTS["claim"], body, now=state.now())
        except Refusal as refusal:
            return f"no: {refusal.params['name']}"
        officer = state.offices.current().directory.officer.get(actor.login)
        return officer.name if officer else actor.login

    with ThreadPoolExecutor(16) as pool:
        told = list(pool.map(press, range(1, 51)))
    winners = [one for one in told if not one.startswith("no: ")]
    assert len(winners) == 1
    assert {one for one in told if one.startswith("no: ")} == {f"no: {winners[0]}"}


def test_a_lease_goes_on_while_the_page_is_open_and_lapses_visibly(
    state: State, app: FastAPI, now: Watch
) -> None:
    number = said(state, "f", FOOD).number or ""
    mine, hers = signed_in(state, app, "op01"), signed_in(state, app, "op02")
    assert mine.form(f"/desk/{number}/claim").status_code == 303
    assert "吕贵正在处理" in hers.get("/desk").text
    refused = hers.form(f"/desk/{number}/claim")
    assert refused.status_code == 409
    assert "正由吕贵处理" in refused.text
    now.forward(minutes=4)
    assert "您正在处理" in mine.form(f"/here/{number}", had="1").text
    now.forward(minutes=4)
    assert "吕贵正在处理" in hers.form(f"/here/{number}").text, "extended by the sign of life"
    now.forward(minutes=2)
    assert "已到期" in mine.form(f"/here/{number}", had="1").text
    assert "吕贵正在处理" not in hers.get("/desk").text
    assert hers.form(f"/desk/{number}/claim").status_code == 303


def test_an_urgent_request_that_nobody_takes_alarms_the_desk(
    state: State, app: FastAPI, now: Watch
) -> None:
    number = said(state, "f", FOOD).number or ""
    caller = signed_in(state, app, "op01")
    assert "紧急件无人接手" not in caller.get("/desk").text
    now.forward(minutes=4)
    assert "紧急件无人接手" in caller.get("/desk").text
    caller.form(f"/desk/{number}/claim")
    assert "紧急件无人接手" not in caller.get("/desk").text


def test_a_draft_is_there_again_after_a_reload_and_gone_once_it_is_used(
    state: State, app: FastAPI
) -> None:
    number = said(state, "q", QUESTION).number or ""
    mine, hers = signed_in(state, app, "op01"), signed_in(state, app, "op02")
    words = "请带户口本和身份证到镇里办理。"
    kept = mine.form("/drafts", place=number, act="reply", text=words)
    assert kept.status_code == 204
    assert words in mine.get(f"/desk/{number}").text
    assert words not in hers.get(f"/desk/{number}").text
    assert mine.form(f"/desk/{number}/reply", text=words).status_code == 303
    with state.database.read() as session:
        assert session.scalars(select(Draft)).all() == []


def test_a_draft_outlives_a_colleague_who_was_faster(state: State, app: FastAPI) -> None:
    number = said(state, "q", QUESTION).number or ""
    mine, hers = signed_in(state, app, "op01"), signed_in(state, app, "op02")
    seen = re.findall(r'name="seen" value="(\d+)"', mine.get(f"/desk/{number}").text)[0]
    mine.form("/drafts", place=number, act="correct_route", reason="应由教育局主办")
    assert hers.form(f"/desk/{number}/confirm").status_code == 303
    late = mine.form(f"/desk/{number}/correct_route", seen=seen, reason="应由教育局主办")
    assert late.status_code in (409, 422)
    assert "应由教育局主办" in late.text
    assert "应由教育局主办" in mine.get(f"/desk/{number}").text


def test_drafts_are_only_for_requests_one_may_see_and_go_after_thirty_days(
    state: State, app: FastAPI, now: Watch
) -> None:
    number = said(state, "q", QUESTION).number or ""
    mine = signed_in(state, app, "op01")
    unknown = "HY20200101-00001-1"
    assert mine.form("/drafts", place=unknown, act="reply", text="x").status_code == 404
    mine.form("/drafts", place=number, act="reply", text="还没写完")
    drafts.purge_old(state.database, state.mint, now.forward(days=29))
    with state.database.read() as session:
        assert drafts.of(session, "op01", number)
    drafts.purge_old(state.database, state.mint, now.forward(days=2))
    with state.database.read() as session:
        assert not drafts.of(session, "op01", number)


def test_a_part_of_a_page_for_whom_is_signed_out_is_401_and_no_sign_in_page(app: FastAPI) -> None:
    caller = Caller(app)
    assert caller.get("/desk/rows", headers={"hx-request": "true"}).status_code == 401
    assert caller.get("/live", headers={"accept": "text/event-stream"}).status_code == 401
    assert caller.get("/desk").status_code == 303


def test_done_and_next_leads_to_the_next_of_the_same_tab(state: State, app: FastAPI) -> None:
    jump, food = said(state, "j", JUMP).number, said(state, "f", FOOD, CALLER).number
    caller = signed_in(state, app, "op01")
    answer = caller.form(f"/desk/{jump}/confirm", then="next", tab="urgent")
    assert answer.headers["location"] == f"/desk/{food}?tab=urgent"


def test_words_that_were_seen_but_ruled_out_are_shown_with_the_reason(
    state: State, app: FastAPI
) -> None:
    text = "电影里那个人说不想活了，我想问问低保"
    page = signed_in(state, app, "op01").get(f"/desk/{said(state, 'n', text).number}").text
    assert "看到但没有计入" in page
    assert "泛指" in page


def test_a_word_that_was_read_as_another_is_shown_with_what_it_was_read_as(
    state: State, app: FastAPI
) -> None:
    page = signed_in(state, app, "op01").get(f"/desk/{said(state, 'n', '我家断凉两天了').number}")
    assert "“断凉”按“断粮”读" in page.text


def test_of_a_sign_that_the_whole_text_speaks_against_the_desk_says_so(
    state: State, app: FastAPI
) -> None:
    text = "电梯又坏了，昨天被困了十分钟，要求物业换电梯，物业费不交了"
    page = signed_in(state, app, "op01").get(f"/desk/{said(state, 'n', text).number}").text
    assert "只提请人看一眼" in page


# The stream.


def test_the_stream_tells_what_changed_and_ends_at_once_when_the_process_does(
    state: State,
) -> None:
    async def follow() -> list[News]:
        pulse, heard = Pulse(state.database), []
        async for news in pulse.follow(None):
            heard.append(news)
            if len(heard) == 1:
                await asyncio.to_thread(said, state, "f", FOOD)
            else:
                pulse.close()
        return heard

    heard = asyncio.run(asyncio.wait_for(follow(), 30))
    with state.database.read() as session:
        number = session.scalars(select(HelpRequest.number)).one()
    assert heard[0].numbers == ()
    assert number in heard[1].numbers


def test_a_stream_that_comes_again_hears_what_it_missed(state: State) -> None:
    async def follow(after: int | None) -> News:
        pulse = Pulse(state.database)
        async for news in pulse.follow(after):
            pulse.close()
            return news
        raise AssertionError

    before = asyncio.run(follow(None)).seq
    number = said(state, "f", FOOD).number
    assert number in asyncio.run(follow(before)).numbers


def test_who_may_not_see_every_request_is_told_that_something_changed_and_not_what() -> None:
    news = News(7, ("HY20260930-00001-9",), call=True)
    told = list(telling(news, sees_all=False, hears=False))
    assert [(one.event, one.data) for one in told] == [("tick", "")]
    told = list(telling(news, sees_all=True, hears=True))
    assert [one.event for one in told] == ["call", "changed"]


# The telephone.


def push(caller: Caller, event: str, call_id: str = "c1", **more: str) -> Any:
    body = {"event": event, "call_id": call_id, "from": "13900004321", "to": "12345", **more}
    return caller.post("/api/v1/calls", body)


def test_a_call_that_rings_is_on_every_seat_until_one_answers(state: State, app: FastAPI) -> None:
    number = said(state, "q", QUESTION, CALLER).number or ""
    switchboard = partner(state, app, "pbx", "calls:write")
    assert push(switchboard, "newCall").status_code == 200
    mine, hers = signed_in(state, app, "op01"), signed_in(state, app, "op02")
    for seat in (mine, hers):
        strip = seat.get("/desk/calls").text
        assert CALLER in strip
        assert number in strip
    call_id = re.findall(r"/desk/calls/(\d+)/answer", mine.get("/desk/calls").text)[0]
    answer = mine.form(f"/desk/calls/{call_id}/answer")
    assert answer.headers["location"] == f"/desk/{number}", "a case in thirty days: to its page"
    assert CALLER not in hers.get("/desk/calls").text
    late = hers.form(f"/desk/calls/{call_id}/answer")
    assert late.status_code == 409
    assert "吕贵已经接听" in late.text


def test_a_stranger_gets_a_new_form_with_the_number_filled_in_and_the_answerer_is_responsible(
    state: State, app: FastAPI
) -> None:
    push(partner(state, app, "pbx", "calls:write"), "newCall")
    mine = signed_in(state, app, "op01")
    call_id = re.findall(r"/desk/calls/(\d+)/answer", mine.get("/desk/calls").text)[0]
    there = mine.form(f"/desk/calls/{call_id}/answer").headers["location"]
    assert there == f"/desk/enter?call={call_id}"
    assert CALLER in mine.get(there).text
    page = mine.form("/desk/enter", text=FOOD, sender=CALLER, channel="phone", call=call_id)
    number = re.findall(r"HY\d{8}-\d{5}-\d", page.text)[0]
    with state.database.read() as session:
        request = session.scalars(select(HelpRequest)).one()
        assert session.scalars(select(PhoneCall.number)).one() == number
    assert (request.first_responder, request.channel) == ("op01", "phone")


def test_a_call_while_writing_takes_no_word_of_the_one_before_and_has_its_own_back(
    state: State, app: FastAPI
) -> None:
    mine = signed_in(state, app, "op01")
    before, said_now = "邻居三天没出门，敲门没人应", "想问低保怎么申请"
    mine.form("/drafts", place="enter", act="enter", text=before)
    push(partner(state, app, "pbx", "calls:write"), "newCall")
    call_id = re.findall(r"/desk/calls/(\d+)/answer", mine.get("/desk/calls").text)[0]
    there = mine.form(f"/desk/calls/{call_id}/answer").headers["location"]
    form = mine.get(there).text
    assert f'data-draft="enter:{call_id}"' in form
    assert before not in form
    assert "您还有一件没写完" in form
    assert 'href="/desk/enter"' in form
    mine.form("/drafts", place="enter", act=f"enter:{call_id}", text=said_now, call=call_id)
    assert said_now in mine.get(there).text, "a reload brings the words of the call back"
    strip = mine.get("/desk/calls").text
    assert f'<a href="{there}">继续录入</a>' in strip
    plain = mine.get("/desk/enter").text
    assert before in plain
    assert f'href="{there}"' in plain
    assert 'name="call"' not in plain
    sent = mine.form("/desk/enter", text=said_now, sender=CALLER, channel="phone", call=call_id)
    assert before in sent.text, "the form is at once that of the one before"
    assert "您还有一件没写完" not in sent.text
    assert there not in mine.get("/desk/calls").text, "what was entered is not begun again"
    with state.database.read() as session:
        assert [one.act for one in session.scalars(select(Draft))] == ["enter"]


def test_words_of_a_call_that_is_over_come_back_without_it(state: State, app: FastAPI) -> None:
    mine = signed_in(state, app, "op01")
    mine.form("/drafts", place="enter", act="enter", text="断粮两天了", call="41")
    page = mine.get("/desk/enter").text
    assert "断粮两天了" in page
    assert 'name="call"' not in page


def test_a_hang_up_without_an_answer_is_a_missed_call_to_be_rung_back_in_time(
    state: State, app: FastAPI
) -> None:
    switchboard = partner(state, app, "pbx", "calls:write")
    push(switchboard, "newCall")
    first = push(switchboard, "hangup").json()
    again = push(switchboard, "hangup").json()
    assert first["state"] == "missed"
    assert first["number"] == again["number"], "told twice, it is one missed call"
    with state.database.read() as session:
        tasks = session.scalars(select(Task).where(col(Task.kind) == TaskKind.CALL_BACK)).all()
        clock = session.scalars(select(Clock).where(col(Clock.name) == "CLK-MISSED-CALL")).one()
    assert len(tasks) == 1
    assert clock.due_at - clock.started_at == timedelta(minutes=15)
    assert first["number"] in signed_in(state, app, "op01").get("/desk?tab=missed").text


def test_an_answered_call_is_not_missed_whatever_order_the_switchboard_tells_it_in(
    state: State, app: FastAPI
) -> None:
    switchboard = partner(state, app, "pbx", "calls:write")
    for event_ in ("answer", "newCall", "newCall", "hangup", "answer", "newCall"):
        assert push(switchboard, event_).status_code == 200
    with state.database.read() as session:
        assert session.scalars(select(PhoneCall.state)).all() == ["ended"]
        assert session.scalars(select(Task)).all() == []


def test_a_switchboard_needs_its_own_scope_and_sends_whole_events(
    state: State, app: FastAPI
) -> None:
    assert push(partner(state, app, "other", "contacts:write"), "newCall").status_code == 403
    switchboard = partner(state, app, "pbx", "calls:write")
    assert push(switchboard, "transfer").status_code == 422
    assert push(switchboard, "newCall", call_id="").status_code == 422
    assert switchboard.http.post("/api/v1/calls", content=b"{").status_code == 422
    assert push(Caller(app), "newCall").status_code == 401


def test_who_dismisses_a_call_sees_it_no_more_and_the_others_do(state: State, app: FastAPI) -> None:
    push(partner(state, app, "pbx", "calls:write"), "newCall")
    mine, hers = signed_in(state, app, "op01"), signed_in(state, app, "op02")
    call_id = re.findall(r"/desk/calls/(\d+)/answer", mine.get("/desk/calls").text)[0]
    assert CALLER not in mine.form(f"/desk/calls/{call_id}/dismiss").text
    assert CALLER in hers.get("/desk/calls").text
    assert signed_in(state, app, "civil_affairs.1").get("/desk/calls").status_code == 403


# The simulator.


def test_there_is_no_simulator_outside_the_demonstration(app: FastAPI) -> None:
    caller = Caller(app)
    assert caller.get("/simulator").status_code == 404
    assert caller.http.post("/simulator/sms", data={"text": "x"}).status_code == 404
    sent = caller.http.post(f"{standin.PATH}/2010-04-01/Accounts/A/Messages.json")
    assert sent.status_code == 404


def test_twiml_is_shown_as_what_a_caller_hears() -> None:
    twiml = (
        "<Response><Gather action='https://h.example/hook/voice?turn=1'><Say>您好 </Say></Gather>"
        "</Response>"
    )
    assert spoken(twiml) == (("您好",), "keys", "/hook/voice?turn=1")
    assert spoken("<Response><Say>再见</Say><Hangup/></Response>") == (("再见",), "over", "")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.thorough
def test_the_simulator_calls_the_real_hooks_with_real_signatures(
    settings: Settings, now: Watch
) -> None:
    values = standin.environment(settings, "http://127.0.0.1:9")
    shown = settings.lending(
        values,
        demo=True,
        channels="web,console,sms,voice,telegram",
        operator_number=standin.OPERATOR,
        public_url="http://desk.example",
    )
    state = wire(shown, kind="test", now=now)
    try:
        caller = Caller(application(state))
        caller.http.base_url = "http://desk.example"
        sent = caller.http.post("/simulator/sms", data={"number": "19900001234", "text": FOOD})
        assert sent.headers["location"] == "/simulator?number=19900001234"
        back = caller.get("/simulator?number=19900001234").text
        assert "HY20260930-00001" in back, "the receipt came back to the number"
        chatted = caller.http.post("/simulator/chat", data={"text": QUESTION, "chat": "77"})
        assert chatted.headers["location"] == "/simulator?chat=77"
        page = caller.http.post("/simulator/call", data={"number": "19900005678", "act": "dial"})
        assert 'class="heard"' in page.text
        hidden = {
            name: re.findall(rf'name="{name}" value="([^"]*)"', page.text)[0]
            for name in ("sid", "action")
        }
        told = caller.http.post(
            "/simulator/call", data={"number": "19900005678", "act": "key", "value": "1", **hidden}
        )
        assert "正在转人工" in told.text
        with state.database.read() as session:
            channels = session.scalars(select(HelpRequest.channel)).all()
            rings = session.scalars(select(PhoneCall.caller)).all()
    finally:
        state.close()
    assert {"sms", "telegram"} <= set(channels)
    assert rings == ["+8619900005678"]


def test_a_note_that_is_refused_still_stands_where_it_was_typed(state: State) -> None:
    operator = signed_in(state, application(state), "op01")
    with acting(state.database, state.mint) as tx:
        ask_once(tx, TaskKind.LOOK, unit="hotline", note="", now=state.now())
    found = re.findall(r'action="(/desk/tasks/\d+)[?"]', operator.get("/desk").text)
    answer = operator.form(found[0], note="办")
    assert answer.status_code == 422
    assert 'value="办" data-typed' in answer.text, "no live update takes it for what was there"
    assert "至少写 2 个字" in answer.text
    assert '<details class="tasks" open>' in answer.text


def work(state: State, kind: TaskKind = TaskKind.LOOK, unit: str = "hotline") -> str:
    """Work that waits, and the address of its form."""
    with acting(state.database, state.mint) as tx:
        ask_once(tx, kind, unit=unit, note="", now=state.now())
    with state.database.read() as session:
        return f"/desk/tasks/{max(session.scalars(select(Task.id)))}"


@pytest.mark.parametrize(
    ("login", "unit", "tab"), [("op01", "hotline", "urgent"), ("housing.1", "housing", "handling")]
)
def test_a_note_for_what_a_colleague_has_done_is_shown_on_the_tab_where_it_was(
    state: State, login: str, unit: str, tab: str
) -> None:
    mine = signed_in(state, app := application(state), login)
    form = work(state, unit=unit)
    base = "/desk" if unit == "hotline" else "/inbox"
    assert f'action="{form}?tab={tab}"' in mine.get(f"{base}?tab={tab}").text
    signed_in(state, app, "op02").form(form, note="我做完了")
    answer = mine.form(f"{form}?tab={tab}", note="王科长说已经接了")
    assert answer.status_code == 409
    assert "王科长说已经接了" in answer.text
    assert re.search(rf'tab={tab}" aria-current="page"', answer.text)
    other = work(state, unit=unit)
    taken = mine.form(f"{other}?tab={tab}", note="王科长说已经接了")
    assert taken.headers["location"] == f"{base}?tab={tab}"


def test_only_work_that_its_note_would_finish_is_offered_to_be_finished(state: State) -> None:
    app = application(state)
    works = [
        work(state, kind, unit)
        for kind in (TaskKind.LOOK, TaskKind.CONFIRM_HANDOFF, TaskKind.DECIDE_RETURN)
        for unit in ("hotline", "housing")
    ]
    for login, base in (("super01", "/desk"), ("op01", "/desk"), ("housing.1", "/inbox")):
        caller = signed_in(state, app, login)
        shown = caller.get(base).text
        offered = [form for form in works if f'action="{form}' in shown]
        taken = [form for form in works if caller.form(form, note="已经办了").status_code == 303]
        assert offered == taken, login
        for form in taken:
            works.remove(form)
    assert len(works) == 4, "what is done or decided elsewhere waits on"


def test_what_is_decided_on_a_request_leads_there(state: State) -> None:
    number = said(state, "decide", QUESTION).number or ""
    form = work(state, TaskKind.DECIDE_RETURN)
    with state.database.write() as connection:
        connection.execute(update(Task).values(number=number))
    page = signed_in(state, application(state), "super01").get("/desk").text
    assert form not in page
    assert f'href="/desk/{number}">去单上作决定' in page


def test_the_switch_of_the_language_stays_on_what_is_looked_at(state: State) -> None:
    page = signed_in(state, application(state), "op01").get("/desk?tab=urgent&lang=zh-CN").text
    assert 'href="/desk?tab=urgent&amp;lang=en"' in page
