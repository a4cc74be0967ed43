"""Rules change by two people, directories by one with a reason; the checklist reads what is."""

import re
from datetime import date
from typing import Any

import orjson
import pytest
from fastapi import FastAPI
from sqlalchemy import select, update
from sqlmodel import col

from gateway import accounts, checklist, frozen, trying
from gateway.state import State, wire
from models.clocks import Clock as Running
from models.events import Event
from models.outbox import Outgoing
from models.places import Staff, UnitRow
from models.proposals import Proposal
from models.referrals import Referral
from models.requests import HelpRequest
from models.transaction import acting
from models.vocabulary import Role
from referral import succeeding
from referral.casework import GRASSROOTS
from referral.wording import when
from tests.conftest import Clock
from tests.gateway.people import FOOD, Caller, application, said, signed_in

ADMIN, SUPER = "admin01", "super01"
CHANGE = {
    "kind": "clock",
    "subject": "CLK-DIBAO",
    "measure": "working_day",
    "ladder": "standard",
    "amount": "20",
    "source": "本县办法第九条",
    "tag": "L",
    "effective_from": "2026-10-08",
    "reason": "县政府常务会议决定",
}


@pytest.fixture
def app(state: State) -> FastAPI:
    return application(state)


def rows(state: State, table: Any) -> list[Any]:
    with state.database.read() as session:
        return list(session.scalars(select(table).order_by(*table.__table__.primary_key)))


def events(state: State, kind: str) -> list[dict[str, Any]]:
    with state.database.read() as session:
        query = select(Event).where(col(Event.kind) == kind).order_by(col(Event.seq))
        return [{"by": one.by, **orjson.loads(one.detail)} for one in session.scalars(query)]


def proposed(caller: Caller, **changes: str) -> Any:
    return caller.form("/admin/rule", **{**CHANGE, "step": "propose", **changes})


def decided(state: State, caller: Caller, agree: str, answer: str = "") -> Any:
    number = str(rows(state, Proposal)[-1].id)
    return caller.form("/admin/changes", id=number, agree=agree, answer=answer)


def dibao(state: State, day: date) -> float:
    return state.offices.refresh().policy.clock("CLK-DIBAO", "", day).amount


def test_a_change_counts_from_its_day_when_another_person_has_accepted(
    state: State, app: FastAPI, now: Clock
) -> None:
    admin, supervisor = signed_in(state, app, ADMIN), signed_in(state, app, SUPER)
    before = dibao(state, date(2026, 10, 8))
    assert before != 20
    hash_before = state.offices.current().policy.hash
    assert proposed(admin).status_code == 303
    assert dibao(state, date(2026, 10, 8)) == before
    assert decided(state, supervisor, "yes").status_code == 303
    assert dibao(state, date(2026, 9, 30)) == before
    assert state.offices.current().policy.hash == hash_before
    now.forward(days=8)
    assert dibao(state, date(2026, 10, 8)) == 20
    assert dibao(state, date(2026, 10, 7)) == before
    rule = state.offices.current().policy.clock("CLK-DIBAO", "", date(2026, 10, 8))
    assert (rule.source, rule.tag, rule.is_law) == ("本县办法第九条", "L", False)
    assert state.offices.current().policy.hash != hash_before
    made, taken = events(state, "rule_proposed"), events(state, "rule_accepted")
    assert [one["by"] for one in (*made, *taken)] == [ADMIN, SUPER]
    assert taken[0]["proposed_by"] == ADMIN
    assert taken[0]["reason"] == CHANGE["reason"]
    assert taken[0]["after"]["amount"] == 20


def test_another_process_goes_by_an_accepted_change_from_its_start(
    state: State, app: FastAPI, now: Clock
) -> None:
    proposed(signed_in(state, app, ADMIN), effective_from="2026-09-30")
    decided(state, signed_in(state, app, SUPER), "yes")
    other = wire(state.settings, kind="second", now=now, channels=state.channels)
    assert other.offices.current().policy.clock("CLK-DIBAO").amount == 20
    assert other.offices.current().policy.hash == state.offices.current().policy.hash
    other.database.close()


