"""What members of staff and citizens write in a chat, through the whole path."""

import asyncio
import json

import pytest
from sqlalchemy import update as change
from sqlmodel import col

from models.dialogues import Conversation
from models.messages import Raw
from models.outbox import Outgoing
from models.requests import Contact, HelpRequest
from models.transaction import acting
from models.vocabulary import Level
from tests.gateway.test_belonging import sent
from tests.gateway.test_real_parts import grid_worker, one_time_code
from tests.gateway.world import World, update, world

WATER = "我家停水三天了 http://a.example"


def wrote(system: World, number: int, text: str = "", **more: object) -> None:
    assert system.telegram(update(number, text, **more)).status_code == 200


def edited(system: World, number: int, text: str, *, after: int = 3) -> None:
    """The message of this number in other words."""
    message = update(number, text)["message"]
    message |= {"edit_date": message["date"] + after}
    told = {"update_id": 800_000_000 + number * 1_000 + after, "edited_message": message}
    assert system.telegram(told).status_code == 200


def test_an_edit_that_changes_nothing_is_no_further_contact(settings, now):
    with world(settings, now) as system:
        wrote(system, 1, WATER)
        told = len(system.all(Outgoing))
        edited(system, 1, WATER)
        assert len(system.all(Contact)) == 1
        assert len(system.all(Outgoing)) == told
        edited(system, 1, "我家停水五天了", after=5)
        edited(system, 1, "我家停水五天了", after=9)
        assert [contact.text for contact in system.all(Contact)] == [WATER, "我家停水五天了"]
        assert len(system.all(HelpRequest)) == 1


def test_what_an_edit_changed_is_known_to_every_process(settings, now):
    with world(settings, now) as first, world(settings, now) as second:
        wrote(second, 1, WATER)  # the ids of the process that began later are higher
        now.forward(seconds=5)
        edited(first, 1, "我家停水五天了", after=5)
        now.forward(seconds=5)
        edited(first, 1, "我家停水五天了", after=9)
        said = sorted(contact.text for contact in first.all(Contact))
        assert said == sorted([WATER, "我家停水五天了"])


def test_who_only_opened_a_link_to_us_has_begun_no_request(settings, now):
    with world(settings, now) as system:
        entities = [{"type": "bot_command", "offset": 0, "length": 6}]
        wrote(system, 1, "/start poster_17", entities=entities)
        assert system.all(Contact) == []
        assert [row.phrase for row in system.all(Outgoing)] == ["chat.welcome"]


def at_work(system: World) -> str:
    """A grid worker whose chat is bound to the account."""
    worker = grid_worker(system)
    one_time_code(system, worker.login, "123456", system.now)
    wrote(system, 1, "/bind 123456")
    return worker.login


def reported(system: World, *, sent: bool = True) -> None:
    """The guided report, message by message; the place is message 12."""
    wrote(system, 10, "上报")
    for at, words in enumerate(("张大爷，独居", "河口村3组12号", "断粮两天", "跳过", "紧急"), 11):
        wrote(system, at, words)
    if sent:
        wrote(system, 16, "报出")


def press(system: World, value: str) -> None:
    """A button under the last question: Telegram tells no time of it."""
    told = update(99)
    message = told.pop("message")
    query = {"id": "q1", "from": message["from"], "chat_instance": "1", "data": value}
    pressed = {"update_id": told["update_id"], "callback_query": {**query, "message": message}}
    assert system.telegram(pressed).status_code == 200


def picture(system: World, number: int, album: str = "G1", caption: str = "") -> None:
    photo = {"file_id": f"P{number}", "file_unique_id": f"u{number}", "width": 1, "height": 1}
    more = {"caption": caption} if caption else {}
    wrote(system, number, photo=[photo], media_group_id=album, **more)


