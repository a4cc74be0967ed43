"""The steps of reading a spreadsheet in: nothing before the yes, urgent lines opened one by one."""

import re
from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlmodel import col

from gateway import import_warnings, importing
from models.access import Look
from models.households import Household
from models.ids import Mint
from models.imports import ImportBatch
from models.requests import Contact, HelpRequest
from tests.gateway.people import application, signed_in

HEAD = "姓名,手机号,乡镇（街道）,村（社区）,详细地址,诉求类别,紧急程度,情况说明,是否保密\n"
CALM = "甘小霖,13900001234,滨河街道,临江社区,滨江路18号院1号楼,低保,普通,想问低保要带哪些材料,否\n"
STARVING = "老人断粮两天了躺在床上起不来"
HUNGRY = f"甘雨,13900001235,滨河街道,临江社区,滨江路18号院2号楼,临时救助,普通,{STARVING},否\n"
BAD = "甘露,139,滨河街道,临江社区,,低保,普通,屋顶漏雨,否\n"


@pytest.fixture
def app(state):
    return application(state)


def upload(caller, kind, text):
    csrf = caller.http.headers["x-csrf-token"]
    return caller.http.post(
        "/imports",
        data={"csrf": csrf, "kind": kind, "name": "九月"},
        files={"file": ("a.csv", text.encode(), "text/csv")},
    )


def count(state, table):
    with state.database.read() as session:
        return len(session.execute(select(table)).all())


def test_reports_are_previewed_urgent_ones_opened_first_and_each_is_one_contact(state, app):
    cadre = signed_in(state, app, "village_w0101.1")
    begun = upload(cadre, "reports", HEAD + CALM + HUNGRY + BAD)
    assert begun.status_code == 303, begun.text
    at = begun.headers["location"]
    page = cadre.get(at).text
    assert count(state, Contact) == 0
    assert "可导入 2 行，有错误 1 行，可能紧急 1 行" in page
    assert "号码不对" in page
    early = cadre.form(f"{at}/confirm", which="good")
    assert (early.status_code, count(state, Contact)) == (409, 0)
    assert "逐行打开" in early.text
    assert cadre.form(f"{at}/open/3").status_code == 303
    assert cadre.form(f"{at}/open/3").status_code == 303  # pressed twice
    with state.database.read() as session:
        (request,) = session.scalars(select(HelpRequest)).all()
        (contact,) = session.scalars(select(Contact)).all()
    assert (request.level, contact.channel, contact.reporter) == (
        "life_threat", "grid_app", "village_w0101.1",
    )  # fmt: skip
    assert request.number in cadre.get(at).text
    assert cadre.form(f"{at}/confirm").status_code == 422  # a line is still faulty
    assert cadre.form(f"{at}/confirm", which="good").status_code == 303
    assert count(state, Contact) == 2
    again = upload(cadre, "reports", HEAD + CALM + HUNGRY + BAD).headers["location"]
    cadre.form(f"{again}/open/3")
    cadre.form(f"{again}/confirm", which="good")
    assert count(state, Contact) == 2, "the same file is the same reports"
    assert cadre.form(f"{at}/undo").status_code == 409


def test_households_are_written_after_the_yes_and_given_back(state, app):
    chief = signed_in(state, app, "super01")
    table = "户编号,户主姓名,联系电话,详细地址\nN1,甘小霖,13900001234,柳湾村9组88号\n"
    at = upload(chief, "households", table).headers["location"]
    before = count(state, Household)
    assert chief.get(at).status_code == 200
    assert count(state, Household) == before
    assert chief.form(f"{at}/confirm").status_code == 303
    assert count(state, Household) == before + 1
    assert "撤销本批" in chief.get(at).text
    assert chief.form(f"{at}/undo").status_code == 303
    assert count(state, Household) == before
    with state.database.read() as session:
        batch = session.scalars(select(ImportBatch)).one()
    assert (batch.state, batch.body) == ("undone", None)


def test_another_head_of_a_household_is_said_before_the_yes(state, app):
    chief = signed_in(state, app, "super01")
    table = "户编号,户主姓名,联系电话,详细地址\nN1,甘小霖,13900001234,柳湾村9组88号\n"
    first = upload(chief, "households", table).headers["location"]
    assert "请留意" not in chief.get(first).text
    chief.form(f"{first}/confirm")
    page = chief.get(upload(chief, "households", table.replace("霖", "林")).headers["location"])
    assert "户主改为这一位；原户主 甘** 留作家庭成员" in page.text


