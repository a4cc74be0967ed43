"""A day of another age, and a body that is not there, are the sender's slip and nobody's fault."""

from datetime import datetime

import pytest

from gateway import recorded
from gateway.cleaning import clean
from gateway.days import day, moment
from models.messages import Inbound
from models.requests import Contact
from tests.gateway.people import QUESTION, application, said, signed_in
from tests.gateway.test_households import rows

EDGES = ("0001-01-01", "1899-12-31", "2200-01-01", "9999-12-31")


@pytest.mark.parametrize("written", EDGES)
def test_a_day_that_no_clock_of_ours_can_say_is_refused(written):
    with pytest.raises(ValueError, match="year"):
        day(written)
    with pytest.raises(ValueError, match="year"):
        moment(f"{written}T00:00:00+14:00")


@pytest.mark.parametrize("written", EDGES)
def test_pages_and_interface_say_so_instead_of_failing(state, written):
    app = application(state)
    lead = signed_in(state, app, "super01")
    for path in (
        f"/relief?since={written}", f"/relief?until={written}", f"/audit?since={written}",
        f"/audit?until={written}", f"/admin/changes?at={written}T00:00",
    ):  # fmt: skip
        assert lead.get(path).status_code < 500, path
    number = said(state, "m1", QUESTION).number
    body = {"who": "本人", "outcome": "reached", "at": f"{written}T00:00:00+08:00"}
    desk = signed_in(state, app, "lead01")
    found = desk.post(f"/api/v1/requests/{number}/record_contact", json=body)
    assert found.status_code == 422, found.text


def test_an_act_without_the_body_that_it_needs_is_refused(state):
    number = said(state, "m1", QUESTION).number
    desk = signed_in(state, application(state), "lead01")
    for act in ("uphold_return", "close", "reply"):
        found = desk.post(f"/api/v1/requests/{number}/{act}")
        assert found.status_code == 422, (act, found.text)
        assert found.json()["faults"]
    assert desk.post(f"/api/v1/requests/{number}/confirm").status_code < 300


def test_words_with_a_time_of_another_age_are_kept_with_the_time_of_receipt(state, now):
    record = recorded.Recorded(channel="sms", external_id="old", text="在吗")
    call = recorded.call_of(record, b"{}", now())
    long_ago = datetime.fromisoformat("0001-01-01T00:00:00+08:00")
    call.happenings = [clean(Inbound(external_id="old", sender="x", text="在吗", at=long_ago))]
    assert state.intake.submit(call).result(20).number
    assert [one.said_at for one in rows(state, Contact)] == [now()]
