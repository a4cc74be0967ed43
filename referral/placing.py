"""A place that is told later is the request's, where it had none."""

from datetime import datetime

from sqlalchemy import update
from sqlmodel import col

from models.requests import HelpRequest
from models.transaction import Row, Transaction
from models.vocabulary import TaskKind
from referral import bringing_in, planning, telling, urgent_orders
from referral.office import Arrival, Office
from referral.rerouting import route_of


def heard(tx: Transaction, office: Office, arrival: Arrival, request: Row) -> Row:
    """Keep the area and the place that a contact names; one that is known stays."""
    if request["area"] is not None and request["place"] is not None:
        return request
    area = request["area"] or planning.area_named(office, arrival)
    named = {"area": area, "place": planning.place_named(arrival)}
    new = {name: value for name, value in named.items() if value and request[name] is None}
    if not new:
        return request
    tx.later(update(HelpRequest).where(col(HelpRequest.id) == request["id"]).values(**new))
    after = {**request, **new}
    tx.event("place_told", at=arrival.now, request=after, area=after["area"], words=arrival.mark)
    return after


def bring_in(tx: Transaction, office: Office, request: Row, now: datetime) -> None:
    """What is urgent has a place at last: the township there acts first, and whoever holds the
    request is asked to read where it is."""
    route, due = route_of(office, request, now), bringing_in.lead_of(tx, request)["due_at"]
    unit = urgent_orders.first_aid(tx, office, request, route, request["area"], due, now)
    if unit is not None:
        reader = bringing_in.reader_of(tx, office, request, unit, now)
        if reader is not None:
            telling.notify(tx, office, request, reader, due=due, now=now, urgent=True)
    telling.ask_once(
        tx, TaskKind.NEW_WORDS, unit=request["holder_unit"], note="", now=now, request=request,
        urgent=True,
    )  # fmt: skip
