"""Who looks at whom: masked, shown for a purpose, recorded, noticed, told to the citizen."""

import csv
import io
import logging

import pytest
from fastapi import FastAPI
from sqlalchemy import select, text, update
from sqlmodel import col

from gateway import inspection, masking, observe, revealing, rounds, watching
from gateway.access import Actor
from gateway.inspection import Cursor, Wanted
from gateway.revealing import masked
from gateway.state import State
from models.access import Look
from models.events import Event
from models.households import Household
from models.notes import purposes
from models.requests import Contact, HelpRequest
from models.tasks import Task
from models.transaction import acting
from models.vocabulary import Role, TaskKind
from referral.casework import Refusal
from tests.conftest import Clock as Watch
from tests.gateway.people import FOOD, Caller, application, said, signed_in
from tests.gateway.test_complained_about import linked
from triage.redact import redact, redact_person, star_name

PHONE = "13812345678"
NAMED = (
    "我叫欧阳小芳，母亲断粮两天了，在滨河街道临江社区，电话13812345678，身份证11010119900307001X"
)
OPERATOR = Actor("op01", Role.OPERATOR, "hotline", "W")
AUDITOR = Actor("audit01", Role.AUDITOR, "discipline_inspection", "W")

BROKEN = '<div class="notice bad" role="alert">'


@pytest.fixture
def app(state: State) -> FastAPI:
    return application(state)


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


def tasks(state: State) -> list[Task]:
    with state.database.read() as session:
        query = select(Task).where(col(Task.kind) == TaskKind.BULK_LOOK)
        return list(session.scalars(query))


def kinds(state: State) -> list[str]:
    with state.database.read() as session:
        return list(session.scalars(select(col(Event.kind)).order_by(col(Event.seq))))


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("电话13812345678。", "电话138****5678。"),
        ("证110101199003070010", "证110101********0010"),
        ("证11010119900307001X", "证110101********001X"),
        ("138 0013 8000", "138 **** 8000"),
        ("房号1203", "房号1203"),
    ],
)
def test_numbers_in_words_are_masked_as_in_lists(written: str, shown: str) -> None:
    assert redact(written) == shown
    assert len(redact(written)) == len(written)


@pytest.mark.parametrize(
    ("name", "shown"),
    [("欧阳娜娜", "欧阳**"), ("王五", "王*"), ("张小芳", "张**"), ("A", "A"), ("Ann", "A**")],
)
def test_of_a_name_the_surname_stays(name: str, shown: str) -> None:
    assert star_name(name) == shown
    assert redact_person(f"我叫{name}。", [name]) == f"我叫{shown}。" or len(name) == 1


def test_a_masked_export_recognises_nobody() -> None:
    row = {
        "sender": "+8613812345678",
        "text": NAMED,
        "place": "临江社区3栋",
        "head_name": "欧阳小芳",
        "members": "王五;张三丰",
        "detail": {"reason": ["回电13812345678"]},
        "number": "HY20260930-00001-8",
        "error": None,
    }
    shown = masking.row(row, masked)
    assert PHONE not in str(shown)
    assert "001X" in shown["text"]
    assert "19900307" not in shown["text"]
    assert (shown["head_name"], shown["members"], shown["place"]) == ("欧阳**", "王*;张**", "***")
    assert (shown["number"], shown["error"]) == (row["number"], None)


def test_who_may_not_see_the_person_reads_words_without_name_and_number(
    state: State, app: FastAPI
) -> None:
    number = said(state, "named", NAMED).number or ""
    with state.database.write() as connection:
        connection.execute(update(HelpRequest).values(confidential=True))
        connection.execute(update(Contact).values(name="欧阳小芳"))
    with state.database.read() as session:
        lead = session.scalars(select(HelpRequest)).one().lead_bureau
    bureau, desk = signed_in(state, app, f"{lead}.1"), signed_in(state, app, "op01")
    for path in (f"/inbox/{number}", f"/api/v1/requests/{number}"):
        answer = bureau.get(path)
        assert answer.status_code == 200
        assert "断粮" in answer.text
        for secret in ("小芳", PHONE, "19900307"):
            assert secret not in answer.text, (path, secret)
    assert "小芳" in desk.get(f"/desk/{number}").text


