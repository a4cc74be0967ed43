"""The call flow: whatever a caller does, the call leaves a trace and nobody is left in silence."""

from dataclasses import dataclass, field
from datetime import date

import pytest
from hypothesis import strategies as st

from channels._call import CallFlow
from models.messages import Ask, Correspondent, Inbound, Line, Lookup, Media, Step, Turn
from models.numbers import normal, number
from models.vocabulary import Form, Level
from tests import shipped
from tests.drawn import for_all

BOOK = shipped.phrases()
CALLER = "+8613900010002"
NUMBER = number(date(2026, 11, 22), 431)
KEYED = NUMBER.removeprefix("HY").replace("-", "")
FOUND = {"found": "1", "status": "in_progress", "unit": "柳林镇", "due": "11月27日18:00"}


@dataclass
class Phone:
    """A telephone line in front of the flow, keeping the state between the turns."""

    operator: bool = True
    who: Correspondent = field(default_factory=Correspondent)
    known: dict[str, str] = field(default_factory=lambda: {"found": ""})
    state: dict[str, str] | None = None
    steps: list[Step] = field(default_factory=list)
    contacts: list[Inbound] = field(default_factory=list)
    lookups: list[Lookup] = field(default_factory=list)

    def __post_init__(self):
        self.flow = CallFlow(BOOK.say, operator=self.operator)

    def __call__(self, act: str, value: str = "", *, media: tuple[Media, ...] = ()) -> Step:
        sender = "" if act in ("recording", "answered") else CALLER
        turn = Turn(f"CA1:{len(self.steps)}", "CA1", sender, act, value, media=media)
        step = self.flow.step(dict(self.state or {}), turn, self.who)
        if step.lookup:
            self.lookups.append(step.lookup)
            known = Turn(turn.external_id, "CA1", sender, act, value, known=self.known)
            step = self.flow.step(dict(step.state or {}), known, self.who)
        assert step.lookup is None
        self.state = None if step.state is None else dict(step.state)
        self.steps.append(step)
        if step.contact:
            self.contacts.append(step.contact)
        return step

    def ids(self) -> list[str]:
        return [contact.external_id for contact in self.contacts]


def said(step: Step) -> list[str]:
    return [say.phrase for say in step.says]


@pytest.fixture
def line():
    call = Phone()
    call("start")
    return call


def test_a_call_begins_with_the_greeting_and_the_menu():
    step = Phone()("start", "ringing")
    assert said(step) == ["call_greeting", "call_menu"]
    assert step.line is Line.KEYS
    assert step.contact is None


def test_key_1_writes_the_danger_down_before_the_first_ring(line):
    step = line("key", "1")
    assert step.line is Line.CONNECT
    assert step.contact.external_id == "CA1:danger"
    assert step.contact.claims is Level.LIFE_THREAT
    assert step.contact.text == BOOK.say("call_words_danger", {}, Form.FULL, "zh-CN")
    assert step.contact.sender == CALLER


def test_danger_can_be_declared_at_every_place():
    for keys in ("", "2", "3", f"3 {KEYED}", "9"):
        call = Phone()
        call("start")
        for key in keys.split():
            call("key", key)
        assert call("key", "1").contact.claims is Level.LIFE_THREAT, keys


def test_a_danger_nobody_answers_is_missed_and_the_line_stays_open(line):
    line("key", "1")
    step = line("dialled", "no-answer")
    assert said(step) == ["call_danger_unanswered"]
    assert step.line is Line.RECORD
    assert step.contact.missed
    assert step.contact.claims is Level.LIFE_THREAT
    line("words", "我在东头村")
    line("hang_up", "completed")
    assert line.ids() == ["CA1:danger", "CA1:missed", "CA1:speech"]


@pytest.mark.parametrize("status", ["no-answer", "busy", "failed", "canceled", ""])
def test_a_connection_that_nobody_answered_is_missed_and_asks_for_words(line, status):
    line("key", "0")
    step = line("dialled", status)
    assert said(step) == ["call_unanswered", "call_tell"]
    assert step.line is Line.RECORD
    assert [contact.missed for contact in line.contacts] == [True]
    line("hang_up", "completed")
    assert line.ids() == ["CA1:missed"]


def test_words_become_a_contact_at_once_and_their_number_is_read_out(line):
    line("key", "2")
    step = line("words", "家里断粮了，老人走不动")
    assert step.contact.text == "家里断粮了，老人走不动"
    assert step.contact.external_id == "CA1:speech"
    assert not step.contact.missed
    assert said(step) == ["call_number", "call_after"]
    assert step.promise == "urgent_accepted", "where it is urgent, who comes by when"
    assert step.otherwise == "", "they are written to"
    line("hang_up", "completed")
    assert line.ids() == ["CA1:speech"]


