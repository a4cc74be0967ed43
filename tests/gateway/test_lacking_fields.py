"""A form that lacks something says all of it, by the names that stand on the page."""

import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from gateway import aid_bodies, bodies
from gateway.state import State
from models.phrases import Phrasebook
from tests.gateway.people import QUESTION, application, said, signed_in


@pytest.fixture
def app(state: State) -> FastAPI:
    return application(state)


def test_every_field_of_an_act_has_a_name_to_say_that_it_is_missing() -> None:
    told = {
        name
        for module in (bodies, aid_bodies)
        for model in vars(module).values()
        if isinstance(model, type) and issubclass(model, BaseModel)
        for name in model.model_fields
    }
    assert len(told) > 60
    known = Phrasebook.load().keys()
    assert [name for name in sorted(told) if f"staff.field.{name}" not in known] == []


def test_a_form_says_every_field_that_it_lacks_at_once(state: State, app: FastAPI) -> None:
    number = said(state, "f", QUESTION).number
    desk = signed_in(state, app, "dispatch01")
    assert desk.act(number, "confirm").status_code == 200
    bureau = signed_in(state, app, "civil_affairs.1")
    assert bureau.act(number, "sign").status_code == 200
    page = bureau.form(f"/inbox/{number}/request_return", reason="不归我们")
    assert page.status_code == 422
    for field in ("rule", "right_unit"):
        assert f'href="#request_return-{field}"' in page.text
        assert f'id="request_return-{field}-error"' in page.text
    assert "不归我们" in page.text
    refused = desk.form(f"/desk/{number}/record_contact", note="打过电话")
    assert refused.status_code == 422
    assert "这些项没有填好：联系的是谁、结果。" in refused.text