def test_nobody_accepts_their_own_proposal_but_may_take_it_back(state: State, app: FastAPI) -> None:
    admin = signed_in(state, app, ADMIN)
    proposed(admin)
    answer = decided(state, admin, "yes")
    assert answer.status_code == 409
    assert "要由另一个人同意" in answer.text
    assert rows(state, Proposal)[-1].decided_at is None
    assert decided(state, admin, "no").status_code == 303
    assert rows(state, Proposal)[-1].accepted is False
    assert [one["by"] for one in events(state, "rule_taken_back")] == [ADMIN]
    assert decided(state, signed_in(state, app, SUPER), "yes").status_code == 404


def test_a_refusal_says_why_and_changes_nothing(state: State, app: FastAPI, now: Clock) -> None:
    proposed(signed_in(state, app, ADMIN))
    supervisor = signed_in(state, app, SUPER)
    assert decided(state, supervisor, "no").status_code == 422
    assert decided(state, supervisor, "no", "依据不足").status_code == 303
    now.forward(days=9)
    assert dibao(state, date(2026, 10, 9)) != 20
    assert events(state, "rule_refused")[0]["answer"] == "依据不足"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"reason": " "}, "请写明理由"),
        ({"source": ""}, "请写明依据"),
        ({"amount": "-3"}, "时长"),
        ({"amount": "2.5"}, "对不上"),
        ({"measure": "weeks"}, "单位（计时）"),
        ({"effective_from": "2026-09-29"}, "已经过去"),
        ({"effective_from": "soon"}, "生效日期"),
        ({"is_law": "1"}, "不能作为法定期限"),
    ],
)
def test_what_cannot_be_is_refused_with_what_was_typed(
    state: State, app: FastAPI, changes: dict[str, str], words: str
) -> None:
    answer = proposed(signed_in(state, app, ADMIN), **changes)
    assert answer.status_code == 422
    assert words in answer.text
    assert CHANGE["subject"] in answer.text
    assert rows(state, Proposal) == []


def test_a_proposal_is_overtaken_when_the_rule_has_changed_meanwhile(
    state: State, app: FastAPI
) -> None:
    admin, supervisor = signed_in(state, app, ADMIN), signed_in(state, app, SUPER)
    proposed(admin)
    first = rows(state, Proposal)[-1].id
    proposed(admin, amount="25")
    assert decided(state, supervisor, "yes").status_code == 303
    answer = supervisor.form("/admin/changes", id=str(first), agree="yes", answer="")
    assert answer.status_code == 409
    assert "已被改过" in answer.text


def test_undoing_is_a_new_change_with_the_old_values(
    state: State, app: FastAPI, now: Clock
) -> None:
    admin, supervisor = signed_in(state, app, ADMIN), signed_in(state, app, SUPER)
    before = dibao(state, date(2026, 9, 30))
    proposed(admin, effective_from="2026-09-30")
    decided(state, supervisor, "yes")
    assert dibao(state, date(2026, 9, 30)) == 20
    number = rows(state, Proposal)[-1].id
    page = admin.get(f"/admin/rule?kind=clock&subject=CLK-DIBAO&undo={number}").text
    assert f'value="{before:g}"' in page
    proposed(admin, amount=f"{before:g}", effective_from="2026-10-01", reason="恢复原规定")
    decided(state, supervisor, "yes")
    now.forward(days=1)
    assert dibao(state, date(2026, 10, 1)) == before
    assert dibao(state, date(2026, 9, 30)) == 20


def test_a_running_case_keeps_the_clock_it_began_with(
    state: State, app: FastAPI, now: Clock
) -> None:
    said(state, "a", "我想申请低保，家住柳湾镇柳湾村，家里没有收入")
    began = {one.id: (one.due_at, one.policy) for one in rows(state, Running)}
    name = next(one.name for one in rows(state, Running) if one.name.startswith("CLK-DIBAO"))
    proposed(signed_in(state, app, ADMIN), subject=name, effective_from="2026-09-30")
    decided(state, signed_in(state, app, SUPER), "yes")
    assert {one.id: (one.due_at, one.policy) for one in rows(state, Running)} == began
    said(state, "b", "我想申请低保，家住青山镇青山村，家里没有收入", "+8613911112222")
    later = [one for one in rows(state, Running) if one.id not in began and one.name == name]
    assert later
    assert later[0].policy != next(iter(began.values()))[1]
    with state.database.read() as session:
        assert any(stamp == began[next(iter(began))][1] for stamp, _ in frozen.read(session))


