"""Keys to the house: sessions, one-time links, bearer tokens, codes. Only hashes are kept."""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import Index
from sqlmodel import SQLModel

from models.columns import bytes_of, key, operational, personal, secret, sensitive


class StaffSession(SQLModel, table=True):
    """A signed-in browser. One that is not ``passed`` has shown a password and owes the second
    factor; ``confirmed_at`` is when its holder last proved who they are."""

    hash: str = secret(primary_key=True, sealed=False)
    login: str = operational(foreign_key="staff.login", index=True)
    csrf: str = secret()
    created_at: datetime = operational()
    seen_at: datetime = operational()
    expires_at: datetime = operational()
    passed: bool = operational(True)
    confirmed_at: datetime | None = operational(None)
    address: str = personal("")
    device: str = operational("")


class SecondFactor(SQLModel, table=True):
    """The seed that a person's telephone makes codes from, sealed under a key of its own; in force
    once a first code has shown that the telephone has it. No code of ``last_step`` or before it is
    taken again."""

    __tablename__ = "second_factor"

    login: str = operational(primary_key=True, foreign_key="staff.login")
    sealed: bytes = bytes_of(secret)
    made_at: datetime = operational()
    confirmed_at: datetime | None = operational(None)
    last_step: int = operational(0)


class Recovery(SQLModel, table=True):
    """Somebody lost what they sign in with: one person asks to let them in anew, another agrees."""

    id: int = key()
    login: str = operational(foreign_key="staff.login", index=True)
    reason: str = sensitive()
    asked_by: str = operational()
    asked_at: datetime = operational()
    expires_at: datetime = operational()
    decided_by: str | None = operational(None)
    decided_at: datetime | None = operational(None)
    agreed: bool | None = operational(None)


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
    """Somebody looked at somebody's data: who, when, what, why. Each is chained to the one before
    by its hash, like the entries of the ledger, which takes the head of this chain in at intervals:
    pages are opened too often for an entry each."""

    __table_args__ = (Index("ix_look_login_at", "login", "at"),)

    id: int = key()
    at: datetime = operational(index=True)
    login: str = operational()
    act: str = operational()
    request_id: int | None = key(foreign="request.id", nullable=True, index=True)
    ground: str = operational("")
    purpose: str = sensitive("")
    seq: int = operational(index=True, unique=True)
    hash: str = operational()


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


def seal_look(previous: str, look: Mapping[str, Any]) -> str:
    """The hash of a look: SHA-256 over the previous hash and the look's canonical JSON."""
    at = look["at"].astimezone(UTC)  # as every database gives it back
    who = (look["login"], look["act"], look["request_id"], look["ground"], look["purpose"])
    canonical = orjson.dumps((previous, look["seq"], look["id"], at, *who), option=orjson.OPT_UTC_Z)
    return sha256(canonical).hexdigest()