def test_an_album_of_a_grid_worker_is_one_request_and_the_next_album_another(settings, now):
    with world(settings, now) as system:
        login = at_work(system)
        picture(system, 2, caption="河口村路边电线杆倒了")
        picture(system, 3)
        picture(system, 4)
        (request,) = system.all(HelpRequest)
        said = system.all(Contact)
        assert {(one.request_id, one.reporter) for one in said} == {(request.id, login)}
        assert len(said) == 3
        picture(system, 5, "G2", caption="上街村桥断了")
        assert len(system.all(HelpRequest)) == 2, "another album that says what it shows"
        wrote(system, 6, "下街村有人断粮", date=update(1)["message"]["date"] + 1_000)
        assert len(system.all(HelpRequest)) == 3, "other words, later: another need"


def test_what_is_said_shortly_after_a_report_in_free_words_is_added_as_its_receipt_says(
    settings, now
):
    with world(settings, now) as system:
        login = at_work(system)
        wrote(system, 2, "3组张大爷瘫在床上，两天没吃饭了")
        (receipt,) = [row for row in system.all(Outgoing) if row.phrase == "reporter_told"]
        assert "想补充情况请直接回复" in receipt.text
        later = update(1)["message"]["date"] + 60
        wrote(system, 3, "在河口村3组12号", date=later)
        assert "是另一户" in system.all(Outgoing)[-1].text
        photo = {"file_id": "P", "file_unique_id": "u", "width": 1, "height": 1}
        wrote(system, 4, photo=[photo], date=later + 10)
        picture(system, 5, "G7")
        (request,) = system.all(HelpRequest)
        said = system.all(Contact)
        assert {(one.request_id, one.reporter) for one in said} == {(request.id, login)}
        assert len(said) == 4
        wrote(system, 6, "上街村李家漏水", date=later + 1_000)
        assert len(system.all(HelpRequest)) == 2, "later it is another need"


def test_another_household_after_a_report_in_free_words_gets_a_report_of_its_own(settings, now):
    with world(settings, now) as system:
        at_work(system)
        wrote(system, 2, "3组张大爷瘫在床上，两天没吃饭了")
        wrote(system, 3, "上街村李家房顶塌了一角")
        wrote(system, 4, "是另一户")
        for at, words in enumerate(("李家", "上街村", "跳过", "不急", "报出"), 5):
            wrote(system, at, words)
        _, second = system.all(HelpRequest)
        mine = [one.text for one in system.all(Contact) if one.request_id == second.id]
        assert [one.startswith("上街村李家房顶塌了一角") for one in mine] == [True]


def test_an_album_that_comes_in_one_batch_is_one_request(settings, now):
    with world(settings, now) as system:
        at_work(system)
        channel, intake = system.state.channels["telegram"], system.state.intake
        calls = []
        for at in (2, 3, 4):
            photo = {"file_id": f"P{at}", "file_unique_id": f"u{at}", "width": 1, "height": 1}
            told = update(at, photo=[photo], media_group_id="G", caption="电线杆倒了"[: 6 - at])
            raw = Raw("https://hotline.example/hook/telegram", json.dumps(told).encode(), {})
            calls.append(intake.read(channel, raw, now()))
        intake._judge(calls)
        with acting(system.state.database, system.state.mint) as tx:
            intake._work(tx, calls)
        (request,) = system.all(HelpRequest)
        assert {one.request_id for one in system.all(Contact)} == {request.id}
        assert len(system.all(Contact)) == 3


def test_what_is_written_shortly_after_a_report_is_added_and_later_it_is_another_need(
    settings, now
):
    with world(settings, now) as system:
        at_work(system)
        reported(system)
        wrote(system, 17, "老人今早晕倒过一次，门锁着，钥匙在邻居家")
        (request,) = system.all(HelpRequest)
        assert {one.request_id for one in system.all(Contact)} == {request.id}
        wrote(system, 18, "上街村李家漏水", date=update(1)["message"]["date"] + 1_000)
        assert len(system.all(HelpRequest)) == 2
        now.forward(minutes=31)
        asyncio.run(system.ticks().tidy())
        assert len(system.all(Contact)) == 3, "nothing was left unsaid"