def test_a_purpose_is_one_of_the_list_of_the_post_and_other_is_said_in_words(
    state: State, app: FastAPI
) -> None:
    number = said(state, "food", FOOD).number or ""
    caller = signed_in(state, app, "op01")
    for body in ({}, {"ground": "other"}, {"ground": "supervise"}, {"ground": "nonsense"}):
        assert caller.act(number, "reveal", **body).status_code == 422, body
    assert caller.act(number, "reveal", ground="call_back").status_code == 200
    assert caller.act(number, "reveal", purpose="核对门牌").status_code == 200
    supervisor = signed_in(state, app, "super01")
    assert supervisor.act(number, "reveal", ground="supervise").status_code == 200
    page = caller.get(f"/desk/{number}").text
    assert 'value="call_back"' in page
    assert 'value="supervise"' not in page
    with state.database.read() as session:
        query = select(Look).where(col(Look.act) == "reveal").order_by(col(Look.id))
        rows = session.scalars(query).all()
        why = purposes(session.connection(), [one.purpose for one in rows])
        assert [(one.ground, said) for one, said in zip(rows, why, strict=True)] == [
            ("call_back", ""),
            ("other", "核对门牌"),
            ("supervise", ""),
        ]
    assert kinds(state).count("revealed") == 3


def test_what_cannot_be_recorded_is_not_shown(state: State, app: FastAPI) -> None:
    number = said(state, "food", FOOD).number or ""
    caller = signed_in(state, app, "op01")
    with state.database.write() as connection:
        connection.execute(
            text(
                "CREATE TRIGGER full BEFORE INSERT ON look "
                "BEGIN SELECT RAISE(ABORT, 'no room'); END"
            )
        )
    caller.http = type(caller.http)(
        app,
        base_url="https://hotline.example",
        headers=caller.http.headers,
        cookies=caller.http.cookies,
        raise_server_exceptions=False,
    )
    answer = caller.act(number, "reveal", ground="call_back")
    assert answer.status_code == 500
    assert PHONE not in answer.text
    assert "revealed" not in kinds(state)


def looked(state: State, login: str, act: str, count: int, now: Watch) -> None:
    """So many requests, each looked at once."""
    with state.database.read() as session:
        first = session.scalars(select(HelpRequest)).first()
    assert first is not None
    columns = {c.name: getattr(first, c.name) for c in HelpRequest.__table__.columns}  # type: ignore[attr-defined]
    with acting(state.database, state.mint) as tx:
        for at in range(count):
            request_id = state.mint()
            row = {**columns, "id": request_id, "number": f"{login}-{act}-{at}"}
            tx.add(HelpRequest, **row)
            tx.add(Look, id=state.mint(), at=now(), login=login, act=act, request_id=request_id)


@pytest.mark.parametrize(("act", "many"), [("reveal", 20), ("see", 150), ("see_listed", 300)])
def test_who_looks_at_very_many_raises_an_alarm_once_for_those_who_audit(
    state: State, app: FastAPI, now: Watch, act: str, many: int
) -> None:
    said(state, "food", FOOD)
    looked(state, "op01", act, many - 1, now)
    rounds.run(state.database, state.mint, state.offices, now())
    assert tasks(state) == []
    with acting(state.database, state.mint) as tx:
        request_id = tx.execute(
            select(col(HelpRequest.id)).where(col(HelpRequest.number).not_like("op01%"))
        ).scalar()
        tx.add(Look, id=state.mint(), at=now(), login="op01", act=act, request_id=request_id)
    for _ in range(2):
        rounds.run(state.database, state.mint, state.offices, now())
    [task] = tasks(state)
    assert task.note.startswith("op01: ")
    assert kinds(state).count("bulk_look") == 1
    for login, sees in (("audit01", "/audit"), ("super01", "/audit"), ("super01", "/desk")):
        assert "op01：" in signed_in(state, app, login).get(sees).text, login
    for login in ("op01", "op02", "lead01"):
        assert "op01：" not in signed_in(state, app, login).get("/desk").text, login


