"""The public pages keep what is written, tell only whom it concerns, and never lose a person."""

import dataclasses
import re
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import event, func, insert, select, update
from sqlmodel import SQLModel, col

from channels import Channel
from gateway import guessing, progress, repeats
from gateway.app import create_app
from gateway.matters import Memory
from gateway.state import State
from models.access import Attempt
from models.clocks import Clock as ClockRow
from models.db import Busy
from models.likenesses import Likeness
from models.messages import Outcome
from models.outbox import Outgoing
from models.requests import Contact, HelpRequest, queue_key
from models.transaction import acting
from models.vocabulary import Form, Level, Role, Status
from referral import answering, correcting, handling
from referral.casework import Actor
from tests import shipped
from tests.client import TestClient
from tests.conftest import Clock
from tests.fakes import call, form_and_sms

PHONE = "13800001111"
HUNGRY = "家里断粮两天了，老人饿得下不了床"
CALM = "村口的路灯坏了，想问问低保怎么申请"
BROWSER = {"accept": "text/html,application/xhtml+xml"}


@pytest.fixture
def channels() -> dict[str, Channel]:
    return form_and_sms()


def browser(state: State, address: str = "10.0.0.1") -> TestClient:
    """A browser of its own, which keeps its cookies and does not follow on its own account."""
    return TestClient(
        create_app(state),
        base_url="https://hotline.example",
        headers=BROWSER,
        follow_redirects=False,
        client=(address, 40000),
        raise_server_exceptions=True,
    )


@pytest.fixture
def citizen(state: State) -> TestClient:
    """Somebody with a browser."""
    return browser(state)


def key_of(page: str) -> str:
    """The hidden key of a form."""
    found = re.search(r'name="key" value="([^"]+)"', page)
    assert found
    return found[1]


def ask(citizen: TestClient, **fields: str) -> tuple[str, str]:
    """Ask for help; the number and the code that the page shows."""
    key = key_of(citizen.get("/help").text)
    answer = citizen.post("/help", data={"key": key, **fields})
    assert (answer.status_code, answer.headers["location"]) == (303, "/received")
    return told(citizen.get("/received").text)


def told(page: str) -> tuple[str, str]:
    """Number and code of a page that shows them."""
    number = re.search(r'id="number">([^<]+)<', page)
    code = re.search(r'id="code">([^<]+)<', page)
    assert number
    assert code
    return number[1], code[1]


def count(state: State, model: type[SQLModel]) -> int:
    """How many rows a table has."""
    with state.database.read() as session:
        return session.connection().execute(select(func.count()).select_from(model)).scalar() or 0


def change(state: State, number: str, **values: Any) -> None:
    """Put a request where the test needs it."""
    with acting(state.database, state.mint) as tx:
        tx.execute(update(HelpRequest).where(col(HelpRequest.number) == number).values(**values))


def test_the_form_has_no_text_inside_its_fields(citizen: TestClient) -> None:
    page = citizen.get("/help").text
    assert "placeholder" not in page
    assert '<html lang="zh-CN">' in page
    assert all(f'href="tel:{line}"' in page for line in ("110", "119", "120"))


def test_what_was_written_is_kept_and_no_address_tells_the_number(
    citizen: TestClient, state: State
) -> None:
    number, code = ask(citizen, what=CALM, where="青石镇", phone=PHONE)
    with state.database.read() as session:
        row = session.connection().execute(select(*Contact.__table__.columns)).one()  # type: ignore[attr-defined]
    assert (row.channel, row.text, row.place, row.sender) == ("web", CALM, "青石镇", f"+86{PHONE}")
    assert re.fullmatch(r"HY\d{8}-\d{5}-\d", number)
    assert re.fullmatch(r"\d{6}", code)


def test_an_empty_form_comes_back_with_its_key_and_says_where_to_look(
    citizen: TestClient, state: State
) -> None:
    key = key_of(citizen.get("/help").text)
    answer = citizen.post("/help", data={"key": key, "how_urgent": "soon"})
    assert answer.status_code == 422
    assert "<title>请修改 – 求助" in answer.text
    assert 'role="alert" tabindex="-1" autofocus' in answer.text
    assert '<a href="#what">' in answer.text
    assert 'value="soon" checked' in answer.text
    assert key_of(answer.text) == key
    assert count(state, Contact) == 0


