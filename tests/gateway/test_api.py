"""The JSON interface: partner systems, the whole way of a request, waiting work, refusals."""

import asyncio
import json
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlmodel import col

from gateway import erasure, recorded
from gateway.settings import Settings
from gateway.state import State
from models.requests import Contact, HelpRequest
from models.transaction import acting
from models.vocabulary import ContactState, TaskKind
from tests.conftest import Clock as Watch
from tests.fakes import call
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
from tests.journeys.test_one_path import ticks_of

RECORD = {
    "channel": "transfer_in",
    "external_id": "H-77",
    "sender": "+8613812345678",
    "text": "病人家属说家里断粮两天，住滨河街道临江社区",
    "at": "2026-09-30T16:30:00+08:00",
}


@pytest.fixture
def app(state: State) -> FastAPI:
    return application(state)


def send(caller: Caller, record: Any = None, key: str | None = "k-1", **headers: str) -> Any:
    if key is not None:
        headers["idempotency-key"] = key
    return caller.post("/api/v1/contacts", RECORD if record is None else record, headers=headers)


def test_a_partners_contact_is_created_once_whatever_is_repeated(
    state: State, app: FastAPI
) -> None:
    hospital = partner(state, app, "hospital", "contacts:write")
    first = send(hospital)
    assert first.status_code == 201
    assert first.json()["number"].startswith("HY20260930-00001-")
    assert len(first.json()["code"]) == 6
    again = send(hospital)
    assert (again.status_code, again.json()["number"]) == (200, first.json()["number"])
    assert again.json()["code"] == first.json()["code"]
    other_key = send(hospital, key="k-2")
    assert (other_key.status_code, other_key.json()["number"]) == (200, first.json()["number"])


@pytest.mark.parametrize("written", ["tel:+8613812345678", "电话:13812345678", "138 1234 5678"])
def test_a_telephone_is_the_same_persons_however_a_partner_writes_it(
    state: State, app: FastAPI, written: str
) -> None:
    number = said(state, "before", QUESTION).number
    record = {**RECORD, "channel": "phone", "sender": written, "text": "补充一下，我家是四口人"}
    assert send(partner(state, app, "switchboard", "contacts:write"), record).json()["number"] == (
        number
    )


def test_the_same_key_with_other_content_is_a_conflict(state: State, app: FastAPI) -> None:
    hospital = partner(state, app, "hospital", "contacts:write")
    send(hospital)
    for change in ({"text": "别的事情"}, {"channel": "phone"}, {"external_id": "H-78"}):
        answer = send(hospital, {**RECORD, **change})
        assert (answer.status_code, answer.json()["key"]) == (409, "refusal.key_reused")


def test_other_words_under_an_id_that_came_before_are_a_conflict(
    state: State, app: FastAPI
) -> None:
    hospital = partner(state, app, "hospital", "contacts:write")
    send(hospital)
    for _ in range(2):
        answer = send(hospital, {**RECORD, "text": "别的事情"}, key="k-3")
        assert (answer.status_code, answer.json()["key"]) == (409, "refusal.id_reused")


@pytest.mark.parametrize(
    "other", [{"sender": "+8613812345679"}, {"text": ""}], ids=["sender", "no words"]
)
def test_another_sender_or_no_words_under_an_id_that_came_before_are_a_conflict(
    state: State, app: FastAPI, other: Any
) -> None:
    hospital = partner(state, app, "hospital", "contacts:write")
    send(hospital)
    answer = send(hospital, {**RECORD, **other}, key="k-3")
    assert (answer.status_code, answer.json()["key"]) == (409, "refusal.id_reused")


def test_words_under_the_id_of_a_call_without_words_are_not_swallowed(
    state: State, app: FastAPI
) -> None:
    hospital = partner(state, app, "hospital", "contacts:write")
    assert send(hospital, {**RECORD, "text": "", "missed": True}).status_code == 201
    answer = send(hospital, key="k-2")
    assert (answer.status_code, answer.json()["key"]) == (409, "refusal.id_reused")
    assert send(hospital, {**RECORD, "external_id": "H-78"}, key="k-3").status_code == 201


def test_what_was_erased_meanwhile_is_no_conflict(state: State, app: FastAPI, now: Watch) -> None:
    hospital = partner(state, app, "hospital", "contacts:write")
    first = send(hospital).json()["number"]
    with acting(state.database, state.mint) as tx:
        erasure.of_requests(tx, list(tx.execute(select(col(HelpRequest.id))).scalars()), now())
    again = send(hospital, key="k-2")
    assert (again.status_code, again.json()["number"]) == (200, first)


