"""Whose account was closed speaks through their chat for themselves and hears what is their own."""

from collections.abc import Iterator

import pytest

from gateway import accounts
from gateway.web import adding
from models.outbox import Outgoing
from models.people import Address
from models.requests import Contact, HelpRequest
from models.transaction import acting
from tests.conftest import Clock
from tests.gateway.test_chat_messages import at_work, wrote
from tests.gateway.world import World, world
from tests.journeys.county import County

FAMILY = "河口村张大爷独居，家里漏雨，想申请低保，上街村3组12号"
OWN = "想问问我自己失业补助怎么申请，我住南门街道和平社区"


@pytest.fixture
def system(settings, now: Clock) -> Iterator[World]:
    with world(settings, now, channels="web,telegram") as found:
        yield found


def leave(system: World, login: str) -> None:
    system.now.forward(days=1)
    with acting(system.state.database, system.state.mint) as tx:
        accounts.disable(tx, login, system.now(), by="admin01", reason="离职")
    system.state.offices.refresh()
    system.now.forward(days=1)


def of(system: World, words: str) -> HelpRequest:
    """The request in which these words stand."""
    (said,) = (one for one in system.all(Contact) if one.text == words)
    return next(one for one in system.all(HelpRequest) if one.id == said.request_id)


def replied(system: World, request: HelpRequest) -> Outgoing:
    """The answer to a request."""
    before = {one.id for one in system.all(Outgoing)}
    County(system.state, system.now).do("op04", "reply", request.number, text="低保每月八百元。")
    return next(
        one for one in system.all(Outgoing) if one.id not in before and one.phrase.startswith("rep")
    )


def test_what_they_ask_for_themselves_is_no_part_of_a_request_that_they_reported(
    system: World,
) -> None:
    login = at_work(system)
    wrote(system, 2, FAMILY)
    leave(system, login)
    wrote(system, 3, OWN)
    family, own = of(system, FAMILY), of(system, OWN)
    assert own.id != family.id
    assert own.person_id != family.person_id
    assert replied(system, family).address == ""
    assert replied(system, own).address == "4242"


def test_what_they_had_asked_for_themselves_before_they_worked_here_stays_theirs(
    system: World,
) -> None:
    wrote(system, 100, OWN)
    login = at_work(system)
    wrote(system, 2, FAMILY)
    leave(system, login)
    wrote(system, 3, "失业证明已经拿到了")
    family, own = of(system, FAMILY), of(system, OWN)
    assert of(system, "失业证明已经拿到了").id == own.id != family.id
    (chat,) = (one for one in system.all(Address) if one.kind == "telegram")
    assert chat.person_id == own.person_id != family.person_id
    assert {one.person_id for one in system.all(Outgoing) if one.request_id == own.id} == {
        own.person_id
    }
    answer = replied(system, own)
    assert (answer.address, "八百元" in answer.text) == (chat.value, True)


def test_what_is_added_on_the_page_of_a_case_stays_with_it(system: World) -> None:
    wrote(system, 100, OWN)
    login = at_work(system)
    wrote(system, 2, FAMILY)

    def add(words: str, to: str) -> None:
        asked = of(system, to)
        proven = {"number": asked.number, "code": asked.code}
        call = adding.call_of(system.state, proven, {"what": words})
        assert call
        system.state.intake.submit(call).result(20)

    for leaving in (False, True):
        if leaving:
            leave(system, login)
        for request in (OWN, FAMILY):
            words = f"再补充一句{leaving}{request}"
            add(words, request)
            assert of(system, words).id == of(system, request).id
    family, own = of(system, FAMILY), of(system, OWN)
    said = {(one.request_id, one.person_id) for one in system.all(Contact)}
    assert said == {(family.id, family.person_id), (own.id, own.person_id)}
    assert family.person_id != own.person_id


def test_where_the_first_responder_has_left_somebody_else_is_named(system: World) -> None:
    """A blank after "first responder" names nobody whom one could ask for."""
    wrote(system, 2, OWN)
    request = of(system, OWN)
    leave(system, request.first_responder)
    wrote(system, 3, "失业证明已经拿到了")
    told = system.all(Outgoing)[-1].text
    holder = next(one for one in system.all(HelpRequest) if one.id == request.id).holder_person
    assert holder != request.first_responder
    assert f"首问负责人 工号{holder}，电话" in told
