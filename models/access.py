"""Keys to the house: sessions, one-time links, bearer tokens, codes. Only hashes are kept."""

import secrets
from datetime import datetime
from hashlib import sha256

from sqlmodel import SQLModel

from models.columns import key, operational, personal, secret


class StaffSession(SQLModel, table=True):
    """A signed-in browser."""

    hash: str = secret(primary_key=True, sealed=False)
    login: str = operational(foreign_key="staff.login", index=True)
    csrf: str = secret()
    created_at: datetime = operational()
    seen_at: datetime = operational()
    expires_at: datetime = operational()


class OneTimeKey(SQLModel, table=True):
    """A sign-in link or a code that binds a chat to an account; works once."""

    hash: str = secret(primary_key=True, sealed=False)
    purpose: str = operational()  # "sign_in" or "bind"
    login: str = operational(foreign_key="staff.login")
    expires_at: datetime = operational()
    used_at: datetime | None = operational(None)


class ApiToken(SQLModel, table=True):
    """A partner system's bearer token."""

    hash: str = secret(primary_key=True, sealed=False)
    name: str = operational(unique=True)
    scope: str = operational()
    created_at: datetime = operational()
    disabled_at: datetime | None = operational(None)


class Look(SQLModel, table=True):
    """Somebody looked at somebody's data: who, when, what, why."""

    id: int = key()
    at: datetime = operational(index=True)
    login: str = operational()
    act: str = operational()
    request_id: int | None = key(foreign="request.id", nullable=True, index=True)
    purpose: str = operational("")


class Attempt(SQLModel, table=True):
    """A guess at a number's code or a password, counted so that guessing stays slow."""

    id: int = key()
    at: datetime = operational(index=True)
    subject: str = personal(index=True, sealed=False)  # a keyed hash


def fresh() -> tuple[str, str]:
    """A new secret and the hash that is kept of it."""
    value = secrets.token_urlsafe(24)
    return value, hashed(value)


def hashed(value: str) -> str:
    """The hash under which a key is found; keys are random, so no salt or stretching is needed."""
    return sha256(value.encode()).hexdigest()
