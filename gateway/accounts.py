"""Accounts of staff and partners: made, given a password, let in once, bound to a chat.

No account has a password until its holder sets one through a one-time link. Passwords are kept as
Argon2id; checking one takes a tenth of a second and 64 MiB, so only a few run at a time.
"""

import secrets
import threading
import unicodedata
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from pwdlib import PasswordHash
from sqlalchemy import delete, select, update
from sqlmodel import col

from gateway import leaving
from gateway.offices import changed
from models.access import (
    ApiToken,
    OneTimeKey,
    Recovery,
    SecondFactor,
    StaffSession,
    fresh,
    hashed,
)
from models.db import Busy
from models.places import AreaRow, Staff, UnitRow
from models.transaction import Transaction
from models.vocabulary import Role
from referral.casework import GRASSROOTS, Refusal

LINK_LASTS = timedelta(hours=24)
CODE_LASTS = timedelta(minutes=10)
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 256
_COMMON = (
    "123456", "12345", "111111", "password", "passw0rd", "qwerty", "abcdef", "admin", "huiyin",
    "hotline", "welcome", "letmein", "iloveyou", "回音", "热线", "求助", "民政", "woaini",
    "1qaz2wsx", "3edc4rfv", "5tgb6yhn", "1q2w3e4r", "5t6y7u8i", "qazwsx", "edcrfv", "asdfgh",
    "zxcvbn", "poiuyt", "abc123", "a1b2c3", "987654", "654321", "000000", "666666", "888888",
    "5201314", "1314520", "zhongguo", "beijing", "shehui", "jiuzhu", "minzheng", "rexian",
    "monkey", "dragon", "master", "secret", "sunshine", "princess", "football", "baseball",
    "superman", "trustno1", "changeme", "default", "login", "user", "test", "root", "2025", "2026",
)  # fmt: skip
"""A password that is little more than one of these, or the login, is guessed first."""

_LEAST_LEFT, _LEAST_DIFFERENT = 8, 5

SCOPES = ("contacts:write", "requests:read", "relief:write", "warnings:write", "calls:write")
CHECKS_AT_ONCE = 2
PATIENCE_SECONDS = 8

_hasher = PasswordHash.recommended()
_turn = threading.BoundedSemaphore(CHECKS_AT_ONCE)
_NOBODY = (
    "$argon2id$v=19$m=65536,t=3,p=4$c4wGYodRjVaKxxayIde8Pg"
    "$q4A0PF1FxRdyYDWAay84UdjtLzc6QwSqJ0AZu4+WVCo"
)
"""Of random letters that were thrown away. Making one anew would be a fifth of a second a start."""


def normal(password: str) -> str:
    """The same password however the keyboard composed it (NFKC)."""
    return unicodedata.normalize("NFKC", password)


def hash_password(password: str) -> str:
    """The Argon2id hash that is kept. Waits its turn; raises ``Busy`` after eight seconds."""
    _take_turn()
    try:
        return _hasher.hash(normal(password))
    finally:
        _turn.release()


def check_password(password: str, kept: str | None) -> tuple[bool, str | None]:
    """Whether it is the password, and a newer hash to keep when the parameters have grown.

    An account without a password takes as long as one with the wrong password. Never call it on
    the event loop or inside a transaction. Raises ``Busy`` when too many wait.
    """
    password = normal(password)
    _take_turn()
    try:
        if not kept:
            _hasher.verify(password, _NOBODY)
            return False, None
        return _hasher.verify_and_update(password, kept)
    finally:
        _turn.release()


def _take_turn() -> None:
    if not _turn.acquire(timeout=PATIENCE_SECONDS):
        raise Busy("too many people are signing in")