@pytest.mark.parametrize(
    "fields",
    [{"phone": PHONE}, {"where": "柳树村三组"}, {"name": "老周"}, {"how_urgent": "danger"}],
)
def test_one_fact_without_words_is_enough(
    citizen: TestClient, state: State, fields: dict[str, str]
) -> None:
    ask(citizen, **fields)
    assert count(state, Contact) == 1


def test_an_unreadable_phone_is_asked_about_once_and_then_taken(
    citizen: TestClient, state: State
) -> None:
    key = key_of(citizen.get("/help").text)
    fields = {"key": key, "what": CALM, "phone": "问我儿子要"}
    first = citizen.post("/help", data=fields)
    assert first.status_code == 422
    assert CALM in first.text
    assert 'value="问我儿子要"' in first.text
    assert 'name="anyway" value="1"' in first.text
    assert count(state, Contact) == 0
    second = citizen.post("/help", data={**fields, "anyway": "1"})
    assert second.status_code == 303
    with state.database.read() as session:
        text = session.connection().execute(select(col(Contact.text))).scalar_one()
    assert "问我儿子要" in text


def test_typed_markup_is_shown_as_text(citizen: TestClient) -> None:
    evil = '</textarea><script>alert(1)</script>"><img src=x onerror=alert(1)>'
    key = key_of(citizen.get("/help").text)
    page = citizen.post("/help", data={"key": key, "what": evil, "phone": evil}).text
    assert "<script>alert" not in page
    assert "<img" not in page
    ask(citizen, what=evil, phone=PHONE)
    page = citizen.get("/status/case").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_the_same_form_sent_twice_shows_the_same_number(citizen: TestClient, state: State) -> None:
    data = {"key": key_of(citizen.get("/help").text), "what": CALM}
    numbers = set()
    for _ in range(2):
        assert citizen.post("/help", data=data).status_code == 303
        numbers.add(told(citizen.get("/received").text))
    assert len(numbers) == 1
    assert count(state, Contact) == 1


def test_typing_somebodys_telephone_number_opens_nothing_of_theirs(
    citizen: TestClient, state: State
) -> None:
    number, code = ask(citizen, what=HUNGRY, phone=PHONE)
    stranger = browser(state, "10.9.0.1")
    key = key_of(stranger.get("/help").text)
    for _ in range(2):  # the second time it is a repeat
        stranger.post("/help", data={"key": key, "what": "试一试", "phone": PHONE})
        page = stranger.get("/received").text
        assert number not in page
        assert code not in page
        assert number not in str(stranger.cookies)
        assert HUNGRY not in stranger.get("/status/case").text, "a case of their own"
    assert count(state, Contact) == 2, "the words are kept all the same"
    citizen.post(
        "/help",
        data={"key": key_of(citizen.get("/help").text), "what": "我再说一句", "phone": PHONE},
    )
    assert told(citizen.get("/received").text) == (number, code), "this browser has proven it"


@pytest.mark.parametrize("begun", ["sms", "form", "never"])
def test_nobody_finds_out_by_the_form_whether_a_number_has_asked_for_help(
    citizen: TestClient, state: State, now: Clock, begun: str
) -> None:
    if begun == "sms":
        by_sms = call("m1", HUNGRY, f"+86{PHONE}")
        state.intake.receive(state.channels["recording"], by_sms, now()).result(20)
    elif begun == "form":
        ask(citizen, what=HUNGRY, phone=PHONE)
    stranger = browser(state, "10.9.0.1")
    number, code = ask(stranger, what="想问问高龄津贴怎么办理", phone=PHONE)
    page = stranger.get("/received").text
    assert (number, code) == told(page), "a number of its own, whoever wrote before"
    assert 'href="tel:120"' not in page, "and read without what was said before"
    shown = stranger.get("/status/case").text
    assert HUNGRY not in shown
    assert count(state, HelpRequest) == (1 if begun == "never" else 2)
    if begun != "never":
        repeats.compare_waiting(state.database, state.mint, Memory(), now=now())
        assert count(state, Likeness) == 1, "the desk is shown both side by side"


def test_page_and_hook_are_one_path(citizen: TestClient, state: State) -> None:
    data = {"key": key_of(citizen.get("/help").text), "what": CALM}
    citizen.post("/help", data=data)
    number, code = told(citizen.get("/received").text)
    machine = citizen.post("/hook/web", data=data, headers={"accept": "*/*"})
    assert machine.json() == {"number": number, "code": code, "kept": True}
    assert count(state, Contact) == 1