def test_a_route_goes_to_another_bureau_from_its_day(state: State, app: FastAPI) -> None:
    admin = signed_in(state, app, ADMIN)
    row = next(one for one in state.offices.current().policy.routes if one.id == "RT-01")
    fields = {
        "kind": "route", "subject": "RT-01", "lead": "social_work",
        "danger_lead": row.danger_lead, "alternate_lead": row.alternate_lead,
        "cooperating": "卫生健康部门 ,medical_insurance", "by_need": ",".join(row.by_need),
        "first_line": row.first_line, "place": row.place.value, "clock": row.clock,
        "urgent_clock": row.urgent_clock, "source": "三定方案", "tag": "L",
        "effective_from": "2026-09-30", "reason": "职能划转", "step": "look",
    }  # fmt: skip
    name = state.offices.current().policy.authorities["health"].name_zh
    fields["cooperating"] = f"{name}，medical_insurance"
    shown = admin.form("/admin/rule", **fields)
    assert shown.status_code == 200
    assert 'id="preview"' in shown.text
    assert rows(state, Proposal) == []
    assert admin.form("/admin/rule", **{**fields, "step": "propose"}).status_code == 303
    decided(state, signed_in(state, app, SUPER), "yes")
    tried = trying.sentence(state.offices.refresh(), "我想申请低保", None, state.now())
    assert tried.route.row.id == "RT-01"
    assert tried.route.lead == "social_work"
    assert tried.route.cooperating == ("health", "medical_insurance")


def test_an_accepted_change_that_no_longer_fits_is_left_out_and_named(state: State) -> None:
    with acting(state.database, state.mint) as tx:
        for number, subject in ((1, "CLK-NOT-THERE"), (2, "CLK-DIBAO")):
            tx.add(
                Proposal, id=number, kind="clock", subject=subject, before={}, source="x", tag="L",
                after={"amount": 20.0}, effective_from=date(2026, 9, 30), reason="x",
                proposed_by=ADMIN, proposed_at=state.now(), decided_by=SUPER,
                decided_at=state.now(), accepted=True,
            )  # fmt: skip
        tx.count("directory")
    office = state.offices.refresh()
    assert [number for number, _ in state.offices.left_out] == [1]
    assert office.policy.clock("CLK-DIBAO").amount == 20


def test_a_sentence_is_tried_and_kept_nowhere(state: State, app: FastAPI) -> None:
    admin = signed_in(state, app, ADMIN)
    before = len(rows(state, Event))
    page = admin.form("/admin/routes/test", text="家里断粮两天了，孩子饿得直哭", area="W01").text
    assert 'id="tried"' in page
    assert "RT-05" in page
    assert len(rows(state, Event)) == before
    assert admin.form("/admin/routes/test", text=" ").status_code == 422


def test_the_preview_counts_a_holiday_as_people_do(state: State, app: FastAPI) -> None:
    page = signed_in(state, app, ADMIN).get("/admin/clocks?at=2026-09-30T16:40").text
    office = state.offices.current()
    rule = next(r for r in office.policy.clocks if r.measure == "working_day" and r.amount == 3)
    due = trying.due_of(rule, state.now(), office.policy.calendar)
    assert due is not None
    assert due.at.astimezone(office.policy.calendar.zone).date() == date(2026, 10, 10)
    assert f"受理于 {when(state.now(), 'zh-CN')} → {when(due.at, 'zh-CN')}" in page
    assert signed_in(state, app, ADMIN).get("/admin/clocks?at=x").status_code == 200


def test_the_alarm_for_next_years_calendar_begins_in_december(
    state: State, app: FastAPI, now: Clock
) -> None:
    admin = signed_in(state, app, ADMIN)
    assert "2027 年的放假调休安排" not in admin.get("/admin/calendar").text
    year = trying.year(state.offices.current().policy.calendar, 2026, [])
    kinds = {day.day: day.kind for m in year.months for w in m.weeks for day in w if day}
    assert kinds[date(2026, 10, 1)] == "off"
    assert kinds[date(2026, 2, 14)] == "made_up"
    assert len(kinds) == 365
    now.at = now.at.replace(month=12, day=1)
    admin = signed_in(state, app, ADMIN)
    assert "2027 年的放假调休安排" in admin.get("/admin/calendar?year=2027").text