def test_two_partners_may_use_the_same_id_and_neither_loses_a_word(
    state: State, app: FastAPI
) -> None:
    one = partner(state, app, "hospital", "contacts:write")
    two = partner(state, app, "school", "contacts:write")
    other = {**RECORD, "sender": "+8613900022222", "text": "家里着火了，有人困在里面"}
    numbers = []
    for caller, record in ((one, RECORD), (two, other)):
        first = send(caller, record)
        assert first.status_code == 201
        numbers.append(first.json()["number"])
        for key in ("k-1", "k-2"):
            again = send(caller, record, key)
            assert (again.status_code, again.json()["number"]) == (200, numbers[-1])
    assert len(set(numbers)) == 2


def test_two_partners_may_send_the_same_words_of_the_same_sender(
    state: State, app: FastAPI
) -> None:
    for name in ("hospital", "school"):
        assert send(partner(state, app, name, "contacts:write")).status_code == 201


def test_a_partners_contact_that_waits_comes_out_of_the_pen_under_its_own_id(
    state: State, now: Watch
) -> None:
    body = json.dumps(RECORD).encode()
    whence = f"{recorded.PARTNER}hospital"
    sent = recorded.call_of(recorded.read(body), body, now(), provider_key="hospital:k", url=whence)
    sent.problem = RuntimeError("nobody can read this")
    assert state.intake.submit(sent).result(20).held
    now.forward(minutes=10)
    asyncio.run(ticks_of(state, now).resume())
    with state.database.read() as session:
        (contact,) = session.scalars(select(Contact))
    assert (contact.external_id, contact.state) == ("hospital:H-77", ContactState.HANDLED)


def test_two_partners_may_use_the_same_key(state: State, app: FastAPI) -> None:
    one = partner(state, app, "hospital", "contacts:write")
    two = partner(state, app, "school", "contacts:write")
    other = {**RECORD, "external_id": "S-1", "text": "学生家里没有饭吃", "sender": "校医室"}
    assert send(one).status_code == 201
    assert send(two, other).status_code == 201