def test_words_of_danger_bring_the_emergency_numbers_after_they_are_saved(
    citizen: TestClient, state: State
) -> None:
    ask(citizen, what=HUNGRY, phone=PHONE)
    page = citizen.get("/received").text
    assert count(state, Contact) == 1
    assert 'href="tel:120"' in page
    other = browser(state)
    ask(other, what="想问问高龄津贴怎么办理")
    assert 'href="tel:120"' not in other.get("/received").text


class BusyIntake:
    """The path when the database is away: at once, or while the writer works."""

    def __init__(self, *, later: bool) -> None:
        self.later = later

    def receive(self, *_call: object, address: str = "") -> "Future[Outcome]":
        """Raise, or promise and then raise."""
        return self.submit()

    def submit(self, *_call: object) -> "Future[Outcome]":
        """As ``receive``."""
        if not self.later:
            raise Busy("away")
        future: Future[Outcome] = Future()
        future.set_exception(Busy("away"))
        return future

    def close(self) -> None:
        """Nothing waits."""


@pytest.mark.parametrize("later", [False, True])
def test_a_busy_system_says_that_nothing_is_saved_and_keeps_the_words(
    state: State, later: bool
) -> None:
    file = state.settings.data_dir / "no-folder"
    file.write_text("", "utf-8")  # the disk takes no words either
    settings = state.settings.model_copy(update={"data_dir": file})
    citizen = browser(
        dataclasses.replace(state, intake=BusyIntake(later=later), settings=settings)  # type: ignore[arg-type]
    )
    key = key_of(citizen.get("/help").text)
    answer = citizen.post("/help", data={"key": key, "what": HUNGRY})
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert "还没有保存" in answer.text
    assert HUNGRY in answer.text
    assert 'href="tel:110"' in answer.text
    assert key_of(answer.text) == key


def test_a_form_we_did_not_sign_keeps_its_words_and_gets_a_key(
    citizen: TestClient, state: State
) -> None:
    answer = citizen.post("/help", data={"key": "forged.key", "what": CALM})
    assert answer.status_code == 403
    assert CALM in answer.text
    assert count(state, Contact) == 0
    again = citizen.post("/help", data={"key": key_of(answer.text), "what": CALM})
    assert again.status_code == 303


def test_a_body_beyond_the_limit_is_told_as_a_page(citizen: TestClient, state: State) -> None:
    answer = citizen.post("/help", data={"what": "长" * state.settings.body_limit})
    assert answer.status_code == 413
    assert "内容太长" in answer.text
    assert "没有保存" in answer.text


def test_without_the_channel_there_is_no_form(state: State) -> None:
    citizen = browser(dataclasses.replace(state, channels={}))
    assert citizen.get("/help").status_code == 404
    assert citizen.post("/help", data={"what": CALM}).status_code == 404


def test_number_and_code_open_the_case_however_they_are_typed(
    citizen: TestClient, state: State
) -> None:
    number, code = ask(citizen, what=CALM, phone=PHONE)
    digits = "".join(c for c in number if c.isdigit())
    wide = digits.translate({ord(str(d)): chr(0xFF10 + d) for d in range(10)})
    for said in (number, digits, f" {digits[:8]} {digits[8:]} ", wide):
        other = browser(state, f"10.1.0.{len(said)}")
        answer = other.post("/status", data={"number": said, "code": f" {code} "})
        assert (answer.status_code, answer.headers["location"]) == (303, "/status/case")
        assert number in other.get("/status/case").text


def test_unknown_number_and_wrong_code_get_the_same_answer(
    citizen: TestClient, state: State
) -> None:
    number, code = ask(citizen, what=CALM, phone=PHONE)
    wrong = "000000" if code != "000000" else "000001"
    unknown = "HY20260930-77777-7"
    pages, statements = [], []

    def note(*_anything: object) -> None:
        statements[-1] += 1

    event.listen(state.database.engine, "before_cursor_execute", note)
    for index, (said, key) in enumerate([(number, wrong), (unknown, code), (unknown, wrong)]):
        statements.append(0)
        answer = browser(state, f"10.2.0.{index}").post(
            "/status", data={"number": said, "code": key}
        )
        pages.append((answer.status_code, answer.text.replace(said, "")))
    event.remove(state.database.engine, "before_cursor_execute", note)
    assert len(set(pages)) == 1
    assert pages[0][0] == 422
    assert "查询码可能已换新，请看最近的短信" in pages[0][1], "to everybody, or it would tell"
    assert len(set(statements)) == 1, "the same questions to the database, so the same time"


