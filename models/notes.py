"""What somebody typed for an act: the ledger has its mark, the words stand here and can be erased.

An entry of the ledger is for ever, and nobody can promise that what is typed into a field names
nobody. So the words stand in a row of their own beside the entry; the entry names the row and what
it is marked with (``models.messages.mark``).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from secrets import token_hex
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Update, select, update
from sqlmodel import SQLModel, col

from models.columns import document, key, secret, sensitive
from models.messages import mark

IN_LEDGER = "typed"
"""The field of an entry that names the row and the mark, ``[id, mark]``."""
TYPED = frozenset((
    "answer", "note", "purpose", "reason", "receipt", "seen_by", "text", "who", "why_absent",
    "words",
))  # fmt: skip
"""The fields of an entry that hold what somebody typed: kept beside the ledger, and left out for
who may not read words."""
_CODES = frozenset(
    (
        ("closed", "reason"),
        ("barred", "reason"),
        ("went_on", "reason"),
        ("relief_overdue", "who"),
        ("received", "words"),
        ("contact_attached", "words"),
    )
)
"""Fields of the same name that hold a word of a closed list, a login or a mark already."""
_AT_ONCE = 500
_IN_LOOK = re.compile(rf"{IN_LEDGER}:(\d+):[0-9a-f]{{64}}$")
"""How a look names the row and the mark, at the end of its purpose."""


class Note(SQLModel, table=True):
    """What was typed for one act, by field. ``said`` and ``salt`` are None once it is erased, with
    the words of its request or of the call that it is about. One that is about neither says why
    somebody looked at a household; it is erased with any request that was looked at by that."""

    id: int = key()
    request_id: int | None = key(foreign="request.id", nullable=True, index=True)
    journal_id: int | None = key(foreign="journal.id", nullable=True, index=True)
    said: dict[str, Any] | None = document(sensitive)
    salt: str | None = secret(None)


def beside(tx: Any, request_id: int | None, **said: str) -> list[str]:
    """Keep what was typed; the name of the row and the mark, as an entry of the ledger has them.
    ``tx`` is a transaction."""
    note, (salt, marked) = tx.mint(), fresh(said)
    tx.add(Note, id=note, request_id=request_id, said=said, salt=salt)
    return [str(note), marked]


def in_look(kept: Sequence[str]) -> str:
    """The same as a look has them."""
    return ":".join((IN_LEDGER, *kept))


def of_looks(purposes: Iterable[str]) -> list[int]:
    """The rows that these purposes of looks name."""
    found = (_IN_LOOK.search(one) for one in purposes)
    return sorted({int(one[1]) for one in found if one})


def purposes(reader: Any, kept: Sequence[str]) -> list[str]:
    """Purposes of looks as they are shown: what was typed at its place again, unless erased."""
    said = _said(reader, of_looks(kept))
    return [
        _IN_LOOK.sub(lambda one: str(said.get(int(one[1]), {}).get("purpose", "")), whole)
        for whole in kept
    ]


def emptied(which: ColumnElement[bool]) -> Update:
    """The statement that erases these."""
    return update(Note).where(which).values(said=None, salt=None)


def apart(kind: str, detail: Mapping[str, Any]) -> dict[str, str]:
    """What was typed for an act of this kind; {} where nothing was."""
    return {
        name: detail[name]
        for name in sorted(TYPED & detail.keys())
        if (kind, name) not in _CODES and isinstance(detail[name], str) and detail[name]
    }


def fresh(said: Mapping[str, str]) -> tuple[str, str]:
    """A new salt, and the mark of these words under it."""
    salt = token_hex(16)
    return salt, mark_of(salt, said)


def mark_of(salt: str | None, said: Mapping[str, Any] | None) -> str:
    """What the ledger marks the words with; "" for words that are erased."""
    written = orjson.dumps(dict(said or {}), option=orjson.OPT_SORT_KEYS).decode()
    return mark(salt or "", written)


def named(detail: Mapping[str, Any]) -> tuple[int, str] | None:
    """The row that an entry names and the mark it has of it."""
    if IN_LEDGER not in detail:
        return None
    note, marked = detail[IN_LEDGER]
    return int(note), marked


def opened(reader: Any, written: Iterable[str]) -> list[dict[str, Any]]:
    """Details of entries as they are shown: what was typed at its place again, unless it is
    erased. ``reader`` is whatever executes a query."""
    details = [orjson.loads(one) for one in written]
    ids = sorted({found[0] for one in details if (found := named(one))})
    said = _said(reader, ids) if ids else {}
    return [_whole(one, said) for one in details]


def _said(reader: Any, ids: Sequence[int]) -> dict[int, Mapping[str, Any]]:
    found: dict[int, Mapping[str, Any]] = {}
    for start in range(0, len(ids), _AT_ONCE):
        rows = reader.execute(
            select(col(Note.id), col(Note.said)).where(
                col(Note.id).in_(ids[start : start + _AT_ONCE])
            )
        )
        found.update({row.id: row.said or {} for row in rows})
    return found


def _whole(detail: dict[str, Any], said: Mapping[int, Mapping[str, Any]]) -> dict[str, Any]:
    found = named(detail)
    if found is None:
        return detail
    rest = {name: value for name, value in detail.items() if name != IN_LEDGER}
    return rest | dict(said.get(found[0], {}))
