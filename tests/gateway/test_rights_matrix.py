"""Every operation × every role × own and foreign unit × own and foreign area × complained about."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from sqlalchemy import func, select, update
from sqlmodel import col

from gateway import access
from gateway.state import State
from models.access import Look
from models.events import Event
from models.journal import JournalEntry
from models.referrals import Referral
from models.requests import HelpRequest
from models.tasks import Task
from models.transaction import acting
from models.vocabulary import Role, TaskKind, Track
from referral.casework import FIELD
from tests.gateway.operations import OPERATIONS, Op
from tests.gateway.people import FOOD, Caller, application, partner, said, signed_in
from tests.gateway.test_access import BODIES, login_of

MISSING = "HY20200101-00001-1"
ANY: Mapping[str, Any] = {
    "mark": "0" * 16,
    "recovery_id": 1,
    "token": "x",
    "number": MISSING,
    "unit": "civil_affairs",
    "bundle": "none",
    "name": "explain",
    "household_id": "none",
    "kind": "units",
    "batch_id": 1,
    "line": 1,
    "key": "k",
    "wish_id": 1,
    "difference_id": 1,
    "mode_id": 1,
    "call_id": 1,
}
BUREAUS = (Role.BUREAU_OFFICER, Role.BUREAU_HEAD)
SEES = ("see", "see_desk", "see_inbox", "reveal")


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """SQLite alone: the conditions are the same text on both, test_access runs on both."""
    return sqlite_url


@pytest.fixture
def app(state: State) -> FastAPI:
    return application(state)


def routes(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Every method and path that the application answers, the pages too."""
    for one in iter_route_contexts(app.routes):
        for method in sorted(getattr(one, "methods", None) or ()):
            if method != "HEAD":
                yield method, str(one.path)


def changing() -> list[str]:
    return [name for name, op in OPERATIONS.items() if name[:4] == "POST" and op.who == "staff"]


@pytest.mark.quick
def test_every_route_is_named_and_every_name_is_a_route(app: FastAPI) -> None:
    found = {f"{method} {path}" for method, path in routes(app)}
    assert len(found) > 60
    documented = {name for name in OPERATIONS if "openapi.json" in name}
    assert found - set(OPERATIONS) == set(), "add a row to tests/gateway/operations.py"
    assert set(OPERATIONS) - documented - found == set(), "a row without a route"
    for name, op in OPERATIONS.items():
        assert not op.act or op.act in access.RIGHTS, name
        assert op.who != "public" or not name.startswith("POST") or op.why, name


@dataclass(frozen=True, slots=True)
class Case:
    """A request as it stands to somebody: theirs by unit, by area, about them."""

    number: str
    unit: bool
    area: bool
    complaint: bool

    def is_visible_to(self, role: Role) -> bool:
        """What the policy says (domain note 3b I9, promises 3.37), not what the code does."""
        if role in access.JURISDICTION:
            return True
        if role in BUREAUS:
            return self.unit
        if self.complaint:
            return False
        return self.unit and self.area if role in FIELD else self.unit or self.area


def arranged(state: State, login: str) -> list[Case]:
    """Eight requests, each standing differently to this person."""
    office = state.offices.current()
    me = next(one for one in office.directory.officers if one.login == login)
    elsewhere = next(u for u in office.directory.units if u.code == "veterans_affairs")
    own_area = me.area or "W01"
    foreign_area = "W03" if own_area == "W" or not own_area.startswith("W03") else "W01"
    found = []
    for at, (unit, area, complaint) in enumerate(product((True, False), repeat=3)):
        number = said(state, f"m{at}", FOOD, f"+86139000{at:05d}").number or ""
        holder = me.unit if unit else elsewhere.code
        with state.database.write() as connection:
            request_id = connection.execute(
                select(col(HelpRequest.id)).where(col(HelpRequest.number) == number)
            ).scalar_one()
            mine = col(HelpRequest.id) == request_id
            connection.execute(
                update(HelpRequest)
                .where(mine)
                .values(
                    area=own_area if area else foreign_area,
                    holder_unit=holder,
                    holder_person="nobody",
                    track=Track.GRIEVANCE if complaint else Track.URGENT,
                )
            )
            connection.execute(
                update(Referral).where(col(Referral.request_id) == request_id).values(bureau=holder)
            )
        found.append(Case(number, unit, area, complaint))
    return found


