"""Who is on duty comes out of a spreadsheet: without one no county but the invented one has a
roster. A shift ends by being read in again with its last day."""

from datetime import date, datetime

import pytest
from sqlalchemy import delete, select
from sqlmodel import col

from gateway import checklist, import_undo, importing
from gateway.import_hours import minute, weekdays
from models.places import Duty, Staff
from models.transaction import acting
from referral.directory import ZONE, Shift
from tests.gateway.people import application, signed_in
from tests.gateway.test_import_pages import upload

HEAD = "单位代码*,登录名*,上班时间*,下班时间*,星期,起始日期,截止日期\n"
DAY = "hotline,op01,08:00,20:00,,,\n"
NIGHT = "hotline,op02,20:00,8:00,,,\n"


@pytest.fixture(autouse=True)
def empty(state):
    """A county that has just begun."""
    with acting(state.database, state.mint) as tx:
        tx.execute(delete(Duty))
        importing.changed(tx)
    state.offices.refresh()


def looked(state, rows):
    codes = importing.codes_of(state.offices.current())
    found = importing.look("rosters", "r.csv", (HEAD + rows).encode(), codes)
    importing.compare(state.database, found, codes, "admin01")
    return found, codes


def read_in(state, rows):
    found, codes = looked(state, rows)
    batch, _, _ = importing.write(
        state.database, state.mint, found, codes, by="admin01", now=state.now
    )
    state.offices.refresh()
    return batch


def shifts(state):
    columns = (Duty.login, Duty.from_minute, Duty.to_minute, Duty.weekdays, Duty.ends_on)
    with state.database.read() as session:
        rows = session.connection().execute(select(*(col(one) for one in columns)))
        return sorted(tuple(row) for row in rows)


def rosters(state):
    with state.database.read() as session:
        office = state.offices.current()
        steps = checklist.steps(session.connection(), office, state.now())
    return next(step for step in steps if step.code == "rosters")


def test_a_county_reads_its_roster_in_and_those_people_are_on_duty(state):
    assert not rosters(state).done
    read_in(state, DAY + NIGHT)
    assert shifts(state) == [
        ("op01", 480, 1200, "0123456", None),
        ("op02", 1200, 480, "0123456", None),
    ]
    directory = state.offices.current().directory
    desk = directory.unit["hotline"]
    noon = datetime(2026, 10, 1, 12, tzinfo=ZONE)
    assert directory.on_duty(desk, noon) == {"op01"}
    assert directory.on_duty(desk, noon.replace(hour=3)) == {"op02"}
    assert rosters(state).done


def test_a_shift_ends_by_its_last_day_and_undoing_gives_it_back(state):
    read_in(state, DAY)
    batch = read_in(state, "hotline,op01,08:00,20:00,每天,,2026-10-07\n" + NIGHT)
    assert shifts(state)[0][-1] == date(2026, 10, 7)
    import_undo.undo(state.database, state.mint, batch, "admin01", state.now())
    assert shifts(state) == [("op01", 480, 1200, "0123456", None)]


def test_a_line_that_would_call_nobody_is_named(state):
    with acting(state.database, state.mint) as tx:
        gone = Staff.__table__.update().where(col(Staff.login) == "op03")
        tx.execute(gone.values(disabled_at=state.now()))
    rows = (
        "nosuch,op01,08:00,20:00,,,\n"
        "hotline,nosuch,08:00,20:00,,,\n"
        "hotline,op03,08:00,20:00,,,\n"
        "hotline,education.1,08:00,20:00,,,\n"
        "hotline,op01,8点25,25:00,周八,,\n"
        "hotline,op01,08:00,08:00,,,\n"
        "hotline,op01,08:00,20:00,,2026-10-07,2026-10-01\n"
    )
    found, _ = looked(state, rows)
    assert [(one.line, one.column, one.key.rpartition(".")[2]) for one in found.faults] == [
        (2, "单位代码", "no_unit"),
        (3, "登录名", "no_account"),
        (4, "登录名", "no_account"),
        (5, "登录名", "other_unit"),
        (6, "下班时间", "clock"),
        (6, "星期", "weekdays"),
        (7, "上班时间", "no_time"),
        (8, "截止日期", "ends_before"),
    ]


def test_the_same_roster_again_adds_nothing(state):
    read_in(state, DAY + NIGHT)
    before = shifts(state)
    read_in(state, NIGHT + DAY)
    assert shifts(state) == before


def test_administrators_read_rosters_in_on_the_page_of_imports_and_nobody_else(state):
    app = application(state)
    assert upload(signed_in(state, app, "super01"), "rosters", HEAD + DAY).status_code == 403
    admin = signed_in(state, app, "admin01")
    assert "/imports/template/rosters" in admin.get("/imports").text
    at = upload(admin, "rosters", HEAD + DAY).headers["location"]
    assert admin.form(f"{at}/confirm").headers["location"] == at
    assert len(shifts(state)) == 1


@pytest.mark.parametrize(
    ("said", "meant"),
    [("08:00", 480), ("8:05", 485), ("08:00:00", 480), ("24:00", 1440), ("0:00", 0),
     ("8点", 480), ("8点半", 510), ("20时15分", 1215), ("８：３０", 510)],
)  # fmt: skip
def test_a_time_of_the_day_is_read_as_people_write_it(said, meant):
    assert minute(said) == meant


@pytest.mark.parametrize(
    ("said", "meant"),
    [("周一至周五", "01234"), ("1-5", "01234"), ("六、日", "56"), ("周六周日", "56"),
     ("1,3,5", "024"), ("星期五至星期一", "0456"), ("每天", "0123456"), ("一三五", "024")],
)  # fmt: skip
def test_days_of_the_week_are_read_as_people_write_them(said, meant):
    assert weekdays(said) == meant


@pytest.mark.parametrize("said", ["", "24:01", "8:60", "0.5", "noon", "八点"])
def test_what_is_no_time_of_the_day_is_not_guessed(said):
    with pytest.raises(ValueError):
        minute(said)


@pytest.mark.parametrize("said", ["", "8", "工作日", "周", "1-", "1-9"])
def test_what_are_no_days_of_the_week_is_not_guessed(said):
    with pytest.raises(ValueError):
        weekdays(said)


def test_the_small_hours_of_a_night_shift_belong_to_the_day_on_which_it_began():
    friday = Shift("x", "y", 22 * 60, 6 * 60, "4", date(2026, 10, 2), date(2026, 10, 2))
    assert friday.covers(datetime(2026, 10, 2, 23, tzinfo=ZONE))
    assert friday.covers(datetime(2026, 10, 3, 5, tzinfo=ZONE))
    assert not friday.covers(datetime(2026, 10, 2, 5, tzinfo=ZONE))
    assert not friday.covers(datetime(2026, 10, 3, 23, tzinfo=ZONE))
