"""``huiyin`` as people and scripts call it: in processes of its own, by exit status and output."""

import csv
import io
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx2
import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import text

from gateway import settings_held
from gateway.settings import Settings, load
from gateway.state import open_database
from models.db import Database
from models.migrations import versions
from tests.gateway import commands
from tests.gateway.world import free_port

PATIENT = 30  # seconds for a page while the history is still being told beside other tests
ROOT = Path(__file__).parent.parent.parent
FORMULA = "=HYPERLINK(1)断粮两天了，孩子饿得直哭"
RECORDED = [
    {"channel": "sms", "external_id": "s1", "sender": "+8619900000001", "text": FORMULA},
    {"channel": "phone", "external_id": "p1", "sender": "+8619900000002", "text": "低保批了没有"},
    {"channel": "chat", "external_id": "c1", "sender": "c-1", "text": "@谢谢你们"},
    {"channel": "web_form", "external_id": "w1", "text": "路灯坏了，晚上看不清路\n请派人修一下"},
    {
        "channel": "sms",
        "external_id": "s2",
        "sender": "+8619900000001",
        "text": "-补充：我家四口人",
    },
]
DAYS = ("2026-11-20T08:00:00+08:00", "2026-11-21T09:30:00+08:00", "2026-11-22T10:00:00+08:00")


def huiyin(*arguments: str, data: Path, given: str = "", **env: str) -> commands.Ended:
    """One command; its data directory is ``data``, and no setting comes from outside."""
    with tempfile.TemporaryDirectory(prefix="huiyin-cli-") as folder:
        return commands.run(
            list(arguments), env=environment(data, **env), folder=Path(folder), given=given
        )


def environment(data: Path, **env: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HUIYIN_")}
    changed = {f"HUIYIN_{name}": value for name, value in env.items()}
    return {**kept, "HUIYIN_DATA_DIR": str(data), "PYTHONIOENCODING": "utf-8", **changed}


def refused(found: commands.Ended, status: int = 2) -> str:
    """The one line that a refusal is."""
    assert found.returncode == status, found.stderr
    assert found.stdout == ""
    assert "Traceback" not in found.stderr
    assert found.stderr.startswith("huiyin: ")
    assert found.stderr.count("\n") == 1
    return found.stderr


@pytest.fixture(scope="module")
def recorded(tmp_path_factory) -> Path:
    """A file of recorded contacts, one day after the other."""
    path = tmp_path_factory.mktemp("recorded") / "contacts.jsonl"
    rows = [{**row, "at": DAYS[number % 3]} for number, row in enumerate(RECORDED)]
    rows.sort(key=lambda row: row["at"])
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


@pytest.fixture(scope="module")
def filled(tmp_path_factory, recorded) -> Path:
    """A data directory in which the recorded contacts were replayed."""
    data = tmp_path_factory.mktemp("filled")
    found = huiyin("replay", str(recorded), data=data)
    assert (found.returncode, found.stderr) == (0, "")
    assert found.stdout == (
        "4 requests opened, 1 contacts joined an open request, 0 already known, "
        "0 in the holding pen\n"
    )
    return data


@pytest.fixture
def altered(filled, tmp_path):
    """A copy of the data directory and a way to change its rows behind our back."""
    data = tmp_path / "altered"
    shutil.copytree(filled, data)

    def change(statement: str) -> None:
        settings = load(data)
        database = Database(settings.database, key=settings.database_key)
        with database.engine.connect() as connection:
            connection.exec_driver_sql("COMMIT")  # foreign keys are switched outside of any
            connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
            connection.exec_driver_sql(statement)
        database.close()

    return data, change


def exported(what: str, data: Path, *more: str) -> list[dict]:
    found = huiyin("export", what, *more, data=data)
    assert (found.returncode, found.stderr) == (0, "")
    return [json.loads(line) for line in found.stdout.splitlines()]


# What cannot be done is said in one line.


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["nonsense"], "nonsense"),
        (["export"], "what"),
        (["export", "secrets"], "contacts"),
        (["export", "contacts", "--format", "pdf"], "jsonl"),
        (["export", "contacts", "--format", "xlsx"], "-o"),
        (["export", "contacts", "--since", "yesterday"], "--since"),
        (["export", "contacts", "--since", "2026-11-22T08:00:00"], "offset"),
        (["verify", "intake", "--day", "22.11."], "--day"),
        (["triage", "nowhere.jsonl"], "nowhere.jsonl"),
        (["replay", "."], "."),
        (["up", "--port", "a"], "--port"),
        (["users", "add", "x", "--role", "boss"], "boss"),
        (["simulate", "--channel", "pigeon"], "pigeon"),
        (["simulate"], "HUIYIN_CONSOLE_TOKEN"),
        (["suggest", "--model", "nowhere.json", "x.csv"], "nowhere.json"),
        (["rules", "diff", "nowhere"], "nowhere"),
        (["rules", "diff", "linfen", "--format", "pdf"], "jsonl"),
        (["rules", "diff", "linfen", "--since", "yesterday"], "--since"),
        (["import", "staff", "--template", "staff.csv"], "name a file.xlsx"),
        (["serve"], "HUIYIN_SECRET_KEY"),
        (["work"], "HUIYIN_SECRET_KEY"),
        (["up", "--port", "99999"], "'--port'"),
        (["serve", "--port", "-1"], "'--port'"),
    ],
    ids=" ".join,
)
def test_bad_arguments_are_refused_in_one_line(arguments, named, tmp_path):
    assert named in refused(huiyin(*arguments, data=tmp_path))


