"""Tai'an 2015, the six ones: one line by which others report too; the village gives at once; notice
afterwards, proof by facts, joint judgement; one platform with the charities; the first who is asked
answers and is watched. The document names no number."""

import pytest

from gateway.state import State
from models.relief import Decision
from models.tasks import Task
from referral.casework import Refusal
from tests.gateway.people import FOOD, application, partner
from tests.journeys.aid import TOWN
from tests.journeys.city import City

PROFILE = "taian"

NEIGHBOUR = "隔壁老人家里着火了刚扑灭，什么都没剩，老两口没吃没住，滨河街道临江社区"


def test_others_report_by_the_same_line(county: City) -> None:
    number = county.call("neighbour", NEIGHBOUR)
    assert county.request(number).level == "urgent"
    assert county.held(number)[0] == "township_w01", "it acts first"


def test_the_village_gives_at_once_and_the_notice_comes_afterwards(county: City) -> None:
    number = county.given("village_w0101.1", need="food", cause="fire", goods="米面",
                          recipient="己庚辛", proof="现场照片")  # fmt: skip
    row = county.aid(number)
    assert (row.green, row.notice, row.published_at) == (True, "after", None)
    assert row.notice_source.startswith("泰安六（四）")
    county.on(TOWN, "publish", number, place="村务公开栏")
    assert county.aid(number).published_by == TOWN
    assert [t for t in county.every(Task) if t.kind == "decide_relief"] == [], "nobody's yes needed"


def test_what_was_given_is_proved_by_facts(county: City) -> None:
    with pytest.raises(Refusal):
        county.given("village_w0101.1", need="food", cause="fire", goods="米面")


def test_a_joint_judgement_names_who_sat_together(county: City) -> None:
    number = county.propose(TOWN, amount=6000, need="living", cause="fire", fund="temp_aid",
                            recipient="己")  # fmt: skip
    county.on("civil_affairs.head", "decide", number, words="集体研判：分两次给", amount=6000,
              present="民政、应急、滨河街道", stages="3000 十月\n3000 十一月")  # fmt: skip
    [decision] = county.every(Decision)
    assert decision.present == "民政、应急、滨河街道"


def test_a_charity_shares_the_platform(county: City, state: State) -> None:
    charity = partner(state, application(state), "泰山慈善", "relief:write")
    body = {"kind": "social", "service": "charity", "need": "clothing", "form": "goods",
            "goods": "棉被两床", "fund": "donation", "standard": "每人一床", "recipient": "己",
            "given_at": county.now().isoformat(), "area": "W0101"}  # fmt: skip
    key = {"Idempotency-Key": "quilts-1"}
    first = charity.post("/api/v1/relief", body, headers=key)
    again = charity.post("/api/v1/relief", body, headers=key)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["number"] == again.json()["number"]


def test_the_first_who_was_asked_answers_and_is_watched(county: City) -> None:
    number = county.call("food", FOOD)
    first = county.request(number).first_responder
    assert first
    county.now.forward(hours=3)
    county.tick()
    breached = [row for row in county.running(number).values() if row.breached_at]
    assert breached, "nobody signed: the breach stands and somebody above is told"
    assert county.request(number).first_responder == first
