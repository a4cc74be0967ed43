"""AS-07: two women of one name in one block are two cases; nobody confirms without seeing both."""

import re

import pytest
from fastapi import FastAPI

from gateway.state import State
from tests.conftest import Clock
from tests.gateway.people import application, signed_in
from tests.journeys.same_matter import compared, exported, proposals, row, told

ROWS = ("contacts", "requests", "referrals", "clocks")
FIRE = "我叫王芳，锦绣小区2-301，家里刚着火烧了，没地方住"
CHILD = "我叫王芳，锦绣小区3-201，孩子高烧抽搐，没钱看病"


@pytest.fixture
def app(state: State) -> FastAPI:
    return application(state)


@pytest.fixture
def two(state: State, now: Clock) -> tuple[str, str]:
    fire = told(state, "phone", "+8613900003333", FIRE)
    now.forward(hours=2)
    child = told(state, "phone", "+8613900004444", CHILD)
    compared(state)
    return fire.number, child.number


def test_one_name_in_one_block_is_not_proposed_as_one_matter(
    state: State, two: tuple[str, str]
) -> None:
    assert not any(one.relation == "repeat" for one in proposals(state).values())


def test_who_compares_them_sees_that_flat_and_cause_differ(
    state: State, app: FastAPI, two: tuple[str, str]
) -> None:
    fire, child = two
    desk = signed_in(state, app, "dispatch01")
    shown = desk.get(f"/api/v1/requests/{child}?beside={fire}").json()["alike"][0]
    assert shown["number"] == fire
    assert shown["score"] < 0.3
    differs = {one["kind"] for one in shown["findings"] if not one["agrees"]}
    assert {"flat_other", "cause_other"} <= differs
    page = desk.get(f"/desk/{child}?beside={fire}").text
    assert "看不出是同一件事" in page
    assert "楼室不同" in page
    assert "着火" in page
    assert "抽搐" in page
    assert "<td>火、燃气、坍塌、水、地质</td>" in page, "a cause has its name"
    assert not re.search(r"<td>(D\d|U\d+|[a-z_]+)</td>", page)
    missing = desk.get(f"/desk/{child}?beside=HY20200101-00001-1")
    assert "没有这个编号" in missing.text


def test_a_refused_pair_is_remembered_and_not_proposed_again(
    state: State, app: FastAPI, two: tuple[str, str]
) -> None:
    fire, child = two
    desk = signed_in(state, app, "dispatch01")
    assert desk.act(child, "keep_apart", other=fire, reason="楼室和事由都不同").status_code == 200
    told(state, "phone", "+8613900004444", FIRE + "，还是我王芳")
    compared(state)
    decided = proposals(state)[child, fire]
    assert (decided.state, decided.decided_by) == ("refused", "dispatch01")
    assert desk.get(f"/api/v1/requests/{child}").json()["alike"] == []


def test_a_wrong_merge_is_undone_and_the_clocks_have_their_original_times(
    state: State, app: FastAPI, two: tuple[str, str], now: Clock
) -> None:
    fire, child = two
    before = exported(state, *ROWS)
    desk = signed_in(state, app, "lead01")
    assert desk.act(child, "merge", other=fire).status_code == 200
    assert row(state, child).status == "merged"
    now.forward(minutes=30)
    desk = signed_in(state, app, "lead02")
    assert desk.act(child, "undo_merge", other=fire, reason="两户").status_code == 200
    assert exported(state, *ROWS) == before


def test_a_complaint_is_never_joined_to_a_request(state: State, app: FastAPI) -> None:
    """I9: those complained about would see it."""
    fire = told(state, "phone", "+8613900003333", FIRE)
    complaint = told(
        state, "phone", "+8613900005555", "我要投诉，锦绣社区的村干部把低保给了自己亲戚"
    )
    assert row(state, complaint.number).track == "grievance"
    desk = signed_in(state, app, "lead01")
    answer = desk.act(complaint.number, "merge", other=fire.number)
    assert (answer.status_code, answer.json()["key"]) == (409, "refusal.grievance_apart")
