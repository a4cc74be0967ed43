"""What the audit page says is said in the words of its reader."""

import ast
import re
from pathlib import Path

import pytest

from gateway.state import State
from gateway.web.entry_words import EntryWords
from gateway.web.rendering import money
from models.phrases import Phrasebook
from tests.gateway.people import FOOD, application, said, signed_in

ROOT = Path(__file__).parents[2]
KNOWN = Phrasebook.load().keys()
RAW = re.compile(r"\b[a-z]+(_[a-z]+)+: |\d{4}-\d\d-\d\dT|CLK-|: true|: null")


@pytest.mark.parametrize(
    ("language", "words"),
    [("zh-CN", "紧急程度：紧急；状态：待签收"), ("en", "urgency: urgent; status: to be signed")],
)
def test_details_of_the_ledger_are_named_in_the_words_of_the_page(
    state: State, language: str, words: str
) -> None:
    said(state, "f", FOOD)
    page = signed_in(state, application(state), "super01").get(f"/audit?lang={language}").text
    assert words in page
    cells = re.findall(r'<td class="words">(.*?)</td>', page)
    assert len(cells) > 3
    assert [cell for cell in cells if RAW.search(cell)] == []


def test_a_detail_of_the_ledger_is_worded_by_what_it_is(state: State) -> None:
    english = EntryWords(state.offices.current(), "en")
    detail = {
        "clock": "CLK-SIGN",
        "case": "",
        "due": "2026-09-30T08:40:00+00:00",
        "unit": "civil_affairs",
        "told": True,
        "late": False,
        "amount_fen": 1234500,
        "filter": {"act": "signed_in", "actor": "op01"},
        "note": "",
        "clock_id": "12884907017",
        "reason": "their own words",
    }
    line = english.line(detail)
    assert "due: 30 Sept, 16:40" in line or "due: 30 Sep, 16:40" in line
    assert "told: yes; late: no; sum (yuan): 12,345" in line
    assert "filter: (act: signed in; who did it: op01)" in line
    assert "reason: their own words" in line
    assert "12884907017" not in line
    assert "CLK-SIGN" not in line
    assert "note" not in line


@pytest.mark.parametrize(
    ("plain", "read"),
    [("0", "0"), ("1200.50", "1,200.50"), ("-1234567", "-1,234,567"), ("", "")],
)
def test_sums_are_read_with_their_thousands_apart(plain: str, read: str) -> None:
    assert money(plain) == read


def test_a_written_order_is_told_from_the_moment_of_writing(state: State) -> None:
    chinese = EntryWords(state.offices.current(), "zh-CN")
    assert chinese.line({"written": False}) == "书面：否"


def test_every_detail_that_an_event_is_written_with_has_a_name() -> None:
    written = {
        keyword.arg
        for package in ("gateway", "referral", "models")
        for path in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "event"
        for keyword in node.keywords
        if keyword.arg is not None
    } - {"at", "by", "request", "of_call", "clock_id"}
    assert len(written) > 80
    assert [name for name in sorted(written) if f"staff.detail.{name}" not in KNOWN] == []


def test_whatever_the_ledger_keeps_and_whoever_looks_has_a_name_of_its_own() -> None:
    """Else the audit page says "record", which tells nobody anything."""
    kinds, looks = set(), set()
    for package in ("gateway", "referral", "models"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                    continue
                texts = [one.value for one in node.args if isinstance(one, ast.Constant)]
                if node.func.attr in ("event", "record"):
                    kinds |= {text for text in texts if isinstance(text, str)}
                if node.func.attr == "look":
                    looks |= {
                        one.value
                        for keyword in node.keywords if keyword.arg == "act"
                        for one in ast.walk(keyword.value) if isinstance(one, ast.Constant)
                    }  # fmt: skip
    assert len(kinds) > 60
    assert len(looks) > 6
    assert [one for one in sorted(kinds | looks) if f"staff.event.{one}" not in KNOWN] == []