def test_a_number_is_guessed_at_ten_times_an_hour_from_wherever_and_then_ever_more_slowly(
    citizen: TestClient, state: State, now: Clock
) -> None:
    number, code = ask(citizen, what=CALM, phone=PHONE)
    wrong = "000000" if code != "000000" else "000001"

    def look(index: int, key: str, who: TestClient | None = None) -> int:
        other = who or browser(state, f"10.3.0.{index}")
        return other.post("/status", data={"number": number, "code": key}).status_code

    assert [look(index, wrong) for index in range(10)] == [422] * 10
    waits = {"number": number, "code": wrong}
    retry = browser(state, "10.3.0.99").post("/status", data=waits).headers["retry-after"]
    assert retry == "60"
    for index in range(10, 25):
        assert look(index, code) == 429, "the right code opens nothing during the pause either"
    assert look(26, code, citizen) == 303, "its own browser waits for nobody's guesses"
    now.forward(seconds=61)
    assert look(30, wrong) == 422, "refused tries do not make the pause longer"
    now.forward(seconds=61)
    assert look(31, wrong) == 429, "the next pause is twice as long"
    retry = browser(state, "10.3.0.98").post("/status", data=waits).headers["retry-after"]
    assert retry == "59", "and the page says how long"
    now.forward(seconds=61)
    assert look(32, code) == 303
    guesses = 0
    for _ in range(4 * 60):
        now.forward(minutes=1)
        guesses += bool(guessing.attempt(state, [("status_number", "another")], now()))
    assert guesses <= 4 * 16, "a stranger with many addresses gets a few hundred tries a day"


def test_right_look_ups_are_no_guesses(citizen: TestClient, state: State) -> None:
    number, code = ask(citizen, what=CALM, phone=PHONE)
    for _ in range(30):
        other = browser(state, "10.3.1.1")
        assert other.post("/status", data={"number": number, "code": code}).status_code == 303


@pytest.mark.parametrize("address", ["10.4.0.1", "2001:db8:1:2::{}"])
def test_an_address_guesses_twenty_times_an_hour_whatever_it_claims(
    state: State, address: str
) -> None:
    answers = [
        browser(state, address.format(index)).post(
            "/status",
            data={"number": f"HY20260930-000{index:02d}-1", "code": "123456"},
            headers={"x-forwarded-for": f"192.0.2.{index}"},
        )
        for index in range(22)
    ]
    assert [answer.status_code for answer in answers] == [422] * 20 + [429] * 2
    assert answers[-1].headers["retry-after"] == "60"
    assert "请过一分钟再试" in answers[-1].text
    figures = state.counts.registry
    assert figures.get_sample_value("huiyin_refusals_total", {"what": "code"}) == 20
    assert figures.get_sample_value("huiyin_refusals_total", {"what": "pause"}) == 2


def test_counted_tries_tell_neither_number_nor_address(citizen: TestClient, state: State) -> None:
    citizen.post("/status", data={"number": "HY20260930-00001-8", "code": "123456"})
    with state.database.read() as session:
        subjects = session.connection().execute(select(col(Attempt.subject))).scalars().all()
    assert len(subjects) == 2
    assert all(re.fullmatch(r"[0-9a-f]{32}", subject) for subject in subjects)


def test_counted_tries_are_forgotten(citizen: TestClient, state: State, now: Clock) -> None:
    citizen.post("/status", data={"number": "1", "code": "1"})
    now.forward(hours=2)
    citizen.post("/status", data={"number": "2", "code": "2"})
    assert count(state, Attempt) == 2


def test_the_case_shows_both_sides_and_nothing_of_the_house(
    citizen: TestClient, state: State
) -> None:
    ask(citizen, what=HUNGRY, where="青石镇", phone=PHONE)
    page = citizen.get("/status/case").text
    assert HUNGRY in page
    with state.database.read() as session:
        rows = session.connection().execute(select(col(Outgoing.text), col(Outgoing.staff))).all()
    ours = [row.text for row in rows if row.staff is None]
    notices = [row.text for row in rows if row.staff is not None]
    assert ours
    assert notices
    assert all(text in page for text in ours)
    assert not any(text in page for text in notices)
    with state.database.read() as session:
        holder = session.connection().execute(select(col(HelpRequest.holder_person))).scalar_one()
    names = {o.login: o.name for o in state.offices.current().directory.officers}
    assert names[holder] not in page


