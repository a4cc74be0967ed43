"""The dialogue of chats: words first, menus never, and a report that loses nothing."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels import _standing
from channels._chat import ChatFlow
from models.messages import Ask, Correspondent, Inbound, Location, Lookup, Media, Say, Step, Turn
from models.vocabulary import Form, Level, Status
from tests import shipped
from tests.drawn import for_all

FLOW = ChatFlow()
CITIZEN = Correspondent()
WORKER = Correspondent(staff="grid7")
AT = datetime(2026, 11, 22, 3, 10, tzinfo=UTC)
BOOK = shipped.phrases()
ANSWERED = ("上报", "赵家", "三组", "没炭火", "跳过", "不急")


def words(text: str, *, act: str = "words", id_: str = "9:1", known=None) -> Turn:
    message = Inbound(external_id=id_, sender="9", text=text, at=AT)
    return Turn(id_, "chat:9", "9", act, text, message=message, known=known)


ANSWERS = [words(text) for text in ANSWERED]


def button(value: str) -> Turn:
    return Turn("cb", "chat:9", "9", "button", value)


def place(lat: float = 30.5, *, text: str = "") -> Turn:
    point = Location(lat, 120.0)
    message = Inbound(external_id="9:2", sender="9", text=text, location=point)
    return Turn("9:2", "chat:9", "9", "place", text, location=point, message=message)


def picture(text: str = "") -> Turn:
    media = (Media("telegram:f1", "image/jpeg"),)
    message = Inbound(external_id="9:3", sender="9", text=text, media=media)
    return Turn("9:3", "chat:9", "9", "picture", text, media=media, message=message)


def stored(state: Mapping[str, str] | None) -> dict[str, str]:
    """The state as it comes back from the database after a restart."""
    found = json.loads(json.dumps(dict(state or {})))
    assert all(isinstance(k, str) and isinstance(v, str) for k, v in found.items())
    return found


def talk(turns: Sequence[Turn], who: Correspondent = WORKER, state=None) -> list[Step]:
    steps, kept = [], dict(state or {})
    for turn in turns:
        steps.append(FLOW.step(kept, turn, who))
        kept = stored(steps[-1].state)
    return steps


def phrases(step: Step) -> list[str]:
    return [say.phrase for say in step.says]


def is_over(step: Step) -> bool:
    """No question is open; only what may still be added is known, and to which request."""
    return step.number_as == "last" and set(step.state or {}) == {"last", "ids", "at"}


# --- citizens


def test_a_citizens_words_are_a_contact_at_once_and_nothing_is_asked():
    turn = words("奶奶在灶台边昏过去了")
    assert FLOW.step({}, turn, CITIZEN) == Step(contact=turn.message)


@pytest.mark.parametrize("turn", [place(), picture(), picture("屋里全是水")])
def test_a_position_or_a_picture_is_a_contact_at_once(turn):
    assert FLOW.step({}, turn, CITIZEN).contact == turn.message


@pytest.mark.parametrize(
    "text",
    [
        "进度 我家断粮了",
        "/status 我家着火了",
        "/start 救命",
        "/bind 有人打孩子",
        "/unknown",
        "绑定",
        "上报",
        "取消",
        "帮助",
        "help",
        "进度 HY20261122-00431-8 583026 老人又摔倒了",
    ],
)
def test_a_command_with_anything_else_behind_it_is_words(text):
    turn = words(text, act="command" if text.startswith("/") else "words")
    assert FLOW.step({}, turn, CITIZEN).contact == turn.message


@pytest.mark.parametrize("text", ["/start", "/start poster_17", "/help", "", "   "])
def test_whoever_says_nothing_is_welcomed_shortly(text):
    step = FLOW.step({}, words(text, act="command" if text[:1] == "/" else "words"), CITIZEN)
    assert phrases(step) == ["chat.welcome"]
    assert step.contact is None
    assert not step.says[0].buttons


def test_a_channel_that_gives_no_message_still_gets_its_contact():
    turn = Turn("5", "wecom:9", "9", "words", "家里没米了")
    assert FLOW.step({}, turn, CITIZEN).contact == Inbound("5", "9", "家里没米了")


def test_an_old_button_says_so_and_opens_nothing():
    step = FLOW.step({}, button("r:who:unknown"), CITIZEN)
    assert phrases(step) == ["chat.old_button"]
    assert step.contact is None


# --- progress and binding


@pytest.mark.parametrize(
    "text",
    [
        "/status HY20261122-00431-8 583026",
        "进度 HY20261122-00431-8 583026",
        "进度：hy20261122-00431-8，583026",
        "查进度 HY20261122-00431-8 ５８３０２６",
        "status HY20261122-00431-8 583026",
    ],
)
def test_progress_is_asked_for_with_number_and_code(text):
    step = FLOW.step({}, words(text), CITIZEN)
    asked = {"number": "HY20261122-00431-8", "code": "583026"}
    assert step == Step(lookup=Lookup(Ask.STATUS, asked))


def test_the_bare_digits_of_an_sms_will_do():
    step = FLOW.step({}, words("进度 20261122004318 583026"), CITIZEN)
    assert step.lookup == Lookup(Ask.STATUS, {"number": "20261122004318", "code": "583026"})


@pytest.mark.parametrize("status", list(Status))
def test_every_status_has_words_for_a_citizen(status):
    known = {"found": "1", "status": status, "unit": "望河县民政局", "due": "11月27日18:00"}
    turn = words("进度 HY20261122-00431-8 583026", known=known)
    step = FLOW.step({}, turn, CITIZEN)
    for say in step.says:
        for language in BOOK.languages():
            assert BOOK.say(say.phrase, say.params, Form.FULL, language)
    assert phrases(step)[1:] == ["chat.status_unit", "chat.status_due"], "what is told is said"


def test_every_fact_of_the_progress_has_a_sentence_by_telephone_and_in_a_chat():
    for prefix, form in (("call_status_", Form.SPOKEN), ("chat.status_", Form.FULL)):
        says = _standing.said(dict.fromkeys(_standing.FACTS, "某事"), prefix)
        assert len(says) == len(_standing.FACTS)
        for say in says:
            for language in BOOK.languages():
                words = BOOK.say(say.phrase, {**say.params, "hotline": "12345"}, form, language)
                assert "{" not in words
                assert not say.params or "某事" in words


def test_a_wrong_code_and_an_unknown_number_sound_the_same():
    turn = words("进度 HY20261122-00431-8 000000", known={"found": "", "status": ""})
    assert FLOW.step({}, turn, CITIZEN).says == (Say("chat.status_unknown"),)


@pytest.mark.parametrize("text", ["/bind 123456", "绑定 123456", "绑定123456"])
def test_a_binding_code_is_looked_up_and_the_answer_said(text):
    assert FLOW.step({}, words(text), CITIZEN).lookup == Lookup(Ask.BIND, {"code": "123456"})
    bound = FLOW.step({}, words(text, known={"staff": "grid7"}), CITIZEN)
    assert bound.says[0].phrase == "chat.bound"
    assert bound.says[0].params == {"staff": "grid7"}
    assert phrases(FLOW.step({}, words(text, known={"staff": ""}), CITIZEN)) == ["chat.not_bound"]


@pytest.mark.parametrize(
    "text", ["/bind 12345678", "绑定 12345678", "12345678", "１２３４５６７８"]
)
def test_the_eight_digits_that_the_staff_page_shows_bind_with_or_without_a_word(text):
    assert FLOW.step({}, words(text), CITIZEN).lookup == Lookup(Ask.BIND, {"code": "12345678"})
    bound = FLOW.step({}, words(text, known={"staff": "grid7"}), CITIZEN)
    assert phrases(bound) == ["chat.bound"]


def test_eight_digits_for_which_no_code_is_open_are_words():
    turn = words("20260930", known={"staff": ""})
    assert FLOW.step({}, turn, CITIZEN) == Step(contact=turn.message)
    turn = words("20260930")
    contact = FLOW.step({}, turn, WORKER).contact
    assert contact is not None
    assert contact.text == "20260930"


def test_progress_in_the_middle_of_a_report_keeps_the_report():
    steps = talk([words("上报"), words("陈家")])
    state = stored(steps[-1].state)
    step = FLOW.step(state, words("进度 HY20261122-00431-8 583026"), WORKER)
    assert step.lookup
    assert step.state == state


# --- grid workers


def test_a_bound_workers_plain_words_are_a_report_of_theirs():
    contact = FLOW.step({}, words("三组赵家没有炭火"), WORKER).contact
    assert contact is not None
    assert contact.reporter == "grid7"
    assert contact.text == "三组赵家没有炭火"


@pytest.mark.parametrize(
    "start", [words("上报"), words("/report", act="command"), button("report")]
)
def test_a_report_is_led_through_five_questions_to_one_contact(start):
    steps = talk(
        [
            start,
            words("赵家老两口"),
            words("清溪镇三组老仓库旁"),
            words("没有炭火三天了"),
            picture(),
            button("r:urgent:urgent"),
            button("r:confirm:send"),
        ]
    )
    assert [phrases(step)[-1] for step in steps] == [
        "chat.report_who",
        "chat.report_where",
        "chat.report_what",
        "chat.report_photo",
        "chat.report_urgent",
        "chat.report_confirm",
        "chat.report_done",
    ]
    assert [step.contact for step in steps[:-1]] == [None] * 6
    assert is_over(steps[-1])
    assert steps[-1].contact == Inbound(
        external_id=f"chat:9:report:{start.external_id}",
        sender="9",
        text="没有炭火三天了\n〔求助人：赵家老两口〕\n〔地点：清溪镇三组老仓库旁〕",
        place="清溪镇三组老仓库旁",
        media=(Media("telegram:f1", "image/jpeg"),),
        name="赵家老两口",
        reporter="grid7",
        claims=Level.URGENT,
    )


def test_unknown_person_position_and_no_photo_are_enough():
    steps = talk(
        [
            words("上报"),
            button("r:who:unknown"),
            place(),
            words("路边有人躺着发抖"),
            words("跳过"),
            words("不急"),
            words("报出"),
        ]
    )
    contact = steps[-1].contact
    assert contact is not None
    assert contact.name is None
    assert contact.location == Location(30.5, 120.0)
    assert contact.text == "路边有人躺着发抖"
    assert contact.claims is None


@pytest.mark.parametrize("answered", range(6))
def test_a_danger_to_life_is_reported_the_moment_it_is_pressed(answered):
    answers = [
        words("上报"),
        words("赵家"),
        words("三组"),
        words("不动了"),
        words("跳过"),
        words("不急"),
    ]
    steps = talk([*answers[: answered + 1], button("r:*:danger")])
    contact = steps[-1].contact
    assert contact is not None
    assert contact.claims is Level.LIFE_THREAT
    assert contact.reporter == "grid7"
    assert is_over(steps[-1])


def test_words_that_answer_no_question_are_still_in_the_report():
    steps = talk(
        [
            words("上报"),
            picture("门口"),
            words("赵家"),
            words("三组"),
            words("没炭火"),
            words("他说不想活了"),
            button("r:photo:skip"),
            words("孩子也在"),
            button("r:urgent:no"),
            words("狗也在"),
            words("确认"),
        ]
    )
    contact = steps[-1].contact
    assert contact is not None
    assert (
        contact.text
        == "没炭火\n门口\n他说不想活了\n孩子也在\n狗也在\n〔求助人：赵家〕\n〔地点：三组〕"
    )
    assert len(contact.media) == 1


@pytest.mark.parametrize(
    "cancel", [words("取消"), words("/cancel", act="command"), button("r:*:cancel")]
)
@pytest.mark.parametrize("answered", range(6))
def test_a_report_can_be_cancelled_at_any_time(cancel, answered):
    answers = [
        words("上报"),
        words("赵家"),
        words("三组"),
        words("没炭火"),
        words("跳过"),
        words("不急"),
    ]
    steps = talk([*answers[: answered + 1], cancel])
    assert phrases(steps[-1]) == ["chat.report_cancelled"]
    assert steps[-1].contact is None
    assert steps[-1].state is None


@pytest.mark.parametrize("back", [words("上一步"), words("/back", act="command"), "button"])
def test_who_goes_back_answers_anew_and_the_first_answer_stands_until_then(back):
    before = [words("上报"), words("赵家"), words("三组"), words("没炭火")]
    to_what = button("r:photo:back") if back == "button" else back
    to_where = button("r:what:back") if back == "button" else back
    steps = talk([*before, to_what])
    assert phrases(steps[-1]) == ["chat.report_what"]
    left = FLOW.unfinished(stored(steps[-1].state))
    assert left is not None
    assert left.text.startswith("没炭火"), "who leaves now has said it all the same"
    told = [words("没炭火也没米"), words("跳过"), words("不急"), words("报出")]
    contact = talk([*before, to_what, *told])[-1].contact
    assert contact is not None
    assert contact.text == "没炭火也没米\n〔求助人：赵家〕\n〔地点：三组〕\n〔改前：没炭火〕"
    contact = talk([*before, to_what, to_where, words("四组"), *told[1:]])[-1].contact
    assert contact is not None
    assert (contact.place, contact.name) == ("四组", "赵家")
    assert contact.text == "没炭火\n〔求助人：赵家〕\n〔地点：四组〕\n〔改前：三组〕", (
        "what stands is not asked again"
    )


def test_another_answer_to_where_leaves_no_point_of_the_map_that_leads_to_the_first():
    before = [words("上报"), words("赵家"), place(30.5), button("r:what:back")]
    told = [words("没炭火"), words("跳过"), words("不急"), words("报出")]
    contact = talk([*before, words("四组"), *told])[-1].contact
    assert contact is not None
    assert (contact.place, contact.location) == ("四组", None)
    assert "〔改前：30.5," in contact.text, "nothing that was sent is lost"
    left = FLOW.unfinished(stored(talk(before)[-1].state))
    assert left is not None
    assert left.location is not None, "until there is another answer"


@pytest.mark.parametrize("unknown", [words("不知道"), button("r:where:skip")])
def test_who_goes_back_because_they_do_not_know_is_taken_at_their_word(unknown):
    before = [words("上报"), words("赵家"), words("三组"), button("r:what:back"), unknown]
    told = [words("没炭火"), words("跳过"), words("不急"), words("报出")]
    contact = talk([*before, *told])[-1].contact
    assert contact is not None
    assert contact.place is None, "nobody is sent to where they perhaps are not"
    assert "〔改前：三组〕" in contact.text


def test_before_the_first_question_there_is_none():
    steps = talk([words("上报"), words("上一步"), words("赵家")])
    assert [phrases(step) for step in steps] == [
        ["chat.report_who"], ["chat.report_who"], ["chat.report_where"]
    ]  # fmt: skip
    assert "r:who:back" not in dict(steps[0].says[0].buttons)


@pytest.mark.parametrize(
    ("said", "claims"), [("急", Level.URGENT), ("是", Level.URGENT), ("YES", Level.URGENT),
                         ("不", None), ("否", None)],
)  # fmt: skip
def test_how_urgent_it_is_may_be_said_as_people_say_it(said, claims):
    """ "Urgent?" - "Yes": noted as further words, it would have raised nothing."""
    before = [words("上报"), words("赵家"), words("三组"), words("没炭火"), words("跳过")]
    contact = talk([*before, words(said), words("报出")])[-1].contact
    assert contact is not None
    assert contact.claims is claims
    assert contact.text.startswith("没炭火\n〔"), "an answer and no further words"


def test_a_button_of_another_question_changes_nothing():
    steps = talk([words("上报"), words("赵家"), button("r:who:unknown"), button("nonsense")])
    assert stored(steps[-1].state) == stored(steps[1].state) | {"staff": "grid7"}
    assert phrases(steps[-1]) == ["chat.report_where"]


def test_a_second_press_of_send_opens_no_second_report():
    assert FLOW.step({}, button("r:confirm:send"), WORKER).contact is None


def test_a_stranger_is_not_led_through_the_report_of_staff():
    step = FLOW.step({}, words("/report", act="command"), CITIZEN)
    assert phrases(step) == ["chat.report_not_staff"]


# --- states that cannot be gone on with


@pytest.mark.parametrize(
    ("state", "who"),
    [
        pytest.param({"v": "0", "step": "what", "story": "炕塌了"}, WORKER, id="older release"),
        pytest.param({"v": "1", "step": "which", "story": "炕塌了"}, WORKER, id="unknown step"),
        pytest.param({"whatever": "炕塌了"}, CITIZEN, id="nothing of ours"),
        pytest.param(
            {"v": "1", "step": "photo", "what": "炕塌了", "id": "a", "sender": "9"},
            CITIZEN,
            id="no longer staff",
        ),
    ],
)
def test_a_state_from_elsewhere_starts_over_without_losing_a_word(state, who):
    step = FLOW.step(state, words("还有孩子在里面"), who)
    assert phrases(step) == ["chat.start_over"]
    assert step.state is None
    assert step.contact is not None
    assert "炕塌了" in step.contact.text
    assert "还有孩子在里面" in step.contact.text
    silent = FLOW.step(state, button("x"), who)
    assert silent.contact is not None
    assert "炕塌了" in silent.contact.text
    assert silent.contact.external_id
    assert silent.contact.sender == "9"


def test_an_abandoned_report_can_still_be_turned_into_a_contact():
    steps = talk([words("上报"), words("赵家"), words("三组"), words("没炭火")])
    left = FLOW.unfinished(stored(steps[-1].state))
    assert left is not None
    assert left.text == "没炭火\n〔求助人：赵家〕\n〔地点：三组〕"
    assert left.reporter == "grid7"
    assert FLOW.unfinished(stored(talk([words("上报")])[-1].state)) is None
    assert FLOW.unfinished({}) is None


# --- properties

TEXT = st.text(min_size=1, max_size=12)
COMMANDS = ["上报", "/report", "/start", "跳过", "不知道", "不急", "报出", "取消", "进度", "是"]
BUTTONS = [
    "report",
    "r:who:unknown",
    "r:where:skip",
    "r:photo:skip",
    "r:urgent:no",
    "r:urgent:urgent",
    "r:confirm:send",
    "r:*:danger",
    "r:*:cancel",
    "r:photo:back",
    "r:urgent:back",
    "",
    "r",
    "r:*",
    "r:who:danger:x",
]
WORDLESS = [Turn("9:4", "chat:9", "9", act) for act in ("silence", "hang_up", "?")]
TURNS = st.lists(
    st.one_of(
        TEXT.map(words),
        st.sampled_from(COMMANDS).map(words),
        st.sampled_from(BUTTONS).map(button),
        TEXT.map(picture),
        TEXT.map(lambda text: place(text=text)),
        st.sampled_from(WORDLESS),
    ),
    max_size=14,
)


def heard(turn: Turn) -> str:
    text = turn.message.text.strip() if turn.message else ""
    commands = {"/start", "/report", "进度"}
    return "" if text in commands else text


@pytest.mark.thorough
@given(TURNS, st.dictionaries(st.sampled_from(["v", "step", "what", "x"]), st.text(), max_size=4))
def test_whatever_comes_every_word_of_a_citizen_ends_in_a_contact(turns, state):
    """From any state, at once: the contact is in the very step of the words."""
    for turn in turns:
        step = FLOW.step(state, turn, CITIZEN)
        if heard(turn):
            assert step.contact is not None
            assert heard(turn) in step.contact.text
        state = stored(step.state)


@for_all(TURNS)
def test_whatever_comes_no_word_of_a_worker_is_lost_unless_they_cancel(turns):
    """Each word is in a contact, in what is left of the report, or was an answer by itself."""
    state: dict[str, str] = {}
    said: list[str] = []
    contacts: list[str] = []
    answers = {"上报", "跳过", "不知道", "不急", "报出", "取消", "report", "是", "不", "否", "急"}
    for turn in turns:
        step = FLOW.step(state, turn, WORKER)
        if phrases(step) == ["chat.report_cancelled"]:
            said.clear()
        elif heard(turn) and heard(turn).lower() not in answers:
            said.append(heard(turn))
        if step.contact:
            contacts.append(step.contact.text)
            assert step.contact.reporter == "grid7"
        state = stored(step.state)
        for say in step.says:
            BOOK.say(say.phrase, say.params, Form.FULL, "zh-CN")
            assert all(len(value.encode()) <= 64 for value, _ in say.buttons)
            for _, label in say.buttons:
                BOOK.say(label, {}, Form.FULL, "en")
    left = FLOW.unfinished(state)
    everything = one_line("\n".join([*contacts, left.text if left else ""]))
    for text in said:
        if len(text) > 3:  # shorter ones may be an answer such as 是 or OK
            assert one_line(text) in everything


def one_line(text: str) -> str:
    """As a remark writes it: the form's own words stay one line whatever is typed into a field."""
    return " ".join(text.replace("〔", "（").replace("〕", "）").split())


