"""What the good lines of a spreadsheet would do that whoever reads it in may not have meant."""

from itertools import islice

from sqlalchemy import select
from sqlmodel import col

from gateway.import_kinds import KINDS, Codes, Fault
from gateway.importing import TOGETHER, Looked, lines
from models.db import Database
from models.households import Household

_HEADINGS = {column.key: column.heading for column in KINDS["households"]}


def of(database: Database, looked: Looked, codes: Codes) -> list[Fault]:
    """The lines that give a household another head: the one before stays in it as a member."""
    if looked.kind != "households":
        return []
    found: list[Fault] = []
    good = (read for read in lines(looked, codes) if read.line not in looked.bad)
    while chunk := list(islice(good, TOGETHER)):
        ids = [read.values["household_id"] for read in chunk]
        query = select(col(Household.id), col(Household.head_name)).where(
            col(Household.id).in_(ids)
        )
        with database.read() as session:
            heads = {row.id: row.head_name for row in session.connection().execute(query)}
        for read in chunk:
            head, given = heads.get(read.values["household_id"]), read.values["head_name"]
            if head is not None and head != given:
                params = {"head": f"{head[:1]}**"}
                heading = _HEADINGS["head_name"]
                found.append(Fault(read.line, heading, given, "import.notice.head", params))
    return found
