"""AS-04: two bureaus say that an urgent case is not theirs; it is never without a holder."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from gateway.state import State
from models.clocks import Clock
from models.disputes import Dispute
from models.outbox import Outgoing
from models.tasks import Task
from referral.casework import Refusal
from tests.conftest import Clock as Watch
from tests.gateway.people import QUESTION, Caller, application, signed_in
from tests.journeys.county import County

DRUGS = "我爸住院没钱交费，医院要停药，家里已经断粮两天，人在滨河街道临江社区"
NINE = datetime(2026, 11, 3, 1, 0, tzinfo=UTC)
"""Tuesday, nine in the morning in China."""
CITED = {"rule": "三定方案第四条", "reason": "没有参保，不属本单位", "first_aid": True}


@pytest.fixture
def county(state: State, now: Watch) -> County:
    now.at = NINE
    return County(state, now)


@pytest.fixture
def case(county: County) -> str:
    number = county.call("drugs", DRUGS)
    assert county.request(number).level in ("urgent", "life_threat")
    assert county.request(number).lead_bureau == "civil_affairs"
    return number


def test_an_urgent_dispute_never_empties_the_holder_and_keeps_every_clock(
    county: County, case: str
) -> None:
    holder, due = county.held(case), county.lead(case).due_at
    relief = county.running(case)["CLK-RELIEF"]
    assert relief.due_at - relief.started_at <= timedelta(days=3)
    before = {row.id: row.due_at for row in county.rows(Clock, case) if not row.stopped_at}

    county.now.forward(minutes=20)
    county.do("civil_affairs.1", "request_return", case, right_unit="medical_insurance", **CITED)
    assert county.held(case) == holder, "the township goes on with first aid"
    assert county.request(case).status not in ("returned", "closed")
    running = county.running(case)
    assert running["CLK-ARBITRATE"].due_at - county.now() == timedelta(hours=1)
    left = {clock.id: clock.due_at for clock in county.rows(Clock, case) if not clock.stopped_at}
    assert before.items() <= left.items(), "neither request stops or moves a clock"

    county.now.forward(minutes=10)
    assert county.held(case) == holder, "at half past nine somebody still holds it"
    county.do("super01", "refuse_return", case, reason="最后审批单位主办：临时救助由民政局办")
    lead = county.lead(case)
    assert (lead.bureau, lead.designated, lead.due_at) == ("civil_affairs", True, due)
    with pytest.raises(Refusal, match="designated"):
        county.do("civil_affairs.1", "request_return", case, right_unit="health", **CITED)
    assert "CLK-ARBITRATE" not in county.running(case)
    assert "handed_over" not in county.said_to_citizen(case), "nothing has changed for her"


def test_two_refusals_are_decided_together_by_the_supervisor_and_told_once(
    county: County, case: str
) -> None:
    due = county.lead(case).due_at
    assert "medical_insurance" in county.orders(case), "the medical part is its own order"
    county.now.forward(minutes=20)
    county.do("medical_insurance.1", "request_return", case, right_unit="civil_affairs", **CITED)
    county.do("civil_affairs.1", "request_return", case, right_unit="medical_insurance", **CITED)
    with pytest.raises(Refusal, match="reassign_instead"):
        county.do("dispatch01", "uphold_return", case, reason="同意")
    tasks = [task for task in county.rows(Task, case) if task.kind == "decide_return"]
    assert tasks[-1].unit == "coordination_office"
    county.now.forward(minutes=40)
    county.do(
        "super01",
        "reassign",
        case,
        lead="health",
        cooperating="medical_insurance",
        ground="final_approver",
        reason="卫健局协调停药，医保局办医疗救助",
    )
    orders = county.orders(case)
    assert {name: row.designated for name, row in orders.items() if row.designated} == {
        "health": True,
        "medical_insurance": True,
    }
    assert "civil_affairs" not in orders
    assert county.lead(case).due_at == due, "the original date"
    assert county.said_to_citizen(case).count("handed_over") == 1, "she hears once"
    assert {d.decision for d in county.rows(Dispute, case)} == {"designated"}
    for login, right in (("health.1", "civil_affairs"), ("medical_insurance.1", "health")):
        with pytest.raises(Refusal, match="designated"):
            county.do(login, "request_return", case, right_unit=right, **CITED)
    assert all(task.done_at for task in county.rows(Task, case) if task.kind == "decide_return")


def test_a_return_is_upheld_with_the_original_date_and_a_second_one_goes_up(
    county: County,
) -> None:
    number = county.call("dibao", "请问低保要带哪些材料，我想申请低保，住在柳湾镇柳湾村")
    lead = county.lead(number)
    county.do("dispatch01", "confirm", number)
    officer = f"{lead.bureau}.1"
    if lead.bureau == "hotline":
        county.do("dispatch01", "correct_route", number, bureau="civil_affairs", reason="低保")
        officer, lead = "civil_affairs.1", county.lead(number)
    county.now.forward(hours=3)
    how = {"rule": "三定方案第六条", "reason": "属于医疗救助"}
    county.do(officer, "request_return", number, right_unit="medical_insurance", **how)
    county.do("dispatch01", "uphold_return", number, reason="确属医保")
    moved = county.lead(number)
    assert (moved.bureau, moved.due_at) == ("medical_insurance", lead.due_at)
    assert county.held(number)[0] == "medical_insurance"
    assert county.said_to_citizen(number).count("handed_over") >= 1
    county.do("medical_insurance.1", "request_return", number, right_unit="housing", **how)
    with pytest.raises(Refusal, match="supervisor_decides"):
        county.do("dispatch01", "refuse_return", number, reason="不同意")
    county.do("super01", "refuse_return", number, reason="由医保局办")
    assert county.lead(number).designated


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"rule": " ", "right_unit": "health", "reason": "不是"}, "rule_missing"),
        ({"rule": "第四条规定", "right_unit": "nobody", "reason": "不是"}, "no_such_bureau"),
        ({"rule": "第四条规定", "right_unit": "township_w01", "reason": "不是"}, "never_down"),
        ({"rule": "第四条规定", "right_unit": "civil_affairs", "reason": "不是"}, "names_itself"),
        ({"rule": "第四条规定", "right_unit": "health", "reason": "不是"}, "first_aid_goes_on"),
    ],
)
def test_a_return_cites_a_rule_and_names_the_right_unit(
    county: County, case: str, body: dict[str, str], refusal: str
) -> None:
    with pytest.raises(Refusal, match=refusal):
        county.do("civil_affairs.1", "request_return", case, **body)
    assert county.rows(Dispute, case) == []


def test_after_its_time_an_order_cannot_be_returned(county: County, case: str) -> None:
    county.now.forward(minutes=31)
    with pytest.raises(Refusal, match="return_too_late"):
        county.do("civil_affairs.1", "request_return", case, right_unit="health", **CITED)


def test_whoever_decides_sees_where_the_last_of_this_kind_went(
    county: County, case: str, state: State
) -> None:
    app = application(state)
    county.do("civil_affairs.1", "request_return", case, right_unit="health", **CITED)
    county.do("dispatch01", "uphold_return", case, reason="同意")
    again = county.call("drugs2", DRUGS, "+8613712340000")
    county.do("civil_affairs.1", "request_return", again, right_unit="health", **CITED)
    desk: Caller = signed_in(state, app, "dispatch01")
    shown = desk.get(f"/desk/{again}")
    assert shown.status_code == 200
    assert "望河县卫生健康局" in shown.text
    seen = desk.get(f"/api/v1/requests/{again}").json()["pending"]
    assert [one["went_to"] for one in seen["precedents"]] == ["health"]
    assert [one["bureau"] for one in seen["claims"]] == ["civil_affairs"]
    with state.database.read() as session:
        assert len(session.scalars(select(Dispute)).all()) == 2


def test_a_bureau_that_is_given_a_part_of_a_dispute_is_told(county: County) -> None:
    """Its order stood in a list, with nobody told before half of its time was over."""
    number = county.call("q", QUESTION)
    county.do("op04", "confirm", number)
    why = {"rule": "三定方案第四条", "reason": "不归我们"}
    before = len(county.rows(Outgoing, number))
    county.do(
        "disabled_federation.1", "request_return", number, right_unit="veterans_affairs", **why
    )
    county.do("dispatch01", "uphold_return", number, reason="是退役军人")
    assert orders_told(county, number, before) == {"veterans_affairs"}
    before = len(county.rows(Outgoing, number))
    county.do("medical_insurance.1", "request_return", number, right_unit="education", **why)
    how = {"lead": "civil_affairs", "cooperating": ["education", "housing"]}
    county.do("super01", "reassign", number, reason="孩子上学，住公租房", **how)
    assert orders_told(county, number, before) == {"education", "housing"}


def orders_told(county: County, number: str, before: int) -> set[str]:
    """Which bureaus were told of an order of theirs since."""
    officers = county.state.offices.current().directory.officer
    new = county.rows(Outgoing, number)[before:]
    return {officers[row.staff].unit for row in new if row.phrase == "staff_new_referral"}
