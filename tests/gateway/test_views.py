"""What the queues and the page of a request show."""

import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from fastapi import FastAPI
from sqlalchemy import event

from gateway import cases, lines, marking, views
from gateway.access import Actor
from gateway.lamps import lamp
from gateway.revealing import masked
from gateway.state import State
from models.vocabulary import Role
from tests.conftest import Clock as Watch
from tests.gateway.people import FOOD, JUMP, QUESTION, application, said, signed_in

OPERATOR = Actor("op01", Role.OPERATOR, "hotline", "W")
LONG_NAME = "阿卜杜热依木·" * 7 + "买买提"


@pytest.fixture
def app(state: State) -> FastAPI:
    return application(state)


def queue(state: State, **how: object) -> views.Page:
    with state.database.read() as session:
        return views.queue(
            session,
            OPERATOR,
            state.offices.current(),
            now=state.now(),
            **how,  # type: ignore[arg-type]
        )


def test_the_queue_is_ordered_by_urgency_and_never_by_arrival(state: State) -> None:
    question = said(state, "a", QUESTION, "+8613900000001").number
    food = said(state, "b", FOOD, "+8613900000002").number
    jump = said(state, "c", JUMP, "+8613900000003").number
    assert [line.number for line in queue(state).lines] == [jump, food, question]


def test_paging_by_key_shows_every_request_once(state: State) -> None:
    made = [said(state, f"m{i}", QUESTION, f"+86139000001{i:02d}").number for i in range(7)]
    seen: list[str] = []
    after: str | None = None
    while True:
        page = queue(state, after=after, limit=3)
        seen += [line.number for line in page.lines]
        after = page.after
        if after is None:
            break
    assert sorted(seen) == sorted(str(number) for number in made)


def test_a_page_of_the_queue_costs_the_same_number_of_queries_however_long(state: State) -> None:
    def queries() -> int:
        counted: list[str] = []

        def count(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
            counted.append(statement)

        event.listen(state.database.engine, "before_cursor_execute", count)
        queue(state)
        event.remove(state.database.engine, "before_cursor_execute", count)
        return len(counted)

    said(state, "first", QUESTION, "+8613900000100")
    few = queries()
    for i in range(9):
        said(state, f"n{i}", QUESTION, f"+86139000002{i:02d}")
    assert queries() == few


def test_words_in_a_list_are_redacted_and_cut(state: State) -> None:
    said(state, "long", "我身份证110101199003078515，电话13812345678，" + "家里断粮" * 80)
    words = queue(state).lines[0].words
    assert "13812345678" not in words
    assert "110101199003078515" not in words
    assert len(words) <= lines.SHOWN_WORDS


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("+8613812345678", "138****5678"),
        ("13812345678", "138****5678"),
        ("+442071234567", "+442071****67"),
        ("wx_abcdef", "wx****"),
        ("", ""),
    ],
)
def test_an_address_is_masked_so_that_its_owner_still_knows_it(address: str, shown: str) -> None:
    assert masked(address) == shown


NOON = datetime(2026, 9, 28, 4, tzinfo=UTC)


def clock(amount: timedelta, *, unit: str = "calendar", urgent: bool = False) -> SimpleNamespace:
    return SimpleNamespace(
        name="CLK-X", unit=unit, urgent=urgent, started_at=NOON, due_at=NOON + amount
    )


@pytest.mark.parametrize(
    ("passed", "urgent", "kind"),
    [(10, False, "fine"), (79, False, "fine"), (81, False, "soon"), (49, True, "fine"),
     (51, True, "soon"), (100, True, "over"), (300, False, "over")],
)  # fmt: skip
def test_the_lamp_is_yellow_at_a_fifth_or_for_urgent_clocks_at_half_and_red_at_the_breach(
    state: State, passed: int, urgent: bool, kind: str
) -> None:
    calendar = state.offices.current().policy.calendar
    now = NOON + timedelta(minutes=passed)
    assert lamp(clock(timedelta(minutes=100), urgent=urgent), now, calendar).kind == kind


def test_the_time_left_is_said_in_the_unit_of_the_clock(state: State) -> None:
    calendar = state.offices.current().policy.calendar
    shown = lamp(clock(timedelta(days=3), unit="working_day"), NOON, calendar)
    assert (shown.left, shown.amount) == ("working_days", 2), "Thursday is National Day"
    late = lamp(clock(timedelta(hours=1)), NOON + timedelta(hours=7), calendar)
    assert (late.kind, late.left, late.amount) == ("over", "over_hours", 6)
    assert lamp(None, NOON, calendar).kind == "still"


