"""Figures as JSON: a unit's quarter, each number with the requests behind it."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from gateway import access, exporting, quarter, quarter_closing, unsaid
from gateway.api.support import ApiRoute, Process, Staff
from gateway.bodies import Body
from models.transaction import acting

router = APIRouter(prefix="/reports", route_class=ApiRoute, tags=["reports"])


class QuarterBody(Body):
    """Whose quarter, and which (2026Q3)."""

    unit: str = Field(max_length=100)
    quarter: str = Field(max_length=10)


@router.get("/quarter")
def of_a_quarter(
    state: Process,
    viewer: Staff,
    unit: Annotated[str, Query(max_length=100)],
    quarter_: Annotated[str, Query(alias="quarter", max_length=10)],
) -> Any:
    """The rates, doors and disputes of a unit's orders of a quarter (2026Q3). ``numbers`` and
    ``missed`` are the requests behind each number; ``small`` marks groups too small to rank;
    ``closed`` is what was told when somebody closed the quarter, and what would differ now."""
    access.allow(viewer, "see_reports")
    now, office = state.now(), state.offices.current()
    quarter_closing.require_own(viewer, office, unit, now)
    span = quarter_closing.asked(unit, quarter_, office)
    with state.database.read() as session:
        found = quarter.report(session, office, unit, span, now=now, viewer=viewer)
        told = quarter_closing.kept(session, unit, span)
        later = quarter.report(session, office, unit, span, now=now) if told else None
        hidden = unsaid.numbers(session.connection(), viewer, office, now)
    return {
        **found.as_json(),
        "as_of": exporting.local(found.as_of),
        "closed": told and later and quarter_closing.as_json(told, later, hidden),
    }


@router.post("/quarter", status_code=201)
def close_quarter(state: Process, viewer: Staff, body: QuarterBody) -> Any:
    """Close a unit's quarter that is over: its figures are kept as told from now on."""
    with acting(state.database, state.mint) as tx:
        office = state.offices.current()
        told = quarter_closing.close(
            tx, office, viewer, unit=body.unit, quarter=body.quarter, now=state.now()
        )
        hidden = unsaid.numbers(tx, viewer, office, state.now())
    return quarter_closing.as_json(told, None, hidden)