def test_the_checklist_is_read_from_what_there_is(state: State, app: FastAPI) -> None:
    def done() -> dict[str, bool]:
        with state.database.read() as session:
            found = checklist.steps(session.connection(), state.offices.refresh(), state.now())
        return {step.code: step.done for step in found}

    assert len(done()) == 7
    assert done()["areas"]
    assert done()["units"]
    assert not done()["deciders"]
    admin = signed_in(state, app, ADMIN)
    signed_in(state, app, SUPER)
    assert done()["deciders"]
    changed = admin.form(
        "/admin/units/change", code="civil_affairs", name_zh="民政局", duty_phone="", reason="停机"
    )
    assert changed.status_code == 303
    assert not done()["units"]
    page = admin.get("/admin").text
    assert page.count('class="is-open"') == 7 - sum(done().values())


def test_a_unit_is_added_changed_and_retired_with_a_reason(state: State, app: FastAPI) -> None:
    admin = signed_in(state, app, ADMIN)
    new = {
        "code": "relief_station_2", "name_zh": "第二救助站", "authority": "rescue_station",
        "kind": "station", "duty_phone": "0572-1234567", "area": "W", "reason": "新设",
    }  # fmt: skip
    assert admin.form("/admin/units", **{**new, "reason": ""}).status_code == 422
    assert admin.form("/admin/units", **{**new, "code": "坏"}).status_code == 422
    assert admin.form("/admin/units", **new).status_code == 303
    assert "relief_station_2" in state.offices.current().directory.unit
    assert admin.form("/admin/units", **new).status_code == 409
    changes = {"code": new["code"], "name_zh": "二站", "duty_phone": "0572-1", "reason": "更名"}
    assert admin.form("/admin/units/change", **changes).status_code == 303
    entry = events(state, "unit_changed")[-1]
    assert entry["before"]["name_zh"] == "第二救助站"
    assert entry["after"]["name_zh"] == "二站"
    gone = {"code": new["code"], "ends_on": "2026-09-30", "reason": "撤并", "successor": ""}
    assert admin.form("/admin/units/retire", **gone).status_code == 303
    today = date(2026, 9, 30)
    assert not state.offices.current().directory.unit[new["code"]].serves_on(today)
    assert events(state, "unit_retired")[-1]["reason"] == "撤并"


def test_a_unit_with_open_orders_is_retired_only_with_a_successor_who_gets_them(
    state: State, app: FastAPI, now: Clock
) -> None:
    said(state, "a", FOOD)
    order = next(one for one in rows(state, Referral) if one.role == "lead")
    admin = signed_in(state, app, ADMIN)
    gone = {"code": order.bureau, "ends_on": "2026-09-30", "reason": "机构改革"}
    answer = admin.form("/admin/units/retire", successor="", **gone)
    assert answer.status_code == 409
    assert "请指定接替单位" in answer.text
    assert admin.form("/admin/units/retire", successor=order.bureau, **gone).status_code == 422
    assert admin.form("/admin/units/retire", successor="social_work", **gone).status_code == 303
    with acting(state.database, state.mint) as tx:
        assert succeeding.move(tx, state.offices.current(), now()) > 0
    moved = [one for one in rows(state, Referral) if one.bureau == "social_work"]
    assert moved[-1].due_at == order.due_at
    assert moved[-1].role == "lead"


def test_a_township_is_not_dissolved_before_somebody_goes_on_for_its_places(
    state: State, app: FastAPI
) -> None:
    """There are other townships, and none of them serves its villages."""
    admin = signed_in(state, app, ADMIN)
    gone = {"code": "township_w08", "ends_on": "2026-09-30", "reason": "撤乡并镇"}
    refused = admin.form("/admin/units/retire", successor="", **gone)
    assert (refused.status_code, "请指定接替单位" in refused.text) == (409, True)
    answer = admin.form("/admin/units/retire", successor="township_w09", **gone)
    assert answer.status_code == 303
    directory = state.offices.current().directory
    assert directory.local("township", "W08", date(2026, 10, 1)).code == "township_w09"