def test_a_case_shows_no_words_of_other_people(citizen: TestClient, state: State) -> None:
    ask(citizen, what=CALM, phone=PHONE)
    ask(browser(state), what="这是邻居的话", phone="13900002222")
    with state.database.read() as session:
        ids = session.connection().execute(select(col(HelpRequest.id))).scalars().all()
    with acting(state.database, state.mint) as tx:  # as a merge leaves it
        tx.execute(update(Contact).values(request_id=min(ids)))
    page = citizen.get("/status/case").text
    assert CALM in page
    assert "邻居的话" not in page


@pytest.mark.parametrize("phone", [PHONE, ""])
def test_what_is_added_joins_the_same_request(
    citizen: TestClient, state: State, phone: str
) -> None:
    number, _ = ask(citizen, what=CALM, phone=phone)
    nonce = re.search(r'name="nonce" value="([^"]+)"', citizen.get("/status/case").text)
    assert nonce
    for _ in range(2):  # the second is a double click
        data = {"nonce": nonce[1], "what": "补充一句：住在三单元"}
        answer = citizen.post("/status/case", data=data)
        assert answer.headers["location"] == "/status/case?done=added"
    page = citizen.get("/status/case?done=added").text
    assert "补充的情况已经记下" in page
    assert page.count("住在三单元") == 1
    assert number in page
    assert (count(state, HelpRequest), count(state, Contact)) == (1, 2)


def test_danger_in_what_is_added_raises_the_request(citizen: TestClient, state: State) -> None:
    ask(citizen, what="想问问高龄津贴怎么办理")
    assert 'href="tel:120"' not in citizen.get("/status/case").text
    citizen.post("/status/case", data={"nonce": "a", "what": "我爸昏迷了叫不醒，没有呼吸"})
    assert 'href="tel:120"' in citizen.get("/status/case").text
    with state.database.read() as session:
        level = session.connection().execute(select(col(HelpRequest.level))).scalar_one()
    assert Level(level).is_urgent


def test_words_for_an_ended_matter_are_not_lost(
    citizen: TestClient, state: State, now: Clock
) -> None:
    number, _ = ask(citizen, what=CALM, phone=PHONE)
    change(state, number, status=Status.CLOSED, closed_at=now())
    assert "这件事已经结束" in citizen.get("/status/case").text
    answer = citizen.post("/status/case", data={"nonce": "a", "what": "又出问题了，还是没有解决"})
    assert answer.headers["location"] in ("/received", "/status/case?done=added")
    assert "还是没有解决" in citizen.get("/status/case").text


def test_an_empty_addition_is_pointed_out(citizen: TestClient, state: State) -> None:
    ask(citizen, what=CALM)
    answer = citizen.post("/status/case", data={"nonce": "a", "what": "  "})
    assert answer.status_code == 422
    assert "<title>请修改" in answer.text
    assert count(state, Contact) == 1


def test_a_busy_system_keeps_the_addition_on_the_page(citizen: TestClient, state: State) -> None:
    ask(citizen, what=CALM)
    late = browser(dataclasses.replace(state, intake=BusyIntake(later=True)))  # type: ignore[arg-type]
    late.cookies = citizen.cookies
    answer = late.post("/status/case", data={"nonce": "a", "what": "补充的话在这里"})
    assert answer.status_code == 503
    assert "补充的话在这里" in answer.text


def test_a_call_in_the_holding_pen_says_that_somebody_reads_it(
    citizen: TestClient, state: State
) -> None:
    held = state.intake.receive(
        state.channels["recording"], call("p1", "读不懂", poison=True), state.now()
    ).result(10)
    assert held.held
    answer = citizen.post("/status", data={"number": held.number, "code": held.code})
    assert answer.status_code == 303
    assert "已收到，工作人员正在看" in citizen.get("/status/case").text
    wrong = browser(state, "10.5.0.1").post("/status", data={"number": held.number, "code": "x"})
    assert wrong.status_code == 422


def test_lateness_is_said_plainly(citizen: TestClient, state: State, now: Clock) -> None:
    number, code = ask(citizen, what=CALM, phone=PHONE)
    assert "已超过承诺时间" not in citizen.get("/status/case").text
    now.forward(days=60)
    citizen.post("/status", data={"number": number, "code": code})
    assert "已超过承诺时间" in citizen.get("/status/case").text


def contact(state: State, number: str) -> str:
    """By when a contact is promised that nobody has made, as the page says it."""
    with state.database.read() as session:
        query = select(col(ClockRow.due_at)).join(
            HelpRequest, col(HelpRequest.id) == col(ClockRow.request_id)
        )
        due = session.connection().execute(
            query.where(
                col(HelpRequest.number) == number,
                col(ClockRow.name) == "CLK-URGENT-CONTACT",
                col(ClockRow.case) == "",
            )
        )
        return said(due.scalar_one())


