"""The security document answers every requirement, and what it names exists."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/security.md").read_text("utf-8")
ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| (.+) \|$", re.MULTILINE)
KINDS = ("test: ", "setting: ", "code: ", "document: ", "reason: ")
WANTED = {  # the requirements of levels 1 and 2 of ASVS 5.0.0, section by section
    "1.1": "1-2",
    "1.2": "1-9",
    "1.3": "1-11",
    "1.4": "1-3",
    "1.5": "1-2",
    "2.1": "1-3",
    "2.2": "1-3",
    "2.3": "1-4",
    "2.4": "1",
    "3.2": "1-2",
    "3.3": "1-4",
    "3.4": "1-6",
    "3.5": "1-5",
    "3.7": "1-2",
    "4.1": "1-3",
    "4.2": "1",
    "4.3": "1-2",
    "4.4": "1-4",
    "5.1": "1",
    "5.2": "1-3",
    "5.3": "1-2",
    "5.4": "1-3",
    "6.1": "1-3",
    "6.2": "1-12",
    "6.3": "1-4",
    "6.4": "1-4",
    "6.5": "1-5",
    "6.6": "1-3",
    "6.8": "1-4",
    "7.1": "1-3",
    "7.2": "1-4",
    "7.3": "1-2",
    "7.4": "1-5",
    "7.5": "1-2",
    "7.6": "1-2",
    "8.1": "1-2",
    "8.2": "1-3",
    "8.3": "1",
    "8.4": "1",
    "9.1": "1-3",
    "9.2": "1-4",
    "10.1": "1-2",
    "10.2": "1-2",
    "10.3": "1-4",
    "10.4": "1-11",
    "10.5": "1-5",
    "10.6": "1-2",
    "10.7": "1-3",
    "11.1": "1-2",
    "11.2": "1-3",
    "11.3": "1-3",
    "11.4": "1-4",
    "11.5": "1",
    "11.6": "1",
    "12.1": "1-3",
    "12.2": "1-2",
    "12.3": "1-4",
    "13.1": "1",
    "13.2": "1-5",
    "13.3": "1-2",
    "13.4": "1-5",
    "14.1": "1-2",
    "14.2": "1-4",
    "14.3": "1-3",
    "15.1": "1-3",
    "15.2": "1-3",
    "15.3": "1-7",
    "16.1": "1",
    "16.2": "1-5",
    "16.3": "1-4",
    "16.4": "1-3",
    "16.5": "1-3",
    "17.1": "1",
    "17.2": "1-4",
    "17.3": "1-2",
}


def wanted() -> list[str]:
    found = []
    for section, spans in WANTED.items():
        for span in spans.split():
            first, _, last = span.partition("-")
            found += [f"{section}.{at}" for at in range(int(first), int(last or first) + 1)]
    return found


def test_every_requirement_has_one_answer() -> None:
    answers = ROW.findall(TEXT)
    assert len(wanted()) == 253
    assert [name for name, _ in answers] == wanted()
    assert [name for name, said in answers if not said.startswith(KINDS)] == []


def test_every_file_and_test_that_is_named_exists() -> None:
    named = set(re.findall(r"`([\w./-]+/[\w./-]+\.\w+)(?:::(\w+))?`", TEXT))
    assert len(named) > 40
    missing = []
    for file, test in sorted(named):
        path = ROOT / file
        if not path.is_file():
            missing.append(file)
        elif test and test not in {
            node.name
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.FunctionDef)
        }:
            missing.append(f"{file}::{test}")
    assert missing == []
