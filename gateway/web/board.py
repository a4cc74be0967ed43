"""The supervisor's page: figures, lamps, the table of areas and topics, what is overdue. Each
figure opens the list it was counted from; the same page is the big screen and the print."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlmodel import col

from gateway import access, board, overdue, views, watching
from gateway.board import Board
from gateway.called import caller
from gateway.web.rendering import language_of, state_of
from gateway.web.staff import SignedIn, StaffRoute, staff_page
from models.requests import HelpRequest
from models.vocabulary import Form
from referral.casework import Refusal
from referral.office import Office

BASE = "/board"
WIDE, HIGH, LEFT, FOOT = 640, 180, 34, 22
SHADES = 5

router = APIRouter(prefix=BASE, route_class=StaffRoute, include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Line:
    """Thirty days drawn: two lines of points, and the marks of the axis."""

    received: str
    overdue: str
    marks: tuple[tuple[float, int], ...]
    days: tuple[tuple[float, Any], ...]


@router.get("")
def page(request: Request, session: SignedIn) -> Response:
    """The whole board; ``?big=1`` for a screen on the wall, which asks again by itself."""
    state = state_of(request)
    now, office = state.now(), state.offices.current()
    with state.database.read() as reading:
        found = board.read(reading, session.actor, office, now)
        late = overdue.read(reading, session.actor, office, now)
        late_in_all = overdue.how_many(reading, session.actor, office, now)
    return staff_page(
        request,
        "board.html",
        board=found,
        late=late,
        late_in_all=late_in_all,
        rules={rule.code: rule for rule in office.policy.rates},
        line=drawn(found),
        shade=lambda n: -(-n * SHADES // found.heat.most) if n else 0,
        services=_services(office, found, language_of(request)),
        big=request.query_params.get("big") == "1",
        base=BASE,
        wide=WIDE,
        high=HIGH,
        left=LEFT,
        foot=FOOT,
    )


@router.get("/list")
def listed(request: Request, session: SignedIn) -> Response:
    """The requests behind a figure, most urgent first. Raises ``Refusal`` (404) for no figure."""
    state = state_of(request)
    now, office = state.now(), state.offices.current()
    asked = {key: value for key, value in request.query_params.items() if key != "after"}
    access.allow(session.actor, "see_board")
    with state.database.read() as reading:
        if "area" in asked or "service" in asked:
            cell = (asked.get("area", board.NO_SERVICE), asked.get("service", board.NO_SERVICE))
            numbers: Any = board.in_cell(reading, session.actor, office, cell, now)
        else:
            numbers = board.numbers_of(reading, session.actor, office, asked, now)
        if numbers is None:
            raise Refusal("refusal.not_found", status=404)
        distinct = sorted(set(numbers))
        found = views.queue(
            reading,
            session.actor,
            office,
            where=[col(HelpRequest.number).in_(distinct)],
            after=request.query_params.get("after"),
            now=now,
        )
    if "after" in request.query_params:
        watching.listed(state.database, state.mint, session.actor, found.lines, now)
    return staff_page(
        request,
        "board_list.html",
        page=found,
        count=len(distinct),
        asked=asked,
        title=_title(office, asked, language_of(request)),
        paged=bool(request.query_params.get("after")),
        base="/desk",
    )


def drawn(found: Board) -> Line:
    """The points of both lines in a picture of ``WIDE`` by ``HIGH``."""
    most = max((max(day.received, day.overdue) for day in found.days), default=0) or 1
    step = (WIDE - LEFT) / max(len(found.days) - 1, 1)

    def points(name: str) -> str:
        return " ".join(
            f"{LEFT + place * step:.1f},{_height(getattr(day, name), most):.1f}"
            for place, day in enumerate(found.days)
        )

    marks = tuple((_height(value, most), value) for value in sorted({0, -(-most // 2), most}))
    days = tuple(
        (LEFT + place * step, day.day)
        for place, day in enumerate(found.days)
        if place % 7 == len(found.days) % 7
    )
    return Line(points("received"), points("overdue"), marks, days)


def _height(value: int, most: int) -> float:
    room = HIGH - FOOT - 12
    return 12 + room * (1 - value / most)


def _services(office: Office, found: Board, language: str) -> Mapping[str, str]:
    called = caller(office, language)
    return {code: called("service", code) for code in found.heat.services}


def _title(office: Office, asked: Mapping[str, str], language: str) -> dict[str, str]:
    """What the list is of, in the names of the directory."""
    called = caller(office, language)
    unknown = office.phrases.say("board.unknown", {}, Form.FULL, language)
    places = {code: place.name for code, place in office.directory.place.items()}
    area, service = asked.get("area", ""), asked.get("service")
    return {
        "figure": asked.get("figure", ""),
        "seen": asked.get("seen", ""),
        "unit": called("unit", asked.get("unit")),
        "area": unknown if area == board.NO_SERVICE else places.get(area, ""),
        "service": unknown if service == board.NO_SERVICE else called("service", service),
        "part": asked.get("part", ""),
    }