@pytest.mark.parametrize("pressed", [False, True])
def test_shortly_after_is_counted_from_the_handing_in_and_not_from_the_last_answer(
    settings, now, pressed
):
    with world(settings, now) as system:
        at_work(system)
        reported(system, sent=False)
        now.forward(seconds=1_000)
        late = update(1)["message"]["date"] + 1_000
        if pressed:
            press(system, "r:confirm:send")
        else:
            wrote(system, 16, "报出", date=late)
        wrote(system, 17, "老人今早晕倒过一次，门锁着，钥匙在邻居家", date=late + 5)
        (request,) = system.all(HelpRequest)
        assert {one.request_id for one in system.all(Contact)} == {request.id}
        wrote(system, 18, "上街村李家漏水", date=late + 1_000)
        assert len(system.all(HelpRequest)) == 2


def test_added_words_of_another_household_become_a_request_of_their_own(settings, now):
    with world(settings, now) as system:
        at_work(system)
        reported(system)
        other = "上街村李家房顶塌了一角"
        wrote(system, 17, other)
        (first,) = system.all(HelpRequest)
        assert "是另一户" in system.all(Outgoing)[-1].text
        wrote(system, 18, "是另一户")
        (same,) = system.all(HelpRequest)
        assert same.level == first.level, "the note is no word about the need"
        said = [one.text for one in system.all(Contact)]
        assert other in said, "nothing is taken away"
        assert "另一户" in said[-1]
        for at, words in enumerate(("李家", "上街村", "跳过", "不急", "报出"), 19):
            wrote(system, at, words)
        _, second = system.all(HelpRequest)
        mine = [one.text for one in system.all(Contact) if one.request_id == second.id]
        assert len(mine) == 1
        assert mine[0].startswith(other)


def test_an_answer_that_is_edited_during_a_report_is_corrected_in_it(settings, now):
    with world(settings, now) as system:
        at_work(system)
        reported(system, sent=False)
        edited(system, 12, "河口村5组12号")
        assert system.all(HelpRequest) == []
        assert "已按您的修改更正" in system.all(Outgoing)[-1].text
        wrote(system, 16, "报出")
        (contact,) = system.all(Contact)
        assert contact.place == "河口村5组12号"
        assert "3组" not in contact.text


def test_an_answer_that_is_edited_after_the_report_is_added_to_it(settings, now):
    with world(settings, now) as system:
        at_work(system)
        reported(system)
        edited(system, 12, "河口村5组12号")
        (request,) = system.all(HelpRequest)
        assert {one.request_id for one in system.all(Contact)} == {request.id}
        assert len(system.all(Contact)) == 2


def test_an_answer_that_is_edited_long_after_the_report_is_a_note_on_its_request(settings, now):
    with world(settings, now) as system:
        at_work(system)
        reported(system)
        now.forward(minutes=31)
        asyncio.run(system.ticks().tidy())
        assert system.all(Conversation) == [], "the conversation itself is over"
        edited(system, 12, "河口村5组12号", after=1_860)
        (request,) = system.all(HelpRequest)
        assert [one.text for one in system.all(Contact)][1:] == ["河口村5组12号"]
        assert {one.request_id for one in system.all(Contact)} == {request.id}


def test_an_edited_answer_belongs_to_its_own_report_also_when_another_was_made(settings, now):
    with world(settings, now) as system:
        at_work(system)
        reported(system)
        now.forward(minutes=40)
        written = update(1)["message"]["date"] + 2_400
        told = ("上报", "李奶奶", "上街村1组", "屋顶漏水", "跳过", "不急", "报出")
        for at, words in enumerate(told, 30):
            wrote(system, at, words, date=written)
        first, second = system.all(HelpRequest)
        edited(system, 12, "河口村5组12号", after=2_500)
        told_last = system.all(Contact)[-1]
        assert (told_last.text, told_last.request_id) == ("河口村5组12号", first.id)
        now.forward(minutes=40)
        asyncio.run(system.ticks().tidy())
        message = update(32, "上街村2组", date=written)["message"]
        edit = message | {"edit_date": written + 2_500}
        system.telegram({"update_id": 900_000_001, "edited_message": edit})
        told_last = system.all(Contact)[-1]
        assert (told_last.text, told_last.request_id) == ("上街村2组", second.id)
        assert len(system.all(HelpRequest)) == 2