def test_a_withheld_number_is_told_aloud_what_others_are_written():
    turn = Turn("CA9:1", "CA9", "", "words", "家里断粮了")
    step = CallFlow(BOOK.say, operator=True).step({"at": "telling"}, turn, Correspondent())
    assert step.otherwise == "call_unreached"


def test_words_said_instead_of_a_key_are_taken(line):
    assert line("words", "着火了").contact.text == "着火了"


def test_more_words_are_a_further_contact(line):
    line("key", "2")
    line("words", "断粮了")
    line("words", "还有一个婴儿")
    assert [contact.text for contact in line.contacts] == ["断粮了", "还有一个婴儿"]
    assert len(set(line.ids())) == 2


def test_words_of_a_call_whose_state_was_lost_are_no_repeat():
    known, lost = Phone(), Phone()
    known("start")
    known("words", "断粮了")
    lost("words", "另外的话")
    assert lost.contacts[0].external_id not in known.ids()


def test_telling_is_taped_once_and_the_recording_finds_its_caller_after_the_call(line):
    assert said(line("key", "2")) == ["call_taped", "call_tell"]
    assert "call_taped" not in said(line("silence"))
    line("words", "断粮了")
    assert line("hang_up", "completed").state["at"] == "over"
    media = (Media("https://api.twilio.com/r/RE1", "audio/x-wav"),)
    step = line("recording", "RE1", media=media)
    assert step.contact.media == media
    assert step.contact.sender == CALLER
    assert step.contact.external_id == "CA1:recording:RE1"
    assert step.state is None


def test_a_recording_of_silence_does_not_hide_a_missed_call(line):
    line("key", "2")
    line("recording", "RE1", media=(Media("https://api.twilio.com/r/RE1", "audio/x-wav"),))
    line("hang_up", "completed")
    assert [contact.missed for contact in line.contacts] == [False, True]
    assert line.state is None


def test_a_transcript_is_a_further_contact_of_the_same_caller(line):
    line("key", "2")
    line("hang_up")
    step = line("transcript", "我家没有米了")
    assert (step.contact.text, step.contact.sender) == ("我家没有米了", CALLER)
    assert line("transcript", " ").contact is None


def test_a_hang_up_without_a_word_is_missed_once(line):
    step = line("hang_up", "completed")
    assert step.contact.missed
    assert step.contact.external_id == "CA1:missed"
    assert step.contact.text == ""
    assert step.state is None


def test_a_repeated_hang_up_has_the_id_of_the_first(line):
    line("hang_up", "completed")
    line("hang_up", "completed")
    assert set(line.ids()) == {"CA1:missed"}


def test_a_call_we_never_saw_is_missed():
    call = Phone()
    call("hang_up", "completed")
    assert call.contacts[0].missed
    assert call.contacts[0].sender == CALLER


def test_hanging_up_while_it_rings_is_missed_even_after_words(line):
    line("words", "断粮了")
    line("key", "0")
    assert line("hang_up", "completed").contact.missed


def test_a_call_that_an_operator_took_is_in_the_books_and_not_missed(line):
    line("key", "0")
    line("answered")
    line("hang_up", "completed")  # may come before the end of the connection is told
    line("dialled", "completed")
    assert line.ids() == ["CA1:answered"]
    assert not line.contacts[0].missed
    assert line.contacts[0].text


def test_after_the_operator_the_call_ends_politely(line):
    line("key", "0")
    step = line("dialled", "completed")
    assert (said(step), step.line) == (["call_goodbye"], Line.HANG_UP)
    assert line.ids() == ["CA1:answered"]


@pytest.mark.parametrize("act", [("silence", ""), ("key", "7"), ("key", "*"), ("shrug", "")])
def test_nothing_usable_is_asked_once_more_and_then_a_person_is_rung(line, act):
    first = line(*act)
    assert said(first) == ["call_menu_again", "call_menu"]
    assert line(*act).line is Line.CONNECT


def test_silence_while_telling_is_asked_once_more_and_then_a_person_is_rung(line):
    line("key", "2")
    assert said(line("silence")) == ["call_not_heard", "call_tell"]
    assert line("words", "  ").line is Line.CONNECT


def test_without_an_operator_the_caller_is_missed_and_can_leave_words():
    call = Phone(operator=False)
    call("start")
    step = call("key", "0")
    assert step.line is Line.RECORD
    assert step.contact.missed
    danger = call("key", "1")
    assert danger.contact.claims is Level.LIFE_THREAT
    fresh = Phone(operator=False)
    fresh("start")
    step = fresh("key", "1")
    assert (step.contact.claims, step.contact.missed) == (Level.LIFE_THREAT, True)
    assert step.line is Line.RECORD


@pytest.mark.parametrize("operator", [True, False])
def test_a_silent_call_comes_to_an_end(operator):
    call = Phone(operator=operator)
    step = call("start")
    for _ in range(12):
        if step.line is Line.HANG_UP:
            break
        step = call("dialled", "no-answer") if step.line is Line.CONNECT else call("silence")
    assert step.line is Line.HANG_UP
    call("hang_up", "completed")
    assert call.ids() == ["CA1:missed"]