def spoken_with(state: State, number: str, now: Clock) -> None:
    """Whoever holds the request has signed and reached the person."""
    office = state.offices.current()
    with acting(state.database, state.mint) as tx:
        columns = HelpRequest.__table__.columns  # type: ignore[attr-defined]
        query = select(*columns).where(col(HelpRequest.number) == number)
        request = dict(tx.execute(query).one()._mapping)
        officer = office.directory.officer[request["holder_person"]]
        actor = Actor(officer.login, Role(officer.role), officer.unit, officer.area)
        request = handling.sign(tx, office, actor, request, now=now())
        handling.record_contact(
            tx, office, actor, request, who="本人", outcome="reached", now=now()
        )


def test_an_urgent_case_says_first_by_when_somebody_gets_in_touch(
    citizen: TestClient, state: State, now: Clock
) -> None:
    number, _ = ask(citizen, what=HUNGRY, where="滨河街道临江社区", phone=PHONE)
    page = citizen.get("/status/case").text
    due = contact(state, number)
    assert f"{due}前，会有人联系您" in page
    assert page.index(f"{due}前，会有人联系您") < page.index("前答复您")
    now.forward(minutes=20)
    spoken_with(state, number, now)
    page = citizen.get("/status/case").text
    assert "会有人联系您" not in page, "somebody has: what comes next is the answer"
    assert "前答复您" in page


def test_a_contact_that_was_promised_and_did_not_come_is_no_promise_any_more(
    citizen: TestClient, state: State, now: Clock
) -> None:
    number, code = ask(citizen, what=HUNGRY, where="滨河街道临江社区", phone=PHONE)
    now.forward(hours=2)
    citizen.post("/status", data={"number": number, "code": code})
    page = citizen.get("/status/case").text
    assert "会有人联系您" not in page
    assert f"应在{contact(state, number)}前联系您，已过时间" in page


def test_who_left_no_number_is_not_promised_a_call(citizen: TestClient) -> None:
    ask(citizen, what=HUNGRY, where="滨河街道临江社区")
    page = citizen.get("/status/case").text
    assert "会有人联系您" not in page
    assert "您没有留电话" in page


def test_who_reports_for_another_is_not_promised_the_contact_of_that_person(
    citizen: TestClient, state: State
) -> None:
    number, code = ask(citizen, what=HUNGRY, where="滨河街道临江社区", phone=PHONE)
    with acting(state.database, state.mint) as tx:
        tx.execute(update(Contact).values(reporter="grid_w0101.1"))
    citizen.post("/status", data={"number": number, "code": code})
    assert "会有人联系您" not in citizen.get("/status/case").text


def test_a_moved_promise_shows_both_dates(citizen: TestClient, state: State, now: Clock) -> None:
    number, code = ask(citizen, what=CALM, phone=PHONE)
    with state.database.read() as session:
        found = progress.find(session.connection(), number, code)
        assert isinstance(found, dict)
        before = progress.read(
            session.connection(), state.offices.current(), found, language="zh-CN", now=now()
        )
    assert before.was_due is None
    later = before.due + timedelta(days=9)
    change(state, number, queue_key=queue_key(2, later, found["id"]))
    page = citizen.get("/status/case").text
    assert f"原来承诺 {said(before.due)}" in page
    assert f"现在改为 {said(later)}" in page


def said(at: datetime) -> str:
    """A time as the page says it, worked out by hand: China is eight hours ahead."""
    local = at + timedelta(hours=8)
    return f"{local.month}月{local.day}日{local.hour:02}:{local.minute:02}"


def test_a_full_answer_stands_where_the_sms_was_cut(citizen: TestClient, state: State) -> None:
    number, _ = ask(citizen, what=CALM, phone=PHONE)
    whole = "低保请带身份证到镇便民服务中心办理，" * 8
    params = {
        "number": number, "unit": "望河县民政局", "unit_phone": "0572", "hotline": "望河12345",
        "answer": whole,
    }  # fmt: skip
    office = state.offices.current()
    with state.database.read() as session:
        row = session.connection().execute(select(*HelpRequest.__table__.columns)).one()  # type: ignore[attr-defined]
    with acting(state.database, state.mint) as tx:
        tx.execute(
            insert(Outgoing).values(
                id=state.mint(), request_id=row.id, number=number, person_id=row.person_id,
                channel="recording", address="", phrase="reply_to_citizen", params=params,
                language="zh-CN", urgent=False, safety=False, state="sent", attempts=1,
                posted_at=state.now(),
                text=office.phrases.say("reply_to_citizen", params, Form.SMS, "zh-CN"),
            )
        )  # fmt: skip
    assert whole in citizen.get("/status/case").text