def test_the_cap_on_revealing_makes_one_wait_and_begins_anew_after_the_hour(
    state: State, now: Watch
) -> None:
    number = said(state, "food", FOOD).number or ""
    looked(state, "op01", "reveal", 60, now)
    with pytest.raises(Refusal, match="too_many_looks"):
        revealing.reveal(state, OPERATOR, number, "", ground="locate", now=now())
    other = Actor("op02", Role.OPERATOR, "hotline", "W")
    assert revealing.reveal(state, other, number, "", ground="locate", now=now()).addresses
    now.forward(minutes=61)
    assert revealing.reveal(state, OPERATOR, number, "", ground="locate", now=now()).addresses
    assert watching.HOUR.total_seconds() == 3600


def test_the_citizen_is_told_which_post_looked_and_never_who(state: State, app: FastAPI) -> None:
    outcome = said(state, "food", FOOD)
    number = outcome.number or ""
    operator = signed_in(state, app, "op01")
    operator.get(f"/desk/{number}")
    operator.act(number, "reveal", ground="call_back")
    citizen = Caller(app)
    proven = citizen.http.post("/status", data={"number": number, "code": outcome.code or ""})
    assert proven.headers["location"] == "/status/case"
    page = citizen.get("/status/case").text
    assert "话务员" in page
    assert "回电或回访本人" in page
    office = state.offices.current()
    name = next(one.name for one in office.directory.officers if one.login == "op01")
    assert "op01" not in page
    assert name not in page


def audited(state: State, wanted: Wanted, below: Cursor) -> list[inspection.Entry]:
    with state.database.read() as session:
        office = state.offices.current()
        return inspection.entries(session, AUDITOR, office, wanted, below, now=state.now())


def test_the_audit_finds_by_request_person_actor_act_and_day(
    state: State, app: FastAPI, now: Watch
) -> None:
    number = said(state, "food", FOOD).number or ""
    other = said(state, "other", FOOD, "+8613900001111").number or ""
    for login, at in (("op01", number), ("op02", other)):
        signed_in(state, app, login).act(at, "reveal", ground="call_back")
    now.forward(days=2)
    signed_in(state, app, "op01").get(f"/desk/{other}")

    def found(**wanted: object) -> set[tuple[str, str]]:
        rows = audited(state, Wanted(**wanted), Cursor())  # type: ignore[arg-type]
        return {(one.act, one.number or "") for one in rows if one.act in ("revealed", "see")}

    both = {("revealed", number), ("revealed", other), ("see", other)}
    assert found() == both
    assert found(number=number) == {("revealed", number)}
    assert found(person=PHONE) == {("revealed", number)}
    assert found(person="139 0000 1111") == {("revealed", other), ("see", other)}
    assert found(actor="op01") == {("revealed", number), ("see", other)}
    assert found(act="see") == {("see", other)}
    assert found(since=now.at.replace(hour=0)) == {("see", other)}
    assert found(person="13700000000") == set()


def test_looking_at_the_audit_is_an_entry_and_the_export_names_who_took_it(
    state: State, app: FastAPI
) -> None:
    said(state, "food", NAMED)
    caller = signed_in(state, app, "audit01")
    assert caller.get("/audit").status_code == 200
    page = caller.form("/audit", person=PHONE)
    assert page.status_code == 200
    assert kinds(state)[-2:] == ["audit_viewed", "audit_viewed"]
    with state.database.read() as session:
        last = session.scalars(select(Event).order_by(col(Event.seq).desc())).first()
    assert last is not None
    assert PHONE not in last.detail
    assert "138****5678" in last.detail
    taken = caller.form("/audit/export")
    rows = list(csv.DictReader(io.StringIO(taken.content.decode("utf-8-sig"))))
    assert len(rows) > 3
    assert all(row["taken_by"].startswith("audit01 2026-") for row in rows)
    assert PHONE not in taken.text
    assert "小芳" not in taken.text
    assert kinds(state)[-1] == "audit_exported"


