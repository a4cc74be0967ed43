"""The quarter in writing: visits, warnings and aid on one page, in one workbook, ready to print."""

from collections.abc import Callable, Iterable
from typing import Any

from fastapi import APIRouter, Request, Response

from gateway import access, discovery_quarter, sessions, warning_leads
from gateway.discovery import Progress
from gateway.discovery_quarter import Written
from gateway.discovery_sheets import warning_lines
from gateway.web import relief, relief_sheets
from gateway.web.rendering import language_of, state_of, translator
from gateway.web.staff import SignedIn, StaffRoute, staff_page
from referral.office import Office
from referral.wording import named

BASE = "/discovery"
PROGRESS = ("planned", "done", "seen", "late", "share")
router = APIRouter(prefix=BASE, route_class=StaffRoute, include_in_schema=False)


@router.get("/report")
def page(request: Request, session: SignedIn) -> Response:
    """The quarter that ended last, or the one asked for."""
    found = _written(request, session)
    office, language = state_of(request).offices.current(), language_of(request)
    return staff_page(
        request,
        "quarterly.html",
        report=found,
        progress=PROGRESS,
        findings=[(one.code, named(one, language)) for one in _findings(office)],
        rules=_rules(office, language),
        kinds=warning_leads.names(office.policy.outreach, language),
        places=office.directory.place,
        counts=relief_sheets.counts(found.aid),
        printing="print" in request.query_params,
    )


@router.get("/report.xlsx")
def sheet(request: Request, session: SignedIn) -> Response:
    """The same as a workbook; the tables of aid follow those of visits and warnings."""
    found = _written(request, session)
    name = f"quarter-{found.year}-Q{found.quarter}.xlsx"
    return relief_sheets.download(name, _tables(request, found))


def _written(request: Request, session: sessions.SignedIn) -> Written:
    access.allow(session.actor, "see_discovery")
    state = state_of(request)
    now = state.now()
    year, number = relief.asked_quarter(request, now)
    with state.database.read() as reading:
        return discovery_quarter.written(
            reading,
            session.actor,
            state.offices.current(),
            year=year,
            quarter=number,
            now=now,
        )


def _findings(office: Office) -> list[Any]:
    return list(office.policy.outreach.listed("warning"))


def _rules(office: Office, language: str) -> dict[str, str]:
    return {rule.code: named(rule, language) for rule in office.policy.outreach.visits}


def _tables(request: Request, found: Written) -> Iterable[Any]:
    office, language = state_of(request).offices.current(), language_of(request)
    t: Callable[..., str] = translator(office.phrases, language)
    rules, places = _rules(office, language), office.directory.place
    heads = [t(f"discovery.{each}") for each in PROGRESS]

    def lines(rows: Iterable[Progress], names: dict[str, str]) -> list[tuple[str | int, ...]]:
        return [
            (names.get(one.code, one.code), one.planned, one.done, one.seen, one.late, one.share)
            for one in rows
        ]

    whole = [found.whole] if found.whole else []
    towns = {code: place.name for code, place in places.items()} | {"": t("quarterly.whole")}
    yield t("quarterly.rounds"), [t("discovery.round"), *heads], lines(found.rounds, rules)
    yield (
        t("quarterly.places"),
        [t("discovery.township"), *heads],
        lines((*found.places, *whole), towns),
    )
    titles = [t(f"discovery.{each}") for each in ("list", "noted", "warned", "waiting", "late")]
    titles += [named(one, language) for one in _findings(office)]
    kinds = warning_leads.names(office.policy.outreach, language)
    yield t("quarterly.lists"), titles, list(warning_lines(office, found.lists, kinds))
    yield from relief_sheets.quarter(request, found.aid)