@pytest.mark.parametrize(
    ("env", "named"),
    [
        ({"BODY_LIMIT": "much"}, "HUIYIN_BODY_LIMIT"),
        ({"PROFILE": "atlantis"}, "atlantis"),
        ({"PROFILE_DIR": "/nowhere"}, "/nowhere"),
        ({"CHANNELS": "pigeon"}, "pigeon"),
        ({"CHANNELS": "sms"}, "HUIYIN_TWILIO_ACCOUNT_SID"),
        ({"DATABASE_KEY": "short"}, "HUIYIN_DATABASE_KEY"),
        ({"MODEL": "/nowhere.json"}, "/nowhere.json"),
        ({"DATABASE_URL": "mysql://x"}, "HUIYIN_DATABASE_URL"),
        ({"DATABASE_URL": "huiyin.db"}, "HUIYIN_DATABASE_URL"),
        ({"CHANNELS": "telegram", "TELEGRAM_TOKEN": "7:x"}, "HUIYIN_TELEGRAM_SECRET"),
        ({"PUBLIC_URL": "hotline.example"}, "HUIYIN_PUBLIC_URL"),
        ({"HEARTBEAT_URL": "nonsense"}, "HUIYIN_HEARTBEAT_URL"),
        ({"BODY_LIMIT": "0"}, "HUIYIN_BODY_LIMIT"),
        ({"BACKUP_KEEP": "7"}, "7,5,12"),
        ({"FIELD_KEY": "A" * 64}, "in small letters"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else value,
)
def test_a_bad_setting_is_named(env, named, tmp_path):
    assert named in refused(huiyin("check", data=tmp_path, **env))


@pytest.mark.parametrize("command", ["verify ledger", "migrate", "check"])
@pytest.mark.parametrize("key", ["00" * 32, ""], ids=["another", "none"])
def test_a_key_that_does_not_open_the_database_is_said_in_one_line(filled, command, key):
    said = refused(huiyin(*command.split(), data=filled, DATABASE_KEY=key))
    assert said.startswith(f"huiyin: HUIYIN_DATABASE_KEY does not open {filled / 'huiyin.db'}: ")


@pytest.mark.parametrize(
    "arguments",
    [
        ["report", "quarter", "--unit", "housing", "--quarter", "2026Q3", "-o", "{none}/x.xlsx"],
        ["report", "quarter", "--unit", "housing", "--quarter", "2026Q3", "-o", "{file}/x.xlsx"],
        ["report", "quarter", "--unit", "housing", "--quarter", "2026Q3", "-o", "{file}/x.json"],
        ["import", "households", "--template", "{file}/x.xlsx"],
        ["import", "households", "{file}/x.csv"],
        ["export", "contacts", "-o", "{file}/x.jsonl"],
        ["verify", "ledger", "--checkpoint", "{file}/x"],
        ["triage", "{file}/x.jsonl"],
    ],
    ids=" ".join,
)
def test_a_file_that_cannot_be_written_or_read_is_said_in_one_line(filled, tmp_path, arguments):
    (tmp_path / "file").touch()
    places = {"none": tmp_path / "none", "file": tmp_path / "file"}
    said = refused(huiyin(*(one.format(**places) for one in arguments), data=filled))
    assert str(tmp_path) in said


@pytest.mark.parametrize("command", ["check", "migrate", "verify ledger"])
@pytest.mark.parametrize("below", ["", "/below"])
def test_a_data_directory_that_is_none_is_said_in_one_line(tmp_path, command, below):
    file = tmp_path / "file"
    file.touch()
    said = refused(huiyin(*command.split(), data=Path(f"{file}{below}")))
    assert said == f"huiyin: HUIYIN_DATA_DIR is {file}{below}, but {file} is no folder\n"


@pytest.mark.parametrize(
    ("env", "named"),
    [
        ({"CHANNEL": "web,sms"}, "nobody reads it; is HUIYIN_CHANNELS meant?"),
        ({"HEARTBEAT": "http://x.example"}, "is HUIYIN_HEARTBEAT_URL meant?"),
        ({"ROUTES": "sms,voicee"}, "HUIYIN_ROUTES"),
        ({"CANARIES": "smx=+861"}, "HUIYIN_CANARIES"),
        ({"BACKUP_DIR": "/tmp"}, "HUIYIN_BACKUP_KEY is not"),
        ({"CHECKPOINT_FILE": "/dev/null/file"}, "HUIYIN_CHECKPOINT_FILE"),
        ({"TRUSTED_PROXIES": "proxy.example"}, "'proxy.example' is no address"),
        ({"OIDC_ISSUER": "https://id.example"}, "HUIYIN_OIDC_CLIENT_ID and HUIYIN_OIDC_CL"),
        ({"OPERATOR_NUMBER": "desk"}, "HUIYIN_OPERATOR_NUMBER"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)  # fmt: skip
def test_check_names_a_setting_that_leads_nowhere(env, named, tmp_path):
    assert named in refused(huiyin("check", data=tmp_path, **env), status=1)


def test_every_setting_of_the_readmes_is_one_and_none_is_left_out():
    known = {name.upper() for name in Settings.model_fields} | set(settings_held.OF_CHANNELS)
    for name in ("README.md", "README.zh-CN.md"):
        rows = [
            one for one in (ROOT / name).read_text("utf-8").splitlines() if one.startswith("| `HUI")
        ]
        told = {one for row in rows for one in re.findall(r"HUIYIN_([A-Z_]+)", row)}
        assert told == known, name


@pytest.mark.thorough
def test_check_names_what_serve_would_refuse_where_a_hotline_is_furnished(tmp_path):
    assert huiyin("check", data=tmp_path).returncode == 0, "rules are checked anywhere"
    (tmp_path / "huiyin.env").write_text(f"HUIYIN_DATABASE_KEY={'5a' * 32}\n", "utf-8")
    assert "HUIYIN_SECRET_KEY" in refused(huiyin("check", data=tmp_path), status=1)
    away = f"postgresql://127.0.0.1:{free_port()}/huiyin"
    sound = {"SECRET_KEY": "s" * 32, "FIELD_KEY": "5a" * 32}
    found = huiyin("check", data=tmp_path, **sound, DATABASE_URL=away)
    assert "the database cannot be used" in refused(found, status=1)


def test_check_says_that_the_database_is_behind_as_serve_does(tmp_path):
    assert huiyin("migrate", data=tmp_path).returncode == 0
    database = open_database(load(tmp_path))
    with database.write() as connection:
        connection.execute(
            text("UPDATE alembic_version SET version_num = :old"), {"old": versions()[-2]}
        )
    database.close()
    for command, status in (("check", 1), ("serve", 2)):
        assert "run 'huiyin migrate' first" in refused(
            huiyin(command, data=tmp_path), status=status
        )


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("backup {0}/out --key-file {0}/none", "there is no file {0}/none"),
        ("backup {0}/out --key-file {0}/gone/key", "there is no folder {0}/gone"),
        ("backup {0}/out --key-file {0}", "{0} is a folder; name a file"),
        ("import households {0}/none.xlsx", "there is no file {0}/none.xlsx"),
        ("import households --template {0}/gone/t.xlsx", "there is no folder {0}/gone"),
    ],
)
def test_a_file_that_is_not_there_is_named_in_words(tmp_path, command, said):
    assert huiyin("migrate", data=tmp_path / "data").returncode == 0
    found = refused(huiyin(*command.format(tmp_path).split(), data=tmp_path / "data"))
    assert found == f"huiyin: {said.format(tmp_path)}\n"


def test_nothing_is_served_before_there_is_anybody_who_could_answer(tmp_path):
    assert huiyin("migrate", data=tmp_path).returncode == 0
    wanted = "'huiyin users add NAME --role administrator'"
    for command, status in (("check", 1), ("serve", 2), ("work", 2)):
        assert wanted in refused(huiyin(command, data=tmp_path), status=status)
    assert huiyin("users", "add", "wang", "--role", "administrator", data=tmp_path).returncode == 0
    checked = huiyin("check", data=tmp_path)
    assert checked.returncode == 0
    assert "units without a public telephone" in checked.stderr
    assert "civil_affairs" in checked.stderr


@pytest.mark.thorough
@pytest.mark.parametrize("arguments", [["--help"], ["check"], ["nonsense"]], ids=" ".join)
def test_the_command_and_the_module_are_the_same(arguments, tmp_path):
    script = Path(sys.executable).with_name("huiyin")
    by_name, by_module = (
        subprocess.run(
            [*how, *arguments],
            env=environment(tmp_path),
            cwd=ROOT,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        for how in ([script], [sys.executable, "-m", "gateway"])
    )
    assert by_name.returncode == by_module.returncode == (2 if "nonsense" in arguments else 0)
    said = "".join(by_name.stdout.split()), "".join(by_module.stdout.split())
    assert said[0] == said[1].replace("python-mgateway", "huiyin")
    assert by_name.stderr == by_module.stderr


def test_a_bad_line_of_the_settings_file_is_named_by_file_and_line(tmp_path):
    (tmp_path / "huiyin.env").write_text("# ours\n\nHOTLINE=12345\n", "utf-8")
    assert "huiyin.env:3: " in refused(huiyin("check", data=tmp_path))


@pytest.mark.thorough
def test_a_database_that_was_never_made_is_said_not_thrown(tmp_path):
    for command in (
        "export contacts", "verify intake", "verify ledger", "rules diff linfen", "serve", "work",
    ):  # fmt: skip
        found = huiyin(*command.split(), data=tmp_path, SECRET_KEY="s" * 32, DATABASE_KEY="5a" * 32)
        assert "huiyin migrate" in refused(found)


@pytest.mark.parametrize("command", ["verify ledger", "verify intake", "export contacts"])
def test_whoever_only_reads_makes_no_database(command, tmp_path):
    assert "huiyin migrate" in refused(huiyin(*command.split(), data=tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_which_nothing_was_made_is_no_reason_for_a_hotline_without_a_key(tmp_path):
    with closing(sqlite3.connect(tmp_path / "huiyin.db")) as left_over:
        left_over.execute("PRAGMA journal_mode=WAL")
    assert huiyin("migrate", data=tmp_path).returncode == 0
    assert "HUIYIN_DATABASE_KEY=" in (tmp_path / "huiyin.env").read_text("utf-8")
    assert not (tmp_path / "huiyin.db").read_bytes().startswith(b"SQLite format 3")


# Triage.


@pytest.mark.parametrize("command", ["triage", "duplicates"])
def test_half_a_character_is_answered_by_one_question_mark(command, tmp_path):
    given = '{"id": "1", "text": "断粮\\ud83d两天"}\n{"id": "x\\udc00", "text": "救命"}\n'
    found = huiyin(command, data=tmp_path / "none", given=given)
    assert (found.returncode, found.stderr) == (0, "")
    assert [json.loads(line)["id"] for line in found.stdout.splitlines()] == ["1", "x?"]
    if command == "triage":
        quotes = json.loads(found.stdout.splitlines()[0])["signals"]
        assert {"quote": "断粮?两", "start": 0, "end": 4}.items() <= quotes[1].items()


def test_triage_answers_each_line_in_its_order_with_offsets_of_code_points(tmp_path):
    texts = [
        "𠮷🆘家里断粮两天了",
        "谢谢",
        "我爸突然倒地叫不醒",
        "请问低保怎么办理",
        "😀" * 40 + "断粮两天了",
    ]
    lines = [json.dumps({"id": f"n{i}", "text": text}) for i, text in enumerate(texts)]
    urgent = ("urgent", "life_threat")
    found = huiyin("triage", "-", data=tmp_path, given="\n".join(lines) + "\n\n")
    assert (found.returncode, found.stderr) == (0, "")
    rows = [json.loads(line) for line in found.stdout.splitlines()]
    assert [row["id"] for row in rows] == ["n0", "n1", "n2", "n3", "n4"]
    assert [row["level"] in urgent for row in rows] == [True, False, True, False, True]
    signals = [(text, s) for text, row in zip(texts, rows, strict=True) for s in row["signals"]]
    assert signals
    assert all(text[s["start"] : s["end"]] == s["quote"] for text, s in signals)
    assert list(tmp_path.iterdir()) == [], "judging needs no database"


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ('{"id": "2", "text": x}', ":2:21: "),
        ("[1]", ":2:1: "),
        ('{"id": "2"}', ":2:1: "),
        ('{"text": "x"}', ":2:1: "),
        ('{"id": "2", "text": 5}', ":2:1: "),
    ],
)
def test_a_bad_line_ends_triage_naming_its_place(line, place, tmp_path):
    path = tmp_path / "texts.jsonl"
    path.write_text('{"id": "1", "text": "断粮两天了"}\n' + line + "\n", "utf-8")
    found = huiyin("triage", str(path), data=tmp_path / "none")
    assert found.returncode == 2
    assert f"{path}{place}" in found.stderr
    assert found.stderr.count("\n") == 1
    assert json.loads(found.stdout)["id"] == "1", "what was judged before was said"


# Replay, export, verify.


@pytest.mark.thorough
def test_a_second_replay_adds_nothing(filled, recorded, tmp_path):
    data = tmp_path / "again"
    shutil.copytree(filled, data)
    before = {what: len(exported(what, data)) for what in ("contacts", "requests", "clocks")}
    found = huiyin("replay", "-", data=data, given=recorded.read_text("utf-8"))
    assert found.stdout.startswith("0 requests opened, 0 contacts joined")
    assert "5 already known" in found.stdout
    assert {what: len(exported(what, data)) for what in before} == before


def test_other_words_under_an_id_that_is_known_are_named_and_not_said_to_be_known(tmp_path):
    """A list whose ids begin anew each year: the second matter was counted as the first."""
    line = {"channel": "sms", "external_id": "1", "sender": "+8613911110001", "text": "家里没米了"}
    other = {**line, "text": "房子要塌了，人还在里面"}
    given = "".join(f"{json.dumps(one, ensure_ascii=False)}\n" for one in (line, line, other))
    data = tmp_path / "data"
    found = huiyin("replay", "-", data=data, given=given)
    assert found.returncode == 1
    assert found.stdout.startswith("1 requests opened")
    (said,) = found.stderr.splitlines()
    assert said.startswith("huiyin: -:3: other words")
    again = huiyin("replay", "-", data=data, given=f"{json.dumps(line, ensure_ascii=False)}\n")
    assert (again.returncode, again.stderr) == (0, "")


def test_a_bad_record_is_named_before_anything_is_written(tmp_path, recorded):
    path = tmp_path / "bad.jsonl"
    path.write_text(recorded.read_text("utf-8") + '{"channel": "sms", "text": "x"}\n', "utf-8")
    said = refused(huiyin("replay", str(path), data=tmp_path / "data"))
    assert f"{path}:6: field 'external_id'" in said
    assert not (tmp_path / "data" / "huiyin.db").exists()


def test_a_channel_that_nobody_knows_is_named_before_anything_is_written(tmp_path, recorded):
    path = tmp_path / "bad.jsonl"
    line = '{"channel": "nochan", "external_id": "n1", "text": "x"}\n'
    path.write_text(recorded.read_text("utf-8") + line, "utf-8")
    said = refused(huiyin("replay", str(path), data=tmp_path / "data"))
    assert f"{path}:6: field 'channel': there is no 'nochan'" in said
    assert not (tmp_path / "data" / "huiyin.db").exists()


def test_an_id_that_stands_for_other_words_is_named_before_anything_is_written(tmp_path, recorded):
    """Taken for the same contact, the second would be lost and counted as already known."""
    path = tmp_path / "bad.jsonl"
    first = json.loads(recorded.read_text("utf-8").splitlines()[0])
    again = json.dumps({**first, "text": "另一件事，家里着火了"}, ensure_ascii=False)
    path.write_text(recorded.read_text("utf-8") + again + "\n", "utf-8")
    said = refused(huiyin("replay", str(path), data=tmp_path / "data"))
    assert f"{path}:6: field 'external_id': {first['external_id']!r} stands in line 1" in said
    assert not (tmp_path / "data" / "huiyin.db").exists()


PROMISED = {
    "contacts": "id channel external_id sender text at received_at state number error",
    "requests": "number status track level service area lead_bureau first_responder holder_unit "
    "holder_person received_at closed_at contacts",
    "referrals": "number bureau role status dispatched_at due_at signed_at completed_at decided_by",
    "clocks": "number clock unit amount started_at due_at paused stopped_at breached_at "
    "provisional source tag",
    "events": "seq at number kind by detail hash previous",
    "outbox": "id number to channel phrase state attempts provider_id posted_at sent_at "
    "delivered_at text",
}


@pytest.mark.parametrize("what", PROMISED)
def test_an_export_has_the_fields_that_scripts_rely_on(filled, what):
    rows = exported(what, filled)
    assert rows
    assert [set(PROMISED[what].split()) - set(row) for row in rows] == [set()] * len(rows)


def test_an_export_holds_every_word_as_it_came(filled):
    rows = {row["external_id"]: row for row in exported("contacts", filled)}
    assert {key: row["text"] for key, row in rows.items()} == {
        row["external_id"]: row["text"] for row in RECORDED
    }
    assert rows["s1"]["number"] == rows["s2"]["number"]
    assert all(row["at"].endswith("+08:00") and row["state"] == "handled" for row in rows.values())
    urgent = [row for row in exported("requests", filled) if row["level"] == "urgent"]
    assert [rows["s1"]["number"]] == [row["number"] for row in urgent]
    started = {row["started_at"] for row in exported("clocks", filled)}
    assert started <= set(DAYS), "the clocks of a replayed contact start at its own time"


def test_an_export_may_be_taken_in_spans(filled):
    whole = [row["id"] for row in exported("contacts", filled)]
    middle = "2026-11-21T00:00:00+08:00"
    before = exported("contacts", filled, "--until", middle)
    after = exported("contacts", filled, "--since", middle)
    assert [row["id"] for row in (*before, *after)] == whole
    assert before
    assert after


def test_formulas_in_citizens_words_are_harmless_in_a_table(filled, tmp_path):
    path = tmp_path / "contacts.csv"
    found = huiyin("export", "contacts", "--format", "csv", "-o", str(path), data=filled)
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")
    assert path.stat().st_mode & 0o077 == 0, "only the caller may read it"
    rows = list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))
    cells = [cell for row in rows for cell in row.values()]
    assert f"'{FORMULA}" in cells
    assert "'@谢谢你们" in cells
    assert "路灯坏了，晚上看不清路\n请派人修一下" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


def test_formulas_in_citizens_words_are_text_in_a_spreadsheet(filled, tmp_path):
    path = tmp_path / "contacts.xlsx"
    found = huiyin("export", "contacts", "--format", "xlsx", "-o", str(path), data=filled)
    assert (found.returncode, found.stderr) == (0, "")
    header, *rows = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
    texts = [row[header.index("text")] for row in rows]
    assert sorted(texts) == sorted(row["text"] for row in RECORDED)
    unpacked = subprocess.run(
        ["unzip", "-p", path, "xl/worksheets/sheet1.xml"], capture_output=True, check=False
    )
    assert b"<f>" not in unpacked.stdout


@pytest.mark.thorough
def test_a_reader_that_has_seen_enough_is_no_error(filled):
    run = subprocess.run(
        f"{sys.executable} -m gateway export events | head -c 1",
        shell=True,
        env=environment(filled),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.stdout, run.stderr) == ("{", "")


def test_everything_is_accounted_for(filled):
    found = huiyin("verify", "intake", data=filled)
    assert (found.returncode, found.stderr) == (0, "")
    assert found.stdout == "5 calls, 4 requests, 5 contacts: 5 open\n"
    day = huiyin("verify", "intake", "--day", "2026-11-22", data=filled)
    assert (day.returncode, day.stdout) == (0, "1 calls, 1 requests, 1 contacts: 1 open\n")


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("UPDATE contact SET request_id = NULL WHERE external_id = 'p1'", "has no request"),
        ("UPDATE request SET holder_person = '' WHERE channel = 'phone'", "nobody holds it"),
        ("DELETE FROM referral WHERE role = 'lead'", "0 lead referrals"),
        ("DELETE FROM contact WHERE external_id = 'w1'", "has no contact"),
        ("UPDATE counter SET value = value + 1 WHERE name LIKE 'number:%20'", "lead nowhere"),
    ],
    ids=["contact", "holder", "lead", "words", "number"],
)
@pytest.mark.thorough
def test_what_is_missing_is_named(altered, statement, named):
    data, change = altered
    change(statement)
    found = huiyin("verify", "intake", data=data)
    assert found.returncode == 1
    assert named in found.stderr
    assert all(line.startswith("huiyin: ") for line in found.stderr.splitlines())


