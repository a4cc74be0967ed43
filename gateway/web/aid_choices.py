"""What the forms of aid offer in place of a number typed by hand: a household that is looked up,
its people, the requests and grants of whoever asks, colleagues. All of it without a script."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import Request
from sqlalchemy import select
from sqlmodel import Session, col

from gateway import access, aid_views, homes, masking, registry
from gateway.access import Actor
from gateway.called import caller, reader
from gateway.homes import Card, Page
from gateway.web import sought
from gateway.web.rendering import language_of, state_of
from models.households import Belonging
from models.requests import HelpRequest
from models.transaction import acting
from models.vocabulary import Status
from referral.casework import Refusal
from referral.office import Office
from triage.household_matching import read_home

ASKED = ("name", "phone", "address")
MOST = 60
_LABEL = 40
Option = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Choices:
    """``chosen`` is the household whose aid it is; ``found`` those that a search found, with their
    score; ``own`` those of the requests that one works on. ``searches``: whether one may search."""

    searches: bool
    asked: Mapping[str, str]
    searched: bool
    found: Sequence[tuple[Card, float]]
    own: Sequence[Card]
    chosen: Page | None
    requests: Sequence[Option]
    grants: Sequence[Option]


def choices(request: Request, actor: Actor, typed: Mapping[str, str]) -> Choices:
    """What the form may be filled with. A search and a look at a household are kept."""
    state = state_of(request)
    office, now = state.offices.current(), state.now()
    language = language_of(request)
    searches = actor.role in access.RIGHTS["see_household"]
    wanted = (typed.get("household_id") or request.query_params.get("household", "")).strip()[:100]
    with state.database.read() as reading:
        asked = sought.of(request, reading, actor, ASKED)
        searched = searches and any(asked.values())
        found = _found(reading, actor, office, asked, now) if searched else ()
        chosen = _chosen(reading, actor, office, wanted, now) if wanted else None
        answer = Choices(
            searches,
            asked,
            searched,
            found,
            _own(reading, actor, office, now),
            chosen,
            _requests(reading, actor, office, language, now),
            _grants(reading, actor, office, language, now),
        )
    if searched or chosen is not None:
        with acting(state.database, state.mint) as tx:
            seen = " ".join(card.id for card, _ in found)
            if chosen:
                homes.looked(tx, actor, chosen.card.id, act="see_household", now=now)
            else:
                access.look(tx, actor, act="search_household", now=now, purpose=seen)
    return answer


def colleagues(office: Office, language: str) -> list[Option]:
    """Who handles aid, by name and unit, to say whose relative somebody is."""
    called = caller(office, language)
    found = [
        (one.login, f"{one.name} · {called('unit', one.unit)}") for one in office.directory.officers
    ]
    return sorted(found, key=lambda one: (one[1].partition(" · ")[2], one[1]))


def _found(
    reading: Session, actor: Actor, office: Office, asked: Mapping[str, str], now: datetime
) -> list[tuple[Card, float]]:
    query = read_home(names=(asked["name"],), phones=(asked["phone"],), address=asked["address"])
    return [
        (card, score)
        for card, score, _ in homes.find(reading, actor, office, query, "", now)
        if not card.ended
    ]


def _chosen(
    reading: Session, actor: Actor, office: Office, household_id: str, now: datetime
) -> Page | None:
    try:
        return homes.page(reading, actor, office, household_id, now=now)
    except Refusal:  # it does not exist for who asks, or they work with its request alone
        return None


def _own(reading: Session, actor: Actor, office: Office, now: datetime) -> list[Card]:
    connection = reading.connection()
    ids = connection.execute(
        select(col(Belonging.household_id))
        .join(HelpRequest, col(HelpRequest.id) == col(Belonging.request_id))
        .where(
            col(Belonging.state) == "confirmed",
            col(Belonging.household_id).is_not(None),
            *access.scope(actor, office, now),
        )
        .order_by(col(HelpRequest.received_at).desc(), col(HelpRequest.id).desc())
        .limit(MOST)
    ).scalars()
    known = registry.households(connection, list(dict.fromkeys(filter(None, ids))))
    return [homes.card_of(one, office, now) for one in known]


def _requests(
    reading: Session, actor: Actor, office: Office, language: str, now: datetime
) -> list[Option]:
    matter = reader(office, language)
    connection = reading.connection()
    named = ("id", "number", "place", "summary", "confidential", "level", "withheld")
    rows = (
        connection.execute(
            select(*(getattr(HelpRequest, name) for name in named))
            .where(
                col(HelpRequest.status).in_([one for one in Status if one.is_open]),
                *access.scope(actor, office, now),
            )
            .order_by(col(HelpRequest.received_at).desc(), col(HelpRequest.id).desc())
            .limit(MOST)
        )
        .mappings()
        .all()
    )
    masks = masking.in_lists(connection, actor, rows)

    def words(row: Any) -> str:
        if not access.sight(actor, row).gist:
            return ""
        mask = masks[row["id"]]
        return matter(mask.listed(row["summary"])) or mask.listed(mask.where(row["place"]) or "")

    return [(row["number"], _label(row["number"], words(row))) for row in rows]


def _grants(
    reading: Session, actor: Actor, office: Office, language: str, now: datetime
) -> list[Option]:
    called = caller(office, language)
    lines: Any = aid_views.ledger(reading, actor, office, {}, now=now, limit=MOST).lines
    return [
        (
            one.number,
            _label(
                one.number,
                f"{called('aid_need', one.need)} {one.recipient} {called('unit', one.unit)}",
            ),
        )
        for one in lines
    ]


def _label(number: str, words: str | None) -> str:
    return f"{number} {(words or '')[:_LABEL]}".strip()
