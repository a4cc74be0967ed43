"""Recorded history judged by changed rules: who, what, by which rule; nothing is written."""

import json
import shutil
from datetime import UTC, date, datetime

import pytest

from gateway.settings import Settings
from models.db import Database
from models.processes import enlist
from models.proposals import Proposal
from models.transaction import acting
from tests.gateway.test_cli import exported, huiyin, refused

ROWS = [
    ("sms", "s1", "+8619900000001", "断粮两天了，孩子饿得直哭", "2026-11-20T08:00:00+08:00"),
    ("phone", "p1", "+8619900000002", "低保批了没有", "2026-11-21T09:00:00+08:00"),
    ("web_form", "w1", "", "路灯坏了，晚上看不清路", "2026-11-22T10:00:00+08:00"),
    (
        "phone",
        "p2",
        "+8619900000002",
        "补充一句，我家门口的路灯也不亮",
        "2026-11-22T11:00:00+08:00",
    ),
]
DARK = """
[[signal]]
id = "U1.90"
words = ["看不清路"]
cite = "本县办法 第3条"
tag = "L"
"""
SOONER = """
[[clock]]
name = "CLK-RELIEF"
amount = 12
source = "本县办法第九条"
tag = "S"
"""


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    data = tmp_path_factory.mktemp("history")
    names = ("channel", "external_id", "sender", "text", "at")
    lines = [json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) for row in ROWS]
    (data / "contacts.jsonl").write_text("\n".join(lines), "utf-8")
    found = huiyin("replay", str(data / "contacts.jsonl"), data=data)
    assert found.returncode == 0
    return data


def folder(tmp_path, *, signals="", clocks="", routes=""):
    new = tmp_path / "new"
    (new / "signals").mkdir(parents=True)
    for name, text in (("signals/signals", signals), ("clocks", clocks), ("routes", routes)):
        if text:
            (new / f"{name}.toml").write_text(text, "utf-8")
    return new


def diff(history, new, *more):
    found = huiyin("rules", "diff", str(new), "--format", "jsonl", *more, data=history)
    assert found.returncode == 0, found.stderr
    return [json.loads(line) for line in found.stdout.splitlines()], found.stderr


def numbers(history):
    return {row["channel"]: row["number"] for row in exported("requests", history)}


def test_a_new_signal_lists_who_would_be_urgent_and_by_which_rule(history, tmp_path):
    (found,), said = diff(history, folder(tmp_path, signals=DARK))
    assert found["number"] == numbers(history)["web_form"]
    assert (found["was"]["level"], found["would_be"]["level"]) == ("standard", "urgent")
    assert "level" in found["changed"]
    assert "U1.90" in found["by"]
    assert said.startswith("1 of 3 requests would be judged differently (")
    assert "raised 1" in said


def test_a_changed_clock_changes_due_times_and_nothing_else(history, tmp_path):
    (found,), _ = diff(history, folder(tmp_path, clocks=SOONER))
    assert found["number"] == numbers(history)["sms"]
    assert found["changed"] == ["due_at"]
    assert found["by"] == ["CLK-RELIEF"]
    assert found["was"]["due_at"] == "2026-11-21T08:00:00+08:00"
    assert found["would_be"]["due_at"] == "2026-11-20T20:00:00+08:00"


def test_a_rule_for_later_words_counts_for_their_request(history, tmp_path):
    water = DARK.replace("看不清路", "路灯也不亮")
    found, _ = diff(history, folder(tmp_path, signals=water))
    assert [one["number"] for one in found] == [numbers(history)["phone"]]
    assert found[0]["would_be"]["level"] == "urgent"


@pytest.mark.thorough
def test_who_would_no_longer_be_urgent_is_counted_apart(history, tmp_path):
    counting = {
        s["rule"]
        for s in json.loads(triage(history))["signals"]
        if s["counts"] and s["level"] in ("life_threat", "urgent")
    }
    rules = {rule for rule in counting if not rule.startswith("X.")}
    quiet = "[experience]\nalarm = 99.0\npart = 99.0\n"
    quiet += "".join(f'[[signal]]\nid = "{rule}"\nlevel = "priority"\n' for rule in rules)
    found, said = diff(history, folder(tmp_path, signals=quiet))
    assert [one["number"] for one in found] == [numbers(history)["sms"]]
    assert rules <= set(found[0]["by"])
    assert "no longer urgent 1" in said


def triage(history):
    line = json.dumps({"id": "1", "text": ROWS[0][3]}, ensure_ascii=False)
    return huiyin("triage", data=history, given=line).stdout


@pytest.mark.thorough
def test_only_what_came_in_since_is_judged(history, tmp_path):
    found, said = diff(
        history, folder(tmp_path, clocks=SOONER), "--since", "2026-11-21T00:00:00+08:00"
    )
    assert found == []
    assert said.startswith("0 of 2 ")


def test_the_same_rules_change_nothing_and_a_shipped_profile_may_be_named(history):
    found, said = diff(history, "national_baseline")
    assert (found, said) == ([], "0 of 3 requests would be judged differently\n")


@pytest.mark.thorough
def test_the_table_can_be_read_and_ends_with_the_totals(history, tmp_path):
    found = huiyin("rules", "diff", str(folder(tmp_path, signals=DARK)), data=history)
    assert (found.returncode, found.stderr) == (0, "")
    line, totals = found.stdout.splitlines()
    assert numbers(history)["web_form"] in line
    assert "level standard -> urgent" in line
    assert "U1.90" in line
    assert totals.startswith("1 of 3 requests")


@pytest.mark.thorough
def test_nothing_is_written(history, tmp_path):
    before = exported("events", history)  # an export is an entry itself, and the only one
    diff(history, folder(tmp_path, signals=DARK))
    after = exported("events", history)
    assert [one for one in after if one["kind"] != "exported"] == [
        one for one in before if one["kind"] != "exported"
    ]
    assert len(after) == len(before) + 1


@pytest.mark.thorough
def test_a_folder_without_rules_and_a_broken_rule_are_named(history, tmp_path):
    (tmp_path / "empty").mkdir()
    assert "holds no rules" in refused(
        huiyin("rules", "diff", str(tmp_path / "empty"), data=history)
    )
    broken = folder(tmp_path, signals="[[signal]\n")
    assert "signals.toml" in refused(huiyin("rules", "diff", str(broken), data=history))


@pytest.mark.thorough
def test_what_was_accepted_at_admin_lies_over_both_sides(history, tmp_path):
    history = shutil.copytree(history, tmp_path / "accepted")  # the others know of no change
    path = history / "huiyin.db"
    settings = Settings(_env_file=history / "huiyin.env", data_dir=history)
    database = Database(f"sqlite:///{path}", key=settings.database_key)
    day = date(2026, 1, 1)
    with acting(database, enlist(database, "test", datetime(2026, 11, 23, tzinfo=UTC))) as tx:
        tx.add(
            Proposal, id=tx.mint(), kind="clock", subject="CLK-RELIEF", before={"amount": 24},
            after={"amount": 6}, source="本县办法第九条", tag="L", effective_from=day, reason="试",
            proposed_by="admin01", proposed_at=datetime(2026, 11, 23, tzinfo=UTC),
            decided_by="super01", decided_at=datetime(2026, 11, 23, tzinfo=UTC), accepted=True,
        )  # fmt: skip
    database.close()
    found, said = diff(history, folder(tmp_path, signals=DARK))
    # the message about hunger has this clock: on one side only, the change would name its request
    assert [one["number"] for one in found] == [numbers(history)["web_form"]], said
