"""The supervisor's page of looking for people, its workbooks, and the switch of extraordinary
times."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from gateway import access, days, differences, discovery, discovery_sheets, warning_leads
from gateway.typed_fields import whole
from gateway.web.rendering import language_of, state_of, translator
from gateway.web.staff import Fields, SignedIn, StaffRoute, checked, staff_page
from models.transaction import acting
from referral import visiting, wording
from referral.casework import Refusal
from referral.office import Office

BASE = "/discovery"
_COVERAGE = ("township", "place", "planned", "done", "seen", "late", "share")
_WARNINGS = ("list", "noted", "warned", "waiting", "late")
router = APIRouter(prefix=BASE, route_class=StaffRoute, include_in_schema=False)


@router.get("")
def page(request: Request, session: SignedIn) -> Response:
    """How far the rounds are, who has not been seen, what became of warnings, where it is quiet."""
    state, actor = state_of(request), session.actor
    access.allow(actor, "see_discovery")
    now, office = state.now(), state.offices.current()
    language = language_of(request)
    person = actor.role in access.RIGHTS["reveal"]
    with state.database.read() as reading:
        connection = reading.connection()
        shown: dict[str, Any] = {
            "rounds": discovery.rounds(reading, actor, office, now),
            "coverage": discovery.coverage(reading, actor, office, now),
            "unseen": discovery.unseen(reading, actor, office, now) if person else [],
            "tallies": discovery.warnings(reading, actor, office, now),
            "townships": discovery.silence_map(reading, actor, office, now),
            "modes_on": visiting.modes_on(connection, now),
            "differences": differences.of(connection, actor, office) if person else (),
        }
    if person and shown["unseen"]:
        with acting(state.database, state.mint) as tx:
            access.look(tx, actor, act="see_discovery", now=now)

    def named(row: Any) -> str:
        """A row of the rules by its name in the page's language."""
        return wording.named(row, language) if row else ""

    return staff_page(
        request,
        "discovery.html",
        **shown,
        day={"differences": shown["differences"]},
        places=office.directory.place,
        rules={rule.code: rule for rule in office.policy.outreach.visits},
        doors={step.code: step for step in office.policy.outreach.doors},
        kinds=warning_leads.names(office.policy.outreach, language),
        outcomes={act: office.policy.outreach.listed(act) for act in ("visit", "warning")},
        modes=office.policy.outreach.modes(),
        areas=_areas(office, actor),
        named=named,
        base=BASE,
        today=visiting.today(now),
    )


def _areas(office: Office, actor: access.Actor) -> list[Any]:
    return [
        place
        for place in office.directory.places
        if place.kind in ("county", "township")
        and (actor.area is None or office.directory.within(place.code, actor.area))
    ]


@router.get("/{name}.xlsx")
def sheet(request: Request, session: SignedIn, name: str) -> Response:
    """Visit coverage or warnings by outcome as a workbook."""
    state = state_of(request)
    now, office = state.now(), state.offices.current()
    language = language_of(request)
    t = translator(office.phrases, language)
    with state.database.read() as reading:
        if name == "coverage":
            titles = [t(f"discovery.{each}") for each in _COVERAGE]
            rows = list(
                discovery_sheets.coverage_lines(
                    office, discovery.coverage(reading, session.actor, office, now)
                )
            )
        elif name == "warnings":
            findings = office.policy.outreach.listed("warning")
            titles = [t(f"discovery.{each}") for each in _WARNINGS]
            titles += [wording.named(each, language) for each in findings]
            tallies = discovery.warnings(reading, session.actor, office, now)
            rows = list(
                discovery_sheets.warning_lines(
                    office, tallies, warning_leads.names(office.policy.outreach, language)
                )
            )
        else:
            raise Refusal("refusal.not_found", status=404)
    body = discovery_sheets.workbook(t(f"discovery.{name}"), titles, rows)
    headers = {"content-disposition": f'attachment; filename="{name}.xlsx"'}
    return Response(body, media_type=discovery_sheets.SHEET, headers=headers)


@router.post("/modes")
def switch_on(request: Request, session: SignedIn, form: Fields) -> Response:
    """Begin extraordinary times."""
    fields = checked(session, form)
    access.allow(session.actor, "switch_mode")
    state = state_of(request)
    try:
        until = days.day(fields.get("until", ""))
    except ValueError:
        raise Refusal("refusal.mode_until", status=422) from None
    with acting(state.database, state.mint) as tx:
        visiting.switch_on(
            tx,
            state.offices.current(),
            session.actor,
            mode=fields.get("mode", ""),
            area=fields.get("area", ""),
            until=until,
            reason=fields.get("reason", ""),
            now=state.now(),
        )
    return RedirectResponse(BASE, 303)


@router.post("/modes/{mode_id}/end")
def switch_off(request: Request, session: SignedIn, form: Fields, mode_id: str) -> Response:
    """End them before their last day."""
    checked(session, form)
    access.allow(session.actor, "switch_mode")
    state = state_of(request)
    with acting(state.database, state.mint) as tx:
        visiting.switch_off(
            tx, state.offices.current(), session.actor, whole(mode_id), now=state.now()
        )
    return RedirectResponse(BASE, 303)
