"""Rules are data that is checked as a whole; the command reads and writes JSON Lines."""

import json
from pathlib import Path

import pytest

from triage.assess import Context, assess
from triage.cli import triage_lines
from triage.policy import load_signals

POLICY = load_signals()

ROW = """
[[signal]]
id = "U1.90"
words = ["黄皮条子"]
cite = "本县办法 第3条"
tag = "L"
"""


def overlay(tmp_path: Path, text: str, name: str = "signals.toml") -> Path:
    (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def test_a_county_adds_a_row_and_the_hash_changes(tmp_path: Path) -> None:
    ours = load_signals(overlay(tmp_path, ROW))
    assert assess("领了黄皮条子", Context(), ours).level == "urgent"
    assert assess("领了黄皮条子", Context(), POLICY).level == "standard"
    assert ours.hash != POLICY.hash
    assert POLICY.hash == load_signals().hash


def test_a_county_changes_one_value_of_a_shipped_row(tmp_path: Path) -> None:
    ours = load_signals(overlay(tmp_path, '[[signal]]\nid = "P.3"\nlevel = "urgent"\n'))
    assert ours.signals["P.3"].level == "urgent"
    assert ours.signals["P.3"].words == POLICY.signals["P.3"].words


def test_a_row_can_be_taken_out(tmp_path: Path) -> None:
    ours = load_signals(overlay(tmp_path, '[[signal]]\nid = "P.3"\noff = true\n'))
    assert "P.3" not in ours.signals


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[signal]]\nid = "P.3"\ncolour = "red"\n', "P.3: unknown key 'colour'"),
        ('[[signal]]\nid = "U1.91"\nwords = ["x"]\ntag = "P"\ncite = ""\n', "cite is missing"),
        ('[[signal]]\nid = "P.3"\nnear = ["nobody"]\n', "names no group"),
        ('[[signal]]\nid = "P.3"\nwords = ["{nobody}…x"]\n', "names no group"),
        ('[[signal]]\nid = "P.3"\nlevel = "red"\n', "there is no level"),
        ("[[signal\n", "not readable as TOML"),
    ],
)
def test_a_mistake_in_the_rules_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        load_signals(overlay(tmp_path, text))


def test_a_group_is_longer_than_groups_that_there_are(tmp_path: Path) -> None:
    where = overlay(tmp_path, '[group.not_public]\nlonger_than = ["nobody"]\n', "cues.toml")
    with pytest.raises(ValueError, match=r"not_public: longer_than names no group.*nobody"):
        load_signals(where)


def test_every_signal_carries_a_source() -> None:
    rows = (*POLICY.signals.values(), *POLICY.topics.values())
    assert all(rule.cite and rule.tag in {"S", "V", "R", "L", "GK", "P"} for rule in rows)


def test_lines_come_out_in_order_with_the_id_first() -> None:
    lines = [
        '{"id": "1", "text": "断粮两天了", "channel": "sms"}\n',
        "\n",
        '{"id": 2, "text": "路灯坏了", "at": "2026-11-22T03:10:00+08:00", "place": "下湾村"}\n',
    ]
    rows = list(triage_lines(lines, "in.jsonl", POLICY))
    assert [next(iter(row.items())) for row in rows] == [("id", "1"), ("id", 2)]
    assert rows[0]["level"] == "urgent"
    assert list(rows[0])[:9] == [
        "id", "level", "track", "service", "signals", "handoff", "needs", "facts", "policy",
    ]  # fmt: skip
    assert set(rows[0]["signals"][0]) >= {
        "rule", "class", "quote", "start", "end", "polarity", "time", "person", "purpose",
        "counts", "cite", "tag",
    }  # fmt: skip
    assert rows[1]["facts"]["place"] == "下湾村"
    json.dumps(rows)


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ('{"id": "1", "text": }', "in.jsonl:2:"),
        ("[]", "in.jsonl:2:1: not an object"),
        ('{"text": "x"}', '"id" is missing'),
        ('{"id": "1"}', '"text" is missing'),
        ('{"id": "1", "text": "x", "place": 3}', '"place" is not text'),
    ],
)
def test_a_bad_line_is_named_with_source_line_and_column(line: str, place: str) -> None:
    with pytest.raises(ValueError, match=r"in\.jsonl:2:") as caught:
        list(triage_lines(['{"id": "0", "text": "好"}', line], "in.jsonl", POLICY))
    assert place in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "rule", "named", "not_named"),
    [
        ("三楼着火了,楼道全是烟", "D3.1", "民法典", "自然灾害"),
        ("水到二楼了,我们三个在房顶", "D3.15", "自然灾害救助条例", "反家庭暴力法"),
        ("我被骗进传销,手机没收,不让走", "D4.2", "民法典", "反家庭暴力法"),
        ("三个娃在家,爹妈都被抓走了", "U5.1", "未成年人保护法", "第34条"),
        ("独居老人摔倒在家起不来", "U5.2", "社会救助法", "未成年人保护法"),
        ("连骨灰盒都买不起", "U7.11", "殡葬", "649号令"),
    ],
)
def test_a_sign_names_the_source_of_its_own_situation(
    text: str, rule: str, named: str, not_named: str
) -> None:
    signs = {sign.rule: sign for sign in assess(text, Context(), POLICY).signals}
    assert named in signs[rule].cite
    assert not_named not in signs[rule].cite


def test_a_row_that_is_no_law_names_no_law() -> None:
    for rule in POLICY.signals.values():
        if rule.tag in ("L", "GK", "P"):
            assert "法 第" not in rule.cite, rule.id
            assert "条例" not in rule.cite, rule.id
