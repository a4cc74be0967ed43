"""A list of another body read in at its page: looked at, every bad cell named, taken back."""

import pytest
from sqlalchemy import select

from models.discovery import Warned
from models.imports import ImportBatch
from tests.gateway.people import application, signed_in
from tests.gateway.test_import_pages import count

HEAD = "类型,来源,姓名,电话,数值,期间\n"
GOOD = "水电气暖连续欠费,供电公司,甲某,19900007777,2,2026-08\n"
BAD = "天气,供电公司,乙某,19900007778,两个月,2026-08\n"


@pytest.fixture
def app(state):
    return application(state)


def upload(caller, text):
    csrf = caller.http.headers["x-csrf-token"]
    return caller.http.post(
        "/imports",
        data={"csrf": csrf, "kind": "warnings", "name": "八月"},
        files={"file": ("a.csv", text.encode(), "text/csv")},
    )


def test_a_list_is_looked_at_first_and_every_bad_cell_is_named_in_the_page_s_language(state, app):
    chief = signed_in(state, app, "super01")
    at = upload(chief, HEAD + GOOD + BAD).headers["location"]
    page = chief.get(at).text
    assert "水电气暖连续欠费 1 行" in page
    assert "没有这种名单" in page
    assert "no list of this kind" in chief.get(f"{at}?lang=en").text
    assert count(state, Warned) == 0
    assert chief.get(f"{at}/errors").content.startswith(b"PK")


def test_the_good_rows_become_warnings_and_are_taken_back(state, app):
    chief = signed_in(state, app, "super01")
    at = upload(chief, HEAD + GOOD + BAD).headers["location"]
    assert chief.form(f"{at}/confirm").status_code == 422
    assert chief.form(f"{at}/confirm", which="good").status_code == 303
    assert count(state, Warned) == 1
    page = chief.get(at).text
    assert "1 行成了预警" in page
    assert "撤销本批" in page
    again = upload(chief, HEAD + GOOD + BAD).headers["location"]
    led = chief.form(f"{again}/confirm", which="good").headers["location"]
    assert led == at, "the same file again leads to what it made"
    assert (count(state, Warned), count(state, ImportBatch)) == (1, 1)
    assert chief.form(f"{at}/undo").status_code == 303
    assert count(state, Warned) == 0
    assert "已撤销" in chief.get(at).text


def test_a_day_later_a_list_is_no_longer_taken_back(state, app, now):
    chief = signed_in(state, app, "super01")
    at = upload(chief, HEAD + GOOD).headers["location"]
    chief.form(f"{at}/confirm")
    now.forward(hours=25)
    late = signed_in(state, app, "super01").form(f"{at}/undo")
    assert late.status_code == 409
    assert "满 24 小时" in late.text
    with state.database.read() as session:
        assert session.scalars(select(Warned.id)).all()


def test_only_who_may_load_lists_finds_them_in_the_choice(state, app):
    assert 'value="warnings"' in signed_in(state, app, "super01").get("/imports").text
    cadre = signed_in(state, app, "village_w0101.1")
    assert 'value="warnings"' not in cadre.get("/imports").text
    assert upload(cadre, HEAD + GOOD).status_code == 403
    assert signed_in(state, app, "super01").get("/imports/template/warnings").status_code == 200
