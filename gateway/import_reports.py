"""Reports from the ground by spreadsheet: each line is a contact like any other and goes the one
path, in the name of who reports (谁见谁报, Social Assistance Law Art. 39)."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import insert, select
from sqlmodel import col

from gateway import recorded
from gateway.access import Actor
from gateway.hooks import PATIENCE_SECONDS
from gateway.import_kinds import Codes
from gateway.importing import Looked, Read, lines
from gateway.recorded import Recorded
from gateway.state import State
from models.imports import ImportLine
from models.transaction import acting
from models.vocabulary import Level
from triage.assess import Context, assess

_TOLD = (
    ("category", "诉求类别"), ("address", "地址"), ("phone", "电话"), ("seen", "发现时间"),
    ("note", "备注"),
)  # fmt: skip


def words_of(values: Mapping[str, Any]) -> str:
    """The report as it is read: what was seen first, then who and where."""
    more = [f"{word}：{values[key]}" for key, word in _TOLD if values.get(key)]
    return "\n".join([str(values["text"]), f"姓名：{values['name']}", *more])


def urgent_lines(state: State, looked: Looked, codes: Codes) -> dict[int, str]:
    """The lines that may be urgent, by the rules or by who reports, with their level: they are
    opened one by one, by a person."""
    signals = state.offices.current().signals
    found: dict[int, str] = {}
    for read in lines(looked, codes):
        if read.faults:
            continue
        context = Context(channel="grid_app", place=_place(read.values), reporter=True)
        level = assess(words_of(read.values), context, signals).level
        claimed = Level(read.values.get("urgency") or Level.NONE)
        if level.is_urgent or claimed.is_urgent:
            found[read.line] = min(level, claimed, key=lambda one: one.rank)
    return found


def standing(state: State, batch_id: int) -> dict[int, str]:
    """The lines of a batch that are in, with the number each was given."""
    with state.database.read() as session:
        rows = session.connection().execute(
            select(col(ImportLine.line), col(ImportLine.target)).where(
                col(ImportLine.batch_id) == batch_id
            )
        )
        return {row.line: row.target for row in rows}


def good_lines(looked: Looked, codes: Codes) -> Iterator[Read]:
    """The lines without a fault."""
    return (read for read in lines(looked, codes) if not read.faults)


def submit(
    state: State, actor: Actor, looked: Looked, batch_id: int, read: Read, *, now: datetime
) -> str:
    """Hand one line in; its number. The same line again is the same contact. Call it from a
    thread. Raises ``Busy`` or TimeoutError."""
    values = read.values
    record = Recorded(
        channel="grid_app",
        external_id=f"import:{looked.hash[:32]}:{read.line}",
        sender=actor.login,
        text=words_of(values),
        at=now,
        place=_place(values),
        name=str(values["name"]),
        reporter=actor.login,
        taken_by=actor.login,
        claims=Level(values["urgency"]) if values.get("urgency") else None,
        confidential=bool(values.get("confidential")),
    )
    body = orjson.dumps(record.model_dump(mode="json", exclude_defaults=True))
    outcome = state.intake.submit(recorded.call_of(record, body, now)).result(PATIENCE_SECONDS)
    number = outcome.number or ""
    with acting(state.database, state.mint) as tx:
        known = tx.execute(
            select(col(ImportLine.line)).where(
                col(ImportLine.batch_id) == batch_id, col(ImportLine.line) == read.line
            )
        ).first()
        if known is None:
            tx.execute(
                insert(ImportLine),
                {"batch_id": batch_id, "line": read.line, "target": number, "before": None},
            )
    return number


def _place(values: Mapping[str, Any]) -> str:
    return "".join(str(values.get(key) or "") for key in ("town", "village", "grid", "address"))
