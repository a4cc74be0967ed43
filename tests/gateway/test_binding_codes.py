"""A code of eight digits gives a chat the say of a member of staff: guesses at it stay slow."""

import asyncio
import logging
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlmodel import col

from gateway import accounts, guessing, lookups
from gateway.intake import Call
from gateway.recall import Recall
from gateway.ticks import Ticks
from models.access import OneTimeKey, hashed
from models.events import Event
from models.messages import Ask, Lookup, Raw, Turn
from models.outbox import Outgoing
from models.people import Address
from models.places import Staff
from models.requests import Contact
from models.transaction import Transaction, acting
from tests.conftest import Clock
from tests.gateway.test_real_parts import on_the_net
from tests.gateway.test_refusals import counted
from tests.gateway.world import World, world
from tests.gateway.world import update as said
from tests.standins.telegram import TelegramStandIn

RIGHT, WRONG = "12345678", "00000000"
GUESSER, WORKER = 6666, 4242


@pytest.fixture
def system(settings, now: Clock) -> Iterator[World]:
    with world(settings, now, channels="web,telegram") as found:
        yield found


def open_code(system: World, code: str = RIGHT) -> str:
    """A code that a grid worker has just been shown; whose it is."""
    officers = system.state.offices.current().directory.officers
    login = next(one.login for one in officers if one.role == "grid_worker")
    with acting(system.state.database, system.state.mint) as tx:
        expires = system.now() + timedelta(minutes=10)
        tx.add(OneTimeKey, hash=hashed(code), purpose="bind", login=login, expires_at=expires)
    return login


class Chats:
    """Chats that send one text after the other."""

    def __init__(self, system: World) -> None:
        self._system = system
        self._sent = 0

    def say(self, text: str, chat: int = GUESSER) -> str:
        """What is answered; "" for nothing."""
        before = {one.id for one in self._system.all(Outgoing)}
        self._sent += 1
        assert self._system.telegram(said(self._sent, text, chat=chat)).status_code == 200
        new = [one.text for one in self._system.all(Outgoing) if one.id not in before]
        return "\n".join(text or "" for text in new)


def bound(system: World) -> set[str]:
    return {one.value for one in system.all(Address) if one.staff}