def test_two_who_confirm_the_same_file_at_once_write_it_once_and_one_is_told(
    state, app, monkeypatch
):
    table = "户编号,户主姓名,联系电话,详细地址\n" + "".join(
        f"N{n},甘小霖,1390000123{n},柳湾村9组8{n}号\n" for n in range(4)
    )
    mine, theirs = (signed_in(state, app, login) for login in ("super01", "admin01"))
    at, there = (upload(one, "households", table).headers["location"] for one in (mine, theirs))
    monkeypatch.setattr(importing, "TOGETHER", 2)
    between, chunks = import_warnings.at_home, iter(range(9))

    def meanwhile(*given):
        if next(chunks) == 1:
            assert theirs.form(f"{there}/confirm").status_code == 303
        return between(*given)

    monkeypatch.setattr(import_warnings, "at_home", meanwhile)
    before = count(state, Household)
    answer = mine.form(f"{at}/confirm")
    assert answer.status_code == 409
    assert "“九月”同时有人在导入" in answer.text
    assert count(state, Household) == before + 4
    with state.database.read() as session:
        states = [one.state for one in session.scalars(select(ImportBatch))]
    assert states == ["done"], "the two previews are one file"
    monkeypatch.setattr(import_warnings, "at_home", between)
    again = upload(theirs, "households", table).headers["location"]
    assert theirs.form(f"{again}/confirm").status_code == 303
    assert count(state, Household) == before + 4


def test_the_files_are_listed_by_their_time_whichever_process_took_them(state, now):
    table = "户编号,户主姓名,联系电话,详细地址\nN1,甘小霖,13900001234,柳湾村9组88号\n"
    later = replace(state, mint=Mint(2**31 - 1))  # the ids of a later process are higher
    files = []
    for one in (later, state):
        chief = signed_in(one, application(one), "super01")
        files.append(upload(chief, "households", table).headers["location"])
        now.forward(minutes=1)
    page = signed_in(state, application(state), "super01").get("/imports").text
    assert re.findall(r'href="(/imports/\d+)"', page) == [files[1], files[0]]


def test_the_faulty_lines_come_back_as_a_table(state, app):
    cadre = signed_in(state, app, "village_w0101.1")
    at = upload(cadre, "reports", HEAD + BAD).headers["location"]
    answer = cadre.get(f"{at}/errors")
    assert answer.headers["content-type"].startswith("application/vnd.openxml")
    assert answer.content.startswith(b"PK")
    assert cadre.get("/imports/template/reports").content.startswith(b"PK")


def test_who_takes_the_faulty_lines_is_kept(state, app):
    cadre = signed_in(state, app, "village_w0101.1")
    at = upload(cadre, "reports", HEAD + BAD).headers["location"]
    assert cadre.get(f"{at}/errors").status_code == 200
    with state.database.read() as session:
        look = session.scalars(select(Look)).one()
    batch_id = at.rpartition("/")[2]
    assert (look.act, look.purpose) == ("export_faults", f"import {batch_id}")


def test_a_file_that_is_none_is_said_on_the_page(state, app):
    cadre = signed_in(state, app, "village_w0101.1")
    answer = upload(cadre, "reports", "")
    assert (answer.status_code, "文件是空的" in answer.text) == (422, True)
    assert count(state, ImportBatch) == 0


def test_what_a_role_may_not_read_in_it_cannot_and_nobody_sees_anothers_file(state, app):
    cadre, desk = signed_in(state, app, "village_w0101.1"), signed_in(state, app, "op01")
    assert upload(cadre, "households", "户编号,户主姓名\n1,2\n").status_code == 403
    at = upload(cadre, "reports", HEAD + CALM).headers["location"]
    assert desk.get(at).status_code == 404
    assert desk.form(f"{at}/confirm").status_code == 404
    assert signed_in(state, app, "audit01").get("/imports").status_code == 403
    assert cadre.get("/imports/template/nothing").status_code == 404
    with state.database.read() as session:
        assert session.scalars(select(col(Contact.id))).all() == []
