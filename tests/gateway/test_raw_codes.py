"""No page of the staff says a code of ours, or a sentence of the software to itself, where people
read: the strip of what waits, the page of an order, the audit."""

import ast
import re
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlmodel import col

from gateway import conversations, own_words
from gateway.state import State
from gateway.web.entry_words import EntryWords
from models.outbox import Outgoing
from models.phrases import Phrasebook
from models.transaction import acting
from models.vocabulary import TaskKind
from referral import telling
from tests.conftest import Clock
from tests.gateway.people import application, signed_in
from tests.journeys.county import County

ROOT = Path(__file__).parents[2]
LAMP = "南门街道和平社区楼道的灯坏了两个月，请派人修"
RAW = re.compile(r"CLK-|\b[TR]\d{1,2}b?\b(?!\d)|cap of the day|\b[a-z]+(?:_[a-z]+)+\b(?!\.)")
"""A code with a dot behind it is the name of an account."""
VALUE = re.compile(r"[：（、]([a-z]+)(?=[；）、]|$)")


def shown(html: str) -> str:
    """What is read on a page: words between the tags, and what is said when one points at them."""
    body = re.sub(r"(?s)<(script|style|select|datalist).*?</\1>", " ", html)
    titles = " ".join(re.findall(r' title="([^"]*)"', body))
    return re.sub(r"<[^>]+>", " ", body) + titles


@pytest.fixture
def county(state: State, now: Clock) -> County:
    now.at = datetime(2026, 11, 3, 1, 0, tzinfo=UTC)
    return County(state, now)


@pytest.fixture
def case(county: County) -> str:
    """A case of housing that is suspended until a court has spoken."""
    number = county.led_by_housing("case", LAMP, "+8613800000001")
    county.do("housing.1", "sign", number)
    county.do("housing.1", "record_contact", number, who="本人", outcome="reached", by="phone")
    county.do("housing.1", "suspend", number, ground="court_result", reason="等判决")
    county.do("super01", "suspend", number)
    return number


def test_the_audit_names_reasons_of_closed_lists_and_no_row_of_the_rules(
    state: State, case: str
) -> None:
    page = signed_in(state, application(state), "super01").get("/audit").text
    # the door of the tests is no channel, and has no name
    cells = [
        cell.replace("渠道：recording", "")
        for cell in re.findall(r'<td class="words">(.*?)</td>', page)
    ]
    assert any("等法院或仲裁的结果" in cell for cell in cells)
    raw = [cell for cell in cells if RAW.search(cell) or VALUE.search(cell)]
    assert raw == []


@pytest.mark.parametrize(
    ("detail", "said"),
    [
        ({"what": "visit", "outcome": "gets_by"}, "走访"),
        ({"because": "absent"}, "人已不在"),
        ({"found_by": "order", "to": "housing.1"}, "按工单"),
        ({"found_by": "giver"}, "给予帮扶的人"),
        ({"colour": "orange", "rule": "disaster_damage"}, "橙"),
        ({"rule": "quarterly_stable"}, ""),
        ({"relation": "event"}, "同一场事"),
        ({"guards": ["reserve_short"], "how": "own"}, "备用金余额不够"),
        ({"proof": "verify_ledger"}, "账本连续"),
        ({"role": "lead", "lead_bureau": "housing", "form": "sms"}, "短信"),
        ({"why": "RT-30: danger decides the first action"}, "先按危险处置"),
    ],
)
def test_a_code_of_the_ledger_has_a_word(state: State, detail: dict, said: str) -> None:
    line = EntryWords(state.offices.current(), "zh-CN").line(detail)
    assert said in line
    assert not RAW.search(line)
    assert not VALUE.search(line)


def test_the_strip_says_what_waits_in_the_words_of_the_page(
    state: State, county: County, case: str
) -> None:
    request = dict(county.request(case)._mapping)
    office, now = state.offices.current(), county.now()
    message = county.rows(Outgoing, case)[0]
    why = "cap of the day reached: number"
    with acting(state.database, state.mint) as tx:
        conversations.undelivered(tx, office, message, now=now, error=why)
        telling.ask_once(
            tx, TaskKind.CALL_SILENT, unit="hotline", note="CLK-SILENCE", now=now, request=request
        )
    for language in ("zh-CN", "en"):
        page = signed_in(state, application(state), "op01").get(f"/desk?lang={language}").text
        strip = page.split('<details class="tasks"')[1].split("</details>")[0]
        assert not RAW.search(shown(strip)), strip
        said = own_words.worded(office.phrases, why, language)
        assert said != why
        assert unescape(strip).count(said) == 1


@pytest.mark.parametrize(
    ("why", "read"),
    [
        ("no receipt of its arrival", "没有收到送达回执"),
        ("no answer in time", "没有按时应答"),
        ("has not taken it, rests", "没有收下"),
        ("the provider cannot say whether it took the message", "说不清"),
        ("channel sms is switched off", "短信"),
    ],
)
def test_whom_a_message_that_failed_is_for_and_why_is_read_once_and_in_words(
    state: State, county: County, case: str, why: str, read: str
) -> None:
    message, (_, holder) = county.rows(Outgoing, case)[0], county.held(case)
    with acting(state.database, state.mint) as tx:
        tx.execute(update(Outgoing).where(col(Outgoing.id) == message.id).values(error=why))
        conversations.undelivered(
            tx, state.offices.current(), message, now=county.now(), error=f"{holder}: {why}"
        )
    page = signed_in(state, application(state), "op01").get("/desk?lang=zh-CN").text
    strip = unescape(page.split('<details class="tasks"')[1].split("</details>")[0])
    assert (strip.count(read), strip.count(why)) == (1, 0)
    assert holder in strip


def test_a_refused_look_at_the_person_shows_no_code_as_what_was_written(
    state: State, case: str
) -> None:
    officer = signed_in(state, application(state), "housing.1")
    page = officer.form(f"/inbox/{case}/reveal", ground="other", purpose="")
    assert page.status_code == 422
    assert "<h3>您写的内容" not in page.text
    refused = officer.form(f"/inbox/{case}/suspend", ground="court_result", reason="我写的理由")
    kept = refused.text.split("<h3>您写的内容")[1].split("</div>")[0]
    assert "我写的理由" in kept
    assert "court_result" not in kept


def test_the_page_of_an_order_says_no_code(state: State, case: str) -> None:
    page = signed_in(state, application(state), "housing.1").get(f"/inbox/{case}").text
    found = shown(page)
    assert sorted(set(RAW.findall(found))) == []


def test_whatever_holds_a_message_back_is_said_in_both_languages() -> None:
    phrases = Phrasebook.load()
    written = set()
    for name in ("spending", "quieting", "delivery"):
        tree = ast.parse((ROOT / "gateway" / f"{name}.py").read_text("utf-8"))
        for node in ast.walk(tree):
            named = isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Over", "Quiet")
            if named and isinstance(node.args[0], ast.Constant):
                written.add(node.args[0].value)
            elif named and isinstance(node.args[0], ast.JoinedStr):
                head = str(node.args[0].values[0].value)
                written |= (
                    {f"{head}{of}" for of in ("all", "number")}
                    if "cap" in head
                    else {f"{head}30 an hour: {of}" for of in ("address", "partner")}
                )
    assert len(written) > 4
    for text in written:
        assert own_words.worded(phrases, text, "zh-CN") != text
        assert own_words.worded(phrases, text, "en") != text