def act(state: State, number: str, verb: Callable[..., Any], role: Role, **told: Any) -> None:
    """Let a member of staff do something to the request, as the pages of the staff do."""
    office = state.offices.current()
    with acting(state.database, state.mint) as tx:
        query = select(*HelpRequest.__table__.columns).where(col(HelpRequest.number) == number)  # type: ignore[attr-defined]
        request = dict(tx.execute(query).one()._mapping)
        unit = "hotline" if role is Role.OPERATOR else request["lead_bureau"]
        officer = next(o for o in office.directory.officers if (o.role, o.unit) == (role, unit))
        actor = Actor(officer.login, role, unit, officer.area)
        verb(tx, office, actor, request, now=state.now(), **told)


def steps(page: str) -> list[tuple[str, str]]:
    """The way on the page: how each step stands and when it was reached."""
    way = page[page.index('<ol class="way">') : page.index("</ol>")]
    found = re.findall(r'<li class="(\w+)".*?</li>', way, re.DOTALL)
    dates = [re.search(r"<time[^>]*>([^<]+)<", one) for one in way.split("</li>")[:-1]]
    return [(one, at[1] if at else "") for one, at in zip(found, dates, strict=True)]


def test_the_way_moves_with_what_the_staff_do(
    citizen: TestClient, state: State, now: Clock
) -> None:
    number, _ = ask(citizen, what="我家想申请低保，需要带什么材料", phone=PHONE)
    page = citizen.get("/status/case").text
    assert '<p class="big">正在核实</p>' in page
    assert [how for how, _ in steps(page)] == ["done", "here"] + ["ahead"] * 4
    now.forward(minutes=5)
    act(state, number, correcting.confirm, Role.OPERATOR)
    assert '<p class="big">已转交望河县民政局</p>' in citizen.get("/status/case").text
    now.forward(minutes=5)
    act(state, number, handling.sign, Role.BUREAU_OFFICER)
    page = citizen.get("/status/case").text
    assert '<p class="big">正在办理</p>' in page
    assert steps(page) == [
        ("done", "9月30日16:40"),
        ("done", "9月30日16:40"),
        ("done", "9月30日16:40"),
        ("here", "9月30日16:50"),
        ("ahead", ""),
        ("ahead", ""),
    ]
    answer = "低保请带身份证和户口簿到镇里办理，不收费"
    act(state, number, answering.reply, Role.BUREAU_OFFICER, text=answer)
    assert answer in citizen.get("/status/case").text


def test_a_pass_ends_after_half_an_hour(citizen: TestClient, now: Clock) -> None:
    ask(citizen, what=CALM)
    now.forward(minutes=29)
    assert citizen.get("/status/case").status_code == 200
    now.forward(minutes=2)
    assert citizen.get("/status/case").headers["location"] == "/status"
    assert citizen.get("/received").headers["location"] == "/status"


def test_a_pass_cannot_be_made_or_put_to_another_use(citizen: TestClient) -> None:
    ask(citizen, what=CALM)
    case, receipt = citizen.cookies["__Host-case"], citizen.cookies["__Host-receipt"]
    for value in (case[:-2], "x" + case, receipt, ""):
        other = {"cookie": f"__Host-case={value}"}
        citizen.cookies.clear()
        assert citizen.get("/status/case", headers=other).status_code == 303


def test_passes_stay_out_of_reach_of_scripts_and_other_sites(citizen: TestClient) -> None:
    key = key_of(citizen.get("/help").text)
    cookies = citizen.post("/help", data={"key": key, "what": CALM}).headers.get_list("set-cookie")
    assert len(cookies) == 2
    for cookie in cookies:
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert "Secure" in cookie


def test_every_page_is_guarded_and_no_hook_is_slowed(citizen: TestClient) -> None:
    for path in ("/help", "/status", "/nothing-here"):
        headers = citizen.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        assert headers["strict-transport-security"]
    machine = citizen.post("/hook/web", content=b"x=1").headers
    assert machine["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"


def test_no_page_holds_an_inline_script_or_style_or_a_foreign_address(citizen: TestClient) -> None:
    ask(citizen, what=HUNGRY, phone=PHONE)
    for path in ("/help", "/received", "/status", "/status/case", "/nothing-here"):
        page = citizen.get(path).text
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page), path
        assert not re.search(r"(?:src|href|action)=\"(?:https?:)?//", page), path