def require_good(login: str, password: str, *, local: Iterable[str] = ()) -> None:
    """Raise ``Refusal`` (422) unless the password is one that is not guessed first. ``local`` are
    words of the place, such as the name of its hotline."""
    password = normal(password)
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise Refusal(
            "refusal.password_length",
            {"shortest": str(SHORTEST_PASSWORD), "longest": str(LONGEST_PASSWORD)},
            422,
        )
    left = password.casefold()
    for word in filter(None, (*map(str.casefold, local), *_COMMON, login.casefold())):
        left = left.replace(word, "")
    if len(left) < _LEAST_LEFT or len(set(left)) < _LEAST_DIFFERENT:
        raise Refusal("refusal.password_common", status=422)


def is_login(text: str) -> bool:
    """Whether it can be a sign-in name: up to 64 characters that print, without blanks."""
    return 0 < len(text) <= 64 and text.isprintable() and not any(map(str.isspace, text))


def was_opened(reader: Any, login: str, now: datetime) -> bool:
    """Whether somebody has ever been let into the account, by password or single sign-on, or is
    being let in anew: it has an owner, also while it has no password."""
    account = col(Staff.login) == login
    recovered = col(Recovery.agreed).is_(True) | (
        col(Recovery.decided_at).is_(None) & (col(Recovery.expires_at) > now)
    )
    signs = (
        select(col(Staff.login)).where(account, col(Staff.password).is_not(None)),
        select(col(Staff.login)).where(account, col(Staff.signed_in_at).is_not(None)),
        select(col(StaffSession.login)).where(col(StaffSession.login) == login),
        select(col(SecondFactor.login)).where(col(SecondFactor.login) == login),
        select(col(Recovery.login)).where(col(Recovery.login) == login, recovered),
    )
    return any(reader.execute(query.limit(1)).first() is not None for query in signs)


def needs_area(role: str, area: str | None) -> bool:
    """Whether nothing would ever reach this post: whoever works for a place (``GRASSROOTS``) sees
    households and requests by their area alone. Every way to make an account asks here."""
    return role in GRASSROOTS and not area


def add_staff(
    tx: Transaction,
    *,
    login: str,
    name: str,
    role: Role,
    unit: str,
    area: str | None,
    now: datetime,
    phone: str = "",
    by: str = "system",
    reason: str = "",
) -> None:
    """Create an account without a password. Raises ValueError with one sentence for a login taken,
    a role, unit or area that does not exist or is missing."""
    if not is_login(login):
        raise ValueError(f"{login!r} is no sign-in name: up to 64 characters without blanks")
    if tx.execute(select(col(Staff.login)).where(col(Staff.login) == login)).first():
        raise ValueError(f"there is already an account {login!r}")
    if not tx.execute(select(col(UnitRow.code)).where(col(UnitRow.code) == unit)).first():
        raise ValueError(f"there is no unit {unit!r}; see huiyin import units")
    known = (
        area is None
        or tx.execute(select(col(AreaRow.code)).where(col(AreaRow.code) == area)).first()
    )
    if not known:
        raise ValueError(f"there is no area {area!r}; see huiyin import areas")
    if needs_area(role, area):
        raise ValueError(f"a {Role(role)} works for one area: name it with --area")
    tx.add(
        Staff,
        login=login,
        name=name,
        role=Role(role),
        unit=unit,
        area=area,
        phone=phone,
        created_at=now,
    )
    tx.event(
        "staff_added", at=now, by=by, login=login, role=Role(role), unit=unit, area=area,
        **_because(reason),
    )  # fmt: skip
    changed(tx)


def set_password(tx: Transaction, login: str, kept: str, now: datetime, *, by: str = "") -> None:
    """Keep the hash of a new password; every session of the account ends. Raises ValueError when
    there is no such account."""
    done = tx.execute(update(Staff).where(col(Staff.login) == login).values(password=kept))
    if not done.rowcount:
        raise ValueError(f"there is no account {login!r}")
    tx.execute(delete(StaffSession).where(col(StaffSession.login) == login))
    tx.event("password_set", at=now, by=by or login, login=login)


