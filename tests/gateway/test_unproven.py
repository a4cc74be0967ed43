"""Who types somebody's telephone number reads nothing that this person says later."""

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from channels.web import proof
from gateway import guessing
from gateway.offices import DIRECTORY
from gateway.state import State
from models import people
from models.outbox import Outgoing
from models.people import Person
from models.places import Staff
from models.requests import Contact, HelpRequest
from models.transaction import acting
from referral import own_data
from tests import fakes
from tests.client import TestClient
from tests.conftest import Clock
from tests.fakes import RecordingChannel
from tests.gateway.people import application, partner, said
from tests.gateway.test_belonging import ROOF, WORKER, sent
from tests.gateway.test_citizen import key_of, told
from tests.journeys.county import County

TYPED, PHONE = "13800001111", "+8613800001111"
CALM = "想问问低保怎么申请，南门街道和平社区"
ROW = select(*HelpRequest.__table__.columns)
SECRET = "我丈夫又打我，我和孩子躲在桥头旅社二零三，别让他知道"


@pytest.fixture
def channels():
    return {"recording": RecordingChannel(), **fakes.form_and_sms()}


def browser(state: State, address: str) -> TestClient:
    return TestClient(
        application(state),
        base_url="https://hotline.example",
        headers={"accept": "text/html"},
        follow_redirects=False,
        client=(address, 4000),
    )


def write(page: TestClient, words: str) -> tuple[str, str]:
    """Fill in the form with the telephone; number and code as the browser is told them."""
    key = key_of(page.get("/help").text)
    page.post("/help", data={"key": key, "what": words, "phone": TYPED})
    return told(page.get("/received").text)


def opens(page: TestClient, number: str, code: str) -> str:
    """What the status page shows who has this number and code; "" where it does not open."""
    answer = page.post("/status", data={"number": number, "code": code})
    return page.get("/status/case").text if answer.status_code == 303 else ""


def request(state: State, number: str):
    with state.database.read() as session:
        return session.scalars(select(HelpRequest).where(col(HelpRequest.number) == number)).one()


def messages(state: State, phrase: str) -> list[str]:
    with state.database.read() as session:
        rows = session.scalars(select(Outgoing).where(col(Outgoing.phrase) == phrase))
        return [row.text for row in rows]


def test_once_the_telephone_itself_speaks_the_code_that_a_browser_was_given_opens_nothing(
    state: State, now: Clock
) -> None:
    stranger = browser(state, "6.6.6.6")
    number, code = write(stranger, CALM)
    now.forward(hours=2)
    assert said(state, "v1", SECRET, PHONE).number == number, "it is attached, not lost"
    assert "桥头旅社" not in stranger.get("/status/case").text
    assert opens(browser(state, "6.6.6.7"), number, code) == ""
    (text,) = messages(state, "code_renewed")
    new = request(state, number).code
    assert new in text
    assert "桥头旅社" in opens(browser(state, "7.7.7.7"), number, new)
    said(state, "v2", "他找来了", PHONE)
    assert request(state, number).code == new, "once is enough"


def test_a_form_in_another_browser_joins_nothing_that_a_browser_began(state: State) -> None:
    stranger = browser(state, "6.6.6.6")
    number, _code = write(stranger, CALM)
    other, _ = write(browser(state, "7.7.7.7"), SECRET)
    assert other != number
    assert "桥头旅社" not in stranger.get("/status/case").text


def test_a_second_form_in_the_same_browser_joins_the_first(state: State, now: Clock) -> None:
    page = browser(state, "7.7.7.7")
    number, code = write(page, CALM)
    now.forward(minutes=30)
    assert write(page, "补充一下，老人还有残疾证") == (number, code)
    assert "残疾证" in page.get("/status/case").text


def test_a_browser_whose_code_was_changed_is_not_told_the_new_one_for_a_second_form(
    state: State, now: Clock
) -> None:
    stranger = browser(state, "6.6.6.6")
    number, code = write(stranger, CALM)
    now.forward(minutes=10)
    said(state, "v1", SECRET, PHONE)
    for words in ("再补充一句", "还有一句"):
        key = key_of(stranger.get("/help").text)
        stranger.post("/help", data={"key": key, "what": words, "phone": TYPED})
        shown = stranger.get("/received").text
        assert request(state, number).code not in shown
        assert number not in shown
        assert "桥头旅社" not in stranger.get("/status/case").text
    assert opens(stranger, number, code) == ""


