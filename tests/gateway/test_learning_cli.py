"""``huiyin learn`` and ``huiyin suggest`` as people and scripts call them."""

import csv
import io
import json
from pathlib import Path

import pytest

from tests.gateway.test_cli import huiyin, refused
from tests.triage.closed_orders import orders


def as_csv(rows: list[dict[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def closed(many: int = 240) -> list[dict[str, str]]:
    return [
        {"id": f"o{number}", "words": order.texts[0], "bureau": order.label, "note": "甲,乙\n丙"}
        for number, order in enumerate(orders()[:many])
    ]


@pytest.fixture(scope="module")
def learned(tmp_path_factory) -> Path:
    """A folder with closed orders and the model learned from them."""
    folder = tmp_path_factory.mktemp("learned")
    (folder / "orders.csv").write_text(as_csv(closed()), "utf-8-sig")
    found = learn(folder / "orders.csv")
    assert (found.returncode, found.stderr) == (0, "")
    assert "240 orders, 3 labels" in found.stdout
    assert "macro-F1" in found.stdout
    return folder


def learn(file: Path, *more: str, given: str = "", text: str = "words", label: str = "bureau"):
    folder = file.parent if file.is_absolute() else Path.cwd()
    return huiyin(
        "learn", str(file), "--text", text, "--label", label, "--out", str(folder / "model.json"),
        *more, data=folder, given=given,
    )  # fmt: skip


def suggest(folder: Path, *arguments: str, given: str = ""):
    found = huiyin(
        "suggest", "--model", str(folder / "model.json"), *arguments, data=folder, given=given
    )
    assert (found.returncode, found.stderr) == (0, "")
    return [json.loads(line) for line in found.stdout.splitlines()]


def test_each_order_gets_a_label_a_confidence_and_the_words_in_its_order(learned):
    rows = [{"id": f"n{n}", "words": order.texts[0]} for n, order in enumerate(orders()[300:340])]
    (learned / "new.csv").write_text(as_csv(rows), "utf-8")
    found = suggest(learned, str(learned / "new.csv"))
    assert [one["id"] for one in found] == [row["id"] for row in rows]
    truth = [order.label for order in orders()[300:340]]
    assert sum(one["label"] == label for one, label in zip(found, truth, strict=True)) >= 38
    for one, row in zip(found, rows, strict=True):
        assert 0 < one["confidence"] <= 1
        assert one["why"]
        assert all(word in row["words"] for word in one["why"])
        assert one["sure"] is (one["confidence"] >= 0.7)


def test_json_lines_from_standard_input_may_call_the_words_text(learned):
    lines = ['{"id": 7, "text": "公交车总是不按点来"}', "", '{"words": "老师体罚学生"}']
    found = suggest(learned, "-", given="\n".join(lines))
    assert [(one["id"], one["label"]) for one in found] == [(7, "transport"), ("2", "schools")]


def test_learning_from_json_lines_is_the_same_as_from_a_table(learned, tmp_path):
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in closed())
    (tmp_path / "orders.jsonl").write_text(lines, "utf-8")
    assert learn(tmp_path / "orders.jsonl").returncode == 0
    assert (tmp_path / "model.json").read_bytes() == (learned / "model.json").read_bytes()


def test_two_columns_are_a_title_and_a_text(tmp_path):
    rows = [{**row, "title": row["bureau"] + "的事"} for row in closed(120)]
    (tmp_path / "orders.csv").write_text(as_csv(rows), "utf-8")
    assert learn(tmp_path / "orders.csv", text="title,words").returncode == 0
    (one,) = suggest(tmp_path, given='{"title": "wages的事", "words": "请处理"}')
    assert one["label"] == "wages"


def test_rows_without_words_or_label_are_passed_over_and_counted(tmp_path):
    rows = [*closed(60), {**closed(1)[0], "words": " "}, {**closed(1)[0], "bureau": ""}]
    (tmp_path / "orders.csv").write_text(as_csv(rows), "utf-8")
    found = learn(tmp_path / "orders.csv")
    assert "60 orders" in found.stdout
    assert "2 rows" in found.stderr


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"", "empty"),
        (b"\n \n", "empty"),
        (b"id,words\n1,x\n", '"bureau"'),
        (b"id,text,bureau\n1,x,y\n", '"words"'),
        (as_csv(closed(3)).encode(), "only 3 orders"),
        (as_csv([{**row, "bureau": "one"} for row in closed(30)]).encode(), "'one'"),
        (as_csv(closed(4)).encode() + b"o9,\xff\xfe,x,y\n", ":10:4: these bytes are not UTF-8"),
        (as_csv(closed(4)).encode("gb18030"), ":2:"),
        (b"words,bureau\na,b\na,b,c\n", ":3: 3 cells under 2 headings"),
        (b"words,words,bureau\na,b,c\n", "twice"),
        (b'{"words": "a", "bureau": "b"}\n{"words": \n', ":2:"),
        (b'{"words": "a", "bureau": "b"}\n[1]\n', ":2:1: not an object"),
        (b'{"words": {"a": 1}, "bureau": "b"}\n', ':1: "words" is not text'),
        (b"words,bureau\n" + b"\x00,x\n" * 9, "'x'"),
    ],
    ids=[
        "empty", "blank", "no label", "no text", "three rows", "one label", "bytes", "gb18030",
        "cells", "twice", "broken", "array", "object", "zeros",
    ],
)  # fmt: skip
def test_orders_that_cannot_be_learned_from_are_named_by_place(content, named, tmp_path):
    file = tmp_path / "orders"
    file.write_bytes(content)
    said = refused(learn(file))
    assert named in said
    assert str(file) in said
    assert not (tmp_path / "model.json").exists()


def test_a_model_is_written_whole_or_not_at_all(learned, tmp_path):
    kept = tmp_path / "model.json"
    kept.write_bytes((learned / "model.json").read_bytes())
    before = kept.read_bytes()
    (tmp_path / "orders.csv").write_text("words,bureau\nx,y\n", "utf-8")
    refused(learn(tmp_path / "orders.csv"))
    assert kept.read_bytes() == before
    missing = huiyin(
        "learn", str(learned / "orders.csv"), "--text", "words", "--label", "bureau",
        "--out", str(tmp_path / "no" / "model.json"), data=tmp_path,
    )  # fmt: skip
    assert "there is no folder" in refused(missing)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff", b"{}", b'{"format": "huiyin opinion", "version": 99}', b"\x80\x04K\x01."],
    ids=["empty", "cut", "bytes", "object", "version", "pickle"],
)
def test_what_is_no_model_is_named_and_refused(content, tmp_path):
    (tmp_path / "model.json").write_bytes(content)
    found = huiyin(
        "suggest", "--model", str(tmp_path / "model.json"), data=tmp_path, given="text\n"
    )
    assert str(tmp_path / "model.json") in refused(found)


def test_a_bad_row_ends_the_suggestions_naming_its_place(learned):
    found = huiyin(
        "suggest", "--model", str(learned / "model.json"), data=learned,
        given='{"text": "公交车不来"}\n{"id": 2}\n',
    )  # fmt: skip
    assert found.returncode == 2
    assert len(found.stdout.splitlines()) == 1
    assert "standard input:2" in found.stderr
    assert '"words"' in found.stderr
