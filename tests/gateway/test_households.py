"""Household and history beside a request: proposed with reasons, linked by a person, undone."""

from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select, text, update
from sqlmodel import col

from gateway import registry
from gateway.state import State
from gateway.ticks import Ticks
from models.access import Look
from models.events import Event
from models.households import Belonging, Household, HouseholdKey, Resident, probe_of, rekey
from models.notes import purposes
from models.transaction import acting
from tests.gateway.people import application, said, signed_in
from triage.household_matching import read_home

HUNGRY = "我是贺芳，住滨江路18号院2栋3单元301，家里断粮两天了，孩子饿得直哭"
PHONE = "+8619900000535"


@pytest.fixture
def app(state: State) -> FastAPI:
    return application(state)


def tick(state: State) -> None:
    ticks = Ticks(
        state.database, state.mint, channels=state.channels, offices=state.offices,
        intake=state.intake, now=state.now,
    )  # fmt: skip
    ticks._compare()


def rows(state: State, table: Any) -> list[Any]:
    with state.database.read() as session:
        return list(session.scalars(select(table).order_by(*table.__table__.primary_key)))


def told(state: State, mark: str, words: str, sender: str = PHONE) -> str:
    number = said(state, mark, words, sender).number or ""
    tick(state)
    return number


def test_the_household_of_a_caller_is_proposed_with_its_reasons_and_nothing_is_linked(state):
    told(state, "a", HUNGRY)
    first, *_ = sorted(rows(state, Belonging), key=lambda one: -one.score)
    assert (first.household_id, first.state, first.proposed_by) == ("HH00001", "proposed", "system")
    assert {one["kind"] for one in first.findings} >= {"phone", "name_short", "door"}


def test_a_namesake_in_another_flat_is_not_proposed(state):
    told(state, "a", "我是贺芳，住滨江路18号院5号楼1单元602，下水道堵了", "+8613912340000")
    assert "HH00001" not in {one.household_id for one in rows(state, Belonging)}


def test_linking_shows_the_history_and_undoing_it_gives_back_exactly_what_was(state, app):
    earlier, number = told(state, "a", "想问低保怎么办，我是贺芳，住滨江路18号院2栋3单元301"), ""
    desk = signed_in(state, app, "op01")
    assert desk.act(earlier, "link_household", household="HH00001").status_code == 200
    number = told(state, "b", HUNGRY, "+8619900000577")
    before = [one.model_dump() for one in rows(state, Belonging)]
    page = desk.get(f"/desk/{number}").text
    assert "可能是这一户" in page
    assert "门牌相同" in page
    assert "19900000535" not in page
    linked = desk.act(number, "link_household", household="HH00001", reason="核对过门牌")
    assert linked.status_code == 200
    page = desk.get(f"/desk/{number}").text
    assert "这一户的经过" in page
    assert earlier in page
    again = desk.act(number, "link_household", household="HH00002")
    assert (again.status_code, again.json()["key"]) == (409, "refusal.household_linked")
    assert desk.act(number, "unlink_household", household="HH00001").status_code == 200
    assert [one.model_dump() for one in rows(state, Belonging)] == before
    kinds = [one.kind for one in rows(state, Event) if one.number == number]
    assert kinds[-2:] == ["household_linked", "household_unlinked"]


def test_what_a_person_refused_is_not_proposed_again(state, app):
    number = told(state, "a", HUNGRY)
    desk = signed_in(state, app, "op01")
    assert desk.act(number, "refuse_household", household="HH00001").status_code == 200
    told(state, "b", HUNGRY + "，电话19900000535")
    mine = [one for one in rows(state, Belonging) if one.household_id == "HH00001"]
    assert [one.state for one in mine if one.decided_by] == ["refused"]
    assert "HH00001 " not in desk.get(f"/desk/{number}").text.partition("按户编号")[0]


def test_a_person_without_a_name_gets_a_code_with_place_and_time(state, app):
    number = told(state, "a", "候车亭里躺着个男的，说不出名字，零下八度，快来人", "+8613912340001")
    desk = signed_in(state, app, "op01")
    named = desk.act(number, "name_unknown", sex="M", age=40, place="汽车站候车亭", note="拒绝进站")
    assert named.status_code == 200
    (person,) = [one for one in rows(state, Resident) if one.code]
    assert person.code == "unknown-M-40-20260930-1"
    assert (person.found_place, person.household_id, person.name) == ("汽车站候车亭", None, "")
    assert person.code in desk.get(f"/desk/{number}").text
    again = desk.act(number, "name_unknown", sex="M", place="汽车站")
    assert again.json()["key"] == "refusal.person_known"
    other = told(state, "b", "桥洞下面还有一个人冻着，不知道是谁", "+8613912340002")
    assert desk.act(other, "name_unknown", sex="U", place="老桥桥洞").status_code == 200
    codes = [one.code for one in rows(state, Resident) if one.code]
    assert codes == ["unknown-M-40-20260930-1", "unknown-U-x-20260930-2"]


