"""A learned opinion beside the rules: does it agree, differ, or ask for a person to look?

It changes neither route nor level: a person does, or nobody. An opinion that is not sure says
nothing here (it still stands on the page), and one that would calm is not heard at all.
"""

from sqlalchemy import update
from sqlmodel import col

from models.requests import HelpRequest
from models.transaction import Row, Transaction
from models.vocabulary import Level, SecondOpinion, TaskKind
from referral import clocks, telling
from referral.directory import Unit
from referral.office import Arrival, Office
from triage.opinion import Opinion


def compare(
    office: Office, opinion: Opinion | None, *, level: Level, service: str | None, lead: Unit
) -> SecondOpinion | None:
    """How the opinion stands to what was decided; None where it says nothing, or speaks of things
    that the rules do not know (a city's own topics)."""
    if opinion is None or not opinion.sure:
        return None
    if opinion.urgent:
        return SecondOpinion.AGREES if level.is_urgent else SecondOpinion.LOOK
    for row in office.policy.routes:
        if opinion.label in (row.service, row.name_zh, row.name_en):
            return _same(row.service == service)
    if opinion.label in _names(lead):
        return SecondOpinion.AGREES
    known = any(opinion.label in _names(unit) for unit in office.directory.units)
    return SecondOpinion.DIFFERS if known else None


def _same(agrees: bool) -> SecondOpinion:
    return SecondOpinion.AGREES if agrees else SecondOpinion.DIFFERS


def _names(unit: Unit) -> tuple[str, ...]:
    return unit.code, unit.name_zh, unit.name_en, unit.authority


def looked(tx: Transaction, office: Office, arrival: Arrival, request: Row) -> Row:
    """Words that joined a request: where orders like them were hurried and the rules see no hurry,
    the request is marked and a person is asked, once."""
    opinion = arrival.assessment.opinion
    marked = request["second_opinion"] == SecondOpinion.LOOK
    if opinion is None or not (opinion.sure and opinion.urgent) or marked:
        return request
    if Level(request["level"]).is_urgent:
        return request
    request = {**request, "second_opinion": SecondOpinion.LOOK}
    row = update(HelpRequest).where(col(HelpRequest.id) == request["id"])
    tx.later(row.values(second_opinion=SecondOpinion.LOOK))
    ask(tx, office, arrival, request)
    return request


def ask(tx: Transaction, office: Office, arrival: Arrival, request: Row) -> None:
    """Waiting work for a person where the mark says that somebody should look."""
    opinion = arrival.assessment.opinion
    if opinion is None or request["second_opinion"] != SecondOpinion.LOOK:
        return
    rule = office.policy.clock("CLK-TRIAGE", "danger")
    due = clocks.due(arrival.now, rule.amount, rule.measure, office.policy.calendar)
    telling.ask(
        tx,
        office,
        TaskKind.LOOK,
        request,
        now=arrival.now,
        due=due.at,
        note=f"{opinion.label} {opinion.confidence:.0%} {' '.join(opinion.why)}".strip(),
        urgent=True,
    )
