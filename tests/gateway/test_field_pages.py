"""The page of a worker in the field and the supervisor's page, spoken to by HTTP."""

import re
from io import BytesIO

import pytest
from python_calamine import CalamineWorkbook

from models.attachments import Attachment
from models.discovery import Mode
from models.requests import Contact
from tests.gateway.people import application, signed_in
from tests.gateway.test_attachments import photo
from tests.gateway.test_households import rows
from tests.journeys.walkers import Walkers

KEY = "0123456789abcdef"


@pytest.fixture
def county(state, now):
    made = Walkers(state, now)
    made.reach_out()
    return made


@pytest.fixture
def app(state):
    return application(state)


def post(worker, path="/field", files=None, **fields):
    csrf = worker.http.headers["x-csrf-token"]
    return worker.http.post(path, data={"csrf": csrf, "key": KEY, **fields}, files=files)


def test_a_plain_form_with_a_photo_ends_at_its_receipt(state, app):
    worker = signed_in(state, app, "grid_w0403")
    files = {"photo": ("a.jpg", photo(2000, 1500), "image/jpeg")}
    sent = post(worker, files=files, kind="report", what="老人屋里没生火，两天没吃饭")
    assert (sent.status_code, sent.headers["location"]) == (303, f"/field/receipts/{KEY}")
    page = worker.get(f"/field/receipts/{KEY}").text
    assert re.search(r"HY\d{8}-\d{5}-\d", page)
    assert "第三十九条" in page
    again = post(worker, files=files, kind="report", what="老人屋里没生火，两天没吃饭")
    assert again.status_code == 303
    assert len(re.findall(r"/field/receipts/", worker.get("/field").text)) == 1


def test_the_same_picture_twice_is_kept_once_and_the_report_comes_through(state, app):
    worker = signed_in(state, app, "grid_w0403")
    files = [("photo", (name, photo(), "image/jpeg")) for name in ("a.jpg", "b.jpg")]
    sent = post(worker, files=files, kind="report", what="老人屋里没生火，两天没吃饭")
    assert (sent.status_code, sent.headers["location"]) == (303, f"/field/receipts/{KEY}")
    assert len(rows(state, Attachment)) == 1


def test_a_slip_keeps_what_was_typed(state, app):
    worker = signed_in(state, app, "grid_w0403")
    sent = post(worker, kind="report", where="三组东头", what="")
    assert sent.status_code == 422
    assert 'value="三组东头"' in sent.text
    assert f'value="{KEY}"' in sent.text, "the same form keeps its key"


@pytest.mark.parametrize(
    "other",
    [
        {"what": "隔壁刘家房子漏雨，孩子病了没钱看"},
        {"what": "老人屋里没生火，两天没吃饭", "person": "隔壁刘大爷"},
        {"what": "老人屋里没生火，两天没吃饭", "urgent": "urgent"},
    ],
    ids=["other words", "another person", "now urgent"],
)
def test_a_form_that_is_gone_back_to_and_filled_in_anew_is_another_report(state, app, other):
    worker = signed_in(state, app, "grid_w0403")
    first = post(worker, kind="report", what="老人屋里没生火，两天没吃饭")
    second, again = (post(worker, kind="report", **other) for _ in range(2))
    at = [one.headers["location"] for one in (first, second, again)]
    assert at[1] == at[2] != at[0], "each report has its receipt, and twice the same is one"
    kept = [row.text for row in rows(state, Contact)]
    assert len(kept) == 2
    assert other["what"] in worker.get(at[1]).text
    numbers = [re.search(r"HY\d{8}-\d{5}-\d", worker.get(one).text)[0] for one in at[:2]]
    assert len(set(numbers)) == 2


def test_another_photo_in_the_same_form_is_another_report(state, app):
    worker = signed_in(state, app, "grid_w0403")
    places = []
    for size in (400, 500, 400):
        files = {"photo": ("a.jpg", photo(size, 300), "image/jpeg")}
        sent = post(worker, files=files, kind="report", category="food")
        places.append(sent.headers["location"])
    assert places[0] == places[2] != places[1]
    assert len(rows(state, Contact)) == 2


def test_a_telephone_gets_json_for_its_key(state, app):
    worker = signed_in(state, app, "grid_w0403")
    assert worker.get("/field/session").json()["login"] == "grid_w0403"
    sent = post(worker, "/field/entries", kind="report", what="有人在桥下过夜")
    assert sent.json()["kept"] is True
    assert sent.json()["key"] == KEY
    again = post(worker, "/field/entries", kind="report", what="有人在桥下过夜")
    assert (again.json()["number"], again.json()["repeated"]) == (sent.json()["number"], True)
    bad = post(worker, "/field/entries", kind="visit", of="1", outcome="well")
    assert bad.status_code == 404
    assert bad.json()["error"]