def test_an_account_is_added_let_in_by_a_link_transferred_and_closed(
    state: State, app: FastAPI
) -> None:
    admin = signed_in(state, app, ADMIN)
    new = {
        "login": "new.one", "name": "买买提·阿卜杜拉", "role": "bureau_officer",
        "unit": "education", "area": "W", "reason": "新调入",
    }  # fmt: skip
    assert admin.form("/admin/users", **{**new, "unit": "nowhere"}).status_code == 422
    assert admin.form("/admin/users", **{**new, "phone": "12"}).status_code == 422
    assert admin.form("/admin/users", **new).status_code == 303
    assert admin.form("/admin/users", **new).status_code == 409
    link = admin.form("/admin/users/link", login="new.one").text
    assert "/sign-in/" in link
    assert "买买提·阿卜杜拉" in admin.search("/admin/users/search", q="买买提").text
    signed_in(state, app, "new.one")
    assert admin.form("/admin/users/link", login="new.one").status_code == 409
    moved = {"login": "new.one", "role": "bureau_head", "unit": "health", "area": "W"}
    assert admin.form("/admin/users/transfer", **moved, reason="").status_code == 422
    assert admin.form("/admin/users/transfer", **moved, reason="调任").status_code == 303
    officer = state.offices.current().directory.officer["new.one"]
    assert (officer.unit, officer.role) == ("health", "bureau_head")
    asked = admin.form("/admin/users/recovery", login="new.one", reason="换手机")
    assert asked.status_code == 303
    assert events(state, "recovery_asked")[-1]["login"] == "new.one"
    assert admin.form("/admin/users/close", login="new.one", reason="离职").status_code == 303
    assert "new.one" not in state.offices.current().directory.officer
    assert events(state, "staff_disabled")[-1]["reason"] == "离职"
    assert events(state, "staff_transferred")[-1]["before"]["unit"] == "education"


@pytest.mark.parametrize("role", GRASSROOTS)
def test_who_works_for_a_place_has_no_account_without_one(
    state: State, app: FastAPI, role: str
) -> None:
    admin = signed_in(state, app, ADMIN)
    new = {"login": "new.one", "name": "马兰", "role": role, "unit": "township_w01",
           "area": "", "reason": "新调入"}  # fmt: skip
    answer = admin.form("/admin/users", **new)
    assert answer.status_code == 422
    said_at = re.search(r'id="area-error">([^<]+)<', answer.text)
    assert said_at is not None
    assert "请选属地" in said_at[1]
    assert 'value="new.one"' in answer.text, "what was typed stays"
    with acting(state.database, state.mint) as tx, pytest.raises(ValueError, match="--area"):
        accounts.add_staff(
            tx, login="new.one", name="马兰", role=Role(role), unit="township_w01", area=None,
            now=state.now(),
        )  # fmt: skip
    assert admin.form("/admin/users", **{**new, "area": "W01"}).status_code == 303
    moved = admin.form("/admin/users/transfer", **{**new, "unit": "township_w02"})
    assert (moved.status_code, 'id="area-error"' in moved.text) == (422, True)
    elsewhere = {"role": "bureau_officer", "unit": "education", "reason": "调任", "area": ""}
    done = admin.form("/admin/users/transfer", login="new.one", **elsewhere)
    assert done.status_code == 303, "a bureau is the county's"


def test_nobody_changes_their_own_account(state: State, app: FastAPI) -> None:
    admin = signed_in(state, app, ADMIN)
    mine = {"login": ADMIN, "role": "supervisor", "unit": "hotline", "area": "W", "reason": "升职"}
    assert admin.form("/admin/users/transfer", **mine).status_code == 409
    assert admin.form("/admin/users/close", login=ADMIN, reason="x y").status_code == 409


def test_what_somebody_held_stays_with_the_unit_they_leave(state: State, app: FastAPI) -> None:
    said(state, "a", FOOD)
    held = rows(state, HelpRequest)[-1]
    admin = signed_in(state, app, ADMIN)
    moved = {"role": "bureau_officer", "unit": "education", "area": "W", "reason": "调任"}
    answer = admin.form("/admin/users/transfer", login=held.holder_person, **moved)
    assert answer.status_code == 303
    after = rows(state, HelpRequest)[-1]
    assert after.holder_person != held.holder_person
    assert after.holder_unit == held.holder_unit
    assert events(state, "holder_replaced")[-1]["was"] == held.holder_person


