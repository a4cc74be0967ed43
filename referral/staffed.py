"""Units, people, shifts and places as values, of which ``referral.directory`` is made."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta


@dataclass(frozen=True, slots=True)
class Place:
    """An area as the directory needs it: its code, its kind and what it lies in."""

    code: str
    kind: str
    name: str
    parent: str | None


@dataclass(frozen=True, slots=True)
class Unit:
    """A bureau, an office, a committee or the hotline's desk."""

    code: str
    name_zh: str
    name_en: str
    authority: str
    area: str | None = None
    parent: str | None = None
    public_phone: str = ""
    duty_phone: str = ""
    valid_from: date | None = None
    valid_until: date | None = None
    successor: str | None = None

    def serves_on(self, day: date) -> bool:
        """Whether the unit exists on that day (units are retired, never deleted)."""
        return (self.valid_from or day) <= day and (
            self.valid_until is None or day <= self.valid_until
        )

    def name(self, language: str) -> str:
        """The name in the reader's language."""
        return self.name_en if language.startswith("en") else self.name_zh


@dataclass(frozen=True, slots=True)
class Officer:
    """A member of staff who can hold a request."""

    login: str
    name: str
    role: str
    unit: str
    area: str | None = None
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Relative:
    """A near relative of a member of staff, as registered."""

    login: str
    name: str
    relation: str


@dataclass(frozen=True, slots=True)
class Shift:
    """Who is on duty every day between two minutes of the day (``to`` before ``from`` wraps: the
    small hours belong to the day on which the shift began)."""

    unit: str
    login: str
    from_minute: int
    to_minute: int
    weekdays: str = "0123456"
    starts_on: date | None = None
    ends_on: date | None = None

    def covers(self, local: datetime) -> bool:
        """Whether the shift is running at a China-time moment."""
        minute = local.hour * 60 + local.minute
        day = local.date()
        if self.from_minute <= self.to_minute:
            inside = self.from_minute <= minute < self.to_minute
        else:
            inside = minute >= self.from_minute or minute < self.to_minute
            day -= timedelta(days=minute < self.to_minute)
        return (
            inside
            and str(day.weekday()) in self.weekdays
            and (self.starts_on or day) <= day <= (self.ends_on or day)
        )
