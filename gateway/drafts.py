"""What somebody has typed and not sent: kept on the server, so that neither a reload, an expired
sign-in nor a colleague's faster act loses it, and nothing stays on an office machine that many use.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
from sqlalchemy import and_, delete, or_, select
from sqlmodel import Session, col

from models.db import Database
from models.desk import Draft
from models.transaction import Transaction, acting
from referral.casework import Refusal

KEPT = timedelta(days=30)
MOST_BYTES = 64_000
LONGEST_NAME = 60
ENTRY = "enter"
"""The place of the form in which a message is written down; it belongs to no request yet. The act
is ``slot``: what a caller says never stands where the words of the one before were."""
SEARCH = "search"
"""The place of what somebody looks for; the act is the mark by which a page asks for it."""
SEARCH_KEPT = timedelta(hours=12)
MOST_SEARCHES = 20
SHORTEST_NUMBER = 7
"""Digits; fewer are no telephone."""
NOT_TYPED = ("csrf", "seen", "key", "then", "place", "act", "tab", "call")


@dataclass(frozen=True, slots=True)
class Kept:
    """The fields of one form as they were left."""

    fields: Mapping[str, str]
    saved_at: datetime


def save(
    tx: Transaction, login: str, place: str, act: str, form: Mapping[str, str], *, now: datetime
) -> None:
    """Keep what is in the form now instead of what was; an empty form is none. Raises ``Refusal``
    (422) for more than a form can hold."""
    typed = {name: value for name, value in form.items() if name not in NOT_TYPED and value.strip()}
    body = orjson.dumps(typed).decode()
    if len(body.encode()) > MOST_BYTES or not 0 < len(act) <= LONGEST_NAME:
        raise Refusal("refusal.draft", status=422)
    drop(tx, login, place, act)
    if typed:
        tx.add(Draft, id=tx.mint(), login=login, place=place, act=act, fields=body, saved_at=now)


def of(session: Session, login: str, place: str) -> dict[str, Kept]:
    """This person's drafts at this place, by act."""
    rows = session.connection().execute(
        select(col(Draft.act), col(Draft.fields), col(Draft.saved_at)).where(
            col(Draft.login) == login, col(Draft.place) == place
        )
    )
    return {row.act: Kept(orjson.loads(row.fields), row.saved_at) for row in rows}


def slot(call: str) -> str:
    """The act of the form in which what is said in this call is written down; "" for no call."""
    return f"{ENTRY}:{call}" if call else ENTRY


def call_of(act: str) -> str:
    """The call whose words are kept as this act; "" for none."""
    return act.partition(":")[2]


def drop(tx: Transaction, login: str, place: str, act: str) -> None:
    """Forget a draft: it was used, or thrown away."""
    tx.execute(
        delete(Draft).where(
            col(Draft.login) == login, col(Draft.place) == place, col(Draft.act) == act
        )
    )


def forget_entries(tx: Transaction, telephones: Iterable[str]) -> None:
    """Forget the unsent messages in which one of these telephones stands."""
    numbers = {_digits(one).removeprefix("86") for one in telephones}
    wanted = [one for one in numbers if len(one) >= SHORTEST_NUMBER]
    if not wanted:
        return
    rows = tx.execute(select(col(Draft.id), col(Draft.fields)).where(col(Draft.place) == ENTRY))
    found = [row.id for row in rows if any(one in _digits(row.fields) for one in wanted)]
    tx.execute(delete(Draft).where(col(Draft.id).in_(found)))


def _digits(words: str) -> str:
    return "".join(one for one in words if one.isdecimal())


def keep_search(
    tx: Transaction, login: str, mark: str, typed: Mapping[str, str], *, now: datetime
) -> None:
    """Keep what somebody looks for under this mark; of many searches only the last stay."""
    mine = (col(Draft.login) == login, col(Draft.place) == SEARCH)
    newest = select(col(Draft.id)).where(*mine)
    newest = newest.order_by(col(Draft.saved_at).desc(), col(Draft.id).desc())
    stay = list(tx.execute(newest.limit(MOST_SEARCHES - 1)).scalars())
    tx.execute(delete(Draft).where(*mine, col(Draft.id).not_in(stay)))
    save(tx, login, SEARCH, mark, typed, now=now)


def search_of(session: Session, login: str, mark: str, *, now: datetime) -> Mapping[str, str]:
    """What this person looks for under this mark; {} when it is over or somebody else's."""
    found = session.connection().execute(
        select(col(Draft.fields)).where(
            col(Draft.login) == login,
            col(Draft.place) == SEARCH,
            col(Draft.act) == mark,
            col(Draft.saved_at) > now - SEARCH_KEPT,
        )
    )
    kept: Mapping[str, str] = orjson.loads(found.scalar() or "{}")
    return kept


def purge_old(database: Database, mint: Callable[[], int], now: datetime) -> None:
    """Forget what nobody has come back to in thirty days, and what was looked for in half a day."""
    over = and_(col(Draft.place) == SEARCH, col(Draft.saved_at) < now - SEARCH_KEPT)
    old = or_(col(Draft.saved_at) < now - KEPT, over)
    with database.read() as session:
        if session.connection().execute(select(col(Draft.id)).where(old).limit(1)).first() is None:
            return
    with acting(database, mint) as tx:
        tx.execute(delete(Draft).where(old))