def test_the_audit_goes_on_page_after_page_without_gap_or_repeat(state: State, now: Watch) -> None:
    said(state, "food", FOOD)
    looked(state, "op01", "see", 130, now)
    for at in range(130):
        with acting(state.database, state.mint) as tx:
            tx.event("audit_viewed", at=now.forward(seconds=at % 2), by="audit01")
    seen: list[tuple[int | None, int | None]] = []
    below: Cursor | None = Cursor()
    while below is not None:
        shown = audited(state, Wanted(), below)
        seen += [(one.seq, one.look) for one in shown]
        below = inspection.after(shown, below)
    assert len(seen) == len(set(seen))
    with state.database.read() as session:
        assert len(seen) == len(list(session.scalars(select(Event)))) + 130


def test_a_broken_ledger_is_said_in_red(state: State, app: FastAPI) -> None:
    said(state, "food", FOOD)
    caller = signed_in(state, app, "audit01")
    assert BROKEN not in caller.get("/audit").text
    with state.database.write() as connection:
        connection.execute(update(Event).where(col(Event.seq) == 2).values(by="nobody"))
    assert BROKEN in caller.get("/audit").text


def test_the_log_names_nobody_and_an_entry_is_one_line() -> None:
    record = logging.LogRecord(
        "x", logging.WARNING, __file__, 1, "held %s\nforged line \x1b[31m", (f"电话{PHONE}",), None
    )
    record.journal = 123456789012345678
    record.said = f"call {PHONE}\r\n"
    line = observe.Plain().format(record)
    assert PHONE not in line
    assert line.isprintable()
    assert "journal=123456789012345678" in line


def registered(state: State, count: int) -> list[str]:
    """So many invented households."""
    ids = [f"T{at:04d}" for at in range(count)]
    with acting(state.database, state.mint) as tx:
        for one in ids:
            tx.add(Household, id=one, head_name="王小明", address="滨河街道")
    return ids


def test_who_goes_through_the_register_is_noticed_and_has_to_wait(
    state: State, app: FastAPI, now: Watch
) -> None:
    ids = registered(state, 61)
    caller = signed_in(state, app, "op01")

    def reveal(household: str) -> int:
        status: int = caller.form(f"/households/{household}/reveal", purpose="上门核实").status_code
        return status

    assert {reveal(one) for one in ids[:19]} == {200}
    assert tasks(state) == []
    assert reveal(ids[18]) == reveal(ids[19]) == 200
    [task] = tasks(state)
    assert task.note == "op01: reveal 20"
    assert {reveal(one) for one in ids[20:60]} == {200}
    assert (reveal(ids[60]), reveal(ids[0])) == (429, 200)
    assert kinds(state).count("household_revealed") == 62
    assert kinds(state).count("bulk_look") == 1
    number = said(state, "food", FOOD).number or ""
    assert caller.act(number, "reveal", ground="locate").status_code == 429, "one measure for both"
    now.forward(minutes=61)
    again = signed_in(state, app, "op01")
    assert again.form(f"/households/{ids[60]}/reveal", purpose="上门核实").status_code == 200


def test_opening_households_counts_with_opening_requests(state: State, now: Watch) -> None:
    said(state, "food", FOOD)
    looked(state, "op01", "see", 100, now)
    with acting(state.database, state.mint) as tx:
        for at in range(50):
            tx.add(
                Look, id=state.mint(), at=now(), login="op01", act="see_household", purpose=f"T{at}"
            )
    rounds.run(state.database, state.mint, state.offices, now())
    assert [task.note for task in tasks(state)] == ["op01: see 150"]


def test_the_citizen_is_told_who_looked_at_their_household(state: State, app: FastAPI) -> None:
    outcome = said(state, "food", FOOD)
    number = outcome.number or ""
    linked(state, number)
    township = signed_in(state, app, "grid_w010101")
    township.form("/households/HH00001/reveal", purpose="上门核实")
    citizen = Caller(app)
    citizen.http.post("/status", data={"number": number, "code": outcome.code or ""})
    page = citizen.get("/status/case").text
    assert "网格员" in page
    assert "grid_w010101" not in page