@pytest.mark.parametrize(
    ("record", "key", "status"),
    [
        (RECORD, None, 422),
        (RECORD, "", 422),
        (RECORD, "x" * 201, 422),
        ({**RECORD, "colour": "red"}, "k", 422),
        ({**RECORD, "channel": "pigeon"}, "k", 422),
        ({"text": "only words"}, "k", 422),
        (["no", "object"], "k", 422),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_sentence(
    state: State, app: FastAPI, record: Any, key: str | None, status: int
) -> None:
    answer = send(partner(state, app, "hospital", "contacts:write"), record, key)
    assert answer.status_code == status
    assert set(answer.json()) == {"error", "key"}
    assert "\n" not in answer.json()["error"]


def test_a_body_that_is_no_json_is_refused(state: State, app: FastAPI) -> None:
    hospital = partner(state, app, "hospital", "contacts:write")
    answer = hospital.http.post(
        "/api/v1/contacts", content=b"{not json", headers={"idempotency-key": "k"}
    )
    assert answer.status_code == 422


def test_without_a_token_or_its_scope_nothing_is_taken(state: State, app: FastAPI) -> None:
    assert send(Caller(app)).status_code == 401
    assert send(Caller(app, {"authorization": "Bearer nonsense"})).status_code == 401
    reader = partner(state, app, "reader", "requests:read")
    assert send(reader).status_code == 403
    operator = signed_in(state, app, "op01")
    assert send(operator).status_code == 401
    with state.database.read() as session:
        assert not list(session.connection().exec_driver_sql("SELECT id FROM contact"))


def test_a_body_over_the_limit_is_refused_announced_or_not(
    state: State, app: FastAPI, settings: Settings
) -> None:
    hospital = partner(state, app, "hospital", "contacts:write")
    large = json.dumps({**RECORD, "text": "饿" * settings.body_limit}).encode()
    headers = {"idempotency-key": "k"}
    announced = hospital.http.post("/api/v1/contacts", content=large, headers=headers)

    def pieces() -> Any:
        yield from (large[i : i + 65536] for i in range(0, len(large), 65536))

    streamed = hospital.http.post("/api/v1/contacts", content=pieces(), headers=headers)
    assert (announced.status_code, streamed.status_code) == (413, 413)


def test_a_request_goes_its_whole_way_by_json(state: State, app: FastAPI, now: Watch) -> None:
    number = said(state, "food", FOOD).number or ""
    operator = signed_in(state, app, "op01")
    assert operator.act(number, "confirm").status_code == 200
    township = signed_in(state, app, "township_w01.3")
    assert township.act(number, "sign").status_code == 200
    met = {"who": "老人", "outcome": "on_site", "by": "visit", "note": "送米面油"}
    assert township.act(number, "record_contact", **met).status_code == 200
    bureau = signed_in(state, app, "civil_affairs.1")
    for act, body in (
        ("sign", {}),
        ("reply", {"text": "已送去米面油，临时救助三天内到账。"}),
        ("report_result", {"result": "已先行救助"}),
    ):
        assert bureau.act(number, act, **body).status_code == 200, act
    now.forward(hours=5)
    operator = signed_in(state, app, "op01")
    asked = {"outcome": "reached", "resolved": True, "view": "satisfied"}
    assert operator.act(number, "callback", **asked).status_code == 200
    assert operator.act(number, "close", reason="resolved").status_code == 200
    whole = operator.get(f"/api/v1/requests/{number}").json()
    assert (whole["status"], whole["close_reason"]) == ("closed", "resolved")
    for clock in whole["clocks"]:
        assert clock["source"]
        assert clock["tag"]
        assert clock["clock"].startswith("CLK-")
    running = {clock["clock"] for clock in whole["clocks"] if clock["stopped_at"] is None}
    assert running <= {"CLK-AFTERCARE"}
    fields = {
        "number", "status", "track", "level", "service", "area", "lead_bureau",
        "first_responder", "holder_unit", "holder_person", "received_at", "closed_at", "contacts",
    }  # fmt: skip
    assert fields <= set(whole)
    assert whole["received_at"] == "2026-09-30T16:40:00+08:00"
    assert operator.act(number, "reply", text="再说一句话").json()["key"] == "refusal.closed"


def test_a_misspelt_field_is_refused_and_not_echoed(state: State, app: FastAPI) -> None:
    number = said(state, "food", FOOD).number or ""
    operator = signed_in(state, app, "op01")
    answer = operator.act(number, "raise_urgency", level="life_threat", reasn="13812345678")
    assert answer.status_code == 422
    assert "13812345678" not in answer.text
    assert operator.act(number, "claim", level="x").status_code == 422


def test_a_refusal_is_one_sentence_in_the_readers_language(state: State, app: FastAPI) -> None:
    number = said(state, "question", QUESTION).number or ""
    bureau = signed_in(state, app, "civil_affairs.1")
    bureau.act(number, "sign")
    refused = bureau.act(number, "report_result", result="办了")
    assert refused.json()["error"] == f"{number} 还没有答复诉求人，请先答复。"
    english = bureau.post(
        f"/api/v1/requests/{number}/confirm", headers={"accept-language": "en-GB,en;q=0.9"}
    )
    assert english.json()["error"] == "The role of bureau officer may not do this: confirm."
    again = bureau.act(number, "sign")
    assert again.status_code == 409
    assert "dispatched" not in again.json()["error"], "codes are put into words"


def test_filters_and_paging(state: State, app: FastAPI) -> None:
    food = said(state, "food", FOOD, "+8613900000001").number
    question = said(state, "question", QUESTION, "+8613900000002").number
    operator = signed_in(state, app, "op01")

    def numbers(**how: Any) -> list[str]:
        answer = operator.get("/api/v1/requests", params=how)
        assert answer.status_code == 200, answer.text
        return [line["number"] for line in answer.json()["requests"]]

    assert numbers() == [food, question]
    assert numbers(level="urgent") == [food]
    assert numbers(status="closed") == []
    assert numbers(unit="township_w01") == [food]
    first = operator.get("/api/v1/requests", params={"limit": 1}).json()
    assert numbers(limit=1, after=first["next"]) == [question]
    assert operator.get("/api/v1/requests", params={"limit": 101}).status_code == 422
    assert operator.get("/api/v1/requests", params={"status": "nonsense"}).status_code == 422


def test_a_hand_off_is_done_on_the_request_and_not_ticked_off(state: State, app: FastAPI) -> None:
    number = said(state, "jump", JUMP).number or ""
    operator = signed_in(state, app, "op01")
    tasks = operator.get("/api/v1/tasks").json()["tasks"]
    assert [(task["kind"], task["number"]) for task in tasks] == [
        (TaskKind.CONFIRM_HANDOFF, number)
    ]
    ticked = operator.post(f"/api/v1/tasks/{tasks[0]['id']}/done", {"note": "好了"})
    assert ticked.json()["key"] == "refusal.hand_off_instead"
    assert operator.act(number, "hand_off", line="110", receipt="接警 31").status_code == 200
    assert operator.get("/api/v1/tasks").json()["tasks"] == []


def test_what_nobody_could_read_is_read_by_a_person_and_keeps_its_number(
    state: State, app: FastAPI
) -> None:
    channel = state.channels["recording"]
    held = state.intake.receive(channel, call("p1", "?", poison=True), state.now()).result(20)
    assert held.held
    operator = signed_in(state, app, "op01")
    (entry,) = operator.get("/api/v1/held").json()["held"]
    (task,) = operator.get("/api/v1/tasks").json()["tasks"]
    assert (entry["number"], task["kind"]) == (held.number, TaskKind.UNREADABLE)
    ticked = operator.post(f"/api/v1/tasks/{task['id']}/done", {"note": "垃圾信息"})
    assert ticked.json()["key"] == "refusal.read_instead"
    typed = {"text": "家里断粮两天了，滨河街道临江社区", "sender": "13812345678"}
    finished = operator.post(f"/api/v1/held/{entry['id']}/finish", typed)
    assert finished.json() == {"number": held.number, "level": "urgent"}
    assert operator.get("/api/v1/held").json()["held"] == []
    assert operator.get("/api/v1/tasks").json()["tasks"] == []
    whole = operator.get(f"/api/v1/requests/{held.number}").json()
    assert whole["said"][0]["sender"] == "138****5678"
    twice = operator.post(f"/api/v1/held/{entry['id']}/finish", typed)
    assert twice.status_code == 404
    assert signed_in(state, app, "civil_affairs.1").get("/api/v1/held").status_code == 403


def test_an_operator_enters_a_call_and_the_caller_is_answered(state: State, app: FastAPI) -> None:
    operator = signed_in(state, app, "op01")
    body = {"text": FOOD, "sender": "138 1234 5678", "channel": "phone", "key": "call-1"}
    first = operator.post("/api/v1/enter", body)
    assert first.status_code == 201
    twice = operator.post("/api/v1/enter", body)
    assert (twice.status_code, twice.json()["number"]) == (200, first.json()["number"])
    whole = operator.get(f"/api/v1/requests/{first.json()['number']}").json()
    assert whole["channel"] == "phone"
    assert [event["by"] for event in whole["events"] if event["kind"] == "entered"] == ["op01"]
    assert any(message["phrase"] == "receipt" for message in whole["outbox"])
    for sender in ("12", "138 1234 567"):
        bad = operator.post("/api/v1/enter", {**body, "sender": sender, "key": "call-2"})
        assert bad.json()["key"] == "refusal.phone"


def test_a_caller_behind_an_extension_is_rung_and_the_operators_see_whom_to_ask_for(
    state: State, app: FastAPI
) -> None:
    operator = signed_in(state, app, "op01")
    body = {"text": FOOD, "sender": "0572-2123456-801", "channel": "phone", "key": "call-1"}
    number = operator.post("/api/v1/enter", body).json()["number"]
    with state.database.read() as session:
        contact = session.scalars(select(Contact)).one()
    assert contact.sender == "+865722123456"
    assert contact.text == f"{FOOD}\n〔留的电话：0572-2123456-801〕"
    whole = operator.get(f"/api/v1/requests/{number}").json()
    assert "801" in whole["said"][0]["text"]


def test_a_village_cadre_reports_for_another_and_sees_what_becomes_of_it(
    state: State, app: FastAPI
) -> None:
    cadre = signed_in(state, app, "village_w0101.1")
    made = cadre.post("/api/v1/enter", {"text": "独居老人瘫在床上，两天没吃饭", "key": "r1"})
    number = made.json()["number"]
    whole = cadre.get(f"/api/v1/requests/{number}").json()
    assert whole["said"][0]["reporter"] == "village_w0101.1"
    assert whole["first_responder"] == "village_w0101.1"


def test_a_binding_code_binds_a_chat_once(state: State, app: FastAPI) -> None:
    operator = signed_in(state, app, "op01")
    code = operator.post("/api/v1/bind").json()["code"]
    assert len(code) == 8
    assert code.isdecimal()
    assert operator.post("/api/v1/bind").json()["code"] != code


def test_the_description_is_served_without_any_outside_address(
    settings: Settings, state: State
) -> None:
    state.settings = settings.model_copy(update={"openapi": True})
    app = application(state)
    page = Caller(app).get("/api/docs")
    assert page.status_code == 200
    assert "/api/v1/requests/{number}/sign" in page.text
    assert "http" not in page.text.replace("https://hotline.example", "")
    described = Caller(app).get("/api/openapi.json").json()
    body = described["paths"]["/api/v1/contacts"]["post"]["requestBody"]["content"]
    assert "external_id" in body["application/json"]["schema"]["properties"]
    assert Caller(application(state_without(state, settings))).get("/api/docs").status_code == 404


def state_without(state: State, settings: Settings) -> State:
    state.settings = settings
    return state
