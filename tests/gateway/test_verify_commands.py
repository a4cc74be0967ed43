"""The commands that check: what they say when all is well, and what they name when it is not."""

import json
import shutil

import pytest

from gateway.settings import load
from models.db import Database
from tests.gateway.test_cli import huiyin, refused

AT = "2026-11-22T09:00:00+08:00"
SAID = (
    ("sms", "v1", "家里断粮两天了，孩子饿得直哭，我在滨河街道临江社区"),
    ("sms", "v2", "请问低保要带哪些材料"),
)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A data directory with two requests of one day."""
    data = tmp_path_factory.mktemp("kept")
    lines = [
        json.dumps(
            {
                "channel": way,
                "external_id": mark,
                "sender": f"+8619900{n:06d}",
                "text": text,
                "at": AT,
            }
        )
        for n, (way, mark, text) in enumerate(SAID)
    ]
    found = huiyin("replay", "-", data=data, given="\n".join(lines) + "\n")
    assert (found.returncode, found.stderr) == (0, "")
    return data


@pytest.fixture
def altered(kept, tmp_path):
    """A copy of it and a way to change its rows behind our back."""
    data = tmp_path / "altered"
    shutil.copytree(kept, data)

    def change(statement: str) -> None:
        settings = load(data)
        database = Database(settings.database, key=settings.database_key)
        with database.write() as connection:
            connection.exec_driver_sql(statement)
        database.close()

    return data, change


def numbers_of(data) -> list[str]:
    found = huiyin("export", "requests", data=data)
    return [json.loads(line)["number"] for line in found.stdout.splitlines()]


@pytest.mark.thorough
def test_clocks_that_nobody_ticked_are_named_one_step_a_line(kept) -> None:
    early = huiyin("verify", "clocks", "--at", "2026-11-22T09:00:01+08:00", data=kept)
    assert (early.returncode, early.stderr) == (0, "")
    assert "clocks took 0 steps, each once" in early.stdout
    late = huiyin("verify", "clocks", "--at", "2026-11-22T10:00:00+08:00", data=kept)
    assert late.returncode == 1
    assert late.stdout == ""
    lines = late.stderr.splitlines()
    assert all(line.startswith("huiyin: HY20261122-") for line in lines)
    assert any("CLK-URGENT-CONTACT (clock" in line for line in lines)
    assert any("step 0, due 2026-11-22 01:30:00, was not taken" in line for line in lines)
    said = refused(huiyin("verify", "clocks", "--at", "yesterday", data=kept))
    assert "write 2026-11-22T09:00:00+08:00" in said


def test_a_proof_is_checked_with_nothing_but_the_file(kept, altered, tmp_path) -> None:
    number = numbers_of(kept)[0]
    file, nowhere = tmp_path / "proof.json", tmp_path / "nowhere"
    made = huiyin("prove", number, "-o", str(file), data=kept)
    assert (made.returncode, made.stderr) == (0, "")
    assert oct(file.stat().st_mode)[-3:] == "600"
    root = huiyin("verify", "ledger", data=kept).stdout.split("root ")[1].strip()
    nowhere.mkdir()
    good = huiyin("verify", "proof", str(file), "--root", root, data=nowhere)
    assert (good.returncode, good.stderr) == (0, "")
    assert f"of {number} stand in the ledger" in good.stdout
    assert list(nowhere.iterdir()) == [], "it looked at no data directory"
    assert huiyin("verify", "proof", "-", data=nowhere, given=file.read_text()).returncode == 0
    other = huiyin("verify", "proof", str(file), "--root", "0" * 64, data=nowhere)
    assert "not the one you know" in refused(other, status=1)
    file.write_text(file.read_text("utf-8").replace('"dispatched"', '"forgotten"'), "utf-8")
    harmed = huiyin("verify", "proof", str(file), data=nowhere)
    assert "does not have the hash that it names" in refused(harmed, status=1)
    file.write_text("{", "utf-8")
    assert f"{file}:1:2: " in refused(huiyin("verify", "proof", str(file), data=nowhere))
    assert refused(huiyin("verify", "proof", str(tmp_path / "none"), data=nowhere))
    data, change = altered
    change("UPDATE event SET kind = 'x' WHERE seq = 2")
    assert "entry 2 " in refused(huiyin("prove", number, data=data), status=1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("HY2026",), "is no request number"),
        (("HY20261122-00009-7",), "is no request number"),
        (("HY20261122-00001", "--size", "100000"), "is no request number"),
    ],
)
def test_what_cannot_be_proved_is_refused_in_a_sentence(kept, arguments, words) -> None:
    assert words in refused(huiyin("prove", *arguments, data=kept))


def test_a_size_beyond_the_ledger_is_refused(kept) -> None:
    said = refused(huiyin("prove", numbers_of(kept)[0], "--size", "100000", data=kept))
    assert "the ledger has" in said


def test_a_request_whose_row_was_changed_by_sql_is_named_by_the_ledger(altered) -> None:
    data, change = altered
    change("UPDATE request SET level = 'none' WHERE level = 'urgent'")
    said = refused(huiyin("verify", "ledger", data=data), status=1)
    assert "has the level none, the ledger says urgent" in said


@pytest.mark.thorough
def test_a_quarter_that_nobody_closed_is_named_by_the_ledger(altered) -> None:
    data, change = altered
    change(
        "INSERT INTO closed_quarter (id, unit, quarter, closed_at, closed_by, policy, digest, "
        "figures) VALUES (1, 'housing', '2026Q3', '2026-10-08 02:00:00.000000', 'super01', 'p', "
        "'d', '{}')"
    )
    said = refused(huiyin("verify", "ledger", data=data), status=1)
    assert "the closed quarter 2026Q3 of housing is in no entry of the ledger" in said


def test_an_entry_before_the_first_is_found(altered) -> None:
    data, change = altered
    columns = 'at, request_id, number, kind, "by", detail, previous, hash'
    change(f"INSERT INTO event (seq, {columns}) SELECT -7, {columns} FROM event WHERE seq = 1")
    assert "entry -7 does not follow" in refused(huiyin("verify", "ledger", data=data), status=1)


@pytest.mark.thorough
def test_a_hole_in_a_roster_is_named_by_its_command_and_by_check(altered) -> None:
    data, change = altered
    none = refused(huiyin("verify", "rosters", data=data), status=1)
    assert "no unit has a roster" in none
    shift = (
        "INSERT INTO duty (id, unit, login, from_minute, to_minute, weekdays, ends_on) "
        "SELECT 1, unit, login, 0, 1440, '0123456', NULL FROM staff LIMIT 1"
    )
    change(shift)
    whole = huiyin("verify", "rosters", data=data)
    assert (whole.returncode, whole.stderr) == (0, "")
    assert huiyin("check", data=data).returncode == 0
    change("UPDATE duty SET ends_on = '2020-01-01'")
    holes = refused(huiyin("verify", "rosters", data=data), status=1)
    assert "hotline has nobody on duty" in holes
    checked = huiyin("check", data=data)
    assert checked.returncode == 1
    assert "hotline has nobody on duty" in checked.stderr
