"""The one-line filters of the queue, kept for each person."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from sqlalchemy import ColumnElement, delete, select
from sqlmodel import Session, col

from models.desk import Preference
from models.requests import HelpRequest
from models.transaction import Transaction
from referral.office import Office

NAME = "desk_filters"
LONGEST = 60


@dataclass(frozen=True, slots=True)
class Filters:
    """What of the queue somebody wants to see; "" is everything."""

    area: str = ""
    service: str = ""
    channel: str = ""
    lead: str = ""

    def __bool__(self) -> bool:
        return any(asdict(self).values())

    def conditions(self, office: Office) -> list[ColumnElement[bool]]:
        """The filters as conditions of a query; an area means all that lies in it."""
        found: list[ColumnElement[bool]] = []
        if self.area:
            directory = office.directory
            inside = sorted(p.code for p in directory.places if directory.within(p.code, self.area))
            found.append(col(HelpRequest.area).in_(inside or [self.area]))
        if self.service:
            found.append(col(HelpRequest.service) == self.service)
        if self.channel:
            found.append(col(HelpRequest.channel) == self.channel)
        if self.lead:
            found.append(col(HelpRequest.lead_bureau) == self.lead)
        return found


def read(form: Mapping[str, Any]) -> Filters:
    """The filters that a form or a kept value names; what is no filter is left out."""
    names = [one.name for one in fields(Filters)]
    return Filters(**{name: str(form.get(name, "")).strip()[:LONGEST] for name in names})


def of(session: Session, login: str) -> Filters:
    """The filters that this person has kept."""
    kept = session.connection().execute(
        select(col(Preference.value)).where(
            col(Preference.login) == login, col(Preference.name) == NAME
        )
    )
    return read(kept.scalar() or {})


def keep(tx: Transaction, login: str, chosen: Filters) -> None:
    """Keep the filters for this person."""
    mine = (col(Preference.login) == login, col(Preference.name) == NAME)
    tx.execute(delete(Preference).where(*mine))
    if chosen:
        tx.add(Preference, login=login, name=NAME, value=asdict(chosen))