def test_the_status_needs_number_and_code(line):
    line.known = FOUND
    assert line("key", "3").digits == 14
    step = line("key", KEYED)
    assert (said(step), step.digits) == (["call_ask_code"], 6)
    step = line("key", "583026")
    assert line.lookups == [Lookup(Ask.STATUS, {"number": NUMBER, "code": "583026"})]
    assert said(step)[:3] == ["call_status", "call_status_unit", "call_status_due"]
    assert step.says[0].params == {"number": NUMBER, "status": "in_progress"}
    assert step.says[2].params == {"due": "11月27日18:00"}
    line("hang_up", "completed")
    assert line.contacts == []


def test_a_misread_number_is_noticed_before_the_code_is_asked(line):
    assert normal(KEYED[:-1] + str((int(KEYED[-1]) + 1) % 10)) is None
    line("key", "3")
    step = line("key", KEYED[:-1] + str((int(KEYED[-1]) + 1) % 10))
    assert said(step) == ["call_number_wrong", "call_ask_number"]


@pytest.mark.parametrize("wrong", [[KEYED[:9], "0000"], [KEYED[:9], "silence"]])
def test_two_wrong_numbers_go_to_a_person(line, wrong):
    line("key", "3")
    for keyed in wrong[:1]:
        assert line("key", keyed).line is Line.KEYS
    step = line("silence") if wrong[1] == "silence" else line("key", wrong[1])
    assert step.line is Line.CONNECT


def test_codes_cannot_be_guessed_in_one_call(line):
    line("key", "3")
    line("key", KEYED)
    assert said(line("key", "000000"))[0] == "call_status_unknown"
    line("key", KEYED)
    assert line("key", "000001").line is Line.CONNECT
    line("dialled", "no-answer")
    for keyed in ("3", KEYED, "000002", KEYED, "000003"):
        line("key", keyed)
    assert len(line.lookups) == 3  # each further guess costs a connection


def test_a_status_told_and_then_a_ring_without_answer_is_missed(line):
    line.known = FOUND
    for keyed in ("3", KEYED, "583026", "0"):
        line("key", keyed)
    assert line("hang_up", "completed").contact.missed


def test_a_call_of_a_member_of_staff_names_the_reporter():
    call = Phone(who=Correspondent(staff="grid-07"))
    call("start")
    assert call("words", "三组王奶奶断粮").contact.reporter == "grid-07"


acts = st.one_of(
    st.tuples(st.just("key"), st.sampled_from([*"0123456789*#", KEYED, "583026", "12", ""])),
    st.tuples(st.just("words"), st.text(max_size=5)),
    st.tuples(st.sampled_from(["silence", "start", "nonsense"]), st.just("")),
    st.tuples(st.just("dialled"), st.sampled_from(["completed", "no-answer", "busy", ""])),
    st.tuples(st.just("answered"), st.just("")),
    st.tuples(st.just("transcript"), st.text(max_size=5)),
    st.tuples(st.just("recording"), st.sampled_from(["RE1"])),
)
PLAYED = ("start", "key", "words", "silence", "nonsense", "dialled")


@for_all(st.lists(acts, max_size=25), st.booleans(), st.booleans())
def test_a_call_that_ends_has_left_a_contact_or_heard_a_status(done, operator, found):
    call = Phone(operator=operator, known=FOUND if found else {"found": ""})
    call("start")
    for act, value in done:
        step = call(act, value)
        if act in PLAYED:
            assert step.line is not None, "a caller hears nothing more"
            assert step.says
            assert step.state is not None
        for say in step.says:
            assert say.phrase in BOOK.keys()  # noqa: SIM118
    call("hang_up", "completed")
    heard = any(say.phrase == "call_status" for step in call.steps for say in step.says)
    assert call.contacts or heard
    words = [value for act, value in done if act in ("words", "transcript") and value.strip()]
    assert [c.text for c in call.contacts if c.text in words and c.text] == words
    fixed = [i for i in call.ids() if i != "CA1:recording:RE1"]
    assert len(fixed) == len(set(fixed)), "two contacts of one call would be taken for a repeat"
    assert all(contact.sender == CALLER for contact in call.contacts)
    if any(step.line is Line.CONNECT for step in call.steps) and not heard:
        assert call.contacts


@pytest.mark.parametrize(
    ("language", "words"), [("zh-CN", "可能已换新"), ("en", "may have been renewed")]
)
def test_a_wrong_code_is_told_that_it_may_have_been_renewed_whoever_asks(
    language: str, words: str
) -> None:
    spoken = shipped.phrases().say("call_status_unknown", {}, Form.SPOKEN, language)
    assert words in spoken
