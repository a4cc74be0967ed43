"""``huiyin triage`` and ``huiyin duplicates``: JSON Lines in and out; no database, no clock."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, timezone

from triage.assess import Context, assess
from triage.grouping import group, group_events
from triage.matter import Matter, read_matter
from triage.policy import SignalPolicy
from triage.same_matter import Scale, causes

_CHINA = timezone(timedelta(hours=8))
"""Whose time is meant where a line says none."""


def triage_lines(
    lines: Iterable[str], source: str, signals: SignalPolicy
) -> Iterator[dict[str, object]]:
    """One object for each line, in the same order, "id" first; empty lines are passed over.
    Raises ValueError in one sentence naming source, line and column (both from 1)."""
    for number, line in enumerate(lines, start=1):
        if not line.strip("\ufeff \t\r\n"):
            continue
        row = _read(line, f"{source}:{number}")
        context = Context(
            channel=_word(row, "channel", f"{source}:{number}"),
            place=_word(row, "place", f"{source}:{number}"),
            at=_moment(row, f"{source}:{number}"),
            reporter=row.get("channel") == "grid_app" or bool(row.get("reporter")),
        )
        assessment = assess(str(row["text"]), context, signals)
        yield {"id": row["id"], **assessment.as_json()}


def duplicate_lines(
    lines: Iterable[str], source: str, signals: SignalPolicy, scale: Scale
) -> Iterator[dict[str, object]]:
    """One object for each line, in the same order: its id and its group, which is the id of the
    first line of the same matter; where several tell of one event in one place, which each may
    suffer for itself, also the id of the first of these. Raises ValueError like
    ``triage_lines``."""
    ids: list[object] = []
    matters: list[Matter] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip("\ufeff \t\r\n"):
            continue
        where = f"{source}:{number}"
        row = _read(line, where)
        place, at = _word(row, "place", where), _moment(row, where)
        assessment = assess(str(row["text"]), Context(place=place, at=at), signals)
        ids.append(row["id"])
        matters.append(
            read_matter(
                str(row["text"]),
                assessment.facts,
                causes(assessment),
                at=at if at is None or at.tzinfo else at.replace(tzinfo=_CHINA),
                place=place,
            )
        )
    told = zip(ids, group(matters, scale), group_events(matters, scale), strict=True)
    for own, first, event in told:
        yield {"id": own, "group": ids[first], **({} if event is None else {"event": ids[event]})}


def read_object(line: str, where: str, example: str = '{"id": "1"}') -> dict[str, object]:
    """The object of one line, with its "id". Raises ValueError in one sentence."""
    try:
        row = json.loads(line.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        raise ValueError(
            f"{where}:{error.colno}: not JSON ({error.msg}); "
            f"write one object a line, e.g. {example}"
        ) from None
    except RecursionError:
        raise ValueError(f"{where}:1: nested too deeply; write one flat object a line") from None
    if not isinstance(row, dict):
        raise ValueError(f"{where}:1: not an object; write {example}")
    if "id" not in row:
        raise ValueError(f'{where}:1: "id" is missing; give every line its own "id"')
    return row


def _read(line: str, where: str) -> dict[str, object]:
    row = read_object(line, where, '{"id": "1", "text": "…"}')
    if not isinstance(row.get("text"), str):
        raise ValueError(f'{where}:1: "text" is missing or not text; put the words under "text"')
    return row


def _moment(row: dict[str, object], where: str) -> datetime | None:
    value = _word(row, "at", where)
    if not value:
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(
            f'{where}:1: "at" is no time; write it like 2026-11-22T03:10:00+08:00 or leave it out'
        ) from None


def _word(row: dict[str, object], key: str, where: str) -> str | None:
    value = row.get(key)
    if value is None or isinstance(value, str):
        return value
    raise ValueError(f'{where}:1: "{key}" is not text; write it in quotes or leave it out')
