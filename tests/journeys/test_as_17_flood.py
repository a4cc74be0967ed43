"""AS-17, one event: a wave of reports is linked so that all see it as one, while each household
keeps its own request and its own reply."""

import pytest
from fastapi import FastAPI

from gateway.state import State
from models.vocabulary import Status
from tests.conftest import Clock
from tests.gateway.people import application, signed_in
from tests.journeys.same_matter import compared, proposals, row, said_to, told


@pytest.fixture
def app(state: State) -> FastAPI:
    return application(state)


@pytest.fixture
def wave(state: State, now: Clock) -> list[str]:
    """Twelve households of one village within forty minutes."""
    numbers = []
    surnames = "赵钱孙李周吴郑陈卫蒋沈韩"
    for place, surname in enumerate(surnames):
        outcome = told(
            state,
            "phone",
            f"+8613800{place:06}",
            f"柳湾村{place + 11}号，我姓{surname}，洪水进屋了，被困在二楼，家里{place % 4 + 2}口人",
        )
        numbers.append(outcome.number)
        now.forward(minutes=3)
    compared(state)
    return numbers


def test_a_wave_is_proposed_as_one_event_and_never_as_one_request(
    state: State, wave: list[str]
) -> None:
    found = proposals(state)
    assert len(set(wave)) == 12
    assert {one.relation for one in found.values()} == {"event"}
    assert len(found) >= 11


def test_one_act_links_the_wave_and_each_keeps_its_own_request_and_reply(
    state: State, app: FastAPI, wave: list[str]
) -> None:
    desk = signed_in(state, app, "dispatch01")
    first = desk.get(f"/api/v1/requests/{wave[0]}").json()
    assert set(first["event_wave"]) == set(wave[1:])
    others = " ".join(first["event_wave"])
    answer = desk.act(wave[0], "link", others=others, relation="event", reason="柳湾村进水")
    assert answer.status_code == 200, answer.text
    for number in wave:
        seen = desk.get(f"/api/v1/requests/{number}").json()
        assert set(seen["linked"]["event"]) == set(wave) - {number}
        assert seen["event_wave"] == []
        assert row(state, number).status != Status.MERGED
    assert desk.act(wave[3], "reply", text="消防救援已出发，请到高处等待。").status_code == 200
    assert said_to(state, wave[3])[-1] == "reply_to_citizen"
    assert "reply_to_citizen" not in said_to(state, wave[4])


def test_a_report_that_does_not_belong_is_taken_out_again(
    state: State, app: FastAPI, wave: list[str]
) -> None:
    desk = signed_in(state, app, "op01")
    desk.act(wave[0], "link", others=f"{wave[1]}, {wave[2]}", relation="event")
    assert desk.act(wave[1], "unlink", relation="event", reason="另一场").status_code == 200
    assert desk.get(f"/api/v1/requests/{wave[1]}").json()["linked"] == {}
    linked = desk.get(f"/api/v1/requests/{wave[0]}").json()["linked"]["event"]
    assert linked == [wave[2]]
    assert desk.act(wave[1], "unlink", relation="event").status_code == 409


def test_one_household_with_two_needs_is_linked_and_not_merged(
    state: State, app: FastAPI, now: Clock
) -> None:
    roof = told(state, "phone", "+8613700001111", "锦绣小区5号楼2单元402，屋顶漏雨，想申请危房改造")
    now.forward(hours=1)
    school = told(
        state, "phone", "+8613700002222", "锦绣小区五栋二单元402室，孩子上学没有学费，想问教育救助"
    )
    compared(state)
    desk = signed_in(state, app, "dispatch01")
    shown = desk.get(f"/api/v1/requests/{school.number}").json()["alike"]
    assert [(one["number"], one["relation"]) for one in shown] == [(roof.number, "household")]
    desk.act(school.number, "link", others=roof.number, relation="household")
    seen = desk.get(f"/api/v1/requests/{roof.number}").json()
    assert seen["linked"] == {"household": [school.number]}
    assert row(state, roof.number).status != Status.MERGED