@pytest.mark.parametrize(("page", "said"), [("zh-CN", "拍一张照片"), ("en", "take a photo")])
def test_an_empty_report_is_refused_in_the_language_of_the_page(state, app, page, said):
    worker = signed_in(state, app, "grid_w0403")
    worker.http.cookies.set("lang", page)
    worker.http.headers["accept-language"] = "zh-CN" if page == "en" else "en"
    refused = post(worker, "/field/entries", kind="report", what="")
    assert refused.status_code == 422
    assert said in refused.json()["error"]


def test_an_entry_needs_the_sessions_token_and_a_key(state, app):
    worker = signed_in(state, app, "grid_w0403")
    token = worker.http.headers.pop("x-csrf-token")
    refused = worker.http.post("/field/entries", data={"kind": "report", "what": "x", "key": KEY})
    assert refused.status_code == 403
    refused = worker.http.post(
        "/field/entries", data={"csrf": token, "kind": "report", "what": "x"}
    )
    assert refused.status_code == 422
    assert signed_in(state, app, "op01").get("/field").status_code == 403


def test_the_list_of_households_is_of_the_own_grid_only(county, state, app):
    page = signed_in(state, app, "grid_w0403").get("/field").text
    assert "段长根" in page, "of village W0403"
    assert "贺芳" not in page
    assert "HH00001" not in page


def test_somebody_elses_household_cannot_be_named_by_its_number(county, state, app):
    """The words stay as they were typed; nothing of the register is added to them."""
    worker = signed_in(state, app, "grid_w0403")
    post(worker, kind="report", what="家里断粮", person="某人 (HH00001)")
    page = worker.get("/field").text
    assert "贺芳" not in page
    assert "滨江路" not in page


@pytest.mark.thorough
def test_the_service_worker_is_ours_and_may_look_after_its_page(state, app):
    worker = signed_in(state, app, "grid_w0403")
    found = worker.get("/field/worker.js")
    assert found.headers["content-type"].startswith("text/javascript")
    assert found.headers["service-worker-allowed"] == "/field"
    page = worker.get("/field").text
    assert "<script>" not in page
    assert "style=" not in page


def test_the_supervisor_sees_all_a_township_its_own_and_a_worker_nothing(county, state, app):
    page = signed_in(state, app, "super01").get("/discovery")
    assert page.status_code == 200
    assert "石桥镇" in page.text
    own = signed_in(state, app, "township_w01.1").get("/discovery").text
    assert "滨河街道" in own
    assert "石桥镇" not in own
    assert signed_in(state, app, "grid_w0403").get("/discovery").status_code == 403


def test_an_auditor_sees_figures_and_nobodys_name(county, state, app):
    auditors = [o for o in state.offices.current().directory.officers if o.role == "auditor"]
    page = signed_in(state, app, auditors[0].login).get("/discovery").text
    assert "走访覆盖" in page
    assert "段长根" not in page


def test_the_workbooks_say_what_the_page_says(county, state, app):
    boss = signed_in(state, app, "super01")
    for name in ("coverage", "warnings"):
        found = boss.get(f"/discovery/{name}.xlsx")
        book = CalamineWorkbook.from_filelike(BytesIO(found.content))
        rows = book.get_sheet_by_index(0).to_python()
        assert rows[0][0] in ("乡镇街道", "名单")
        if name == "coverage":
            total = sum(row[2] for row in rows[1:] if row[0] == row[1])
            assert total == len(county.visits())
    assert boss.get("/discovery/other.xlsx").status_code == 404


def test_a_named_person_switches_a_mode_on_and_off(county, state, app):
    boss = signed_in(state, app, "super01")
    body = {"mode": "extreme_weather", "area": "W04", "until": "2026-10-02", "reason": "寒潮"}
    assert boss.form("/discovery/modes", **body).status_code == 303
    row = county.every(Mode)[0]
    assert (row.switched_by, row.reason) == ("super01", "寒潮")
    assert "极端天气" in boss.get("/discovery").text
    assert boss.form("/discovery/modes", **{**body, "until": "x"}).status_code == 422
    other = signed_in(state, app, "township_w01.1")
    assert other.form(f"/discovery/modes/{row.id}/end").status_code == 404
    assert other.form("/discovery/modes", **body).status_code == 403
    assert boss.form(f"/discovery/modes/{row.id}/end").status_code == 303
    assert county.every(Mode)[0].ended_by == "super01"