def test_the_last_sign_in_is_shown(state: State, app: FastAPI) -> None:
    admin = signed_in(state, app, ADMIN)
    with state.database.read() as session:
        at = session.scalars(select(Staff.signed_in_at).where(col(Staff.login) == ADMIN)).one()
    assert at == state.now()
    assert when(state.now(), "zh-CN") in admin.get(f"/admin/users/one?login={ADMIN}").text


def test_a_web_process_without_ticks_sees_a_change_of_another_process(
    state: State, now: Clock
) -> None:
    other = wire(state.settings, kind="web", now=now, channels=state.channels)
    other.offices.current()
    with acting(state.database, state.mint) as tx:
        tx.execute(update(UnitRow).where(col(UnitRow.code) == "education").values(name_zh="新名"))
        tx.count("directory")
    other.offices.forget()
    assert other.offices.current().directory.unit["education"].name_zh == "新名"
    other.database.close()


def test_sentences_are_shown_with_their_version(state: State, app: FastAPI) -> None:
    admin = signed_in(state, app, ADMIN)
    page = admin.get("/admin/texts?q=staff_calendar").text
    assert "放假调休安排" in page
    assert state.offices.current().phrases.version[:23] in page


def test_every_page_is_made_in_both_languages(state: State, app: FastAPI, now: Clock) -> None:
    admin = signed_in(state, app, ADMIN)
    proposed(admin)
    pages = (
        "/admin", "/admin/units", "/admin/units/one?code=education", "/admin/routes",
        "/admin/clocks", "/admin/changes", "/admin/calendar", "/admin/users", "/admin/channels",
        "/admin/users/one?login=op01", "/admin/texts", "/admin/rule?kind=route&subject=RT-05",
        "/admin/rule?kind=clock&subject=CLK-SIGN/urgent",
    )  # fmt: skip
    for path in pages:
        for language in ("zh-CN", "en"):
            mark = "&" if "?" in path else "?"
            answer = admin.get(f"{path}{mark}lang={language}")
            assert answer.status_code == 200, (path, answer.text[-400:])
    assert admin.get("/admin/rule?kind=clock&subject=CLK-NONE").status_code == 404
    assert admin.get("/admin/users/one?login=nobody").status_code == 404
    supervisor = signed_in(state, app, SUPER)
    assert supervisor.get("/admin").headers["location"] == "/admin/changes"
    assert supervisor.get("/admin/units").status_code == 403


def test_a_test_message_goes_to_the_console_and_stands_in_the_ledger(
    settings: Any, now: Clock
) -> None:
    state = wire(settings, kind="test", now=now)
    admin = signed_in(state, application(state), ADMIN)
    assert admin.form("/admin/channels/test").status_code == 303
    sent = rows(state, Outgoing)[-1]
    assert (sent.channel, sent.phrase, sent.staff) == ("console", "test_message", ADMIN)
    assert events(state, "test_message_sent")[-1]["by"] == ADMIN
    page = admin.get("/admin/channels").text
    assert "1 条，最早" in page
    with state.database.read() as session:
        steps = checklist.steps(session.connection(), state.offices.current(), state.now())
    assert not next(step for step in steps if step.code == "lines").done
    state.close()


def test_every_ladder_that_can_be_chosen_has_a_name(state: State, app: FastAPI) -> None:
    office = state.offices.current()
    keys = office.phrases.keys()
    assert [name for name in office.policy.ladders if f"admin.ladder.{name}" not in keys] == []


def test_a_change_is_named_and_its_length_has_its_measure(state: State, app: FastAPI) -> None:
    admin, other = (signed_in(state, app, login) for login in (ADMIN, SUPER))
    wanted = {
        "kind": "clock", "subject": "CLK-SIGN", "amount": "2", "measure": "working_day",
        "ladder": "standard", "effective_from": "2026-12-01", "source": "本县办法第九条",
        "tag": "L", "reason": "周末无人签收", "step": "propose",
    }  # fmt: skip
    assert admin.form("/admin/rule", **wanted).status_code == 303
    page = other.get("/admin/changes").text
    assert "签收（CLK-SIGN）" in page
    assert "<del>1 个工作日</del>" in page
    assert "<ins>2 个工作日</ins>" in page