def test_danger_in_a_late_correction_raises_the_request_of_the_report(settings, now):
    with world(settings, now) as system:
        at_work(system)
        told = ("上报", "李奶奶", "上街村1组", "屋顶漏水", "跳过", "不急", "报出")
        for at, words in enumerate(told, 30):
            wrote(system, at, words)
        now.forward(minutes=31)
        asyncio.run(system.ticks().tidy())
        edited(system, 33, "屋顶漏水，老人断粮两天了", after=1_860)
        (request,) = system.all(HelpRequest)
        assert Level(request.level).is_urgent


def test_an_edited_report_in_free_words_stays_one_request(settings, now):
    with world(settings, now) as system:
        login = at_work(system)
        wrote(system, 2, "河口村张家断粮")
        wrote(system, 3, "上街村李家漏水", date=update(1)["message"]["date"] + 1_000)
        edited(system, 3, "上街村李家漏水，屋里有老人", after=1_005)
        assert len(system.all(HelpRequest)) == 2
        first, second, third = system.all(Contact)
        assert first.request_id != second.request_id == third.request_id
        assert third.reporter == login


def test_who_shares_their_telephone_in_a_chat_is_answered_in_the_chat(settings, now):
    """Their number stands in their words for whoever rings; a chat that says nothing says that
    nobody has heard it."""
    card = {"phone_number": "8613800001111", "first_name": "李四", "user_id": 4242}
    with world(settings, now) as system:
        wrote(system, 1, contact=card)
        assert "8613800001111" in system.all(Contact)[0].text
        told = [one for one in system.all(Outgoing) if one.staff is None]
        assert told
        assert {(one.channel, one.address) for one in told} == {("telegram", "4242")}


def test_a_worker_who_names_an_earlier_request_in_the_chat_adds_to_it_and_goes_on_adding(
    settings, now
):
    """It was reported at the field page: another correspondent, the same worker."""
    with world(settings, now) as system:
        login = at_work(system)
        worker = {"channel": "grid_app", "sender": login, "reporter": login}
        outcome, _ = sent(system.state, "李家的房子漏雨，南门街道和平社区", worker)
        now.forward(hours=3)
        wrote(system, 2, f"{outcome.number} 房主今天在家")
        wrote(system, 3, "下午也在", date=update(1)["message"]["date"] + 60)
        (request,) = system.all(HelpRequest)
        assert {one.request_id for one in system.all(Contact)} == {request.id}
        told = [one for one in system.all(Outgoing) if one.channel == "telegram"]
        assert [one.phrase for one in told if one.phrase.startswith("attached")], "it has come"
        assert not any(request.code in one.text for one in told)


def test_the_number_that_words_begin_with_is_meant_and_not_the_report_that_was_just_handed_in(
    settings, now
):
    """Somebody's moving out was added to the family that the worker had reported minutes before."""
    with world(settings, now) as system:
        login = at_work(system)
        worker = {"channel": "grid_app", "sender": login, "reporter": login}
        earlier, _ = sent(system.state, "李家的房子漏雨，南门街道和平社区", worker)
        other, _ = sent(system.state, "陈家的路灯坏了，南门街道和平社区", worker)
        now.forward(hours=3)
        wrote(system, 2, "王家断粮了，没有饭吃")
        wrote(
            system, 3, f"{earlier.number} 老人搬到女儿家了", date=update(1)["message"]["date"] + 60
        )
        with acting(system.state.database, system.state.mint) as tx:
            over = change(HelpRequest).where(col(HelpRequest.number) == other.number)
            tx.execute(over.values(closed_at=now()))
        wrote(system, 4, f"{other.number} 还是不亮", date=update(1)["message"]["date"] + 120)
        of = {one.id: one.number for one in system.all(HelpRequest)}
        in_chat = [one for one in system.all(Contact) if one.channel == "telegram"]
        reported, moved, dark = (of[one.request_id] for one in in_chat)
        assert moved == earlier.number
        assert reported not in (earlier.number, other.number)
        assert dark not in (earlier.number, other.number, reported), "what is over goes on anew"
