"""What somebody may do with a request at this moment, so that a page offers nothing in vain."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from gateway import access
from gateway.access import Actor, Viewer
from gateway.acts import ACTS
from models.vocabulary import Level, ReferralStatus, Role, Status
from referral import leave, lifecycle, withholding
from referral.asked_for import EXTENSION, SUSPENSION
from referral.casework import GONE, standing, units_of
from referral.office import Office
from referral.undecided import SAFETY

AFTERWARDS = ("reopen", "follow_up")
"""What may be done to a closed request."""


def acts(
    viewer: Viewer,
    office: Office,
    request: Mapping[str, Any],
    orders: Sequence[Any],
    now: datetime,
    *,
    running: Collection[str] = (),
    asked: Collection[str] = (),
) -> tuple[str, ...]:
    """What this viewer may do now: by right, by the life cycle, by holding the order, and by the
    clocks that are ``running``; a supervisor decides on what was ``asked`` for, and on nothing
    that nobody asked for (``asked_for.waiting_for``)."""
    if not isinstance(viewer, Actor):
        return ()
    if request["status"] == Status.MERGED:
        return ("undo_merge",) if viewer.role in access.RIGHTS["undo_merge"] else ()
    if request["status"] == Status.CLOSED:
        return tuple(act for act in AFTERWARDS if viewer.role in access.RIGHTS[act])
    if not Status(request["status"]).is_open:
        return ()
    units = units_of(office, viewer, now)
    status = standing(office, request)
    real = Status(request["status"])
    possible = {*lifecycle.acts(status, viewer.role), *lifecycle.acts(real, viewer.role)}
    mine = [row for row in orders if row.bureau in units and row.status not in GONE]
    on_order = {
        act for row in mine for act in lifecycle.acts(ReferralStatus(row.status), viewer.role)
    }
    leads = any(row.role == "lead" for row in mine)
    holds = request["holder_unit"] in units
    desk, decides = viewer.role in access.DESK, viewer.role is Role.SUPERVISOR
    disputed = sum(row.status == ReferralStatus.RETURN_REQUESTED for row in orders)
    in_danger = request["level"] == Level.LIFE_THREAT or SAFETY in running
    unanswered = all(row.role != "lead" or row.completed_at is None for row in orders)
    fits = {
        "confirm": request["confirmed_at"] is None or real is Status.IN_TRIAGE,
        "raise_urgency": request["level"] != "life_threat",
        "lower_urgency": real is not Status.EMERGENCY_HANDOFF and request["level"] != "none",
        "correct_route": unanswered,
        "hand_off": True,
        "confirm_safe": in_danger,
        "claim": (holds or desk) and not _has_it(viewer, request, now),
        "sign": "sign" in on_order or (not mine and holds and "sign" in possible),
        "record_contact": True,
        "reply": desk or leads or holds,
        "submit_part": not leads and "submit_part" in on_order,
        "report_result": leads and "report_result" in possible,
        "feedback": leads and "report_result" in possible,
        "callback": real in (Status.RESULT_REPORTED, Status.IN_CALLBACK),
        "rehandle": real in (Status.RESULT_REPORTED, Status.IN_CALLBACK),
        "close": "close" in possible,
        "merge": "merge" in possible,
        "undo_merge": False,
        "keep_apart": True,
        "link": True,
        "unlink": True,
        "link_household": True,
        "refuse_household": True,
        "unlink_household": True,
        "name_unknown": True,
        "offer_handover": False,  # the three stand on the desk's own page, item by item
        "accept_handover": False,
        "decline_handover": False,
        "request_return": "request_return" in on_order and any(not row.designated for row in mine),
        "uphold_return": disputed == 1,
        "refuse_return": disputed == 1,
        "reassign": disputed > 0,
        "ask": "ask" in possible and not Level(request["level"]).is_urgent,
        "resume": "resume" in possible and (desk or leads),
        "extend": EXTENSION in asked and not Level(request["level"]).is_urgent
        if decides
        else leads and EXTENSION not in asked and not leave.no_more_time(request),
        "suspend": real is Status.IN_PROGRESS
        and (SUSPENSION in asked if decides else leads and SUSPENSION not in asked),
        "decline": bool(asked),
        "refuse_aid": leads and not Level(request["level"]).is_urgent,
        "withdraw": True,
        "reopen": False,
        "follow_up": False,
        "urge": True,
        "accept_correction": False,  # they stand beside what is to be put right
        "decline_correction": False,
        "set_need": False,  # it stands on the page of the event, need by need
        "give_notice": not Level(request["level"]).is_urgent,
        "grant_aid": leads and real is Status.IN_PROGRESS,
        "safety_check": in_danger and desk,
        "keep_confidential": not request["confidential"],
        "bar": True,
        "take_upward": request["track"] == "grievance",
        "split_off": request["track"] != "grievance",
        "bring_in": unanswered,
        "give_words": bool(words_for(viewer, request, orders)),
    }
    return tuple(name for name in ACTS if fits[name] and viewer.role in access.RIGHTS[name])


def words_for(viewer: Viewer, request: Mapping[str, Any], orders: Sequence[Any]) -> tuple[str, ...]:
    """The units at work to whom this viewer may give words that perhaps complain of them."""
    if not isinstance(viewer, Actor) or viewer.role not in access.RIGHTS["give_words"]:
        return ()
    works = dict.fromkeys(
        (request["holder_unit"], *(one.bureau for one in orders if one.status not in GONE))
    )
    return withholding.may_give(request, viewer.login, viewer.unit, tuple(works))


def _has_it(viewer: Actor, request: Mapping[str, Any], now: datetime) -> bool:
    """Whether the viewer works on it now, as the person who holds it where their unit does."""
    leased = request["leased_until"] is not None and request["leased_until"] > now
    elsewhere = request["holder_unit"] != viewer.unit
    holds = elsewhere or request["holder_person"] == viewer.login
    return bool(leased and holds and request["leased_by"] == viewer.login)
