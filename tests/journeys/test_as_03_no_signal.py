"""AS-03: a grid worker finds an old man and has no signal."""

from datetime import timedelta

import pytest

from gateway import attachments, doorsteps
from models.attachments import Attachment
from models.clocks import Clock
from models.requests import Contact
from referral.casework import Refusal
from tests.gateway.test_attachments import photo
from tests.journeys.walkers import Walkers

WORKER = "grid_w0403"
FOUND = "老人瘫在床上，屋里没生火，两天没吃饭，儿子刚去世"


@pytest.fixture
def county(state, now):
    return Walkers(state, now)


def told(county: Walkers, login: str = WORKER):
    with county.state.database.read() as session:
        return doorsteps.reports(session.connection(), county.actor(login))


def late(county: Walkers, **fields: str):
    """Written at 16:45 where there is no signal, received at 18:00."""
    seen = county.now() + timedelta(minutes=5)
    county.now.forward(minutes=80)
    return county.report(
        WORKER,
        category="illness",
        what=FOUND,
        where="石桥镇张庄村三组",
        urgent="urgent",
        **{"seen_at": seen.isoformat(), "written_at": seen.isoformat(), **fields},
    )


def test_three_times_are_kept_and_the_townships_clocks_start_on_receipt(county):
    start = county.now()
    kept = late(county)
    contact = county.rows(Contact, kept.number)[0]
    assert contact.said_at == start + timedelta(minutes=5)
    assert contact.received_at == start + timedelta(minutes=80)
    assert (contact.reporter, contact.channel) == (WORKER, "grid_app")
    clocks = {(row.name, row.case): row for row in county.rows(Clock, kept.number)}
    assert clocks["CLK-URGENT-CONTACT", ""].started_at == start + timedelta(minutes=80)
    discovery = clocks["CLK-DISCOVERY", "urgent"]
    assert discovery.started_at == start + timedelta(minutes=5), "judged on when she saw it"
    assert discovery.breached_at is None, "without a signal she could do no more"
    assert county.request(kept.number).first_responder is not None
    assert county.request(kept.number).level in ("urgent", "life_threat")


def test_who_writes_it_down_a_day_later_is_late(county):
    seen = county.now()
    county.now.forward(hours=25)
    kept = county.report(
        WORKER, what="村里有户人家想问低保", where="石桥镇张庄村", seen_at=seen.isoformat()
    )
    clock = next(c for c in county.rows(Clock, kept.number) if c.name == "CLK-DISCOVERY")
    assert clock.breached_at == clock.due_at == seen + timedelta(hours=24)


def test_a_clock_that_runs_ahead_on_the_telephone_is_not_believed(county):
    ahead = county.now() + timedelta(days=3)
    kept = county.report(WORKER, what=FOUND, seen_at=ahead.isoformat())
    assert county.rows(Contact, kept.number)[0].said_at == county.now()


def test_sending_it_again_adds_nothing(county):
    first = late(county, key="the-same-key")
    county.now.forward(minutes=3)
    again = late(county, key="the-same-key")
    assert (again.number, again.repeated) == (first.number, True)
    assert len(county.every(Contact)) == 1
    assert len([c for c in county.every(Clock) if c.name == "CLK-DISCOVERY"]) == 1


def test_the_report_is_kept_whatever_becomes_of_its_picture(county):
    kept = county.report(WORKER, (photo(900, 600), b"no picture"), what=FOUND, urgent="urgent")
    assert kept.number
    assert kept.problems == ("refusal.picture",)
    contact = county.rows(Contact, kept.number)[0]
    row = county.every(Attachment)[0]
    assert contact.media == [[attachments.address({"token": row.token}), "image/jpeg"]]
    assert row.about_key == f"grid_app:{contact.external_id}"


def test_she_has_a_receipt_and_hears_what_became_of_it(county):
    kept = late(county)
    mine = told(county)[0]
    assert (mine.number, mine.told) == (kept.number, "")
    assert mine.feedback_due is not None
    lead = county.lead(kept.number).bureau
    officer = next(o for o in county.state.offices.current().directory.officers if o.unit == lead)
    county.do(officer.login, "sign", kept.number)
    county.do(officer.login, "reply", kept.number, text="已上门看望，炉子生好了，饭也送到了。")
    mine = told(county)[0]
    assert "已上门看望" not in mine.told, "no private details (N16)"
    assert kept.number in mine.told
    assert mine.feedback_due is None


def test_a_worker_sees_their_own_reports_only(county):
    kept = late(county)
    assert [one.number for one in told(county)] == [kept.number]
    assert told(county, "grid_w0402") == ()


def test_a_report_about_a_minor_is_compulsory_and_so_is_its_answer(county):
    kept = county.report(
        WORKER, category="child", what="孩子一个人在家，没有人管", where="石桥镇张庄村", minor="1"
    )
    case = {c.name: c.case for c in county.rows(Clock, kept.number)}
    assert case["CLK-DISCOVERY-FEEDBACK"] == "minor"
    assert told(county)[0].minor


def test_an_empty_report_is_refused_and_a_picture_alone_is_not(county):
    with pytest.raises(Refusal):
        county.report(WORKER, where="石桥镇")
    assert county.report(WORKER, (photo(300, 200),)).number
