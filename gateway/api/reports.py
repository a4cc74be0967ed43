"""Figures as JSON: a unit's quarter, each number with the requests behind it."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from gateway import access, exporting, quarter
from gateway.api.support import ApiRoute, Process, Staff
from models.vocabulary import Role
from referral.casework import Refusal, units_of

router = APIRouter(prefix="/reports", route_class=ApiRoute, tags=["reports"])
OWN = (Role.BUREAU_OFFICER, Role.BUREAU_HEAD, Role.TOWNSHIP_OFFICER)
"""Roles that see the figures of their own unit alone."""


@router.get("/quarter")
def of_a_quarter(
    state: Process,
    viewer: Staff,
    unit: Annotated[str, Query(max_length=100)],
    quarter_: Annotated[str, Query(alias="quarter", max_length=10)],
) -> Any:
    """The rates, doors and disputes of a unit's orders of a quarter (2026Q3). ``numbers`` and
    ``missed`` are the requests behind each number; ``small`` marks groups too small to rank."""
    access.allow(viewer, "see_reports")
    now, office = state.now(), state.offices.current()
    if viewer.role in OWN and unit not in units_of(office, viewer, now):
        raise Refusal("refusal.not_your_unit", status=403)
    try:
        span = quarter.Quarter.parse(quarter_)
        with state.database.read() as session:
            found = quarter.report(session, office, unit, span, now=now, viewer=viewer)
    except ValueError:
        raise Refusal("refusal.no_such_quarter", {"unit": unit, "quarter": quarter_}, 422) from None
    return {**found.as_json(), "as_of": exporting.local(found.as_of)}