def disable(tx: Transaction, login: str, now: datetime, *, by: str, reason: str = "") -> None:
    """Close an account: its sessions end, its links and codes no longer work, its chats are those
    of a citizen and of none whom it reported, it holds nothing new. Raises ValueError as above."""
    done = tx.execute(update(Staff).where(col(Staff.login) == login).values(disabled_at=now))
    if not done.rowcount:
        raise ValueError(f"there is no account {login!r}")
    for table in (StaffSession, OneTimeKey):
        tx.execute(delete(table).where(col(table.login) == login))
    leaving.let_go(tx, login, now)
    tx.event("staff_disabled", at=now, by=by, login=login, **_because(reason))
    changed(tx)


def one_time_link(tx: Transaction, login: str, now: datetime, *, by: str = "system") -> str:
    """The token of a sign-in link that works once within 24 hours; earlier ones stop working.
    Raises ValueError when there is no such account."""
    if not tx.execute(
        select(col(Staff.login)).where(col(Staff.login) == login, col(Staff.disabled_at).is_(None))
    ).first():
        raise ValueError(f"there is no account {login!r}")
    value, kept = fresh()
    _replace(tx, login, "sign_in", kept, now + LINK_LASTS)
    tx.event("sign_in_link_made", at=now, by=by, login=login)
    return value


def bind_code(tx: Transaction, login: str, now: datetime) -> str:
    """An eight-digit code that binds a chat to the account, once, within ten minutes."""
    value = f"{secrets.randbelow(100_000_000):08d}"
    _replace(tx, login, "bind", hashed(value), now + CODE_LASTS)
    tx.event("bind_code_made", at=now, by=login, login=login)
    return value


def add_token(tx: Transaction, name: str, scope: str, now: datetime) -> str:
    """A bearer token for a partner system, shown this once; only its hash is kept. ``scope`` is
    one of SCOPES or several with blanks between; a closed one of this name gives way. Raises
    ValueError for a name taken or a scope that does not exist."""
    wanted = scope.split()
    if not wanted or any(one not in SCOPES for one in wanted):
        raise ValueError(f"scope {scope!r} is none of {', '.join(SCOPES)}")
    if not name or ":" in name or not name.isprintable():
        raise ValueError(f"{name!r} is no name for a partner system: no colon, not empty")
    named = col(ApiToken.name) == name
    if tx.execute(select(col(ApiToken.hash)).where(named, _OPEN)).first():
        raise ValueError(f"there is already a token named {name!r}")
    tx.execute(delete(ApiToken).where(named))
    value, kept = fresh()
    tx.add(ApiToken, hash=kept, name=name, scope=" ".join(wanted), created_at=now)
    tx.event("token_added", at=now, token=name, scope=wanted)
    return value


def close_token(tx: Transaction, name: str, reason: str, now: datetime) -> None:
    """From now on it opens nothing, whoever has it. Raises ValueError where none is open under
    this name, or no reason is given."""
    if not reason.strip():
        raise ValueError("say why, for the ledger")
    done = tx.execute(
        update(ApiToken).where(col(ApiToken.name) == name, _OPEN).values(disabled_at=now)
    )
    if not done.rowcount:
        raise ValueError(f"there is no open token named {name!r}; see huiyin tokens list")
    tx.event("token_closed", at=now, token=name, reason=reason.strip()[:500])


_OPEN = col(ApiToken.disabled_at).is_(None)


def _because(reason: str) -> dict[str, Any]:
    return {"reason": reason} if reason else {}


def _replace(tx: Transaction, login: str, purpose: str, kept: str, expires_at: datetime) -> None:
    tx.execute(
        delete(OneTimeKey).where(
            col(OneTimeKey.login) == login,
            col(OneTimeKey.purpose) == purpose,
            col(OneTimeKey.used_at).is_(None),
        )
    )
    tx.add(OneTimeKey, hash=kept, purpose=purpose, login=login, expires_at=expires_at)
