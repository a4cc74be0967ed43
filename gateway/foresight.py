"""What lies ahead and is not provided for: rosters with holes, a year without its notice."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlmodel import col

from models.clocks import Clock
from models.db import Database
from models.transaction import Transaction, acting
from models.vocabulary import Role, TaskKind
from referral import telling, wording
from referral.directory import HOTLINE, ZONE
from referral.office import Office, Reply
from referral.rosters import Gap, gaps
from referral.soundness import missing_years


def look_ahead(database: Database, mint: Callable[[], int], office: Office, now: datetime) -> int:
    """Ask somebody to fill each hole, once; how many were asked now. Raises ``Busy``."""
    found = holes(office, now)
    years = missing_years(office.policy, now.astimezone(ZONE).date())
    with acting(database, mint) as tx:
        provisional = tx.execute(
            select(func.count())
            .select_from(Clock)
            .where(col(Clock.next_at).is_not(None), col(Clock.provisional).is_(True))
        ).scalar()
        if provisional and not years:
            years = [office.policy.calendar.last_year + 1]
        asked = sum(_roster(tx, gap, now) for gap in found)
        return asked + sum(_calendar(tx, office, year, provisional, now) for year in years)


def holes(office: Office, now: datetime) -> list[Gap]:
    """The holes in the rosters of the days to come."""
    days: Any = office.policy.values["roster_days_ahead"].value
    today = now.astimezone(ZONE).date()
    every = gaps(office.directory, office.policy.calendar, today, days)
    return [gap for gap in every if gap.end > now]


def without_telephone(office: Office, now: datetime) -> list[str]:
    """The units that requests are sent to and whose public telephone nobody wrote down; the desk
    has that of the hotline."""
    day = now.astimezone(ZONE).date()
    rows = [row for row in office.policy.routes if row.in_force(day)]
    sent_to = {body for row in rows for body in (row.lead, row.danger_lead, *row.cooperating)}
    sent_to |= {row.first_line for row in rows}
    return [
        unit.code
        for unit in office.directory.units
        if unit.authority in sent_to - {HOTLINE} and unit.serves_on(day) and not unit.public_phone
    ]


def said(gap: Gap) -> str:
    """A hole as people say it."""
    return f"{gap.begin:%Y-%m-%d %H:%M} – {gap.end:%Y-%m-%d %H:%M}"


def _roster(tx: Transaction, gap: Gap, now: datetime) -> bool:
    asked = telling.ask_once(
        tx, TaskKind.ROSTER_GAP, unit=gap.unit, note=said(gap), urgent=gap.begin <= now, now=now
    )
    if asked:
        tx.event("roster_gap", at=now, unit=gap.unit, gap=said(gap), holiday=gap.holiday)
    return asked


def _calendar(tx: Transaction, office: Office, year: int, provisional: int, now: datetime) -> bool:
    """A year without a notice: every administrator is told, and the desk sees it."""
    desk = office.directory.responsible(HOTLINE, None, now.astimezone(ZONE).date())
    unit = desk.code if desk else HOTLINE
    if not telling.ask_once(
        tx, TaskKind.CALENDAR_MISSING, unit=unit, note=str(year), urgent=bool(provisional), now=now
    ):
        return False
    tx.event("calendar_missing", at=now, year=year, provisional_clocks=provisional)
    way = office.ways.get("tel")
    for officer in office.directory.officers:
        if officer.role == Role.ADMINISTRATOR and officer.phone and way is not None:
            telling.post(
                tx,
                office,
                "staff_calendar",
                request=None,
                reply=Reply(way, officer.phone),
                now=now,
                language=wording.STAFF_LANGUAGE,
                params={"year": str(year), "hotline": office.hotline},
                staff=officer.login,
            )
    return True
