"""Of every field of every export the protection class: what a masked export may show."""

from collections.abc import Mapping
from typing import Any

from models.clocks import Clock
from models.events import Event
from models.households import Household, HouseholdCategory, HouseholdPhone, Resident
from models.outbox import Outgoing
from models.referrals import Referral
from models.relief import Decision, Relief
from models.requests import Contact, HelpRequest
from models.reserves import AidEntry, Reserve


def _of(table: Any, **named: tuple[Any, str]) -> Mapping[str, str]:
    """The classes of a table's columns, and of fields that have another name or come from another
    table."""
    own = {column.name: (table, column.name) for column in table.__table__.columns}
    return {
        field: str(source.__table__.columns[name].info["protection"])
        for field, (source, name) in {**own, **named}.items()
    }


FIELDS: Mapping[str, Mapping[str, str]] = {
    "contacts": _of(Contact, at=(Contact, "said_at"), number=(HelpRequest, "number")),
    "requests": _of(HelpRequest, contacts=(Contact, "id")),
    "referrals": _of(Referral, number=(HelpRequest, "number")),
    "clocks": _of(Clock, number=(HelpRequest, "number"), clock=(Clock, "name")),
    "events": _of(Event),
    "outbox": _of(Outgoing, to=(Outgoing, "address")),
    "households": _of(
        Household,
        household_id=(Household, "id"),
        members=(Resident, "name"),
        phones=(HouseholdPhone, "number"),
        categories=(HouseholdCategory, "code"),
    ),
    "relief": _of(
        Relief,
        relief=(Relief, "number"),
        number=(HelpRequest, "number"),
        amount=(Relief, "amount_fen"),
        follows=(Relief, "number"),
        decision=(Decision, "words"),
        decided_by=(Decision, "decided_by"),
        decided_amount=(Decision, "amount_fen"),
        stages=(Decision, "stages"),
    ),
    "aid_entries": _of(
        AidEntry,
        amount=(AidEntry, "amount_fen"),
        reserve=(Reserve, "unit"),
        relief=(Relief, "number"),
        undoes=(AidEntry, "undoes_id"),
        counted=(AidEntry, "counted_fen"),
        book=(AidEntry, "book_fen"),
        by=(AidEntry, "recorded_by"),
    ),
}
"""A field that is not here is masked."""