def test_a_browser_whose_code_was_changed_guesses_at_the_new_one_as_slowly_as_any_other(
    state: State, now: Clock
) -> None:
    stranger = browser(state, "6.6.6.6")
    number, _code = write(stranger, CALM)

    def tried() -> int:
        for guess in range(guessing.measures()["status_number"].free + 1):
            page = browser(state, f"8.8.{guess}.8")
            page.cookies.update(stranger.cookies)
            answer = page.post("/status", data={"number": number, "code": f"{guess:06d}"})
        return answer.status_code

    assert tried() == 422, "its own browser waits for nothing"
    said(state, "v1", SECRET, PHONE)
    assert tried() == 429


def test_what_the_writer_of_a_form_says_to_have_shown_is_no_proof(state: State) -> None:
    owner, stranger = browser(state, "7.7.7.7"), browser(state, "6.6.6.6")
    number, code = write(owner, CALM)
    keys = [key_of(stranger.get("/help").text) for _ in range(3)]
    of_another_form = proof(state.settings.secret_key, keys[0], number, code)
    said_to_be = (number, proof("x" * 32, keys[1], number, code), of_another_form)
    for key, shown in zip(keys, said_to_be, strict=True):
        form = {"key": key, "what": "不用来了", "phone": TYPED, "shown": shown}
        assert stranger.post("/hook/web", data=form).json()["number"] not in (None, number)


def test_a_form_joins_nothing_that_the_telephone_began_and_is_told_its_own_number(
    state: State,
) -> None:
    number = said(state, "v1", SECRET, PHONE).number
    page = browser(state, "6.6.6.6")
    key = key_of(page.get("/help").text)
    page.post("/help", data={"key": key, "what": CALM, "phone": TYPED})
    assert told(page.get("/received").text)[0] != number
    with state.database.read() as session:
        assert len(session.scalars(select(HelpRequest)).all()) == 2


def test_words_on_the_page_of_a_case_that_is_over_lead_to_no_other_case(
    state: State, now: Clock
) -> None:
    stranger = browser(state, "6.6.6.6")
    number, code = write(stranger, CALM)
    stranger.post("/status/case/withdraw", data={"reason": "不需要了"})
    now.forward(days=3)
    theirs = said(state, "v1", SECRET, PHONE)
    assert theirs.opened
    stranger = browser(state, "6.6.6.8")
    stranger.post("/status", data={"number": number, "code": code})
    stranger.post("/status/case", data={"what": "还有一件事", "nonce": "abc"})
    new = told(stranger.get("/received").text)
    assert new[0] not in (number, theirs.number), "a request of its own"
    assert "桥头旅社" not in stranger.get("/status/case").text


def test_a_partner_is_told_the_code_of_what_it_began_and_of_nothing_else(state: State) -> None:
    theirs = said(state, "v1", SECRET, PHONE)
    power = partner(state, application(state), "power", "contacts:write")

    def post(key: str, sender: str) -> dict[str, object]:
        body = {"channel": "phone", "external_id": key, "sender": sender, "text": CALM}
        answer = power.post("/api/v1/contacts", body, headers={"idempotency-key": key})
        assert answer.status_code in (200, 201)
        found: dict[str, object] = answer.json()
        return found

    joined = post("k1", TYPED)
    assert (joined["number"], joined["code"], joined["opened"]) == (theirs.number, None, False)
    own = post("k2", "13800002222")
    assert own["code"]
    assert post("k2", "13800002222")["code"] == own["code"], "a repeat is answered the same"


def test_two_messages_that_are_taken_in_together_change_the_code_once(state: State) -> None:
    number, _code = write(browser(state, "6.6.6.6"), CALM)
    channel = state.channels["recording"]
    calls = [
        state.intake.read(channel, fakes.call(mark, words, PHONE), state.now())
        for mark, words in (("v1", SECRET), ("v2", "他找来了"))
    ]
    state.intake._judge(calls)
    with acting(state.database, state.mint) as tx:
        told = state.intake._work(tx, calls)
    (text,) = messages(state, "code_renewed")
    assert {one.number for one in told} == {number}
    assert request(state, number).code in text


def joined(state: State, now: Clock, one: str, other: str) -> None:
    """The desk, which is shown the two side by side, joins them."""
    now.forward(minutes=5)
    County(state, now).do("lead01", "merge", one, other=other, reason="同一个人")


