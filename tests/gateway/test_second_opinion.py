"""A learned opinion stands beside the rules: kept, shown, listed where it differs; it decides
nothing, and may only ask a person to look."""

import dataclasses
import html
from pathlib import Path

import orjson
import pytest
from fastapi import FastAPI

from gateway.commands import check
from gateway.settings import Settings
from gateway.state import State, wire
from models.events import Event
from models.messages import Inbound
from models.requests import Contact, HelpRequest
from models.tasks import Task
from models.vocabulary import Level, TaskKind
from tests.conftest import process
from tests.gateway.people import FOOD, QUESTION, application, said, signed_in
from tests.triage.closed_orders import model
from triage.opinion import BadModel

BUS = "公交车总是不按点来，站台也坏了，请看看"
WAGES = "工地拖欠农民工工资，请问怎么投诉包工头，我住在柳湾镇"


@pytest.fixture
def learned(tmp_path: Path) -> dict[str, str]:
    """What the labels of the model are called."""
    return {"wages": "wage_arrears", "schools": "education", "transport": "temp_emergency"}


@pytest.fixture
def state(settings: Settings, channels, now, learned, tmp_path):
    """A process with a model."""
    content = model(**learned).as_json()
    (tmp_path / "model.json").write_bytes(orjson.dumps(content))
    chosen = settings.model_copy(update={"model": tmp_path / "model.json"})
    with process(chosen, now, channels) as wired:
        yield wired


@pytest.fixture
def app(state: State) -> FastAPI:
    return application(state)


def rows(state: State, table):
    with state.database.read() as session:
        columns = table.__table__.columns
        return list(session.connection().execute(columns.id.table.select().order_by(columns.id)))


def asked(state: State) -> list:
    return [row for row in rows(state, Task) if row.kind == TaskKind.LOOK]


def test_the_opinion_is_kept_with_the_words_and_decides_nothing(state: State) -> None:
    said(state, "a", BUS)
    (contact,), (request,) = rows(state, Contact), rows(state, HelpRequest)
    opinion = contact.assessment["opinion"]
    assert opinion["label"] == "temp_emergency"
    assert opinion["sure"]
    assert all(word in BUS for word in opinion["why"])
    assert request.second_opinion == "differs"
    plain = dataclasses.replace(state.offices.current(), model=None)
    alone = plain.assess(BUS, "sms", Inbound("1", "+8613812345678", BUS))
    assert (request.level, request.service) == (alone.level, alone.service)


def test_agreement_and_doubt_are_not_listed_and_difference_is(state: State, app: FastAPI) -> None:
    differs = said(state, "a", BUS, "+8613900000001").number
    agrees = said(state, "b", WAGES, "+8613900000002").number
    unsure = said(state, "c", "你好", "+8613900000003").number
    marks = {row.number: row.second_opinion for row in rows(state, HelpRequest)}
    assert marks == {differs: "differs", agrees: "agrees", unsure: None}
    lead = signed_in(state, app, "lead01")
    page = lead.get("/desk?tab=second").text
    assert differs in page
    assert agrees not in page
    assert unsure not in page


def test_the_page_shows_what_it_thinks_and_why_in_both_languages(
    state: State, app: FastAPI
) -> None:
    number = said(state, "a", BUS).number
    lead = signed_in(state, app, "lead01")
    page = html.unescape(lead.get(f"/desk/{number}").text)
    assert "第二意见不同" in page
    assert "依据：" in page
    assert "公交" in page.split("依据：")[1][:60]
    english = html.unescape(lead.get(f"/desk/{number}?lang=en").text)
    assert "second opinion differs" in english


def test_a_person_who_decides_takes_it_off_the_list_and_it_stays_on_the_page(
    state: State, app: FastAPI
) -> None:
    number = said(state, "a", BUS).number
    lead = signed_in(state, app, "lead01")
    assert lead.act(number, "confirm").status_code == 200
    assert number not in lead.get("/desk?tab=second").text
    assert "第二意见不同" in lead.get(f"/desk/{number}").text


def test_who_may_not_read_the_words_does_not_read_the_reasons(state: State, app: FastAPI) -> None:
    number = said(state, "a", BUS).number
    auditor = signed_in(state, app, "audit01")
    page = auditor.get(f"/desk/{number}").text
    assert "第二意见不同" in page
    assert 'class="quiet second"' not in page