@pytest.mark.thorough
def test_the_ledger_is_unbroken_and_grows_from_its_checkpoint(filled, recorded, tmp_path):
    data, head = tmp_path / "data", tmp_path / "head"
    shutil.copytree(filled, data)
    first = huiyin("verify", "ledger", "--checkpoint", str(head), data=data)
    assert (first.returncode, first.stderr) == (0, "")
    assert "nothing to compare with" in first.stdout
    seq, digest = head.read_text("utf-8").split()
    hashes = {one["seq"]: one["hash"] for one in exported("events", data)}
    assert int(seq) in (max(hashes), max(hashes) - 1)  # the export itself may be the last
    assert digest == hashes[int(seq)]
    more = json.dumps(
        {"channel": "sms", "external_id": "s9", "sender": "+8619900000009", "text": "?"}
    )
    huiyin("replay", "-", data=data, given=more)
    again = huiyin("verify", "ledger", "--checkpoint", str(head), data=data)
    assert again.returncode == 0
    assert "nothing to compare with" not in again.stdout
    assert int(head.read_text("utf-8").split()[0]) > int(seq)


@pytest.mark.parametrize(
    ("statement", "first_bad"),
    [
        ("UPDATE event SET by = 'somebody' WHERE seq = 3", 3),
        ("UPDATE event SET at = '2026-11-01 00:00:00.000000' WHERE seq = 2", 2),
        ("UPDATE event SET detail = '{}' WHERE seq = 4", 4),
        ("UPDATE event SET number = 'HY20261122-00001-1' WHERE seq = 2", 2),
        ("DELETE FROM event WHERE seq = 5", 6),
    ],
    ids=["who", "when", "what", "which", "gone"],
)
def test_an_entry_that_was_changed_is_named(altered, statement, first_bad):
    data, change = altered
    change(statement)
    found = huiyin("verify", "ledger", data=data)
    assert refused(found, status=1) == (
        f"huiyin: entry {first_bad} does not follow from the one before\n"
    )


