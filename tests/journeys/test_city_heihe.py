"""Heihe 2008: nine systems, each with its bureau; urgent aid also for those whom nobody knows; each
unit reports in writing every quarter."""

import json
import zipfile
from datetime import datetime
from pathlib import Path

import pytest

from gateway.commands import report as report_command
from gateway.state import State
from models.households import Resident
from referral.directory import ZONE
from tests.gateway.people import application, signed_in
from tests.journeys.city import TYPES, City

PROFILE = "heihe"


def _name(state: State, unit: str) -> str:
    return state.offices.current().directory.unit[unit].name_zh


STRANGER = "汽车站候车亭里有个男的冻得说不出话，叫什么问不出来，零下八度"


@pytest.mark.parametrize("service", sorted(TYPES))
def test_each_system_has_its_bureau(county: City, service: str) -> None:
    assert county.lead(county.asked(service)).bureau == TYPES[service][1]


def test_who_nobody_knows_is_helped_and_gets_a_code(county: City) -> None:
    call = county.call("stranger", STRANGER)
    assert county.request(call).level in ("life_threat", "urgent")
    county.do("op01", "name_unknown", call, sex="M", age=40, place="汽车站候车亭")
    [person] = [one for one in county.every(Resident) if one.code]
    assert person.code.startswith("unknown-M-40-")
    number = county.given("civil_affairs.1", call, need="shelter", cause="stranded",
                          goods="旅店一晚", recipient=person.code, resident_id=person.id,
                          proof="值班照片")  # fmt: skip
    row = county.aid(number)
    assert (row.state, row.resident_id, row.recipient) == ("delivered", person.id, person.code)


def test_the_causes_of_urgent_aid_are_those_of_the_document(county: City) -> None:
    grounds = county.state.offices.current().policy.grounds
    causes = {one.code for one in grounds
              if one.act == "aid_cause" and "黑河三（八）" in one.source}  # fmt: skip
    assert {"fire", "natural_disaster", "illness", "accident", "schooling_cost"} <= causes


def test_what_the_hospital_is_paid_in_advance_is_filed_like_every_item(county: City) -> None:
    number = county.file("medical_insurance.1", amount=5000, recipient="丁", service="medical",
                         need="medical", standard="医前预付，出院结算", fund="lottery")  # fmt: skip
    row = county.aid(number)
    assert (row.kind, row.amount_fen, row.standard) == ("item", 500_000, "医前预付，出院结算")


def test_each_unit_has_one_liaison_officer_and_a_report_every_quarter(
    county: City, state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = state.offices.current().policy.values
    assert (values["liaison_per_unit"].value, values["report_period"].value) == (1, "quarter")
    number = county.asked("housing")
    county.do("housing.1", "sign", number)
    for name in ("data_dir", "database_url", "database_key", "field_key", "profile"):
        monkeypatch.setenv(f"HUIYIN_{name.upper()}", str(getattr(state.settings, name)))
    for name in ("housing.json", "housing.xlsx"):
        assert report_command.run(unit="housing", quarter="2026Q4", output=tmp_path / name) == 0
    found = json.loads((tmp_path / "housing.json").read_bytes())
    assert (found["unit"], found["quarter"], found["requests"]) == ("housing", "2026Q4", 1)
    [signed] = [one for one in found["rates"] if one["code"] == "signed_in_time"]
    assert signed["numbers"] == [number], "the figure opens the requests that it counts"
    assert zipfile.is_zipfile(tmp_path / "housing.xlsx")


def test_the_named_liaison_officer_owes_the_report_until_its_day(
    county: City, state: State
) -> None:
    app = application(state)
    admin = signed_in(state, app, "admin01")
    page = "/reports/quarter?unit=housing&quarter=2026Q4"

    def board() -> str:
        return signed_in(state, app, "super01").get(page).text

    assert "联络员：未指定" in board()
    naming = {"code": "housing", "post": "liaison", "reason": "局务会定"}
    assert admin.form("/admin/units/post", **naming, login="education.1").status_code == 422
    assert admin.form("/admin/units/post", **naming, login="housing.1").status_code == 303
    again = admin.form("/admin/units/post", **naming, login="housing.1")
    assert again.status_code == 422, "one liaison officer, and it is this one"
    name = state.offices.current().directory.officer["housing.1"].name
    assert f"联络员：{name}" in board()
    owed = f'quarter=2026Q4">{_name(state, "housing")}</a> {name}'
    assert owed not in board(), "the quarter is not over"
    county.now.forward(days=(datetime(2027, 1, 4, tzinfo=ZONE) - county.now()).days)
    assert owed in board()
    assert f"{owed} <span" not in board(), "ten working days are not over"
    county.now.forward(days=20)
    assert f'{owed} <span class="lamp over">' in board()
    signed_in(state, app, "housing.1").form(
        "/reports/quarter/close", unit="housing", quarter="2026Q4"
    )
    assert owed not in board()


def test_the_townships_staff_is_two_to_three(state: State) -> None:
    values = state.offices.current().policy.values
    found = values["township_staff_min_small"], values["township_staff_max"]
    assert [(one.value, one.tag) for one in found] == [(2, "S"), (3, "S")]