def call(caller: Caller, name: str, op: Op, **parts: Any) -> Any:
    """Call an operation as its own client would: JSON or a form."""
    method, _, path = name.partition(" ")
    if "{act}" in path:
        parts = {**parts, "act": "reveal"}
    path = path.format(**{**ANY, **parts})
    if method == "GET":
        return caller.get(path + ("?year=2026&quarter=3" if "quarter" in path else ""))
    if path.startswith("/api/"):
        body: Mapping[str, Any] = BODIES.get(op.act, {})
        if op.thing == "task":
            body = {"note": ""}
        if op.thing == "held":
            body = {"text": ""}
        if op.act == "add_contact":
            body = {"text": "请问低保要带哪些材料", "key": "k"}
        return caller.post(path, body)
    return caller.form(path, purpose="回电")


def told(answer: Any, number: str) -> tuple[int, str]:
    """What an answer tells, without the number that was asked for and tokens."""
    text = re.sub(r'value="[^"]*"', "", answer.text.replace(number, "N"))
    return answer.status_code, text


@pytest.mark.quick
@pytest.mark.parametrize("role", list(Role))
def test_each_role_reaches_what_its_right_and_its_place_say(
    state: State, app: FastAPI, role: Role
) -> None:
    login = login_of(state, role)
    cases = arranged(state, login)
    caller = signed_in(state, app, login)
    hidden = [one for one in cases if not one.is_visible_to(role)]
    shown = [one for one in cases if one.is_visible_to(role)]
    for name, op in OPERATIONS.items():
        if op.who != "staff" or op.thing != "request":
            continue
        missing = told(call(caller, name, op, number=MISSING), MISSING)
        if role not in access.RIGHTS[op.act]:
            unknown = missing[0] == 422 and op.act not in BODIES  # a body this test cannot fill
            assert missing[0] == 403 or unknown, (name, missing)
            for case in (cases[0], cases[-1]):
                answer = told(call(caller, name, op, number=case.number), case.number)
                assert answer == missing, (name, case)
            continue
        assert missing[0] in (404, 422), (name, missing)
        for case in hidden if op.act in SEES else hidden[:3]:
            answer = told(call(caller, name, op, number=case.number), case.number)
            assert answer == missing, (name, case)
        if op.act not in SEES:
            continue
        for case in shown:
            answer = call(caller, name, op, number=case.number)
            assert answer.status_code == 200, (name, case, answer.text[:300])
    lists = {"/api/v1/requests": "see", "/desk": "see_desk", "/inbox": "see_inbox"}
    for path, act in lists.items():
        answer = caller.get(path)
        assert answer.status_code == (200 if role in access.RIGHTS[act] else 403), path
        assert not [one for one in hidden if one.number in answer.text], path
    whole = caller.get("/api/v1/requests").text
    assert [one for one in shown if one.number not in whole] == []
    for act in ("confirm", "claim", "reply", "close", "report_result"):
        if role in access.RIGHTS[act] and shown:
            answer = caller.act(shown[0].number, act, **BODIES.get(act, {}))
            assert answer.json().get("key") not in ("refusal.role", "refusal.not_found"), act


@pytest.mark.quick
@pytest.mark.parametrize("role", list(Role))
def test_each_role_reaches_lists_and_acts_without_a_request_by_its_right_alone(
    state: State, app: FastAPI, role: Role
) -> None:
    caller = signed_in(state, app, login_of(state, role))
    for name, op in OPERATIONS.items():
        if op.who != "staff" or op.thing or not op.act or "/account/" in name:
            continue
        answer = call(caller, name, op)
        denied = answer.status_code == 403
        assert denied == (role not in access.RIGHTS[op.act]), (name, answer.status_code)
        assert answer.status_code < 500


@pytest.mark.quick
@pytest.mark.parametrize("role", list(Role))
def test_tasks_and_held_calls_are_reached_by_right_and_unit(
    state: State, app: FastAPI, role: Role
) -> None:
    login = login_of(state, role)
    unit = next(o.unit for o in state.offices.current().directory.officers if o.login == login)
    with acting(state.database, state.mint) as tx:
        ids = {}
        for mark, of in (("own", unit), ("foreign", "veterans_affairs"), ("bulk", unit)):
            ids[mark] = state.mint()
            kind = TaskKind.BULK_LOOK if mark == "bulk" else TaskKind.CALL_BACK
            now = state.now()
            tx.add(Task, id=ids[mark], kind=kind, unit=of, note="x: y", opened_at=now, due_at=now)
    caller = signed_in(state, app, login)
    for name, op in OPERATIONS.items():
        if op.thing not in ("task", "held") or op.who != "staff":
            continue
        part = "task_id" if op.thing == "task" else "entry_id"
        missing = told(call(caller, name, op, **{part: 987654321}), "987654321")
        if role not in access.RIGHTS[op.act]:
            assert missing[0] == 403, name
        elif op.thing == "task":
            for mark, is_seen in (
                ("own", True),
                ("foreign", role in access.DESK),
                ("bulk", role in access.RIGHTS["see_audit"]),
            ):
                answer = told(call(caller, name, op, task_id=ids[mark]), str(ids[mark]))
                assert (answer != missing) == is_seen, (name, mark, answer, missing)
        else:
            assert missing[0] in (404, 422), name


