"""``huiyin person export|correct|erase`` and ``huiyin hold place|lift``"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from gateway import subjects, wish_list
from gateway.exporting import local
from gateway.settings import load, utc_now
from gateway.state import open_current
from models.phrases import Phrasebook
from models.processes import enlist
from models.transaction import Transaction, acting
from models.vocabulary import Form


def run(*, act: str, by: str, **given: Any) -> int:
    """Do one act for a named person of staff and say what was done."""
    database = open_current(load())
    try:
        mint = enlist(database, "person", utc_now())
        with acting(database, mint) as tx:
            subjects.require_staff(tx, by)
            said = _ACTS[act](tx, by, **given)
    finally:
        database.close()
    if said:
        print(said)
    return 0


def _export(tx: Transaction, by: str, *, handle: str, output: Path) -> str:
    held = subjects.held_about(tx, subjects.find(tx, handle), by=by, now=utc_now())
    body = orjson.dumps(held, default=local, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    if str(output) == "-":
        sys.stdout.write(body.decode())
        return ""
    output.touch(mode=0o600)
    output.write_bytes(body)
    return f"{output}: {len(held['requests'])} requests"


def _correct(
    tx: Transaction, by: str, *, handle: str, name: str | None, under_14: bool | None
) -> str:
    changes = {
        field: value for field, value in (("name", name), ("minor", under_14)) if value is not None
    }
    if not changes:
        raise ValueError("say what is to be put right: --name, --under-14 or --not-under-14")
    subjects.correct(tx, subjects.find(tx, handle), changes, by=by, now=utc_now())
    return f"put right: {', '.join(sorted(changes))}"


def _erase(tx: Transaction, by: str, *, handle: str, reason: str, language: str) -> str:
    subject = subjects.find(tx, handle)
    phrases = Phrasebook.load()
    if language not in phrases.languages():
        known = ", ".join(phrases.languages())
        raise ValueError(f"--language {language!r} is none that we speak; write one of {known}")
    fates = subjects.erase(tx, subject, by=by, reason=reason, now=utc_now())

    def say(key: str, **params: object) -> str:
        told = {name: str(value) for name, value in params.items()}
        return phrases.say(key, told, Form.FULL, language)

    return "\n".join(wish_list.lines(say, fates, by=by, hotline=load().hotline))


def _hold(tx: Transaction, by: str, *, number: str, reason: str) -> str:
    subjects.hold(tx, number, by=by, reason=reason, now=utc_now())
    return f"{number} is on hold"


def _lift(tx: Transaction, by: str, *, number: str) -> str:
    subjects.lift(tx, number, by=by, now=utc_now())
    return f"{number} is on hold no longer"


_ACTS: dict[str, Callable[..., str]] = {
    "export": _export,
    "correct": _correct,
    "erase": _erase,
    "hold": _hold,
    "lift": _lift,
}