def test_danger_words_are_marked_where_they_stand(state: State) -> None:
    number = said(state, "food", FOOD).number or ""
    with state.database.read() as session:
        case, _ = cases.case(session, OPERATOR, state.offices.current(), number, now=state.now())
    contact = case.contacts[0]
    assert "".join(text for text, _ in contact.pieces) == FOOD
    signs = [sign for _, sign in contact.pieces if sign is not None]
    assert any(sign["counts"] and "断粮" in sign["quote"] and sign["cite"] for sign in signs)
    for text, sign in contact.pieces:
        assert sign is None or sign["quote"] == text


def test_signs_that_overlap_or_lie_outside_never_break_the_words() -> None:
    signs = [
        {"start": 0, "end": 3, "counts": False, "quote": "abc"},
        {"start": 1, "end": 2, "counts": True, "quote": "b"},
        {"start": 4, "end": 99, "counts": True, "quote": "?"},
        {"start": 4, "end": 5, "counts": True, "quote": "e"},
    ]
    pieces = marking.marked("abcdef", signs)
    assert "".join(text for text, _ in pieces) == "abcdef"
    assert [text for text, sign in pieces if sign] == ["abc", "e"]


def test_a_number_of_our_own_is_never_shown_as_law(state: State) -> None:
    number = said(state, "food", FOOD).number or ""
    with state.database.read() as session:
        case, _ = cases.case(session, OPERATOR, state.offices.current(), number, now=state.now())
    assert case.promises
    for promise in case.promises:
        assert promise.source
        assert not (promise.is_law and promise.tag in ("L", "GK", "P"))


def test_the_query_code_is_not_shown_to_staff(state: State, app: FastAPI) -> None:
    made = said(state, "food", FOOD)
    page = signed_in(state, app, "op01").get(f"/desk/{made.number}")
    assert page.status_code == 200
    assert made.code is not None
    assert f"查询码 {made.code}" not in page.text
    assert f"查询码{made.code}" not in page.text


def test_each_tab_holds_what_it_says(state: State, app: FastAPI, now: Watch) -> None:
    food = said(state, "food", FOOD).number or ""
    question = said(state, "question", QUESTION, "+8613900000001").number or ""
    caller = signed_in(state, app, "op01")
    assert caller.act(food, "confirm").status_code == 200

    def shown(tab: str, path: str = "/desk") -> set[str]:
        return set(re.findall(r"HY\d{8}-\d{5}-\d", caller.get(f"{path}?tab={tab}").text))

    assert shown("triage") == {question}
    assert shown("urgent") == {food}
    assert shown("under_way") == {food}
    assert shown("closed") == set()
    now.forward(minutes=12)
    assert food in shown("late")
    assert caller.get("/desk?tab=nonsense").status_code == 404


def test_an_empty_queue_says_so_and_when_the_last_one_came(state: State, app: FastAPI) -> None:
    caller = signed_in(state, app, "op01")
    assert "队列已清空" in caller.get("/desk").text
    said(state, "food", FOOD)
    assert "9月30日16:40" in caller.get("/desk?tab=closed").text


def test_the_bureau_signs_calls_answers_and_reports_from_its_inbox(
    state: State, app: FastAPI
) -> None:
    number = said(state, "question", QUESTION).number or ""
    caller = signed_in(state, app, "civil_affairs.1")
    assert number in caller.get("/inbox?tab=to_sign").text
    page = f"/inbox/{number}"
    assert caller.form(f"{page}/sign").headers["location"] == f"{page}?done=sign"
    assert number in caller.get("/inbox?tab=handling").text
    assert number not in caller.get("/inbox?tab=to_sign").text
    refused = caller.form(f"{page}/report_result", result="已按规定办理完毕，材料齐全")
    assert refused.status_code == 409
    assert "请先答复" in refused.text
    assert "已按规定办理完毕，材料齐全" in refused.text, "what was typed is not lost"
    fields = {"who": "本人", "outcome": "reached", "by": "phone", "note": "已说明"}
    assert caller.form(f"{page}/record_contact", **fields).status_code == 303
    assert caller.form(f"{page}/reply", text="请带户口本到镇里办理。").status_code == 303
    assert caller.form(f"{page}/report_result", result="已一次性告知").status_code == 303
    assert number in caller.get("/inbox?tab=finished").text
    shown = caller.get(page).text
    assert "请带户口本到镇里办理。" in shown
    assert "答复诉求人" in shown


