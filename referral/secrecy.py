"""Who asked not to be named is known to the desk alone (AS-05): asked at once or later, or set by
somebody of the desk. Nothing here makes a request less secret.

It is a lasting property and no work that anybody could tick off: whoever has the request open, or
in a list, sees it from this moment, the bureaus too, who may have known the name before."""

import re
from datetime import datetime
from functools import lru_cache

from sqlalchemy import update
from sqlmodel import col

from models.events import SYSTEM
from models.requests import HelpRequest
from models.transaction import Row, Transaction
from referral import casework
from referral.casework import Actor, Refusal
from referral.office import Arrival, Office

_KEPT = "kept_confidential"
_BETWEEN = 12
"""So many characters may stand where a phrase has "…"."""


def is_asked(office: Office, arrival: Arrival) -> bool:
    """Whether the person asked not to be named, or whoever wrote it down says so."""
    asked = phrases(str(office.policy.values["secrecy_asked"].value))
    return arrival.inbound.confidential or asked.search(arrival.inbound.text) is not None


@lru_cache(maxsize=8)
def phrases(rows: str) -> re.Pattern[str]:
    """The phrases of a row, one between blanks each, "…" for a few characters of one sentence."""
    gap = f"[^。!?！？\n]{{0,{_BETWEEN}}}"
    return re.compile("|".join(gap.join(map(re.escape, one.split("…"))) for one in rows.split()))


def heard(tx: Transaction, office: Office, arrival: Arrival, request: Row) -> Row:
    """A contact that joins a request may ask for it too: from here on only the desk knows who it
    is. That somebody asked is recorded also where it is secret already: another may have asked
    before them, from whose request theirs is parted later."""
    if not is_asked(office, arrival):
        return request
    tx.event(_KEPT, at=arrival.now, request=request, by=SYSTEM, words=arrival.mark)
    if request["confidential"]:
        return request
    tx.later(
        update(HelpRequest).where(col(HelpRequest.id) == request["id"]).values(confidential=True)
    )
    return {**request, "confidential": True}


def keep_confidential(
    tx: Transaction, _office: Office, actor: Actor, request: Row, *, reason: str, now: datetime
) -> Row:
    """The desk hides from all others who the requester is, as they asked. Raises ``Refusal``."""
    casework.require_open(request)
    why = casework.need(reason, "refusal.reason_missing")
    if request["confidential"]:
        raise Refusal("refusal.secret_already", {"number": request["number"]})
    return kept(tx, actor, request, why, now)


def kept(tx: Transaction, actor: Actor, request: Row, why: str, now: datetime) -> Row:
    """By a person's word only the desk knows who it is from here on."""
    after = casework.change(tx, request, confidential=True)
    casework.record(tx, _KEPT, actor, before=request, after=after, now=now, reason=why)
    return after


def asked_since(tx: Transaction, request: Row, since: datetime) -> bool:
    """Whether anybody asked for it, or somebody of the desk set it, since then."""
    return any(one.at >= since for one in casework.history(tx, request["id"], _KEPT))
