"""Who came to make peace and is named beside a wrong reads none of it until a person of the desk
says that another did it: no turn of words tells that safely (I9)."""

import pytest

from gateway import access
from gateway.state import State
from models.tasks import Task
from models.vocabulary import Level
from tests.conftest import Clock as Watch
from tests.journeys.county import County

WHERE = "我住滨河街道临江社区"
TOWNSHIP = "township_w01.1"

OTHERS_DID = (
    "街道办调解以后他又动手打我",
    "街道办来调解过,他又打我一顿",
    "街道办上门调解之后,她还动手打我",
    "街道办调解了三次,他继续动手打我",
    "镇里的干部劝解以后老公又动手打我",
    "街道办走访过后,我儿子还是骂我",
    "昨天街道办看望我以后儿子又骂我",
    "街道办帮我们调解完,丈夫又打我一顿",
    "我找过街道办调解以后前夫又动手打我",
    "街道办工作人员上门劝和之后婆婆又辱骂我",
    "街道办慰问以后邻居骂我",
    "街道办协调后,房东仍然威胁我",
    "街道主任来劝解过,老公照样殴打我",
)
THEY_DID = (
    "街道办的人动手打我",
    "街道办调解的时候动手打我",
    "街道办调解以后动手打我",
    "街道办的人来了以后他动手打我",
    "街道办调解以后他们又动手打我",
    "街道办批评我以后他又动手打我",
    "街道办不管,老公又动手打我",
    "街道办和老公一起动手打我",
    "街道办指使我老公动手打我",
    "街道办调解以后让老公又动手打我",
    "街道办的人把老公打伤",
    "街道办调解以后老公被打伤",
    "街道主任骂我,街道办调解以后他又动手打我",
    "街道主任不讲理街道办调解以后他又动手打我",
    "街道主任不讲理,民政局调解以后他又动手打我",
    "街道办的人说来调解,其实是来骂我",
    "街道办调解以后街道主任又动手打我",
    "街道办调解以后他又把我的救助款拿走了,街道办的人也把我的钱拿走了",
    "街道办没有调解,老公又动手打我",
    "街道办拒绝调解,他又动手打我",
    "街道办的人上门调解之后他还动手打我",
    "街道主任调解以后他又动手打我",
    "街道办主任调解以后他又动手打我",
    "街道办调解,他又动手打我",
    "街道办走访以后我妈钱被拿走了",
    "街道办慰问以后我妈卡被扣了",
    "街道办上门走访,妈妈钱被取走了",
    "街道办走访以后婆婆款被克扣",
    "街道办走访后,我爸把我的卡给他们拿走了",
    "街道办走访后,我爸把我的钱让他们拿走了",
)


@pytest.fixture
def county(state: State, now: Watch) -> County:
    return County(state, now)


def looked_at(county: County, number: str) -> bool:
    """Somebody of the desk is asked whether it complains, or it is a complaint as it stands."""
    kinds = {row.kind for row in county.rows(Task, number)}
    return county.request(number).track == "grievance" or bool(
        kinds & {"perhaps_complaint", "complaint_inside"}
    )


@pytest.mark.parametrize("words", [*THEY_DID, *OTHERS_DID])
def test_whoever_may_have_done_it_reads_none_of_it(county: County, words: str) -> None:
    number = county.call("a", f"{words},{WHERE}")
    request = county.request(number)
    assert looked_at(county, number)
    if county.sees(TOWNSHIP, number):
        assert Level(request.level).is_urgent, "help goes on"
        assert not access.sight(county.actor(TOWNSHIP), request._mapping).words