def test_a_long_name_with_a_dot_is_shown_whole(state: State, app: FastAPI) -> None:
    assert len(LONG_NAME) >= 50
    caller = signed_in(state, app, "op01")
    entered = caller.form(
        "/desk/enter", key="1", text="老人没有饭吃了", name=LONG_NAME, channel="walk_in"
    )
    number = re.findall(r"HY\d{8}-\d{5}-\d", entered.text)[0]
    assert LONG_NAME not in caller.get(f"/desk/{number}").text
    assert LONG_NAME in caller.form(f"/desk/{number}/reveal", purpose="上门核实").text


def test_the_desk_sees_what_was_read_from_the_words(state: State, app: FastAPI) -> None:
    text = (
        "我妈赵秀云82岁,一家三口断粮两天,停电了要用制氧机,联系人吴强13800138000,住柳湾镇藕塘村三组"
    )
    number = said(state, "facts", text).number
    page = signed_in(state, app, "op01").get(f"/desk/{number}").text
    for shown in (
        "妈 赵秀云82岁",
        "3人（“一家三口”）",
        "“两天”",
        "<dd>制氧机",
        "<dd>吴强",
        "有老年人",
    ):
        assert shown in page
    assert "<dd>13800138000" in page
    assert "<dd>柳湾镇藕塘村三组" in page


def test_help_goes_to_where_one_lives_not_to_where_one_comes_from(state: State) -> None:
    text = "户籍在石桥镇窑头村，现住柳湾镇藕塘村三组，家里断粮两天了"
    number = said(state, "two places", text).number or ""
    office = state.offices.current()
    with state.database.read() as session:
        case, _ = cases.case(session, OPERATOR, office, number, now=state.now())
    assert office.gazetteer[case.request["area"]].name == "藕塘村"
    assert case.request["place"] == "柳湾镇藕塘村三组"


def test_a_request_without_facts_shows_no_empty_table(state: State, app: FastAPI) -> None:
    number = said(state, "nothing", "救救我").number
    assert "从原话读出" not in signed_in(state, app, "op01").get(f"/desk/{number}").text


def test_what_citizens_write_is_text_and_never_markup(state: State, app: FastAPI) -> None:
    number = said(state, "xss", "<script>alert(1)</script>家里断粮两天了").number
    caller = signed_in(state, app, "op01")
    for page in (caller.get("/desk"), caller.get(f"/desk/{number}")):
        assert "<script>alert" not in page.text
        assert "&lt;script&gt;" in page.text


def test_every_page_speaks_english_too(state: State, app: FastAPI) -> None:
    number = said(state, "food", FOOD).number
    caller = signed_in(state, app, "op01")
    for path in ("/desk", f"/desk/{number}", "/desk/enter"):
        page = caller.get(f"{path}?lang=en")
        assert page.status_code == 200
        assert 'lang="en"' in page.text
        assert "Sign out" in page.text


def test_a_sign_is_marked_where_its_words_stand_and_nowhere_else() -> None:
    sign = {"start": 0, "end": 2, "quote": "断粮", "rule": "U1.3", "counts": True, "cite": ""}
    before, here = "家里断粮", "已经断粮两天"
    read_together = {**sign, "start": 2, "end": 4}
    assert marking.marked(here, marking.placed(here, [read_together]))[0] == ("已经", None)
    elsewhere = marking.placed("快来人", [read_together])
    assert marking.marked("快来人", elsewhere) == (("", elsewhere[0]), ("快来人", None))
    assert elsewhere[0]["elsewhere"] is None, "no message is named that does not hold it"
    assert marking.placed(before, [read_together]) == [read_together]


@pytest.mark.parametrize(
    ("language", "words"), [("zh-CN", "来信里的话"), ("en", "words of the message of")]
)
def test_a_sign_of_another_message_says_of_which(
    state: State, app: FastAPI, now: Watch, language: str, words: str
) -> None:
    number = said(state, "first", FOOD).number
    now.forward(minutes=1)
    assert said(state, "then", "在三单元五楼").number == number
    page = signed_in(state, app, "op01").get(f"/desk/{number}?lang={language}").text
    first, then = page.split('<article class="words-as-said">')[1:3]
    assert words not in first
    assert words in then