def test_a_code_is_guessed_at_five_times_an_hour_and_then_ever_more_slowly(
    system: World, now: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    chats = Chats(system)
    with caplog.at_level(logging.WARNING):
        answers = {chats.say(f"/bind {WRONG}") for _ in range(5)}
    assert counted(system.state) == {"bind_code": 5}
    lines = [vars(one) for one in caplog.records if one.getMessage() == "refused"]
    assert [one["why"] for one in lines] == ["bind_code"] * 5
    assert not {WRONG, str(GUESSER)} & {str(value) for line in lines for value in line.values()}
    open_code(system)
    answers.add(chats.say(f"/bind {RIGHT}"))
    assert len(answers) == 1, "no answer says that the code was right"
    assert bound(system) == set()
    assert counted(system.state) == {"bind_code": 5, "pause": 1}
    now.forward(seconds=61)
    chats.say(f"/bind {WRONG}")
    now.forward(seconds=61)
    chats.say(f"/bind {WRONG}")
    assert counted(system.state) == {"bind_code": 6, "pause": 2}, "the second pause is longer"
    now.forward(seconds=61)
    open_code(system, "87654321")
    assert "87654321" not in chats.say("/bind 87654321")
    assert bound(system) == {str(GUESSER)}, "the pause ends by itself"


def test_a_right_code_that_comes_in_a_pause_binds_nobody_and_is_spent(system: World) -> None:
    chats = Chats(system)
    for _ in range(5):
        chats.say(f"/bind {WRONG}")
    login = open_code(system)
    chats.say(RIGHT)
    (contact,) = system.all(Contact)
    assert contact.text == RIGHT, "eight digits that bind nothing are words, and words are read"
    chats.say(RIGHT, chat=WORKER)
    assert bound(system) == set()
    (entry,) = [one for one in system.all(Event) if one.kind == "bind_code_spent"]
    assert f'"login":"{login}"' in entry.detail


def test_who_has_to_wait_keeps_no_other_chat_from_binding(system: World) -> None:
    chats = Chats(system)
    for _ in range(8):
        chats.say(f"/bind {WRONG}")
    open_code(system)
    chats.say(RIGHT, chat=WORKER)
    assert bound(system) == {str(WORKER)}


def test_right_codes_are_no_guesses(system: World) -> None:
    chats = Chats(system)
    for code in range(10_000_000, 10_000_009):
        open_code(system, str(code))
        chats.say(f"/bind {code}")
    assert counted(system.state) == {}


def test_eight_digits_of_a_citizen_are_their_words_however_often(system: World) -> None:
    chats = Chats(system)
    for day in range(20260901, 20260909):
        chats.say(str(day))
    assert len(system.all(Contact)) == 8


def bind(tx: Transaction, system: World, code: str, chat: int) -> lookups.Found:
    state = system.state
    raw = Raw("", b"", {})
    call = Call("telegram", "chat", "telegram", raw, system.now(), b"")
    turn = Turn("1", f"telegram:{chat}", str(chat), "words", code)
    asked = Lookup(Ask.BIND, {"code": code})
    return lookups.answer(tx, state.offices.current(), asked, call=call, turn=turn, known=Recall())


def test_guesses_that_are_written_together_are_counted_like_one_after_the_other(
    system: World,
) -> None:
    with acting(system.state.database, system.state.mint) as tx:
        refused = [bind(tx, system, WRONG, GUESSER).refused for _ in range(12)]
    assert refused == ["bind_code"] * 5 + ["pause"] * 7


def test_two_chats_that_send_a_code_at_once_are_not_both_bound(system: World) -> None:
    login = open_code(system)
    with acting(system.state.database, system.state.mint) as tx:
        staff = [bind(tx, system, RIGHT, chat).known["staff"] for chat in (GUESSER, WORKER)]
    assert staff == [login, ""]


def test_many_chats_together_have_one_measure_as_well(system: World, now: Clock) -> None:
    most = guessing.measures()["bind_all"].free
    with acting(system.state.database, system.state.mint) as tx:
        refused = [bind(tx, system, WRONG, chat).refused for chat in range(most + 3)]
    assert refused == ["bind_code"] * most + ["pause"] * 3
    open_code(system)
    now.forward(seconds=61)
    Chats(system).say(RIGHT, chat=WORKER)
    assert bound(system) == {str(WORKER)}


def test_guesses_in_a_chat_that_is_fetched_are_in_the_figures_too(settings, now: Clock) -> None:
    bot = TelegramStandIn()
    with bot.serve(), on_the_net(settings, now, **bot.settings("polling")) as system:
        bot.say(str(GUESSER), f"/bind {WRONG}")
        asyncio.run(_fetched(system))
        assert counted(system.state) == {"bind_code": 1}


async def _fetched(system: World) -> None:
    ticks = Ticks.of(system.state)
    ticks.start()
    for _ in range(400):
        if counted(system.state):
            break
        await asyncio.sleep(0.05)
    await ticks.stop()


def test_an_account_that_was_closed_before_chats_were_let_go_speaks_through_none(
    system: World,
) -> None:
    login = open_code(system)
    chats = Chats(system)
    chats.say(RIGHT, chat=WORKER)
    chats.say("/report", chat=WORKER)
    chats.say("临江社区3栋", chat=WORKER)  # a report was half done
    open_code(system, "87654321")
    with acting(system.state.database, system.state.mint) as tx:  # nothing else was done then
        tx.execute(update(Staff).where(col(Staff.login) == login).values(disabled_at=system.now()))
    chats.say("87654321", chat=GUESSER)
    assert bound(system) == {str(WORKER)}, "a code of a closed account binds nothing"
    system.now.forward(minutes=30)
    chats.say("老人断粮两天了，在临江社区", chat=WORKER)
    assert system.all(Contact)
    assert {one.reporter for one in system.all(Contact)} == {None}, "a citizen's words"


def test_a_closed_account_binds_no_chat_and_speaks_through_none(system: World) -> None:
    login = open_code(system)
    chats = Chats(system)
    chats.say(RIGHT, chat=WORKER)
    assert [one.staff for one in system.all(Address)] == [login]
    open_code(system, "87654321")
    with acting(system.state.database, system.state.mint) as tx:
        accounts.disable(tx, login, system.now(), by="admin01", reason="left")
    chats.say("87654321", chat=GUESSER)
    assert {one.staff for one in system.all(Address)} == {None}
    system.now.forward(minutes=30)
    chats.say("老人断粮两天了，在临江社区", chat=WORKER)
    assert {one.reporter for one in system.all(Contact)} == {None}, "a citizen's words"