def test_words_about_another_household_get_a_report_of_their_own():
    sent = talk([*ANSWERS, words("报出")])[-1]
    last = {**stored(sent.state), "last": "HY1", "at": AT.isoformat()}
    added = FLOW.step(last, words("东头老孙家房顶塌了一角", id_="9:7"), WORKER)
    assert added.contact is not None
    assert added.contact.about == "HY1"
    assert phrases(added) == ["chat.report_joined"]
    assert [value for say in added.says for value, _ in say.buttons] == ["another"]
    kept = {**stored(added.state), "last": "HY1"}
    for said in (button("another"), words("是另一户", id_="9:8")):
        begun = FLOW.step(kept, said, WORKER)
        assert phrases(begun) == ["chat.report_another", "chat.report_who"]
        assert begun.contact is not None
        assert begun.contact.about == "HY1"
        assert begun.contact.text.startswith("〔")
        assert "另一户" in begun.contact.text
        steps = talk(
            [words("老孙"), words("东头"), words("跳过"), words("不急"), words("报出")],
            state=stored(begun.state),
        )
        report = steps[-1].contact
        assert report is not None
        assert report.about is None
        assert report.text.startswith("东头老孙家房顶塌了一角")
        assert report.name == "老孙"


def test_long_after_the_words_no_note_is_left_that_could_begin_a_request_of_its_own():
    sent = talk([*ANSWERS, words("报出")])[-1]
    last = {**stored(sent.state), "last": "HY1", "at": AT.isoformat(), "words": "东头老孙家"}
    late = replace(button("another"), received_at=AT + timedelta(days=2))
    begun = FLOW.step(last, late, WORKER)
    assert phrases(begun) == ["chat.report_another", "chat.report_who"]
    assert begun.contact is None
    assert stored(begun.state)["what"] == "东头老孙家"


def test_nothing_is_another_household_where_nothing_was_added():
    sent = talk([*ANSWERS, words("报出")])[-1]
    step = FLOW.step({**stored(sent.state), "last": "HY1"}, words("是另一户"), WORKER)
    assert step.contact is not None
    assert step.contact.text == "是另一户"
    assert phrases(step) != ["chat.report_another", "chat.report_who"]


def test_a_citizen_is_offered_no_report():
    step = FLOW.step({"last": "HY1", "words": "x", "ids": "{}"}, words("是另一户"), CITIZEN)
    assert step.contact is not None
    assert phrases(step) == []
