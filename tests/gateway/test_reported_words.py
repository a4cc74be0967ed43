"""A family adds words to what a worker reported: the worker hears that it was seen to and nothing
of what is said about the family (N16); the family reads its answer on the page of the case (I5)."""

import pytest

from models.outbox import Outgoing
from models.requests import Contact, HelpRequest
from models.transaction import acting
from referral import answering
from tests.client import TestClient
from tests.gateway.people import application
from tests.gateway.test_chat_messages import at_work, reported
from tests.gateway.world import world
from tests.journeys.county import County
from tests.journeys.same_matter import told

PHONE = "+8613900007777"
ANSWER = "张建国的精神分裂症已由县医院确诊，可以申请残疾补贴"
OURS = "我是他女儿张小芳，他还有精神病，请帮帮我们"


@pytest.fixture
def system(settings, now):
    with world(settings, now) as found:
        at_work(found)
        reported(found)
        now.forward(minutes=30)
        yield found


def added(system):
    """The family writes on the page of the case, with the number and code that it was given."""
    (request,) = system.all(HelpRequest)
    family = written(system.state, request)
    assert {one.request_id for one in system.all(Contact)} == {request.id}
    return request.number, family


def written(state, request):
    family = TestClient(
        application(state),
        base_url="https://hotline.example",
        headers={"accept": "text/html"},
        follow_redirects=False,
    )
    family.post("/status", data={"number": request.number, "code": request.code})
    assert family.post("/status/case", data={"what": OURS}).status_code == 303
    return family


def to_worker(system):
    return [row for row in system.all(Outgoing) if row.address == "4242"]


def test_the_answer_is_not_sent_to_who_reported_though_the_family_wrote_too(system, now):
    number, family = added(system)
    before = len(to_worker(system))
    County(system.state, now).do("lead01", "reply", number, text=ANSWER)
    new = to_worker(system)[before:]
    assert [row.phrase for row in new] == ["reporter_outcome"]
    assert not any("精神" in row.text or "张建国" in row.text for row in new)
    assert ANSWER in family.get("/status/case").text, "who asked is answered"


def test_a_refusal_with_its_reasons_is_not_sent_to_who_reported(system, now):
    number, family = added(system)
    before = len(to_worker(system))
    office, state = system.state.offices.current(), system.state
    request = County(state, now).request(number)._asdict()
    words = {"rule": "低保办法第五条", "reasons": ANSWER, "other": "12345"}
    with acting(state.database, state.mint) as tx:
        answering.tell(tx, office, request, "refused_in_writing", due=now(), now=now(), **words)
    assert [row.phrase for row in to_worker(system)[before:]] == ["reporter_outcome"]
    assert ANSWER in family.get("/status/case").text


def test_while_only_the_worker_has_spoken_the_page_says_no_more_than_the_worker_hears(system, now):
    (request,) = system.all(HelpRequest)
    County(system.state, now).do("lead01", "reply", request.number, text=ANSWER)
    assert not any("精神" in row.text for row in system.all(Outgoing) if row.staff is None)


def test_a_telephone_that_reported_and_then_asked_for_itself_is_answered_in_full(state, now):
    first = told(state, "sms", PHONE, "柳湾镇柳湾村一户人家想申请低保", reporter="grid_w010401")
    county = County(state, now)
    now.forward(minutes=30)
    again = told(state, "sms", PHONE, "我就是这户的，还要带什么材料")
    if again.number != first.number:
        county.do("lead01", "merge", again.number, other=first.number, reason="同一户")
    county.do("lead01", "reply", first.number, text=ANSWER)
    assert ANSWER in "".join(row.text for row in county.rows(Outgoing, first.number))


def test_the_telephone_of_who_reported_gets_no_details_because_of_words_on_the_page(state, now):
    first = told(state, "sms", PHONE, "柳湾镇柳湾村一户人家想申请低保", reporter="grid_w010401")
    county = County(state, now)
    family = written(state, county.request(first.number))
    county.do("lead01", "reply", first.number, text=ANSWER)
    sent = [row for row in county.rows(Outgoing, first.number) if row.address == PHONE]
    assert sent[-1].phrase == "reporter_outcome"
    assert ANSWER not in "".join(row.text for row in sent)
    assert ANSWER in family.get("/status/case").text