def test_a_household_is_seen_by_its_own_area_and_masked_until_somebody_says_why(state, app):
    own, other = signed_in(state, app, "grid_w010101"), signed_in(state, app, "grid_w0206")
    page = own.get("/households/HH00001")
    assert page.status_code == 200
    assert "199****0535" in page.text
    assert "贺小满" not in page.text
    assert (
        other.get("/households/HH00001").status_code,
        other.get("/households/X").status_code,
    ) == (404, 404)
    full = own.form("/households/HH00001/reveal", purpose="上门核实")
    assert "19900000535" in full.text
    assert "贺小满" in full.text
    assert other.form("/households/HH00001/reveal", purpose="好奇").status_code == 404
    assert own.form("/households/HH00001/reveal", purpose="").status_code == 422
    kept = rows(state, Look)
    with state.database.read() as session:
        why = purposes(session.connection(), [one.purpose for one in kept])
    looks = [(one.login, one.act, said) for one, said in zip(kept, why, strict=True)]
    assert looks == [
        (looks[0][0], "see_household", "HH00001"),
        (looks[0][0], "reveal_household", "HH00001: 上门核实"),
    ]


def test_who_may_not_see_households_has_no_page_of_them(state, app):
    for login in ("civil_affairs.1", "audit01", "admin01"):
        caller = signed_in(state, app, login)
        assert caller.get("/households").status_code == 403
        assert caller.get("/households/HH00001").status_code == 403


def test_the_search_finds_by_ear_and_only_what_lies_in_the_searchers_area(state, app):
    asked = {"name": "何方", "address": "滨江路十八号院2栋3单元301"}

    def found(login):
        return "HH00001" in signed_in(state, app, login).search("/households", **asked).text

    assert [found(login) for login in ("op01", "grid_w010101", "grid_w0206")] == [True, True, False]


def test_no_name_and_no_telephone_of_a_search_stands_in_an_address(state, app):
    caller = signed_in(state, app, "grid_w0206")
    page = caller.get("/households?name=何方&phone=13812345678").text
    assert ("何方" in page, "13812345678" in page) == (False, False)
    assert '<form method="post" action="/households"' in page
    assert [one.act for one in rows(state, Look)] == []
    assert caller.http.post("/households", data={"name": "何方"}).status_code == 403, "no token"


def test_a_household_out_of_the_area_cannot_be_linked_to_get_at_it(state, app):
    number = told(state, "a", "我母亲断粮两天了，她一个人在滨河街道临江社区", "+8613912340003")
    township = signed_in(state, app, "township_w01.1")
    refused = township.act(number, "link_household", household="HH00004")
    assert (refused.status_code, refused.json()["key"]) == (422, "refusal.no_household")
    assert township.get("/households/HH00004").status_code == 404


def test_a_household_that_came_without_keys_is_found_after_a_tick(state):
    with acting(state.database, state.mint) as tx:
        tx.add(Household, id="NEW1", head_name="甘小霖", address="柳湾镇柳湾村9组88号", area="W")
        tx.add(Resident, id=tx.mint(), household_id="NEW1", name="甘小霖", relation="head")
        tx.add(HouseholdKey, hash=0, household_id="NEW1")
    query = read_home(names=("甘小林",), phones=(), address="柳湾村九组88号")
    with state.database.read() as session:
        assert registry.search(session.connection(), query) == []
    tick(state)
    with state.database.read() as session:
        (match,) = registry.search(session.connection(), query)
        waiting = session.execute(select(HouseholdKey).where(col(HouseholdKey.hash) == 0)).all()
    assert (match.household_id, waiting) == ("NEW1", [])


def test_keys_of_what_changed_are_taken_away(state):
    with state.database.read() as session:
        (known,) = registry.households(session.connection(), ["HH00001"])
    with acting(state.database, state.mint) as tx:
        rekey(tx, "HH00001", gone=registry.hashes_of(tx.connection, known.home()), new=[7])
    left = [one.hash for one in rows(state, HouseholdKey) if one.household_id == "HH00001"]
    assert left == [7]


def test_the_look_up_reads_index_ranges_and_no_table_on_either_database(state):
    """The plan is printed with ``pytest -s``."""
    home = read_home(names=("贺芳",), phones=("19900000535",), address="滨江路18号院2号楼3单元301")
    with state.database.write() as connection:
        hashes = registry.hashes_of(connection, home)
        dialect = connection.dialect.name
        connection.execute(text("ANALYZE"))
        if dialect == "postgresql":  # a small table is read whole, and rightly so
            connection.execute(text("SET LOCAL enable_seqscan = off"))
        statement, values = probe_of(dialect, hashes)
        explain = "EXPLAIN QUERY PLAN " if dialect == "sqlite" else "EXPLAIN "
        plan = [
            str(tuple(row)) for row in connection.execute(text(explain + statement.text), values)
        ]
    print(dialect, *plan, sep="\n")
    told_of = "\n".join(plan)
    if dialect == "sqlite":
        assert "SEARCH household_key USING PRIMARY KEY (hash=?)" in told_of
        assert "SCAN household_key" not in told_of
    else:
        assert "pk_household_key" in told_of
        assert "Seq Scan on household_key" not in told_of


def test_the_note_of_a_household_names_nobody_until_somebody_says_why(state, app):
    with state.database.write() as connection:
        connection.execute(
            update(Household)
            .where(col(Household.id) == "HH00001")
            .values(note="贺小满由邻居照看，电话13912345678", moved_to="柳湾镇柳湾村88号")
        )
    own = signed_in(state, app, "grid_w010101")
    page = own.get("/households/HH00001").text
    assert "由邻居照看" in page
    assert not [mark for mark in ("小满", "13912345678", "柳湾村88号") if mark in page]
    full = own.form("/households/HH00001/reveal", purpose="上门核实").text
    assert "贺小满由邻居照看，电话13912345678" in full
