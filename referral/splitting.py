"""The urgent part of a request goes by itself (AS-19): its own number, level, track and clocks.

A person decides what the part is; the rest keeps its road and its due times.
"""

import dataclasses
from datetime import datetime
from secrets import token_hex

from models.requests import Contact
from models.transaction import Row, Transaction
from models.vocabulary import Level, Track
from referral import bringing_in, casework, likening
from referral.accused import Accused
from referral.answering import tell_one
from referral.casework import Actor, Refusal
from referral.correcting import again
from referral.office import Office
from referral.opening import open_request
from referral.telling import next_word


def split_off(
    tx: Transaction,
    office: Office,
    actor: Actor,
    request: Row,
    *,
    part: str,
    level: Level,
    service: str | None = None,
    now: datetime,
) -> Row:
    """Open a request for the urgent part in the person's own name, at the level a person gives it;
    its words are what the person says the part is, read by the same rules. Both are linked as one
    household; the requester hears the new number. Of whom the whole is kept secret, or kept away
    from, or from whom its words are withheld, so is the part. Returns the request that stays.

    Raises ``Refusal``.
    """
    casework.require_open(request)
    said = casework.need(part, "refusal.name_the_part")
    if not level.is_urgent:
        raise Refusal("refusal.not_urgent_part", status=422)
    if request["track"] == Track.GRIEVANCE:
        raise Refusal("refusal.grievance_apart", {"number": request["number"]})
    arrival = again(tx, office, request, level=level, now=now)
    inbound = dataclasses.replace(arrival.inbound, text=said, taken_by=actor.login)
    read = office.assess(said, request["channel"], inbound)
    wanted = service or read.service
    assessed = dataclasses.replace(read, level=level, track=Track.URGENT, service=wanted)
    arrival = dataclasses.replace(arrival, inbound=inbound, assessment=assessed, salt=token_hex(16))
    apart = Accused.named(bringing_in.kept_out(tx, request))
    withheld = request["withheld"] or ()
    urgent = open_request(tx, office, arrival, kept_out=apart, by=actor.login, withheld=withheld)
    tx.add(
        Contact,
        id=tx.mint(),
        journal_id=arrival.journal_id,
        request_id=urgent["id"],
        person_id=request["person_id"],
        channel=request["channel"],
        external_id=f"{request['number']}/{urgent['number']}",
        sender=inbound.sender,
        text=said,
        said_at=now,
        received_at=now,
        place=inbound.place,
        salt=arrival.salt,
        level=level,
        assessment=assessed.as_json(),
    )
    likening.link(
        tx, office, actor, request, others=[urgent], relation="household", reason=said, now=now
    )
    common = {"whole": request["number"], "part": urgent["number"], "words": said}
    casework.record(
        tx, "split_off", actor, before=request, after=request, now=now, level=level, **common
    )
    casework.record(tx, "split_from", actor, before=urgent, after=urgent, now=now, **common)
    due = next_word(office, arrival, level)
    tell_one(tx, office, request, "split_off", due=due, now=now, part=urgent["number"])
    return request
