"""Signing in and staying signed in: sessions on the server, guesses counted, keys only as hashes.

A cookie holds a random key; the row under its hash says who, until when, and the token that every
change must bring along (CSRF). Role, unit and area are read from the account at every call, so a
transfer, a new password or a closed account counts at once for open sessions too.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlmodel import Session as Reading
from sqlmodel import col

from gateway import accounts, guessing, second_factor
from gateway.access import Actor, Partner
from gateway.settings import Settings
from gateway.state import State
from models.access import ApiToken, OneTimeKey, StaffSession, fresh, hashed
from models.places import Staff
from models.transaction import Transaction, acting
from models.vocabulary import Role
from referral.casework import Refusal

IDLE = timedelta(minutes=15)
LONGEST = timedelta(hours=12)
HALF_WAY = timedelta(minutes=10)
CONFIRMED_FOR = timedelta(minutes=5)
SESSIONS_AT_ONCE = 3
BY_ITSELF = "huiyin-by-itself"
"""The header that our scripts put on what nobody has pressed or typed."""
_SEEN_AGAIN = timedelta(seconds=60)


class NotSignedIn(Exception):
    """Nobody is signed in, or no longer."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session in force. ``csrf`` is the token that every change must carry."""

    actor: Actor
    csrf: str
    hash: str
    confirmed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class HalfWay:
    """Somebody has shown the password, or come from the single sign-on, and owes the second
    factor. It opens nothing else."""

    login: str
    csrf: str
    hash: str


class NotConfirmed(Exception):
    """The act asks who is at the keyboard, and the last proof is too old."""


def cookie_name(settings: Settings) -> str:
    """With https the name that browsers bind to this host and to secure transport."""
    return "__Host-huiyin" if is_secure(settings) else "huiyin"


def is_by_hand(headers: Mapping[str, str]) -> bool:
    """Whether a person has done something, and not the page by itself: its live stream, its signs
    of life, what it reads anew when something has changed. Those must not keep a session open that
    nobody sits at."""
    return BY_ITSELF not in headers and headers.get("accept") != "text/event-stream"


def is_secure(settings: Settings) -> bool:
    """Whether citizens and staff come by https."""
    return settings.public_url.startswith("https:")


def named(login: str) -> str:
    """The name of an account as it was typed."""
    return login.strip()[:64]


def sign_in(
    state: State, login: str, password: str, address: str, device: str = "", *, known: str = ""
) -> str:
    """Check the password and open a session, half way where a second factor is owed; returns the
    key for the cookie.

    An unknown name and a wrong password answer alike and take as long. After some failures the
    next guesses wait, longer each time, never for ever; others are not affected. A browser in
    which this account was opened before is ``known`` by a mark and waits for its own guesses only,
    so that strangers cannot keep its owner out. Call it from a thread. Raises ``Refusal`` (401,
    429) or ``Busy``.
    """
    now = state.now()
    login = named(login)
    whose = ("sign_in_known", f"{known}:{login}") if known else ("sign_in", login)
    what = (whose, ("sign_in_from", guessing.network(address)))
    tried = guessing.attempt(state, what, now).require()
    with state.database.read() as session:
        row = (
            session.connection()
            .execute(
                select(col(Staff.password), col(Staff.demo)).where(
                    col(Staff.login) == login, col(Staff.disabled_at).is_(None)
                )
            )
            .first()
        )
    right, newer = accounts.check_password(
        password[: accounts.LONGEST_PASSWORD], row.password if row else None
    )
    if not right or row is None:
        raise Refusal("refusal.wrong_password", status=401)
    with acting(state.database, state.mint) as tx:
        kept = select(col(Staff.password)).where(
            col(Staff.login) == login, col(Staff.disabled_at).is_(None)
        )
        if tx.execute(kept).scalar() != row.password:  # changed while it was being checked
            raise Refusal("refusal.wrong_password", status=401)
        guessing.forgive(tx, tried)
        if newer:
            tx.execute(update(Staff).where(col(Staff.login) == login).values(password=newer))
        passed = not second_factor.is_required(state.settings, demo=row.demo)
        return open_session(tx, login, now, passed=passed, address=address, device=device)


def open_session(
    tx: Transaction, login: str, now: datetime, *, passed: bool, address: str = "", device: str = ""
) -> str:
    """A new session under a new key, which is returned; at most three at a time of its kind: the
    longest unused ends."""
    mine = tx.execute(
        select(col(StaffSession.hash))
        .where(col(StaffSession.login) == login, col(StaffSession.passed).is_(passed))
        .order_by(col(StaffSession.seen_at).desc(), col(StaffSession.hash))
    ).all()
    surplus = [row.hash for row in mine[SESSIONS_AT_ONCE - 1 :]]
    if surplus:
        tx.execute(delete(StaffSession).where(col(StaffSession.hash).in_(surplus)))
    value, kept = fresh()
    csrf, _ = fresh()
    tx.add(
        StaffSession,
        hash=kept,
        login=login,
        csrf=csrf,
        created_at=now,
        seen_at=now,
        expires_at=now + (LONGEST if passed else HALF_WAY),
        passed=passed,
        confirmed_at=now if passed else None,
        address=address,
        device="".join(filter(str.isprintable, device))[:200],
    )
    if passed:
        tx.execute(update(Staff).where(col(Staff.login) == login).values(signed_in_at=now))
    tx.event("signed_in" if passed else "password_shown", at=now, by=login)
    return value


