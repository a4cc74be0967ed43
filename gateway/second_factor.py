"""The second factor: a code of six digits from the person's own telephone (TOTP, RFC 6238).

A seed is sealed under a key derived for this purpose and bound to its account, so that a copied
table, or a row moved to another account, gives no code. A code works once, also when twelve sign
in with it at the same moment, and from one step before to one step after its own half minute.
"""

import hmac
import io
import secrets
from datetime import datetime
from typing import Any

import pyotp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import delete, update
from sqlmodel import col, select

from gateway.settings import BadSettings, Settings, derived
from models.access import SecondFactor
from models.transaction import Transaction

ISSUER = "Huiyin"
STEP_SECONDS = 30
STEPS_AROUND = (0, -1, 1)
_NONCE = 12


def is_required(settings: Settings, *, demo: bool) -> bool:
    """Whether this account must show a second factor: all but the demonstration's, and those only
    where HUIYIN_SECOND_FACTOR says so (``serve`` refuses to)."""
    return settings.second_factor == "everybody" or not demo


def is_set(reader: Any, login: str) -> bool:
    """Whether the account has a second factor in force."""
    query = select(col(SecondFactor.login)).where(
        col(SecondFactor.login) == login, col(SecondFactor.confirmed_at).is_not(None)
    )
    return reader.execute(query).first() is not None


def seed(tx: Transaction, settings: Settings, login: str, now: datetime) -> str | None:
    """The seed that the telephone is to be given, made now or shown again while no code has
    confirmed it; None once one has: a seed in force is never shown."""
    found = tx.execute(
        select(SecondFactor.sealed, SecondFactor.confirmed_at).where(
            col(SecondFactor.login) == login
        )
    ).first()
    if found is not None:
        return None if found.confirmed_at else _opened(settings, login, found.sealed)
    value = pyotp.random_base32()
    tx.add(SecondFactor, login=login, sealed=_sealed(settings, login, value), made_at=now)
    return value


def picture(seed: str, login: str) -> bytes:
    """The seed as a QR code (SVG) that an authenticator app reads."""
    import segno  # seldom asked for

    address = pyotp.TOTP(seed).provisioning_uri(name=login, issuer_name=ISSUER)
    out = io.BytesIO()
    segno.make(address, error="m").save(out, kind="svg", scale=5, border=4, light="white")
    return out.getvalue()


def take(tx: Transaction, settings: Settings, login: str, code: str, now: datetime) -> bool:
    """Whether this is a code of the account's telephone that nobody has used yet; it is used up."""
    found = tx.execute(
        select(SecondFactor.sealed, SecondFactor.confirmed_at, SecondFactor.last_step).where(
            col(SecondFactor.login) == login
        )
    ).first()
    if found is None:
        return False
    step = _step(_opened(settings, login, found.sealed), code, now)
    if step is None:
        return False
    changes = {"last_step": step, "confirmed_at": found.confirmed_at or now}
    taken = tx.execute(
        update(SecondFactor)
        .where(col(SecondFactor.login) == login, col(SecondFactor.last_step) < step)
        .values(**changes)
    )
    if taken.rowcount and not found.confirmed_at:
        tx.event("second_factor_set", at=now, by=login, login=login)
    return bool(taken.rowcount)


def forget(tx: Transaction, login: str) -> None:
    """Take the second factor away; the next sign-in sets a new one before it opens anything."""
    tx.execute(delete(SecondFactor).where(col(SecondFactor.login) == login))


def _step(seed: str, code: str, now: datetime) -> int | None:
    here = int(now.timestamp()) // STEP_SECONDS
    given = code.encode("utf-8", "replace")
    totp = pyotp.TOTP(seed)
    found = None
    for around in STEPS_AROUND:  # all of them, so that the time does not tell which
        if hmac.compare_digest(totp.generate_otp(here + around).encode(), given):
            found = here + around
    return found


def _cipher(settings: Settings) -> AESGCM:
    return AESGCM(bytes.fromhex(derived(settings.secret_key, "second factor")))


def _sealed(settings: Settings, login: str, value: str) -> bytes:
    nonce = secrets.token_bytes(_NONCE)
    return nonce + _cipher(settings).encrypt(nonce, value.encode(), login.encode())


def _opened(settings: Settings, login: str, kept: bytes) -> str:
    try:
        plain = _cipher(settings).decrypt(kept[:_NONCE], kept[_NONCE:], login.encode())
    except InvalidTag:
        raise BadSettings(
            f"the second factor of {login} cannot be read with this HUIYIN_SECRET_KEY; put the "
            "former key back, or let two people reset it with 'huiyin users reset'"
        ) from None
    return plain.decode()
