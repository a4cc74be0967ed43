"""AS-17, the first words: whoever reports water, earth or rock with people in it is disaster relief
from the start, with its twenty-four hours, whichever words they use."""

import pytest

from models.clocks import Clock
from models.vocabulary import Level
from tests.conftest import Clock as Watch
from tests.journeys.aid import Aid
from tests.journeys.same_matter import told

INSIDE = (
    "柳湾村12号，洪水进屋了，我们被困在二楼，家里四口人",
    "水已经淹到腰了，家里有两个孩子，快来人",
    "水进屋了，我们困在二楼",
    "河水倒灌进来，一楼全淹了，奶奶在屋里",
    "水位还在涨，我们躲在房顶上",
    "发大水了，老人还在屋里出不来",
    "山洪下来了，我们一家困在山上",
    "泥石流冲进院子，屋里还有人",
    "地震把房子震塌了，我妈压在下面",
    "洪水把路冲断了，村里断粮两天",
    "The flood is coming into the house, we are trapped upstairs",
)
NO_DISASTER = (
    "孩子掉河里了快来人",
    "工地脚手架倒了压住两个人",
    "电梯里困了三个人",
)


@pytest.fixture
def county(state, now: Watch) -> Aid:
    return Aid(state, now)


@pytest.mark.parametrize("words", INSIDE)
def test_people_in_a_disaster_are_disaster_relief_with_its_clock(county: Aid, words: str) -> None:
    number = told(county.state, "phone", "+8613800000001", words).number
    request = county.request(number)
    assert (request.level, request.service) == (Level.LIFE_THREAT, "disaster")
    clocks = {clock.name: clock for clock in county.rows(Clock, number)}
    assert {"CLK-DISASTER", "CLK-RELIEF", "CLK-HANDOFF"} <= set(clocks)
    assert (clocks["CLK-DISASTER"].due_at - county.now()).total_seconds() == 24 * 3600
    assert county.lead(number).bureau == "emergency_management"


@pytest.mark.parametrize("words", NO_DISASTER)
def test_an_accident_is_as_urgent_and_no_disaster(county: Aid, words: str) -> None:
    number = told(county.state, "phone", "+8613800000001", words).number
    assert county.request(number).level == Level.LIFE_THREAT
    assert county.request(number).service != "disaster"
    assert "CLK-DISASTER" not in {clock.name for clock in county.rows(Clock, number)}
