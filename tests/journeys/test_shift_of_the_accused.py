"""The change of shift passes by whoever a request complains about, and leaves it with somebody."""

import pytest
from fastapi import FastAPI

from gateway.state import State
from models.handovers import Handover
from models.requests import HelpRequest
from models.tasks import Task
from models.transaction import acting
from models.vocabulary import TaskKind
from referral import accused
from referral.accused import Accused
from tests.conftest import Clock
from tests.gateway.people import Caller, application, said, signed_in
from tests.journeys.test_as_12_shift_change import events, relieve, rows, shift

WORD = "青石榴"
COMPLAINT = f"我要投诉县民政局，{WORD}说低保材料压了半年不给办"
PAGES = ("/desk", "/desk?tab=mine", "/api/v1/handovers", "/api/v1/requests", "/api/v1/tasks")


@pytest.fixture
def app(state: State) -> FastAPI:
    return application(state)


def complained(state: State) -> tuple[str, str]:
    """A request and who has it at the desk."""
    number = said(state, "a", COMPLAINT).number
    return number, rows(state, HelpRequest)[0].first_responder


def head_of_shift(state: State) -> str:
    return state.offices.current().directory.head_of_shift(state.now()).officer.login


def keep_out(state: State, app: FastAPI, number: str, login: str) -> None:
    answer = signed_in(state, app, "dispatch01").act(number, "bar", login=login, reason="被投诉")
    assert answer.status_code == 200, answer.text


def reads_nothing(caller: Caller, number: str) -> None:
    assert caller.get(f"/api/v1/requests/{number}").status_code == 404
    for page in PAGES:
        answer = caller.get(page)
        assert number not in answer.text, page
        assert WORD not in answer.text, page


def someone_else(state: State, *others: str) -> str:
    found = state.offices.current().directory.officers
    logins = [o.login for o in found if o.unit == "hotline" and o.role == "operator"]
    return next(login for login in logins if login not in others)


def test_a_matter_is_offered_to_nobody_whom_it_is_about(state: State, app: FastAPI) -> None:
    number, first = complained(state)
    about = someone_else(state, first)
    other = signed_in(state, app, about)
    keep_out(state, app, number, about)
    refused = signed_in(state, app, first).act(number, "offer_handover", to=about, note=WORD)
    assert refused.status_code == 422
    assert "请另选一位同事" in refused.text
    assert rows(state, Handover) == []
    reads_nothing(other, number)


def test_an_offer_to_somebody_is_taken_back_when_they_are_kept_out(
    state: State, app: FastAPI
) -> None:
    number, first = complained(state)
    about = someone_else(state, first)
    other, giver = signed_in(state, app, about), signed_in(state, app, first)
    assert giver.act(number, "offer_handover", to=about, note=WORD).status_code == 200
    keep_out(state, app, number, about)
    reads_nothing(other, number)
    assert [(one.outcome, one.taken_by) for one in rows(state, Handover)] == [("barred", None)]
    withdrawn = events(state, "handover_withdrawn")
    assert [(one["offered_by"], one["to"]) for one in withdrawn] == [(first, about)]
    assert [one["number"] for one in shift(giver)["mine"]] == [number], "it is still in hand"


def test_who_is_kept_out_has_it_no_longer_and_another_has_it_at_once(
    state: State, app: FastAPI
) -> None:
    number, first = complained(state)
    caller = signed_in(state, app, first)
    keep_out(state, app, number, first)
    reads_nothing(caller, number)
    left = caller.form("/sign-out")
    assert left.status_code == 303, "nothing in their hands holds them back"
    lead = head_of_shift(state)
    assert [one.taken_by for one in rows(state, Handover)] == [lead]
    passed = events(state, "handover_to_lead")
    assert [(one["was"], one["to"], one["because"]) for one in passed] == [(first, lead, "barred")]
    tasks = [one for one in rows(state, Task) if one.kind == TaskKind.TAKEN_OVER]
    assert [(one.number, one.unit) for one in tasks] == [(number, "hotline")]
    request = rows(state, HelpRequest)[0]
    assert request.first_responder == first, "who was asked first stays written"
    assert request.holder_person != first
    assert [one["number"] for one in shift(signed_in(state, app, lead))["mine"]] == [number]


def test_the_head_of_shift_whom_it_is_about_gets_nothing_that_nobody_accepted(
    state: State, app: FastAPI, now: Clock
) -> None:
    number, first = complained(state)
    head = head_of_shift(state)
    keep_out(state, app, number, head)
    to = someone_else(state, first)
    signed_in(state, app, to)
    giver = signed_in(state, app, first)
    assert giver.act(number, "offer_handover", to=to, note=WORD).status_code == 200
    now.forward(minutes=30)
    relieve(state)
    [kept] = rows(state, Handover)
    assert kept.outcome == "unaccepted"
    assert kept.taken_by not in (None, head)
    reads_nothing(signed_in(state, app, head), number)
    taker = signed_in(state, app, kept.taken_by)
    assert taker.get(f"/api/v1/requests/{number}").status_code == 200


def test_what_somebody_kept_out_still_has_by_another_way_is_passed_on(
    state: State, app: FastAPI, now: Clock
) -> None:
    """As where their own complaint was entered by whom it is about: they are the first who was
    asked. They are at work, so nobody would have missed them."""
    _, first = complained(state)
    signed_in(state, app, first)
    with acting(state.database, state.mint) as tx:
        request = rows(state, HelpRequest)[0]
        row = {"id": request.id, "number": request.number}
        accused.keep(tx, row, Accused(logins=frozenset({first})), why="x", by="x", now=now())
    relieve(state)
    assert [(one.outcome, one.taken_by) for one in rows(state, Handover)] == [
        ("barred", head_of_shift(state))
    ]
    relieve(state)
    assert len(rows(state, Handover)) == 1, "once"


def test_where_everybody_at_the_desk_is_kept_out_the_body_above_has_it(
    state: State, app: FastAPI, now: Clock
) -> None:
    complained(state)
    office = state.offices.current()
    desk = frozenset(o.login for o in office.directory.officers if o.unit == "hotline")
    request = rows(state, HelpRequest)[0]
    with acting(state.database, state.mint) as tx:
        row = {"id": request.id, "number": request.number}
        accused.keep(tx, row, Accused(logins=desk), why="x", by="x", now=now())
    relieve(state)
    relieve(state)
    [kept] = rows(state, Handover)
    assert kept.taken_by not in {*desk, None}