@pytest.mark.thorough
def test_a_ledger_that_was_cut_off_or_written_anew_differs_from_its_checkpoint(altered, tmp_path):
    data, change = altered
    head = tmp_path / "head"
    huiyin("verify", "ledger", "--checkpoint", str(head), data=data)
    seq = int(head.read_text("utf-8").split()[0])
    change(f"DELETE FROM event WHERE seq = {seq}")
    assert f"head says {seq}" in refused(huiyin("verify", "ledger", data=data), status=1)
    previous = f"(SELECT hash FROM event WHERE seq = {seq - 1})"
    change(f"UPDATE ledger SET seq = {seq - 1}, hash = {previous}")
    assert huiyin("verify", "ledger", data=data).returncode == 0, "by itself it looks whole"
    cut = huiyin("verify", "ledger", "--checkpoint", str(head), data=data)
    assert f"the checkpoint knows entry {seq}" in refused(cut, status=1)
    head.write_text(f"2 {'0' * 64}\n", "utf-8")
    anew = huiyin("verify", "ledger", "--checkpoint", str(head), data=data)
    assert "entry 2 differs from the checkpoint" in refused(anew, status=1)
    head.write_text("nothing\n", "utf-8")
    assert f"{head}:1:1: " in refused(
        huiyin("verify", "ledger", "--checkpoint", str(head), data=data)
    )