def test_an_urgent_matter_stays_urgent_whatever_it_thinks(state: State) -> None:
    said(state, "a", FOOD + "，公交车总是不按点来，站台坏了，班车甩客")
    (request,) = rows(state, HelpRequest)
    assert Level(request.level).is_urgent


def test_the_ledger_says_what_was_thought(state: State) -> None:
    said(state, "a", BUS)
    with state.database.read() as session:
        found = session.connection().execute(
            Event.__table__.select().where(Event.__table__.c.kind == "assessed")
        )
        (event,) = [orjson.loads(row.detail) for row in found]
    assert event["opinion"] == "temp_emergency"
    assert event["sure"] is True


class TestHurry:
    """A label that means hurry."""

    @pytest.fixture
    def learned(self) -> dict[str, str]:
        return {"transport": "urgent"}

    def test_it_asks_a_person_to_look_and_raises_nothing(self, state: State, app) -> None:
        number = said(state, "a", BUS).number
        (request,) = rows(state, HelpRequest)
        assert not Level(request.level).is_urgent
        assert request.second_opinion == "look"
        (task,) = asked(state)
        assert task.urgent
        assert (task.due_at - task.opened_at).total_seconds() == 600
        lead = signed_in(state, app, "lead01")
        assert "第二意见认为可能紧急" in lead.get("/desk").text
        assert number in lead.get("/desk?tab=second").text

    @pytest.mark.thorough
    def test_words_that_join_a_request_are_looked_at_once(self, state: State) -> None:
        said(state, "a", QUESTION)
        said(state, "b", BUS)
        said(state, "c", "红绿灯时间太短，公交车也不来")
        (request,) = rows(state, HelpRequest)
        assert request.second_opinion == "look"
        assert len(asked(state)) == 1

    def test_where_the_rules_see_hurry_too_nobody_is_asked_twice(self, state: State) -> None:
        said(state, "a", FOOD + "，公交车总是不按点来，站台坏了，班车甩客")
        assert asked(state) == []


class TestOwnTopics:
    """Labels that the rules do not know."""

    @pytest.fixture
    def learned(self) -> dict[str, str]:
        return {"transport": "roads", "wages": "pay", "schools": "learning"}

    @pytest.mark.thorough
    def test_topics_of_a_city_are_shown_and_compared_with_nothing(self, state, app) -> None:
        number = said(state, "a", BUS).number
        (request,) = rows(state, HelpRequest)
        assert request.second_opinion is None
        lead = signed_in(state, app, "lead01")
        assert "roads" in lead.get(f"/desk/{number}").text


class TestBureaus:
    """Labels that are the units of the county."""

    @pytest.fixture
    def learned(self) -> dict[str, str]:
        return {"wages": "人社局", "transport": "civil_affairs", "schools": "education_bureau"}

    @pytest.mark.thorough
    def test_a_label_may_be_the_lead_by_code_or_name(self, state: State) -> None:
        said(state, "a", BUS)
        (request,) = rows(state, HelpRequest)
        assert request.lead_bureau == "civil_affairs"
        assert request.second_opinion == "agrees"


def test_without_a_model_nothing_is_said(settings, channels, now) -> None:
    state = wire(settings, kind="test", now=now, channels=channels)
    try:
        said(state, "a", BUS)
        (contact,), (request,) = rows(state, Contact), rows(state, HelpRequest)
        assert "opinion" not in contact.assessment
        assert request.second_opinion is None
    finally:
        state.close()


def test_a_model_that_cannot_be_read_stops_the_start_and_is_named(
    settings, channels, now, tmp_path, monkeypatch
) -> None:
    path = tmp_path / "model.json"
    path.write_bytes(b"{}")
    chosen = settings.model_copy(update={"model": path})
    with pytest.raises(BadModel, match=r"model\.json: this is no model"):
        wire(chosen, kind="test", now=now, channels=channels)
    monkeypatch.setenv("HUIYIN_MODEL", str(path))
    with pytest.raises(BadModel, match=r"model\.json"):
        check.run()
