"""AS-05 and AS-09 from the side of who reports: a minor is always a report that is answered."""

from datetime import timedelta

import pytest

from gateway import doorsteps
from models.clocks import Clock
from models.requests import Contact
from referral.casework import Refusal
from tests.journeys.walkers import Walkers

WORKER = "grid_w0403"


@pytest.fixture
def county(state, now):
    return Walkers(state, now)


def test_no_name_no_place_and_no_paper_is_needed_to_report_a_child(county):
    kept = county.report(WORKER, what="楼上孩子天天被打，现在还在哭", urgent="danger", minor="1")
    request = county.request(kept.number)
    assert request.level in ("urgent", "life_threat")
    assert county.rows(Contact, kept.number)[0].name is None
    clocks = {row.name: row for row in county.rows(Clock, kept.number)}
    assert clocks["CLK-MINOR-REPORT"].due_at == county.now() + timedelta(minutes=15)
    assert clocks["CLK-DISCOVERY-FEEDBACK"].case == "minor"


def test_aid_is_not_refused_before_who_reported_the_child_was_answered(county):
    kept = county.report(WORKER, what="孩子学费困难，想申请助学金", where="石桥镇张庄村", minor="1")
    if county.request(kept.number).level == "urgent":
        pytest.fail("this is a standing need, not an emergency")
    lead = county.lead(kept.number).bureau
    officer = next(o for o in county.state.offices.current().directory.officers if o.unit == lead)
    county.do(officer.login, "sign", kept.number)
    no = {"rule": "《社会救助法》第十五条", "reasons": "家庭收入超过标准，不符合条件"}
    with pytest.raises(Refusal) as refused:
        county.do(officer.login, "refuse_aid", kept.number, **no)
    assert refused.value.key == "refusal.minor_report"
    county.do(officer.login, "reply", kept.number, text="已上门看望，学校会减免学杂费。")
    county.do(officer.login, "refuse_aid", kept.number, **no)


def test_the_reporters_page_says_that_the_answer_is_owed(county):
    county.report(WORKER, what="家里就兄妹两个，冰箱空了，父母都不在", minor="1", urgent="urgent")
    with county.state.database.read() as session:
        mine = doorsteps.reports(session.connection(), county.actor(WORKER))[0]
    assert mine.minor
    assert mine.feedback_due is not None
