"""What was typed into a form on a telephone, as a time, a number, a place; never an error."""

from collections.abc import Mapping
from datetime import datetime

from gateway import days
from referral.directory import ZONE


def moment(said: str, now: datetime) -> datetime:
    """A time as a telephone writes it, in China time where it names no zone; now for none, for one
    that cannot be read and for one that has not come yet (the telephone's clock is wrong)."""
    try:
        at = days.moment(said)
    except ValueError:
        return now
    return min(at if at.tzinfo else at.replace(tzinfo=ZONE), now)


def whole(said: str) -> int:
    """A number of a form; 0 for anything else."""
    return int(said) if said.isdecimal() and len(said) < 19 else 0


def point(fields: Mapping[str, str]) -> tuple[float, float] | tuple[None, None]:
    try:
        latitude, longitude = float(fields["latitude"]), float(fields["longitude"])
    except (KeyError, ValueError):
        return None, None
    if abs(latitude) <= 90 and abs(longitude) <= 180:  # False for what is no number
        return latitude, longitude
    return None, None
