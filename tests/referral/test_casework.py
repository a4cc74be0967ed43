"""The rules of casework, verb by verb (domain note 3b.2 to 3b.5)."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from gateway.state import State
from models.clocks import Clock
from models.events import Event
from models.notes import Note
from models.outbox import Outgoing
from models.referrals import Referral
from models.requests import HelpRequest
from models.tasks import Task
from models.transaction import acting
from models.vocabulary import Level, ReferralStatus, Role, Status, TaskKind, Track
from referral import (
    answering,
    closing,
    correcting,
    handing_off,
    handling,
    rehandling,
    reporting,
    rerouting,
)
from referral.casework import Actor, Refusal
from referral.lifecycle import Impossible
from tests.conftest import Clock as Watch
from tests.gateway.people import COMPLAINT, FOOD, JUMP, QUESTION, said

OPERATOR = Actor("op04", Role.OPERATOR, "hotline", "W")
LEAD = Actor("lead01", Role.DUTY_LEAD, "hotline", "W")
SECOND_LEAD = Actor("lead02", Role.DUTY_LEAD, "hotline", "W")
SUPERVISOR = Actor("super01", Role.SUPERVISOR, "coordination_office", "W")
OFFICER = Actor("civil_affairs.1", Role.BUREAU_OFFICER, "civil_affairs", "W")
COLLEAGUE = Actor("civil_affairs.2", Role.BUREAU_OFFICER, "civil_affairs", "W")
EDUCATION = Actor("education.1", Role.BUREAU_OFFICER, "education", "W")
HEALTH = Actor("health.1", Role.BUREAU_OFFICER, "health", "W")
TOWNSHIP = Actor("township_w01.1", Role.TOWNSHIP_OFFICER, "township_w01", "W01")


class Desk:
    """Does verbs, each in its own transaction, and reads what stands."""

    def __init__(self, state: State) -> None:
        self.state = state

    def do(self, verb: Any, actor: Actor, number: str, **body: Any) -> Any:
        with acting(self.state.database, self.state.mint) as tx:
            row = self._row(tx, number)
            return verb(tx, self.state.offices.current(), actor, row, **body, now=self.state.now())

    def _row(self, tx: Any, number: str) -> dict[str, Any]:
        columns = HelpRequest.__table__.columns  # type: ignore[attr-defined]
        found = tx.execute(select(*columns).where(col(HelpRequest.number) == number)).one()
        return dict(found._mapping)

    def request(self, number: str) -> dict[str, Any]:
        with acting(self.state.database, self.state.mint) as tx:
            return self._row(tx, number)

    def rows(self, table: Any, number: str) -> list[Any]:
        request_id = self.request(number)["id"]
        with self.state.database.read() as session:
            query = select(*table.__table__.columns).where(table.request_id == request_id)
            return list(session.connection().execute(query.order_by(*table.__table__.primary_key)))

    def running(self, number: str) -> dict[str, Any]:
        return {row.name: row for row in self.rows(Clock, number) if row.stopped_at is None}

    def kinds(self, number: str) -> list[str]:
        return [row.kind for row in self.rows(Event, number)]

    def lead(self, number: str) -> Any:
        gone = (ReferralStatus.CANCELLED, ReferralStatus.RETURNED)
        rows = [r for r in self.rows(Referral, number) if r.role == "lead" and r.status not in gone]
        assert len(rows) == 1, "exactly one lead"
        return rows[0]


@pytest.fixture
def desk(state: State) -> Desk:
    return Desk(state)


@pytest.fixture
def food(state: State) -> str:
    return said(state, "food", FOOD).number or ""


@pytest.fixture
def question(state: State) -> str:
    return said(state, "question", QUESTION, "+8613900001111").number or ""


@pytest.fixture
def jump(state: State) -> str:
    return said(state, "jump", JUMP, "+8613700002222").number or ""


def finish(desk: Desk, number: str, officer: Actor = OFFICER) -> None:
    """Bring a standard request to its callback."""
    desk.do(correcting.confirm, OPERATOR, number)
    desk.do(handling.sign, officer, number)
    desk.do(answering.reply, officer, number, text="请带户口本到镇便民服务中心，当场受理。")
    desk.do(reporting.report_result, officer, number, result="已一次性告知")


def test_confirming_stops_the_triage_clock_and_tells_everything_needed_at_once(
    desk: Desk, question: str
) -> None:
    desk.do(correcting.confirm, OPERATOR, question)
    row = desk.request(question)
    assert row["confirmed_by"] == "op04"
    assert "CLK-TRIAGE" not in desk.running(question)
    told = [row.phrase for row in desk.rows(Outgoing, question) if row.staff is None]
    assert "standard_accepted" in told or row["track"] != Track.STANDARD


def test_what_is_confirmed_is_not_confirmed_twice(desk: Desk, food: str) -> None:
    desk.do(correcting.confirm, OPERATOR, food)
    with pytest.raises(Refusal, match="already_confirmed"):
        desk.do(correcting.confirm, LEAD, food)


def test_a_bureau_does_not_confirm_the_triage(desk: Desk, food: str) -> None:
    with pytest.raises(Impossible):
        desk.do(correcting.confirm, OFFICER, food)


def test_raising_brings_the_urgent_clocks_and_keeps_the_holder(desk: Desk, question: str) -> None:
    before = desk.request(question)
    desk.do(
        correcting.raise_urgency, OFFICER, question, level=Level.URGENT, reason="电话里说断粮了"
    )
    after = desk.request(question)
    assert (after["level"], after["track"]) == (Level.URGENT, Track.URGENT)
    assert (after["holder_unit"], after["holder_person"]) == (
        before["holder_unit"],
        before["holder_person"],
    )
    assert {"CLK-URGENT-CONTACT", "CLK-RELIEF"} <= set(desk.running(question))
    assert after["queue_key"] < before["queue_key"]
    assert desk.lead(question).bureau == before["lead_bureau"]


def test_raising_needs_a_reason_and_a_higher_level(desk: Desk, food: str) -> None:
    with pytest.raises(Refusal, match="reason_missing"):
        desk.do(correcting.raise_urgency, OPERATOR, food, level=Level.LIFE_THREAT, reason=" ")
    with pytest.raises(Refusal, match="not_higher"):
        desk.do(correcting.raise_urgency, OPERATOR, food, level=Level.STANDARD, reason="看着不急")


def test_only_the_head_of_shift_lowers_and_only_after_speaking(desk: Desk, food: str) -> None:
    with pytest.raises(Impossible):
        desk.do(correcting.lower_urgency, OPERATOR, food, level=Level.STANDARD, reason="误报")
    with pytest.raises(Refusal, match="speak_first"):
        desk.do(correcting.lower_urgency, LEAD, food, level=Level.STANDARD, reason="误报")
    desk.do(handling.record_contact, LEAD, food, who="求助人", outcome="no_answer")
    with pytest.raises(Refusal, match="speak_first"):
        desk.do(correcting.lower_urgency, LEAD, food, level=Level.STANDARD, reason="误报")
    assert desk.request(food)["level"] == Level.URGENT


def test_lowering_stops_the_urgent_clocks_and_counts_from_the_original_receipt(
    desk: Desk, food: str, now: Watch
) -> None:
    received = desk.request(food)["received_at"]
    now.forward(hours=1)
    desk.do(handling.record_contact, LEAD, food, who="求助人", outcome="reached")
    desk.do(correcting.lower_urgency, LEAD, food, level=Level.STANDARD, reason="家里有粮，问补贴")
    running, row = desk.running(food), desk.request(food)
    assert not {"CLK-URGENT-CONTACT", "CLK-RELIEF", "CLK-TRIAGE"} & set(running)
    assert running["CLK-HANDLE"].started_at == received
    assert row["track"] == Track.STANDARD
    detail = [event.detail for event in desk.rows(Event, food) if event.kind == "level_lowered"]
    assert "downgraded" in detail[0]
    assert "问补贴" not in detail[0], "what was typed stands beside the ledger"
    assert "问补贴" in str([note.said for note in desk.rows(Note, food)])


def test_out_of_life_danger_two_people_sign(desk: Desk, jump: str) -> None:
    how = {"level": Level.STANDARD, "reason": "本人在家，是误会"}
    desk.do(handling.record_contact, LEAD, jump, who="报警人", outcome="reached")
    desk.do(correcting.lower_urgency, LEAD, jump, **how)
    assert desk.request(jump)["level"] == Level.LIFE_THREAT
    desk.do(correcting.lower_urgency, LEAD, jump, **how)
    assert desk.request(jump)["level"] == Level.LIFE_THREAT, "the same person is no second one"
    desk.do(correcting.lower_urgency, SUPERVISOR, jump, **how)
    assert desk.request(jump)["level"] == Level.STANDARD
    assert "CLK-HANDOFF" not in desk.running(jump)


def test_a_supervisor_alone_does_not_lower(desk: Desk, jump: str) -> None:
    desk.do(handling.record_contact, LEAD, jump, who="报警人", outcome="reached")
    with pytest.raises(Impossible):
        desk.do(correcting.lower_urgency, SUPERVISOR, jump, level=Level.STANDARD, reason="误会")


def test_new_words_undo_a_proposal_to_lower(desk: Desk, jump: str, state: State) -> None:
    how = {"level": Level.STANDARD, "reason": "本人在家，是误会"}
    desk.do(handling.record_contact, LEAD, jump, who="报警人", outcome="reached")
    desk.do(correcting.lower_urgency, LEAD, jump, **how)
    assert said(state, "more", "他又爬上去了", "+8613700002222").number == jump
    desk.do(correcting.lower_urgency, SECOND_LEAD, jump, **how)
    assert desk.request(jump)["level"] == Level.LIFE_THREAT
    desk.do(correcting.lower_urgency, LEAD, jump, **how)
    assert desk.request(jump)["level"] == Level.STANDARD


def test_a_corrected_route_keeps_the_due_time_and_tells_the_citizen(
    desk: Desk, question: str, now: Watch
) -> None:
    before, due = desk.request(question), desk.lead(question).due_at
    now.forward(hours=3)
    desk.do(rerouting.correct_route, OPERATOR, question, bureau="housing", reason="问的是公租房")
    row, lead = desk.request(question), desk.lead(question)
    assert (lead.bureau, lead.due_at) == ("housing", due)
    assert row["holder_unit"] == "housing"
    assert row["holder_person"]
    old = [r for r in desk.rows(Referral, question) if r.bureau == before["lead_bureau"]]
    assert [r.status for r in old] == [ReferralStatus.CANCELLED]
    assert [r.phrase for r in desk.rows(Outgoing, question)].count("handed_over") == 1
    signs = [c for c in desk.rows(Clock, question) if c.name == "CLK-SIGN"]
    assert [clock.stopped_at is None for clock in signs] == [False, True]


def test_another_date_is_never_called_the_old_one(state: State, desk: Desk, now: Watch) -> None:
    """She had been told tomorrow, heard "the date is unchanged", and read one a week later."""
    text = "南门街道和平社区楼道的灯坏了两个月，请派人修"
    number = said(state, "lamp", text, "+8613700003333").number or ""
    before = desk.lead(number).due_at
    desk.do(rerouting.correct_route, OPERATOR, number, bureau="housing", reason="住建职责")
    assert desk.lead(number).due_at > before
    (told,) = (r for r in desk.rows(Outgoing, number) if r.phrase.startswith("handed_over"))
    assert told.phrase == "handed_over_later"
    assert "期限改为10月13日" in told.text
    assert "住建职责" not in told.text, "what the desk writes for itself is no word to her"


def test_work_is_never_pushed_down_to_a_township(desk: Desk, question: str) -> None:
    with pytest.raises(Refusal, match="never_down"):
        desk.do(rerouting.correct_route, LEAD, question, bureau="township_w03", reason="人在镇上")


def test_a_signed_order_is_not_the_operators_to_move(desk: Desk, question: str) -> None:
    desk.do(correcting.confirm, OPERATOR, question)
    desk.do(handling.sign, OFFICER, question)
    with pytest.raises(Impossible):
        desk.do(rerouting.correct_route, OPERATOR, question, bureau="housing", reason="派错")
    desk.do(rerouting.correct_route, LEAD, question, bureau="housing", reason="派错了单位")
    assert desk.request(question)["lead_bureau"] == "housing"


def test_first_aid_does_not_change_hands_when_the_lead_changes(desk: Desk, food: str) -> None:
    assert desk.request(food)["holder_unit"] == "township_w01"
    desk.do(rerouting.correct_route, LEAD, food, service="temp_expenditure", reason="支出型")
    row = desk.request(food)
    assert row["holder_unit"] in ("township_w01", row["lead_bureau"])
    assert row["holder_person"]


def test_a_handed_off_request_stays_ours_until_the_person_is_safe(desk: Desk, jump: str) -> None:
    desk.do(handing_off.hand_off, OPERATOR, jump, line="110")
    assert desk.request(jump)["status"] == Status.EMERGENCY_HANDOFF
    assert "CLK-HANDOFF" in desk.running(jump)
    desk.do(handing_off.hand_off, OPERATOR, jump, line="110", receipt="接警 0931")
    assert desk.request(jump)["status"] == Status.IN_TRIAGE
    running = [c for c in desk.rows(Clock, jump) if c.stopped_at is None]
    assert sum(clock.name == "CLK-SAFETY-CONFIRM" for clock in running) == 3
    assert "CLK-HANDOFF" not in {clock.name for clock in running}
    tasks = [t for t in desk.rows(Task, jump) if t.kind == TaskKind.CONFIRM_HANDOFF]
    assert [task.done_by for task in tasks] == ["op04"]
    desk.do(handing_off.confirm_safe, OPERATOR, jump, seen_by="民警 302117")
    assert "CLK-SAFETY-CONFIRM" not in desk.running(jump)


def test_handing_off_affirms_the_danger(desk: Desk, question: str) -> None:
    desk.do(handing_off.hand_off, OPERATOR, question, line="120", receipt="急救 77", reason="晕倒")
    row = desk.request(question)
    assert (row["level"], row["track"]) == (Level.LIFE_THREAT, Track.URGENT)
    assert "CLK-HANDOFF" not in desk.running(question)


def test_only_emergency_lines_take_life_danger(desk: Desk, jump: str) -> None:
    with pytest.raises(Refusal, match="no_danger_line"):
        desk.do(handing_off.hand_off, OPERATOR, jump, line="12356")


def test_only_the_head_of_shift_closes_a_hand_off_as_safe(desk: Desk, jump: str) -> None:
    desk.do(handing_off.hand_off, OPERATOR, jump, line="110")
    with pytest.raises(Impossible):
        desk.do(handing_off.confirm_safe, OPERATOR, jump, seen_by="民警", close=True)
    desk.do(handing_off.confirm_safe, LEAD, jump, seen_by="民警 302117", close=True)
    row = desk.request(jump)
    assert (row["status"], row["close_reason"]) == (Status.CLOSED, "safe_confirmed")
    assert desk.running(jump) == {}


def test_the_signer_becomes_the_holder_and_the_due_time_stands(
    desk: Desk, question: str, now: Watch
) -> None:
    due = desk.lead(question).due_at
    now.forward(days=3)
    desk.do(handling.sign, OFFICER, question)
    row = desk.request(question)
    assert (row["holder_unit"], row["holder_person"]) == ("civil_affairs", "civil_affairs.1")
    assert row["status"] == Status.IN_PROGRESS
    assert desk.lead(question).due_at == due
    assert "CLK-SIGN" not in desk.running(question)


def test_nobody_signs_for_another_unit(desk: Desk, question: str) -> None:
    with pytest.raises(Refusal, match="not_your_order"):
        desk.do(handling.sign, EDUCATION, question)


def test_the_township_keeps_first_aid_when_the_lead_signs(desk: Desk, food: str) -> None:
    desk.do(handling.sign, TOWNSHIP, food)
    assert desk.request(food)["holder_person"] == "township_w01.1"
    desk.do(handling.sign, OFFICER, food)
    row = desk.request(food)
    assert (row["holder_unit"], row["holder_person"]) == ("township_w01", "township_w01.1")
    assert desk.lead(food).signed_by == "civil_affairs.1"


def test_only_somebody_who_spoke_stops_the_contact_clocks(desk: Desk, food: str) -> None:
    desk.do(handling.record_contact, TOWNSHIP, food, who="老人", outcome="no_answer")
    assert "CLK-URGENT-CONTACT" in desk.running(food)
    desk.do(handling.record_contact, OPERATOR, food, who="老人", outcome="reached")
    assert "CLK-URGENT-CONTACT" in desk.running(food), "the desk is not the township"
    desk.do(handling.record_contact, TOWNSHIP, food, who="老人", outcome="reached")
    still = [c for c in desk.rows(Clock, food) if c.stopped_at is None]
    assert [c.case for c in still if c.name == "CLK-URGENT-CONTACT"] == ["on_site"]
    desk.do(handling.record_contact, TOWNSHIP, food, who="老人", outcome="on_site", by="visit")
    assert "CLK-URGENT-CONTACT" not in desk.running(food)


def test_a_contact_is_neither_in_the_future_nor_before_the_request(
    desk: Desk, food: str, now: Watch
) -> None:
    for at in (now.at.replace(year=2025), now.at.replace(year=2027)):
        with pytest.raises(Refusal, match="time"):
            desk.do(handling.record_contact, TOWNSHIP, food, who="老人", outcome="reached", at=at)


def test_a_reply_is_kept_as_it_was_sent_by_the_way_the_citizen_came(
    desk: Desk, question: str
) -> None:
    desk.do(answering.reply, OPERATOR, question, text="请带户口本和身份证到镇里。")
    sent = [row for row in desk.rows(Outgoing, question) if row.phrase == "reply_to_citizen"]
    assert [(row.channel, row.address) for row in sent] == [("recording", "+8613900001111")]
    assert sent[0].params["answer"] == "请带户口本和身份证到镇里。"


def test_pressing_reply_twice_says_it_once(desk: Desk, question: str) -> None:
    for _ in range(2):
        desk.do(answering.reply, OPERATOR, question, text="请带户口本到镇里办理。")
    sent = [row for row in desk.rows(Outgoing, question) if row.phrase == "reply_to_citizen"]
    assert len(sent) == 1


def test_a_result_needs_a_reply_first(desk: Desk, question: str) -> None:
    desk.do(correcting.confirm, OPERATOR, question)
    desk.do(handling.sign, OFFICER, question)
    with pytest.raises(Refusal, match="reply_first"):
        desk.do(reporting.report_result, OFFICER, question, result="办了")


def test_an_urgent_result_needs_somebody_who_spoke_with_the_person(desk: Desk, food: str) -> None:
    desk.do(handling.sign, OFFICER, food)
    desk.do(answering.reply, OFFICER, food, text="今天下午送米面油上门。")
    with pytest.raises(Refusal, match="speak_first"):
        desk.do(reporting.report_result, OFFICER, food, result="已安排")


def test_the_result_stops_handling_and_gives_the_callback_to_the_desk(
    desk: Desk, question: str
) -> None:
    finish(desk, question)
    row = desk.request(question)
    assert (row["status"], row["holder_unit"]) == (Status.RESULT_REPORTED, "hotline")
    assert row["holder_person"]
    assert set(desk.running(question)) <= {"CLK-CALLBACK", "CLK-COOP", "CLK-FIRST-REPLY"}
    assert "CLK-CALLBACK" in desk.running(question)
    assert "completed_in_part" in [message.phrase for message in desk.rows(Outgoing, question)]


def test_nothing_closes_before_the_requester_was_asked(desk: Desk, question: str) -> None:
    finish(desk, question)
    with pytest.raises(Impossible):
        desk.do(closing.close, OPERATOR, question, reason="resolved")
    desk.do(closing.callback, OPERATOR, question, outcome="no_answer")
    with pytest.raises(Refusal, match="ask_first"):
        desk.do(closing.close, OPERATOR, question, reason="resolved")
    desk.do(closing.callback, OPERATOR, question, outcome="reached", resolved=False)
    with pytest.raises(Refusal, match="not_resolved"):
        desk.do(closing.close, OPERATOR, question, reason="resolved")
    assert desk.request(question)["closed_at"] is None


def test_unreachable_needs_enough_attempts_at_different_times(
    desk: Desk, question: str, now: Watch
) -> None:
    finish(desk, question)
    for _ in range(3):
        desk.do(closing.callback, OPERATOR, question, outcome="no_answer")
    with pytest.raises(Refusal, match="attempts"):
        desk.do(closing.close, OPERATOR, question, reason="unreachable")
    now.forward(hours=16)
    desk.do(closing.callback, OPERATOR, question, outcome="no_answer", by="sms")
    desk.do(closing.close, OPERATOR, question, reason="unreachable")
    row = desk.request(question)
    assert (row["status"], row["close_reason"]) == (Status.CLOSED, "unreachable")
    assert "closed_unreachable" in [message.phrase for message in desk.rows(Outgoing, question)]


def test_closing_completes_the_order_and_stops_every_clock(desk: Desk, question: str) -> None:
    finish(desk, question)
    desk.do(closing.callback, OPERATOR, question, outcome="reached", resolved=True)
    desk.do(closing.close, OPERATOR, question, reason="resolved")
    assert desk.request(question)["closed_at"] is not None
    assert desk.lead(question).status == ReferralStatus.COMPLETED
    assert desk.running(question) == {}
    with pytest.raises(Refusal, match="closed"):
        desk.do(answering.reply, OFFICER, question, text="再补充一句话")


def test_what_is_not_done_goes_back_with_the_time_that_was_left(
    desk: Desk, question: str, now: Watch
) -> None:
    finish(desk, question)
    due = desk.lead(question).due_at
    now.forward(hours=20)
    desk.do(rehandling.rehandle, OPERATOR, question, reason="答非所问")
    row, lead = desk.request(question), desk.lead(question)
    assert (row["status"], row["holder_person"]) == (Status.IN_PROGRESS, "civil_affairs.1")
    assert lead.due_at >= due
    with pytest.raises(Refusal, match="reply_first"):
        desk.do(reporting.report_result, OFFICER, question, result="已办")


def test_it_goes_back_to_the_colleague_who_took_it_from_who_signed(
    desk: Desk, question: str
) -> None:
    """Who signed was on leave; the colleague who answered never heard that it does not hold."""
    desk.do(correcting.confirm, OPERATOR, question)
    desk.do(handling.sign, OFFICER, question)
    desk.do(handling.claim, COLLEAGUE, question)
    desk.do(answering.reply, COLLEAGUE, question, text="补贴下周一发放到卡里。")
    desk.do(reporting.report_result, COLLEAGUE, question, result="已答复")
    desk.do(rehandling.rehandle, OPERATOR, question, reason="答非所问")
    assert desk.request(question)["holder_person"] == COLLEAGUE.login
    (again,) = (row for row in desk.rows(Outgoing, question) if row.phrase == "staff_sent_back")
    assert again.staff == COLLEAGUE.login


def test_after_two_reopenings_the_supervisor_takes_it(desk: Desk, question: str) -> None:
    finish(desk, question)
    for turn in range(3):
        desk.do(closing.callback, OPERATOR, question, outcome="reached", resolved=False)
        if turn == 2:
            with pytest.raises(Refusal, match="supervisor_takes_it"):
                desk.do(rehandling.rehandle, OPERATOR, question, reason="还是没办")
            break
        desk.do(rehandling.rehandle, OPERATOR, question, reason="诉求人说没有办")
        assert "CLK-REHANDLE" in desk.running(question)
        desk.do(answering.reply, OFFICER, question, text=f"第{turn}次答复，已重新办理。")
        desk.do(reporting.report_result, OFFICER, question, result="重新办理")
    desk.do(rehandling.rehandle, SUPERVISOR, question, reason="督办接手")
    assert desk.request(question)["status"] == Status.IN_PROGRESS


def test_a_cooperating_bureau_gives_its_part_to_the_lead_and_does_not_answer(
    desk: Desk, jump: str
) -> None:
    parts = [row for row in desk.rows(Referral, jump) if row.role == "cooperating"]
    assert parts, "the route of a mental crisis has helpers"
    helper = Actor(f"{parts[0].bureau}.1", Role.BUREAU_OFFICER, parts[0].bureau, "W")
    with pytest.raises(Refusal, match="not_your_order"):
        desk.do(answering.reply, helper, jump, text="我们单位已经在办了")
    desk.do(handling.sign, helper, jump)
    desk.do(reporting.submit_part, helper, jump, result="已派医生")
    part = next(row for row in desk.rows(Referral, jump) if row.bureau == parts[0].bureau)
    assert (part.status, part.result) == (ReferralStatus.RESULT_SUBMITTED, "已派医生")
    assert desk.request(jump)["holder_unit"] != parts[0].bureau


def test_a_reporter_hears_no_private_details(desk: Desk, state: State) -> None:
    from gateway import recorded

    body = (
        b'{"channel":"grid_app","external_id":"g1","sender":"village_w0101.1",'
        b'"reporter":"village_w0101.1","text":"'
        + "独居老人瘫在床上，没有人管，没饭吃".encode()
        + b'"}'
    )
    made = state.intake.submit(recorded.call_of(recorded.read(body), body, state.now())).result(20)
    desk.do(answering.reply, OPERATOR, made.number or "", text="老人患病住院，已发放两千元。")
    messages = desk.rows(Outgoing, made.number or "")
    assert "reply_to_citizen" not in [message.phrase for message in messages]
    assert not any("两千元" in message.text for message in messages)


def test_a_claim_stays_inside_the_unit(desk: Desk, food: str) -> None:
    desk.do(handling.claim, TOWNSHIP, food)
    assert desk.request(food)["holder_person"] == "township_w01.1"
    with pytest.raises(Refusal, match="not_your_unit"):
        desk.do(handling.claim, OFFICER, food)


def test_an_answered_question_closes_out_of_triage_only_with_its_answer(
    desk: Desk, question: str
) -> None:
    with pytest.raises(Refusal, match="reply_first"):
        desk.do(closing.close, OPERATOR, question, reason="answered")
    desk.do(answering.reply, OPERATOR, question, text="请带户口本、身份证到镇里申请。")
    desk.do(closing.close, OPERATOR, question, reason="answered")
    assert desk.request(question)["status"] == Status.CLOSED
    orders = desk.rows(Referral, question)
    assert {order.status for order in orders} == {ReferralStatus.CANCELLED}


def test_danger_is_not_closed_with_an_answer(desk: Desk, food: str) -> None:
    desk.do(answering.reply, OPERATOR, food, text="请到镇里申请临时救助。")
    with pytest.raises(Refusal, match="danger_first"):
        desk.do(closing.close, OPERATOR, food, reason="answered")


def test_every_act_leaves_who_from_to_and_why(desk: Desk, question: str) -> None:
    finish(desk, question)
    wanted = ["confirmed", "signed", "replied", "result_reported"]
    events = [row for row in desk.rows(Event, question) if row.kind in wanted]
    assert [event.kind for event in events] == wanted
    assert [event.by for event in events] == ["op04"] + ["civil_affairs.1"] * 3
    assert '"row":"T18"' in events[-1].detail
    assert '"was":"in_progress"' in events[-1].detail


def test_a_holder_is_never_missing_through_the_whole_life(desk: Desk, question: str) -> None:
    steps: list[tuple[Any, Actor, dict[str, Any]]] = [
        (correcting.confirm, OPERATOR, {}),
        (rerouting.correct_route, LEAD, {"bureau": "health", "reason": "医疗救助"}),
        (handling.sign, HEALTH, {}),
        (answering.reply, HEALTH, {"text": "已受理您的申请。"}),
        (reporting.report_result, HEALTH, {"result": "已办"}),
        (closing.callback, OPERATOR, {"outcome": "reached", "resolved": False}),
        (rehandling.rehandle, OPERATOR, {"reason": "没办成"}),
    ]
    office = desk.state.offices.current()
    for verb, actor, body in steps:
        desk.do(verb, actor, question, **body)
        row = desk.request(question)
        assert row["holder_unit"] in office.directory.unit
        assert office.directory.officer[row["holder_person"]].unit == row["holder_unit"]


def test_a_complaint_is_not_moved_to_the_village(desk: Desk, state: State) -> None:
    number = said(state, "complaint", COMPLAINT, "+8613600003333").number or ""
    with pytest.raises(Refusal, match="never_down"):
        desk.do(rerouting.correct_route, LEAD, number, bureau="village_w0101", reason="让村里看看")