def link_holder(state: State, token: str) -> str | None:
    """Whose one-time link this is, while it works; opening the page does not use it up."""
    with state.database.read() as session:
        return session.connection().execute(_key(token, state.now())).scalar()


def _key(token: str, now: datetime) -> Any:
    return (
        select(col(OneTimeKey.login))
        .join(Staff, col(Staff.login) == col(OneTimeKey.login))
        .where(
            col(OneTimeKey.hash) == hashed(token),
            col(OneTimeKey.purpose) == "sign_in",
            col(OneTimeKey.used_at).is_(None),
            col(OneTimeKey.expires_at) > now,
            col(Staff.disabled_at).is_(None),
        )
    )


def use_link(state: State, token: str, password: str, address: str = "", device: str = "") -> str:
    """Use a one-time link: the account gets this password and a session (half way where a second
    factor is owed), whose key is returned. The link works once. Raises ``Refusal`` (410 for a link
    that does not work) or ``Busy``."""
    now = state.now()
    login = link_holder(state, token)
    if login is None:
        raise Refusal("refusal.link", status=410)
    accounts.require_good(login, password, local=(state.settings.hotline,))
    kept = accounts.hash_password(password)
    with acting(state.database, state.mint) as tx:
        used = tx.execute(
            update(OneTimeKey)
            .where(col(OneTimeKey.hash) == hashed(token), col(OneTimeKey.used_at).is_(None))
            .values(used_at=now)
        )
        if not used.rowcount:
            raise Refusal("refusal.link", status=410)
        accounts.set_password(tx, login, kept, now)
        guessing.forget(tx, state.settings.secret_key, ("sign_in", login))
        demo = tx.execute(select(col(Staff.demo)).where(col(Staff.login) == login)).scalar()
        passed = not second_factor.is_required(state.settings, demo=bool(demo))
        return open_session(tx, login, now, passed=passed, address=address, device=device)


def half_way(state: State, key: str | None) -> HalfWay | None:
    """Who has come half way with this key; None when nobody has, or it is too long ago."""
    if not key:
        return None
    kept = hashed(key)
    with state.database.read() as session:
        query = _session(kept, state.now(), passed=False)
        row = session.connection().execute(query).first()
    return None if row is None else HalfWay(row.login, row.csrf, kept)


def signed_in(state: State, key: str | None, *, touch: bool = True) -> SignedIn:
    """Whose session this key opens, as the account stands now. Without ``touch`` it was no hand
    that asked, and the session goes on idling. Raises ``NotSignedIn``."""
    if not key:
        raise NotSignedIn
    now, kept = state.now(), hashed(key)
    with state.database.read() as session:
        row = session.connection().execute(_session(kept, now, passed=True)).first()
    if row is None:
        raise NotSignedIn
    if touch and now - row.seen_at > _SEEN_AGAIN:
        with state.database.write() as connection:
            connection.execute(
                update(StaffSession).where(col(StaffSession.hash) == kept).values(seen_at=now)
            )
    actor = Actor(row.login, Role(row.role), row.unit, row.area, row.demo, row.name)
    return SignedIn(actor, row.csrf, kept, row.confirmed_at)


def require_recent(session: SignedIn, now: datetime) -> None:
    """Raise ``NotConfirmed`` unless the holder has proved within five minutes who they are: for
    exports, bulk looks, rights and recoveries."""
    if session.confirmed_at is None or session.confirmed_at < now - CONFIRMED_FOR:
        raise NotConfirmed


def _session(kept: str, now: datetime, *, passed: bool) -> Any:
    return (
        select(
            col(StaffSession.csrf),
            col(StaffSession.seen_at),
            col(StaffSession.confirmed_at),
            *(getattr(Staff, name) for name in ("login", "role", "unit", "area", "demo", "name")),
        )
        .join(Staff, col(Staff.login) == col(StaffSession.login))
        .where(
            col(StaffSession.hash) == kept,
            col(StaffSession.passed).is_(passed),
            col(StaffSession.expires_at) > now,
            col(StaffSession.seen_at) > now - IDLE,
            col(Staff.disabled_at).is_(None),
        )
    )


def sign_out(state: State, session: SignedIn) -> None:
    """End the session; its key opens nothing any more."""
    with acting(state.database, state.mint) as tx:
        tx.execute(delete(StaffSession).where(col(StaffSession.hash) == session.hash))
        tx.event("signed_out", at=state.now(), by=session.actor.login)


def require_token(session: SignedIn | HalfWay, given: str | None) -> None:
    """Raise ``Refusal`` (403) unless the change brings the session's own token."""
    if not given or not hmac.compare_digest(given.encode(), session.csrf.encode()):
        raise Refusal("refusal.csrf", status=403)


def partner(reading: Reading, token: str) -> Partner:
    """The partner system of a bearer token. Raises ``NotSignedIn``."""
    row = (
        reading.connection()
        .execute(
            select(col(ApiToken.name), col(ApiToken.scope)).where(
                col(ApiToken.hash) == hashed(token), col(ApiToken.disabled_at).is_(None)
            )
        )
        .first()
    )
    if row is None:
        raise NotSignedIn
    return Partner(row.name, frozenset(row.scope.split()))
