"""Where and who we are: areas, units, staff, duty. Loaded into one ``referral.directory``."""

from datetime import date, datetime

from sqlmodel import SQLModel

from models.columns import document, key, operational, personal, secret


class AreaRow(SQLModel, table=True):
    """A county, township, village or grid; ``centre`` is [latitude, longitude]."""

    __tablename__ = "area"

    code: str = operational(primary_key=True)
    kind: str = operational()
    name: str = operational()
    parent: str | None = operational(None)
    aliases: list[str] = document(operational)
    centre: list[float] | None = document(operational)


class UnitRow(SQLModel, table=True):
    """A bureau, township office, village committee or the hotline's desk itself."""

    __tablename__ = "unit"

    code: str = operational(primary_key=True)
    name_zh: str = operational()
    name_en: str = operational()
    authority: str = operational()
    area: str | None = operational(None)
    parent: str | None = operational(None)
    kind: str = operational()
    public_phone: str = operational("")
    duty_phone: str = operational("")
    valid_from: date | None = operational(None)
    valid_until: date | None = operational(None)
    successor: str | None = operational(None)


class Staff(SQLModel, table=True):
    """A member of staff. ``demo`` marks an account with a known password (never in production)."""

    login: str = operational(primary_key=True)
    name: str = personal()
    role: str = operational()
    unit: str = operational(foreign_key="unit.code")
    area: str | None = operational(None)
    phone: str = personal("")
    password: str | None = secret(None)
    demo: bool = operational(False)
    created_at: datetime = operational()
    disabled_at: datetime | None = operational(None)
    signed_in_at: datetime | None = operational(None)


class Duty(SQLModel, table=True):
    """Who is on duty for a unit, each day between two minutes of the day (China time)."""

    id: int = key()
    unit: str = operational(foreign_key="unit.code")
    login: str = operational(foreign_key="staff.login")
    from_minute: int = operational()
    to_minute: int = operational()
    weekdays: str = operational("0123456")
    starts_on: date | None = operational(None)
    ends_on: date | None = operational(None)
