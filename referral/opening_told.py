"""What is said when a request is opened: to the person, and to everybody who must act."""

from collections.abc import Sequence

from models.transaction import Row, Transaction
from models.vocabulary import Form, Level, Track
from referral import bringing_in, kin, telling, unheard
from referral.office import Arrival, Office
from referral.planning import Plan


def tell(
    tx: Transaction,
    office: Office,
    arrival: Arrival,
    *,
    request: Row,
    decided: Plan,
    orders: Sequence[Row],
) -> None:
    """What the person hears at once: receipt, then what happens; then whoever must act."""
    _tell_person(tx, office, arrival, request, decided)
    _tell_bureaus(tx, office, arrival, request, decided, orders)


def _tell_person(
    tx: Transaction, office: Office, arrival: Arrival, request: Row, decided: Plan
) -> None:
    due = telling.next_word(office, arrival, decided.level)
    until = unheard.asked(tx, office, arrival, request, opened=True)
    if arrival.inbound.reporter:
        telling.say(
            tx, office, arrival, request, "reporter_told", due=due, unit=decided.holder.unit
        )
    elif not arrival.inbound.missed:
        if decided.level is Level.LIFE_THREAT:
            telling.say(tx, office, arrival, request, "handoff", due=due)
        telling.say(tx, office, arrival, request, "receipt", due=due, unit=decided.first.unit)
        if arrival.reply and arrival.reply.way.form is Form.SMS:
            telling.say(
                tx, office, arrival, request, "receipt_code", due=due, unit=decided.first.unit
            )
        if decided.level.is_urgent:
            telling.say(
                tx, office, arrival, request, "urgent_accepted", due=due, unit=decided.holder.unit
            )
            if kin.child_speaks(office, arrival):
                telling.say(
                    tx, office, arrival, request, "child_told", due=due, unit=decided.holder.unit
                )
        elif decided.track is Track.GRIEVANCE:
            unit, last = decided.lead, decided.lead_due.at
            telling.say(tx, office, arrival, request, "grievance_received", due=last, unit=unit)
        elif decided.track is not Track.NONE and until is None:
            unit, last = decided.lead, decided.lead_due.at
            telling.say(tx, office, arrival, request, "dispatched", due=last, unit=unit)
    if until is not None:
        telling.say(tx, office, arrival, request, unheard.TOLD, due=until)


def _tell_bureaus(
    tx: Transaction,
    office: Office,
    arrival: Arrival,
    request: Row,
    decided: Plan,
    orders: Sequence[Row],
) -> None:
    """The holder, and every bureau that has an order, as the time to sign it runs already: the
    lead where a township acts first, and those that help. Each person once, whom nobody complains
    about (I9): ``bringing_in.free``."""
    now, urgent = arrival.now, decided.level.is_urgent
    readers = {decided.holder.officer.login: (decided.holder, decided.lead_due.at)}
    kept = decided.accused.also(decided.unsure).names
    for order in orders:
        if order["bureau"] == decided.holder.unit.code:
            continue
        unit = office.directory.unit[order["bureau"]]
        if (reader := bringing_in.free(office, kept, unit, now)) is not None:
            readers.setdefault(reader.officer.login, (reader, order["due_at"]))
    for reader, due in readers.values():
        telling.notify(tx, office, request, reader, due=due, now=now, urgent=urgent)
