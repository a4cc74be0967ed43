"""Accounts out of a spreadsheet obey the rules of accounts made by hand: who administers does it,
proves who is at the keyboard, and no file moves an account that is there."""

import pytest
from sqlalchemy import insert, select, update
from sqlmodel import col

from gateway import accounts, import_undo, importing
from models.access import OneTimeKey
from models.imports import ImportBatch, ImportLine
from models.places import Staff
from models.transaction import acting
from referral.casework import Refusal
from tests.gateway.people import application, signed_in
from tests.gateway.test_import_pages import upload

HEAD = "登录名,姓名,角色,单位代码,区划,手机号\n"
NEW = "new01,文一,话务员,hotline,W,13900001234\n"


@pytest.fixture
def app(state):
    return application(state)


@pytest.fixture
def admin(state, app):
    return signed_in(state, app, "admin01")


def account(state, login):
    with state.database.read() as session:
        return session.get(Staff, login)


def row_of(state, login, **other):
    one = account(state, login)
    role, unit = other.get("role", one.role), other.get("unit", one.unit)
    area, name = other.get("area", one.area or ""), other.get("name", one.name)
    return f"{login},{name},{role},{unit},{area},{other.get('phone', one.phone)}\n"


def looked(state, text, by="admin01"):
    codes = importing.codes_of(state.offices.current())
    found = importing.look("staff", "s.csv", text.encode(), codes)
    importing.compare(state.database, found, codes, by)
    return found, codes


def faults(state, text, by="admin01"):
    found, _ = looked(state, text, by)
    return [(one.line, one.column, one.key.rpartition(".")[2]) for one in found.faults]


def read_in(state, text, by="admin01"):
    found, codes = looked(state, text, by)
    batch, _, _ = importing.write(state.database, state.mint, found, codes, by=by, now=state.now)
    return batch


@pytest.mark.parametrize("kind", ["staff", "units", "areas"])
def test_a_supervisor_reads_in_no_accounts_units_or_areas(state, app, kind):
    chief = signed_in(state, app, "super01")
    assert upload(chief, kind, HEAD + NEW).status_code == 403
    assert chief.get(f"/imports/template/{kind}").status_code == 403
    assert chief.get("/imports/template/households").status_code == 200


def test_an_import_of_accounts_asks_who_is_at_the_keyboard(state, app, admin, now):
    at = upload(admin, "staff", HEAD + NEW).headers["location"]
    now.forward(minutes=6)
    asked = admin.form(f"{at}/confirm")
    assert asked.status_code == 401
    assert f'name="held_to" value="{at}/confirm"' in asked.text
    assert account(state, "new01") is None
    admin = signed_in(state, app, "admin01")
    assert admin.form(f"{at}/confirm").headers["location"] == at
    assert account(state, "new01").role == "operator"
    now.forward(minutes=6)
    assert 'action="/account/confirm"' in admin.form(f"{at}/undo").text
    assert account(state, "new01") is not None
    admin = signed_in(state, app, "admin01")
    assert admin.form(f"{at}/undo").headers["location"] == at
    assert account(state, "new01") is None


@pytest.mark.parametrize(
    ("other", "heading"),
    [
        ({"role": "administrator"}, "角色"),
        ({"unit": "education"}, "单位代码"),
        ({"area": "W01"}, "区划"),
    ],
)
def test_a_file_moves_no_account_that_is_there(state, admin, other, heading):
    before = account(state, "op01")
    text = HEAD + row_of(state, "op01", **other)
    assert faults(state, text) == [(2, heading, "account_moved")]
    at = upload(admin, "staff", text).headers["location"]
    assert "/admin/users" in admin.get(at).text
    admin.form(f"{at}/confirm", which="good")
    assert account(state, "op01") == before


def test_an_administrator_changes_not_even_the_name_of_their_own_account(state):
    assert faults(state, HEAD + row_of(state, "admin01")) == []
    for other in ({"name": "别人"}, {"phone": "13900001234"}, {"role": "supervisor"}):
        [(_, _, why)] = faults(state, HEAD + row_of(state, "admin01", **other))
        assert why == "own_account"


@pytest.mark.parametrize("role", ["网格员", "村干部", "乡镇经办人"])
def test_who_works_for_a_place_is_not_read_in_without_one(state, app, admin, role):
    row = f"new01,文一,{role},township_w01"
    assert faults(state, f"{HEAD}{row},,\n") == [(2, "区划", "no_area")]
    assert faults(state, f"登录名,姓名,角色,单位代码\n{row}\n") == [(2, "区划", "no_area")]
    assert faults(state, f"{HEAD}{row},W01,\n") == []
    at = upload(admin, "staff", f"{HEAD}{row},,\n").headers["location"]
    assert "这个角色没有区划" in admin.get(at).text


def test_names_and_telephones_go_through_and_come_back(state):
    before = account(state, "op01")
    batch = read_in(state, HEAD + row_of(state, "op01", name="新名", phone="13900001234"))
    changed = account(state, "op01")
    assert (changed.name, changed.phone, changed.role) == ("新名", "13900001234", before.role)
    import_undo.undo(state.database, state.mint, batch, "admin01", state.now())
    assert account(state, "op01") == before


def test_a_column_that_a_file_has_not_is_not_emptied(state):
    read_in(state, HEAD + row_of(state, "op01", phone="13900001234"))
    one = account(state, "op01")
    text = f"登录名,姓名,角色,单位代码\nop01,新名,{one.role},{one.unit}\n"
    assert faults(state, text) == []
    read_in(state, text)
    after = account(state, "op01")
    assert (after.name, after.phone, after.area) == ("新名", "13900001234", one.area)


