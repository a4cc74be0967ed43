"""Guesses at what opens an account are counted before they are checked, and the next ones wait:
longer each time, never for ever."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlmodel import col

from gateway import guessing
from gateway.state import State
from models.access import Attempt
from models.transaction import acting
from referral.casework import Refusal

FREE = 5
FREE_OF_ADDRESS = 20  # an office behind one address has many people
REMEMBERED = timedelta(minutes=15)
LONGEST_WAIT = timedelta(minutes=15)


def count_guess(state: State, limits: Mapping[str, int], now: datetime) -> list[int]:
    """Count this guess at each subject (with its free tries) before it is checked, so that twelve
    at once are twelve. Raises ``Refusal`` (429) while one of them must wait."""
    guess: list[int] = []
    with acting(state.database, state.mint) as tx:
        tx.execute(delete(Attempt).where(col(Attempt.at) < now - 4 * REMEMBERED))
        for subject, free in limits.items():
            counted = guessing.subject(state.settings.secret_key, "sign in", subject)
            earlier = tx.execute(
                select(func.count(), func.max(Attempt.at)).where(
                    col(Attempt.subject) == counted, col(Attempt.at) > now - REMEMBERED
                )
            ).one()
            count, last = earlier
            over = count - free
            if over >= 0 and last is not None:
                wait = min(timedelta(minutes=1) * 2 ** min(over, 8), LONGEST_WAIT)
                if now < last + wait:
                    minutes = str(int(-((last + wait - now) // -timedelta(minutes=1))))
                    raise Refusal("refusal.wait", {"minutes": minutes}, 429)
            guess.append(tx.mint())
            tx.add(Attempt, id=guess[-1], at=now, subject=counted)
    return guess
