"""Proving who is at the keyboard: the second step of signing in, the proof before a dangerous act,
a new password, a new telephone. Every try is counted, as at the first step."""

from sqlalchemy import delete, select
from sqlmodel import col

from gateway import accounts, guessing, second_factor, sessions
from gateway.sessions import HalfWay, SignedIn
from gateway.state import State
from models.access import StaffSession
from models.places import Staff
from models.transaction import acting
from referral.casework import Refusal


def enrolment(state: State, half: HalfWay) -> str | None:
    """The seed to show to somebody who has no second factor yet; None for who has one."""
    with acting(state.database, state.mint) as tx:
        return second_factor.seed(tx, state.settings, half.login, state.now())


def second_step(state: State, half: HalfWay, code: str, address: str, device: str) -> str:
    """Show a code: the half-way session ends and a whole one begins under a new key, which is
    returned. Raises ``Refusal`` (401, 429) or ``Busy``."""
    now = state.now()
    tried = _count(state, half.login, address)
    with acting(state.database, state.mint) as tx:
        right = second_factor.take(tx, state.settings, half.login, plain(code), now)
        if right:
            tx.execute(delete(StaffSession).where(col(StaffSession.hash) == half.hash))
            guessing.forgive(tx, tried)
            return sessions.open_session(
                tx, half.login, now, passed=True, address=address, device=device
            )
        tx.event("second_factor_refused", at=now, by=half.login)
    raise Refusal("refusal.wrong_code", status=401)


def confirm(
    state: State, session: SignedIn, password: str, code: str, address: str, device: str
) -> str:
    """Prove again who is at the keyboard, before a dangerous act: by the code of the telephone
    where there is one, else by the password. The session goes on under the key that is returned.
    Raises ``Refusal`` (401, 429)."""
    now, login = state.now(), session.actor.login
    tried = _count(state, login, address)
    with state.database.read() as reading:
        reader = reading.connection()
        has_code = second_factor.is_set(reader, login)
        kept = reader.execute(select(col(Staff.password)).where(col(Staff.login) == login)).scalar()
    right = has_code or accounts.check_password(password[: accounts.LONGEST_PASSWORD], kept)[0]
    with acting(state.database, state.mint) as tx:
        if has_code:
            right = second_factor.take(tx, state.settings, login, plain(code), now)
        tx.event("proved_again" if right else "proof_refused", at=now, by=login)
        if right:
            guessing.forgive(tx, tried)
            tx.execute(delete(StaffSession).where(col(StaffSession.hash) == session.hash))
            return sessions.open_session(
                tx, login, now, passed=True, address=address, device=device
            )
    raise Refusal("refusal.wrong_code" if has_code else "refusal.wrong_password", status=401)


def change_password(
    state: State, session: SignedIn, password: str, new: str, address: str, device: str
) -> str:
    """A new password for one's own account: every session ends, this one begins anew under the key
    that is returned. Raises ``Refusal`` (401, 422, 429)."""
    now, login = state.now(), session.actor.login
    tried = _count(state, login, address)
    with state.database.read() as reading:
        query = select(col(Staff.password)).where(col(Staff.login) == login)
        kept = reading.connection().execute(query).scalar()
    if not accounts.check_password(password[: accounts.LONGEST_PASSWORD], kept)[0]:
        raise Refusal("refusal.wrong_password", status=401)
    accounts.require_good(login, new, local=(state.settings.hotline,))
    fresh = accounts.hash_password(new)
    with acting(state.database, state.mint) as tx:
        guessing.forgive(tx, tried)
        accounts.set_password(tx, login, fresh, now)
        return sessions.open_session(tx, login, now, passed=True, address=address, device=device)


def change_telephone(state: State, session: SignedIn) -> None:
    """Give up one's own second factor for a new one: every session ends, and the next sign-in sets
    it before it opens anything. Only for who has just proved who they are."""
    now, login = state.now(), session.actor.login
    sessions.require_recent(session, now)
    with acting(state.database, state.mint) as tx:
        second_factor.forget(tx, login)
        tx.execute(delete(StaffSession).where(col(StaffSession.login) == login))
        tx.event("second_factor_given_up", at=now, by=login, login=login)


def plain(code: str) -> str:
    """A code as it was typed, without blanks and in ASCII digits."""
    return "".join(str(int(char)) for char in code[:32] if char.isdecimal())


def _count(state: State, login: str, address: str) -> guessing.Tried:
    what = (("second", login), ("second_from", guessing.network(address)))
    return guessing.attempt(state, what, state.now()).require()