def test_an_empty_cell_changes_nothing_of_an_account_that_is_there(state):
    read_in(state, HEAD + row_of(state, "op01", phone="13900001234"))
    before = account(state, "op01")
    assert before.area
    text = HEAD + row_of(state, "op01", name="新名", area="", phone="")
    assert faults(state, text) == []
    read_in(state, text)
    after = account(state, "op01")
    assert (after.name, after.phone, after.area) == ("新名", before.phone, before.area)


def test_every_bad_cell_of_a_file_is_named_in_the_order_of_its_rows(state):
    text = HEAD + "\n".join(
        (
            "op01,某某,督办员,hotline,W,12",
            "bad login,某某,话务员,nosuch,,12",
            "new02,某某,无此角色,nosuch,,",
            "new03,某某,网格员,nosuch,,13900001234",
            ",某某,网格员,hotline,,",
        )
    )
    assert faults(state, text) == [
        (2, "角色", "account_moved"),
        (2, "手机号", "phone"),
        (3, "登录名", "login"),
        (3, "单位代码", "no_unit"),
        (3, "手机号", "phone"),
        (4, "角色", "choice"),
        (4, "单位代码", "no_unit"),
        (5, "单位代码", "no_unit"),
        (5, "区划", "no_area"),
        (6, "登录名", "missing"),
    ]


def test_a_bad_cell_is_shown_as_it_was_typed(state):
    found, _ = looked(state, HEAD + row_of(state, "op01", role="督办员", area="柳桥镇"))
    assert [one.value for one in found.faults] == ["督办员", "柳桥镇"]


def test_a_file_without_a_good_line_is_not_offered(state, admin):
    at = upload(admin, "staff", HEAD + "bad login,某某,话务员,nosuch,,12\n").headers["location"]
    page = admin.get(at).text
    assert "没有一行可以导入" in page
    assert "只导入正确的" not in page
    assert admin.form(f"{at}/confirm", which="good").status_code == 422
    assert "没有一行可以导入" in admin.get(at).text


def test_a_file_is_offered_as_soon_as_what_it_lacked_is_there(state, admin):
    at = upload(
        admin, "staff", "登录名*,姓名*,角色*,单位代码*\nnew01,新人,operator,hotline-neu\n"
    ).headers["location"]
    assert "没有一行可以导入" in admin.get(at).text
    unit = "单位代码,单位名称,职能,区划\nhotline-neu,望河县热线二组,hotline,W\n"
    codes = importing.codes_of(state.offices.current())
    found = importing.look("units", "u.csv", unit.encode(), codes)
    importing.compare(state.database, found, codes, "admin01")
    importing.write(state.database, state.mint, found, codes, by="admin01", now=state.now)
    state.offices.refresh()
    page = admin.get(at).text
    assert "没有一行可以导入" not in page
    assert f'action="{at}/confirm"' in page
    assert admin.form(f"{at}/confirm").status_code == 303


def test_an_account_moved_by_hand_meanwhile_is_not_moved_back_by_the_file(state):
    found, codes = looked(state, HEAD + row_of(state, "op01", name="新名"))
    assert not found.faults
    with acting(state.database, state.mint) as tx:
        tx.execute(update(Staff).where(col(Staff.login) == "op01").values(role="auditor"))
    _, written, _ = importing.write(
        state.database, state.mint, found, codes, by="admin01", now=state.now
    )
    assert (written, account(state, "op01").role) == (0, "auditor")


def test_a_new_account_needs_a_sign_in_name_and_a_unit_that_is_there(state):
    text = HEAD + NEW.replace("new01", "a b") + NEW.replace("hotline", "nowhere")
    assert faults(state, text) == [(2, "登录名", "login"), (3, "单位代码", "no_unit")]


def test_undoing_gives_no_role_back_that_an_older_file_had_taken(state):
    with acting(state.database, state.mint) as tx:
        batch = tx.mint()
        tx.execute(
            insert(ImportBatch).values(
                id=batch, kind="staff", name="s", hash="0", state="done", lines=1, faulty=0,
                written=1, made_at=state.now(), made_by="op01", done_at=state.now(),
            )
        )  # fmt: skip
        before = {"role": "administrator", "unit": "education", "name": "旧名"}
        tx.execute(insert(ImportLine).values(batch_id=batch, line=2, target="op01", before=before))
    old = account(state, "op01")
    import_undo.undo(state.database, state.mint, batch, "op01", state.now())
    new = account(state, "op01")
    assert (new.name, new.role, new.unit) == ("旧名", old.role, old.unit)


def test_an_account_that_was_opened_is_not_undone_though_it_has_no_password(state):
    batch = read_in(state, HEAD + NEW)
    with acting(state.database, state.mint) as tx:
        tx.execute(
            update(Staff).where(col(Staff.login) == "new01").values(signed_in_at=state.now())
        )
    with pytest.raises(Refusal) as refused:
        import_undo.undo(state.database, state.mint, batch, "admin01", state.now())
    assert refused.value.key == "refusal.import_acted_on"
    assert account(state, "new01") is not None


def test_the_link_of_an_account_that_is_taken_back_opens_nothing(state):
    batch = read_in(state, HEAD + NEW)
    with acting(state.database, state.mint) as tx:
        accounts.one_time_link(tx, "new01", state.now())
    import_undo.undo(state.database, state.mint, batch, "admin01", state.now())
    with state.database.read() as session:
        keys = session.execute(select(OneTimeKey).where(col(OneTimeKey.login) == "new01"))
        assert keys.all() == []
