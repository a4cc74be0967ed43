"""The quarter of looking for people, in writing: the rounds that began in it, coverage by township,
the warnings that came in it by what was found, beside the quarter of aid."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from gateway import access, aid_report
from gateway.access import Actor
from gateway.discovery import Progress, counts, total, township_of, within
from gateway.tallies import Tally, tallies
from models.discovery import Round, Visit, Warned
from referral.directory import ZONE
from referral.office import Office


@dataclass(frozen=True, slots=True)
class Written:
    """``rounds`` by rule, ``places`` by township, ``lists`` by kind of warning; ``aid`` is the
    quarter of aid as the same person sees it."""

    year: int
    quarter: int
    rounds: tuple[Progress, ...]
    places: tuple[Progress, ...]
    whole: Progress | None
    lists: tuple[Tally, ...]
    aid: aid_report.Report


def written(
    session: Session, actor: Actor, office: Office, *, year: int, quarter: int, now: datetime
) -> Written:
    """The quarter as this person's unit sees it. Raises ``Refusal``."""
    access.allow(actor, "see_discovery")
    since, until = aid_report.span(year, quarter)
    came = (col(Warned.received_at) >= since, col(Warned.received_at) < until)
    rounds, places = _visits(session, actor, office, since, until, now)
    return Written(
        year=year,
        quarter=quarter,
        rounds=rounds,
        places=places,
        whole=total("", places) if places else None,
        lists=tuple(tallies(session, (*came, *within(actor, office, col(Warned.area))), now)),
        aid=aid_report.report(session, actor, office, year=year, quarter=quarter, now=now),
    )


def _visits(
    session: Session, actor: Actor, office: Office, since: datetime, until: datetime, now: datetime
) -> tuple[tuple[Progress, ...], tuple[Progress, ...]]:
    rows = session.connection().execute(
        select(col(Round.rule), col(Visit.area), *counts(now))
        .join(Visit, col(Visit.round_id) == col(Round.id))
        .where(
            col(Round.starts_on) >= since.astimezone(ZONE).date(),
            col(Round.starts_on) < until.astimezone(ZONE).date(),
            *within(actor, office, col(Visit.area)),
        )
        .group_by(col(Round.rule), col(Visit.area))
    )
    by_rule: dict[str, list[Progress]] = defaultdict(list)
    by_place: dict[str, list[Progress]] = defaultdict(list)
    for row in rows:
        one = Progress(row.area, row.planned, row.done, row.seen, row.late)
        by_rule[row.rule].append(one)
        by_place[township_of(office, row.area)].append(one)
    return _totals(by_rule), _totals(by_place)


def _totals(groups: dict[str, list[Progress]]) -> tuple[Progress, ...]:
    return tuple(total(code, parts) for code, parts in sorted(groups.items()))