# Accounts.


def test_an_account_is_made_once_and_signs_in_by_a_link(filled, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(filled, data)
    made = huiyin("users", "add", "li.na", "--role", "operator", data=data)
    assert (made.returncode, made.stderr) == (0, "")
    link = made.stdout.split()[-1]
    assert link.startswith("http://127.0.0.1:8000/sign-in/")
    assert "li.na" in refused(huiyin("users", "add", "li.na", "--role", "operator", data=data))
    unknown = huiyin("users", "add", "wu", "--role", "operator", "--unit", "moon", data=data)
    assert "moon" in refused(unknown)
    stored = (data / "huiyin.db").read_bytes() + b"".join(
        path.read_bytes() for path in data.glob("huiyin.db-*")
    )
    assert link.rpartition("/")[2].encode() not in stored, "only a hash is kept"


@pytest.mark.thorough
def test_a_token_is_printed_once_and_kept_as_a_hash(filled, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(filled, data)
    made = huiyin("tokens", "add", "county-oa", "--scope", "contacts:write", data=data)
    assert (made.returncode, made.stderr) == (0, "")
    assert len(made.stdout.strip()) >= 32
    assert refused(huiyin("tokens", "add", "county-oa", "--scope", "contacts:write", data=data))
    assert refused(huiyin("tokens", "add", "other", "--scope", "everything", data=data))


def test_migrating_is_said_and_harmless(tmp_path):
    first = huiyin("migrate", data=tmp_path)
    assert (first.returncode, first.stdout) == (0, "The database is up to date now.\n")
    again = huiyin("migrate", data=tmp_path)
    assert (again.returncode, again.stdout) == (0, "The database was up to date.\n")


# Everything in one process.


@contextmanager
def up(data: Path, *options: str) -> Iterator[tuple[str, subprocess.Popen[str], float]]:
    """``huiyin up`` on a free port: its address, its process and the seconds it took."""
    port = free_port()
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway", "up", "--port", str(port), *options],
        env=environment(data),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )
    base = f"http://127.0.0.1:{port}"
    try:
        while True:
            assert process.poll() is None, process.stdout.read()
            assert time.monotonic() - began < 60
            try:
                if httpx2.get(f"{base}/readyz").status_code == 200:
                    break
            except httpx2.TransportError:
                time.sleep(0.05)
        yield base, process, time.monotonic() - began
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture(scope="module")
def running(tmp_path_factory) -> Iterator[tuple[Path, str, float]]:
    """The demonstration: its data directory, its address and the seconds it took."""
    data = tmp_path_factory.mktemp("up") / "data"
    with up(data, "--demo") as (base, _, seconds):
        until_whole(base)
        yield data, base, seconds


def until_whole(base: str, patience: float = 300) -> None:
    """Until the invented history is written; the pages answer meanwhile and say that it is not."""
    end = time.monotonic() + patience
    while 'id="unwritten"' in httpx2.get(f"{base}/help", timeout=60).text:
        assert time.monotonic() < end
        time.sleep(0.2)


@pytest.mark.thorough
def test_the_demonstration_is_ready_within_seconds(running):
    data, base, seconds = running
    assert seconds < 60
    page = httpx2.get(f"{base}/help", timeout=PATIENT)
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "<form" in page.text
    assert httpx2.get(f"{base}/healthz", timeout=PATIENT).text == "ok\n"
    assert "huiyin_calls" in httpx2.get(f"{base}/metrics", timeout=PATIENT).text
    assert (data / "huiyin.env").stat().st_mode & 0o077 == 0
    assert b"SQLite format" not in (data / "huiyin.db").read_bytes()[:16], "the file is encrypted"


@pytest.mark.thorough
def test_a_citizen_can_be_simulated_while_it_runs(running):
    data, base, _ = running
    said = "断粮两天了，孩子饿得直哭\n\n谢谢\n"
    found = huiyin("simulate", data=data, given=said, PUBLIC_URL=base)
    assert (found.returncode, found.stderr) == (0, "")
    lines = [line.split() for line in found.stdout.splitlines()]
    first, second = (line for line in lines if line and line[0].startswith("HY20"))
    assert second[0] == first[0], "the second message joins the open request"
    assert first[3] == "urgent"
    assert any(first[0] in "".join(line) for line in lines if line not in (first, second)), (
        "what the citizen is told is shown"
    )


@pytest.mark.thorough
def test_every_screen_has_something_on_it_and_all_is_accounted_for(running):
    data, *_ = running
    found = huiyin("verify", "intake", data=data)
    assert (found.returncode, found.stderr) == (0, "")
    assert len(exported("requests", data)) > 100
    assert huiyin("verify", "ledger", data=data).returncode == 0


@pytest.mark.thorough
def test_production_refuses_the_demonstration(running):
    data, *_ = running
    assert "HUIYIN_DEMO" in refused(huiyin("serve", "--port", str(free_port()), data=data))
    hidden = huiyin("work", data=data, DEMO="0", SECOND_FACTOR="everybody")
    assert "demonstration accounts" in refused(hidden)


@pytest.mark.thorough
def test_a_port_that_is_taken_is_said(running, tmp_path):
    _, base, _ = running
    port = base.rpartition(":")[2]
    assert "--port" in refused(huiyin("up", "--port", port, data=tmp_path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.thorough
def test_it_starts_empty_with_a_sign_in_link_and_ctrl_c_stops_it_in_time(tmp_path):
    with up(tmp_path / "data") as (base, process, _):
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        process.wait(10)
        assert time.monotonic() - began < 3
        said = process.stdout.read()
    assert "Traceback" not in said
    assert f"{base}/help" in said
    assert f"{base}/sign-in/" in said
    assert process.returncode == 0
    assert huiyin("verify", "intake", data=tmp_path / "data").returncode == 0