@pytest.mark.quick
def test_who_is_not_signed_in_reaches_nothing_that_is_not_public(app: FastAPI) -> None:
    stranger = Caller(app)
    stranger.http.headers["x-csrf-token"] = "x"
    for name, op in OPERATIONS.items():
        if op.who == "public":
            continue
        answer = call(stranger, name, op, number=MISSING, task_id=1, entry_id=1)
        machine = "/api/" in name or name in ("GET /field/session", "POST /field/entries")
        wanted = 401 if machine else 303
        if not machine and answer.status_code == 401:  # what was typed comes along to the sign-in
            assert 'action="/sign-in"' in answer.text, name
            continue
        unread = op.thing == "warning" and answer.status_code == 422  # the body comes first there
        assert answer.status_code == wanted or unread, name
        if wanted == 303:
            assert answer.headers["location"].startswith("/sign-in"), name


def test_a_partner_reaches_what_its_scope_names_and_nothing_else(
    state: State, app: FastAPI
) -> None:
    for scope in ("contacts:write", "requests:read"):
        caller = partner(state, app, scope.replace(":", "-"), scope)
        for name, op in OPERATIONS.items():
            if op.who == "public" or "/api/" not in name:
                continue
            answer = call(caller, name, op, number=MISSING, task_id=1, entry_id=1)
            if op.partner in (scope, "any") or op.who == f"scope:{scope}":
                assert answer.status_code not in (401, 403), (scope, name)
            else:
                refused = (401, 403, 422) if op.who.startswith("scope:") else (401, 403)
                assert answer.status_code in refused, (scope, name, answer.status_code)


def written(state: State) -> list[int]:
    with state.database.read() as session:
        connection = session.connection()
        return [
            connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (Event, Look, Task, HelpRequest, JournalEntry)
        ]


def test_no_change_is_made_without_the_token_or_for_another_site(
    state: State, app: FastAPI
) -> None:
    number = said(state, "food", FOOD).number or ""
    people = [signed_in(state, app, login) for login in ("lead01", "admin01", "audit01")]
    before = written(state)
    parts = {"number": number, "task_id": 1, "entry_id": 1, "act": "confirm"}
    seen = 0
    for caller in people:
        token = caller.http.headers.pop("x-csrf-token")
        for name in changing():
            path = name.partition(" ")[2].format(**{**ANY, **parts, "mark": "others"})
            for form in ({}, {"csrf": "x" * 32}):
                answer = caller.http.post(path, data=form)
                assert answer.status_code in (403, 422), (name, answer.status_code)
            if not path.startswith("/api/"):
                for headers in (
                    {"origin": "https://evil.example"},
                    {"sec-fetch-site": "cross-site"},
                    {"sec-fetch-site": "same-site"},
                ):
                    answer = caller.http.post(path, data={"csrf": token}, headers=headers)
                    assert answer.status_code == 403, (name, headers)
            seen += 1
    assert seen > 100
    assert written(state) == before


@pytest.mark.quick
def test_who_works_without_personal_data_neither_acts_on_requests_nor_judges_himself() -> None:
    """Separation of duties: administrators administrate, auditors look."""
    looks = {name for name, roles in access.RIGHTS.items() if Role.AUDITOR in roles}
    assert {one for one in looks if not one.startswith("see")} == {
        "bind",
        "account",
        "export_audit",
    }
    administrates = {n for n, roles in access.RIGHTS.items() if Role.ADMINISTRATOR in roles}
    assert not administrates & {"see_audit", "export_audit", "reveal", "lower_urgency", "close"}
    assert access.RIGHTS["see_audit"] == {Role.SUPERVISOR, Role.AUDITOR}