def test_files_are_cached_for_ever_under_the_mark_of_their_content(citizen: TestClient) -> None:
    address = re.search(r'href="(/static/huiyin\.css\?v=[0-9a-f]+)"', citizen.get("/help").text)
    assert address
    answer = citizen.get(address[1])
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]
    assert "immutable" not in citizen.get("/static/huiyin.css").headers.get("cache-control", "")


def test_errors_are_pages_for_people_and_plain_for_machines(citizen: TestClient) -> None:
    page = citizen.get("/nothing-here")
    assert page.status_code == 404
    assert 'href="/help"' in page.text
    machine = citizen.get("/nothing-here", headers={"accept": "application/json"})
    assert machine.json() == {"detail": "Not Found"}
    assert citizen.post("/hook/web", content=b"x=1").text.startswith("This call is not")


class BrokenDatabase:
    """A database that fails in one way."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def read(self) -> None:
        """Fail."""
        raise self.error


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [(Busy("away"), 503, "现在太忙"), (RuntimeError("secret detail"), 500, "出了问题")],
)
def test_a_page_that_cannot_be_made_says_what_to_do_and_not_why(
    state: State, error: Exception, status: int, words: str
) -> None:
    broken = dataclasses.replace(state, database=BrokenDatabase(error))  # type: ignore[arg-type]
    citizen = TestClient(
        create_app(broken), headers=BROWSER, base_url="https://x", raise_server_exceptions=False
    )
    answer = citizen.post("/status", data={"number": "1", "code": "2"})
    assert answer.status_code == status
    assert words in answer.text
    assert str(error) not in answer.text
    assert 'href="tel:120"' in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    plain = citizen.post("/status", data={"number": "1"}, headers={"accept": "*/*"})
    assert (plain.status_code, "<html" in plain.text) == (status, False)


def test_language_and_edition_are_remembered(citizen: TestClient) -> None:
    assert '<html lang="en">' in citizen.get("/help?lang=en").text
    assert "Ask for help" in citizen.get("/status").text
    assert '<html lang="en" class="elder">' in citizen.get("/help?edition=elder").text
    assert 'class="elder"' in citizen.get("/status").text
    assert 'class="elder"' not in citizen.get("/help?edition=standard").text
    assert '<html lang="zh-CN">' in citizen.get("/help?lang=xx").text


def test_a_form_shown_again_offers_no_link_that_would_throw_its_words_away(
    citizen: TestClient,
) -> None:
    key = key_of(citizen.get("/help").text)
    page = citizen.post("/help", data={"key": key, "what": CALM, "phone": "1"}).text
    assert "?edition=" not in page
    assert "?lang=" not in page


def test_every_status_has_a_word_and_a_step_in_every_language() -> None:
    book = shipped.phrases()
    assert book.check() == []
    for status in Status:
        assert progress.STEP_OF[status] in progress.STEPS
        for language in book.languages():
            assert book.say(f"citizen_status.{status}", {"unit": "x"}, Form.FULL, language)


def test_a_form_posted_as_json_by_a_machine_still_works(citizen: TestClient, state: State) -> None:
    key = key_of(citizen.get("/help").text)
    answer = citizen.post("/hook/web", json={"key": key, "what": CALM})
    assert set(answer.json()) == {"number", "code", "kept"}
    assert count(state, Contact) == 1


def test_too_many_fields_are_no_form(citizen: TestClient) -> None:
    body = urlencode([(f"f{index}", "x") for index in range(300)])
    form = {"content-type": "application/x-www-form-urlencoded"}
    answer = citizen.post("/help", content=body, headers=form)
    assert answer.status_code == 400
    assert "没有读懂" in answer.text


def test_a_complaint_among_words_that_are_added_has_a_number_of_its_own(
    citizen: TestClient, state: State
) -> None:
    number, _ = ask(citizen, what="我想申请低保，住在滨河街道临江社区", phone=PHONE)
    said = "我还要投诉望河县民政局的人，收了钱才给办低保"
    answer = citizen.post("/status/case", data={"nonce": "a", "what": said})
    assert answer.headers["location"] == "/received"
    page = citizen.get("/received").text
    assert "这是投诉，单独登记" in page
    assert number not in page
    assert said in citizen.get("/status/case").text
