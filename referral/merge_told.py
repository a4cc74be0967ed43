"""What is said when two requests are joined: to whom, and the answer that stands."""

from datetime import datetime

from models.transaction import Row, Transaction
from referral import bringing_in, casework, telling
from referral.answering import correspondent, tell_hearer, tell_one
from referral.casework import Told
from referral.joined import as_heard, joined_to
from referral.office import Office


def tell(
    tx: Transaction,
    office: Office,
    after: Row,
    gone: Row,
    *,
    first: bool,
    urgent_gain: bool,
    now: datetime,
) -> None:
    """N8 to the requesters of both, a word to who held the newer one and, when the matter is more
    urgent now, to who holds the older."""
    lead = bringing_in.lead_of(tx, after)
    hearer = {**gone, "merged_into": after["id"], "level": after["level"]}
    reported = correspondent(tx, office, hearer).reported
    unit = office.directory.unit.get(lead["bureau"])
    phrase = "merged_reporter" if reported else "merged"
    due = lead["due_at"]
    tell_one(tx, office, hearer, phrase, due=due, now=now, unit=unit, master=after["number"])
    if first:
        tell_one(tx, office, after, "joined", due=due, now=now, unit=unit)
    holder = office.directory.holder(gone)
    if holder is not None:
        telling.tell_staff(
            tx, office, "staff_merged", gone, holder, due=due, now=now, urgent=False,
            master=after["number"],
        )  # fmt: skip
    keeper = office.directory.holder(after)
    if urgent_gain and keeper is not None:
        telling.notify(tx, office, after, keeper, due=due, now=now, urgent=True)


def answer_of(tx: Transaction, request: Row) -> Told | None:
    """The answer that stands: given since the request was last taken up again."""
    told = casework.history(tx, request["id"], "replied", "refused", "reopened", "rehandled")
    return told[-1] if told and told[-1].kind in ("replied", "refused") else None


def tell_answer(
    tx: Transaction, office: Office, after: Row, gone: Row, answer: Told, now: datetime
) -> None:
    """Who is joined to what was answered already hears that answer too (I5)."""
    unit, said = office.directory.unit.get(answer.detail.get("unit", "")), answer.detail
    phrase, words = "reply_to_citizen", {"answer": str(said.get("answer", ""))}
    if answer.kind == "refused":
        other = str(said["other_help"]) or office.hotline
        phrase = "refused_in_writing"
        words = {"rule": str(said["rule"]), "reasons": str(said["reason"]), "other": other}
        unit = office.directory.unit.get(after["lead_bureau"])
    for one in (gone, *joined_to(tx, gone["id"])):
        hearer = as_heard(one, after)
        tell_hearer(tx, office, hearer, phrase, due=now, now=now, unit=unit, **words)
