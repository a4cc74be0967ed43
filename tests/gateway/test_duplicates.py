"""``huiyin duplicates``: a file in, groups out, and one sentence for what cannot be read."""

import json
from pathlib import Path

import pytest

from tests.gateway.commands import Ended, run

LINES = [
    {"id": 1, "text": "张桂英,和平路12号院3单元501,断粮两天", "at": "2026-09-30T08:00:00+08:00"},
    {"id": "b", "text": "路灯坏了很久", "at": "2026-09-30T08:10:00+08:00", "place": "文昌路"},
    {"id": "c", "text": "章桂英家没有饭吃", "at": "2026-09-30T08:40", "place": "和平路十二号3-501"},
]


def duplicates(tmp_path: Path, file: str) -> Ended:
    env = {"HUIYIN_DATA_DIR": str(tmp_path)}
    return run(["duplicates", file], env=env, folder=tmp_path, given="")


def written(tmp_path: Path, *lines: str) -> str:
    file = tmp_path / "in.jsonl"
    file.write_text("\n".join(lines) + "\n", "utf-8")
    return str(file)


def test_the_same_matter_gets_the_id_of_its_first_line(tmp_path: Path) -> None:
    file = written(tmp_path, *(json.dumps(line, ensure_ascii=False) for line in LINES))
    ended = duplicates(tmp_path, file)
    assert ended.returncode == 0, ended.stderr
    assert [json.loads(line) for line in ended.stdout.splitlines()] == [
        {"id": 1, "group": 1},
        {"id": "b", "group": "b"},
        {"id": "c", "group": 1},
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", ":2:1: not JSON"),
        ('{"id": 1}', ':2:1: "text" is missing'),
        ('{"text": "x"}', ':2:1: "id" is missing'),
        ('{"id": 1, "text": "x", "at": "gestern"}', ':2:1: "at" is no time'),
        ('{"id": 1, "text": "x", "place": 7}', ':2:1: "place" is not text'),
        ("[]", ":2:1: not an object"),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_printed(tmp_path: Path, line: str, said: str) -> None:
    ended = duplicates(tmp_path, written(tmp_path, '{"id": 0, "text": "x"}', line))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert said in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_an_empty_file_is_no_fault(tmp_path: Path) -> None:
    ended = duplicates(tmp_path, written(tmp_path))
    assert (ended.returncode, ended.stdout) == (0, "")