@pytest.mark.parametrize("first", ["telephone", "form"])
def test_what_the_desk_joins_with_a_form_is_read_by_the_telephone_alone(
    state: State, now: Clock, first: str
) -> None:
    """Whoever typed her number read on their own page where she hides, once the desk had made one
    matter of the two."""
    stranger = browser(state, "6.6.6.6")
    if first == "telephone":
        theirs = said(state, "v1", SECRET, PHONE).number
    number, code = write(stranger, CALM)
    if first == "form":
        now.forward(minutes=5)
        theirs = write(browser(state, "7.7.7.7"), SECRET)[0]
    joined(state, now, number, theirs)
    said(state, "v2", "他找来了，我在桥洞下面", PHONE)
    for page in (stranger.get("/status/case").text, opens(browser(state, "6.6.6.7"), number, code)):
        assert "桥头旅社" not in page
        assert "桥洞" not in page
    new = request(state, number).code
    told_to_her = [text for text in messages(state, "code_renewed") if number in text]
    assert [new in text for text in told_to_her] == [True], "once, and it is the one that opens"
    assert "桥头旅社" in opens(browser(state, "8.8.8.8"), number, new)


def test_a_form_that_was_joined_to_a_neighbours_before_is_read_by_the_telephone_alone_as_well(
    state: State, now: Clock
) -> None:
    """Then the desk joins what the telephone says with the same matter."""
    neighbour = said(state, "older", ROOF, "+8613877770001").number or ""
    now.forward(minutes=5)
    stranger = browser(state, "6.6.6.6")
    number, code = write(stranger, CALM)
    now.forward(minutes=5)
    theirs = write(browser(state, "7.7.7.7"), SECRET)[0]
    joined(state, now, number, neighbour)
    joined(state, now, theirs, neighbour)
    for page in (stranger.get("/status/case").text, opens(browser(state, "6.6.6.7"), number, code)):
        assert "桥头旅社" not in page
    new = request(state, number).code
    assert any(new in text for text in messages(state, "code_renewed"))
    assert "桥头旅社" in opens(browser(state, "8.8.8.8"), number, new)
    said(state, "v2", "他找来了", PHONE)
    assert request(state, number).code == new, "what she was told opens it still"


def test_a_form_without_a_telephone_keeps_its_code_when_it_is_joined(
    state: State, now: Clock
) -> None:
    page = browser(state, "6.6.6.6")
    numbers_told = []
    for words in (CALM, "南门街道和平社区低保怎么申请"):
        key = key_of(page.get("/help").text)
        page.post("/help", data={"key": key, "what": words})
        numbers_told.append(told(page.get("/received").text))
    if numbers_told[0] != numbers_told[1]:
        joined(state, now, numbers_told[0][0], numbers_told[1][0])
    for number, code in numbers_told:
        assert opens(browser(state, "9.9.9.9"), number, code)


def test_the_page_of_a_form_names_nobody_whom_its_writer_did_not_name(
    state: State, now: Clock
) -> None:
    """It showed the family name and another telephone of whoever had asked for help before under
    the number that was typed, and by that that they had."""
    theirs = said(state, "v1", SECRET, PHONE).number
    with acting(state.database, state.mint) as tx:
        tx.execute(update(Person).values(name="欧阳翠兰"))
        person = tx.execute(select(col(Person.id))).scalar_one()
        people.introduce(tx, person, "tel", "+8613955557777")
    stranger = browser(state, "6.6.6.6")
    number, _code = write(stranger, CALM)
    page = stranger.get("/status/case").text
    assert "欧阳" not in page
    assert "7777" not in page
    assert "1111" in page, "what they typed themselves"
    with state.database.read() as reading:
        found = reading.connection().execute(ROW.where(col(HelpRequest.number) == number)).one()
        own = dict(found._mapping)
        assert own_data.standing(reading.connection(), own)["name"] == ""
    guess = {"right_name": "欧阳翠兰"}
    answers = [stranger.post("/status/case/correct", data=guess).status_code for _ in range(2)]
    assert answers == [303, 303], "a name that is right is taken like any other"
    own_code = request(state, theirs).code
    assert "欧阳" in opens(browser(state, "7.7.7.7"), theirs, own_code), "hers still does"


def test_who_types_a_field_workers_telephone_adds_nothing_to_what_that_worker_may_see(
    state: State,
) -> None:
    """The number of the worker hangs at every door of the village; so may that of a request."""
    with acting(state.database, state.mint) as tx:
        account = update(Staff).where(col(Staff.login) == WORKER["sender"])
        tx.execute(account.values(phone=TYPED))
        tx.count(DIRECTORY)
    state.offices.refresh()
    number = sent(state, ROOF, WORKER)[0].number or ""
    own, _ = write(browser(state, "6.6.6.6"), f"{number} 老人已经去世，不用管了")
    assert own != number, "the page says nothing of the other request"
    with state.database.read() as session:
        kept = session.scalars(select(Contact).filter_by(request_id=request(state, number).id))
        assert [one.text for one in kept] == [ROOF]
        (theirs,) = session.scalars(select(Contact).filter_by(channel="web"))
        assert theirs.reporter is None, "nor is it this worker's word"
