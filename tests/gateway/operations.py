"""Every operation of the application and what it asks of who calls it: one row each.

A route that has no row here fails ``test_rights_matrix``. ``act`` names the right
(``gateway.access.RIGHTS``); ``thing`` is what the path names: a request, a task, a held call, or
what has tests of its own (advance relief, reserves, disasters, attachments).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway import aid
from gateway.acts import ACTS


@dataclass(frozen=True, slots=True)
class Op:
    """One operation. ``who``: public, half_way, staff, or scope:<scope> of a partner's token;
    ``partner`` is the scope by which a partner may call what staff may; "any" where a partner sees
    what it filed itself."""

    who: str = "staff"
    act: str = ""
    thing: str = ""
    partner: str = ""
    why: str = ""


OPERATIONS: Mapping[str, Op] = {
    # for everybody
    "GET /": Op("public"),
    "GET /help": Op("public"),
    "POST /help": Op("public", why="whoever may write may write anonymously"),
    "GET /received": Op("public"),
    "GET /status": Op("public"),
    "POST /status": Op("public", why="number and code are asked; tries are counted"),
    "GET /status/case": Op("public", why="a signed pass of this browser"),
    "POST /status/case": Op("public", why="a signed pass, same-site"),
    "GET /sign-in": Op("public"),
    "POST /sign-in": Op("public", why="same-site is checked; there is no session yet"),
    "GET /sign-in/{token}": Op("public", why="the token is the key"),
    "POST /sign-in/{token}": Op("public", why="the token is the key; same-site is checked"),
    "GET /sso": Op("public"),
    "GET /sso/callback": Op("public", why="state and nonce are in a signed pass"),
    "GET /healthz": Op("public"),
    "GET /readyz": Op("public"),
    "GET /metrics": Op("public"),
    "GET /api/docs": Op("public"),
    "GET /api/openapi.json": Op("public"),
    "HEAD /api/openapi.json": Op("public"),
    # half way in
    "GET /second-factor": Op("half_way"),
    "POST /second-factor": Op("half_way"),
    "GET /second-factor/picture.svg": Op("half_way"),
    # one's own account
    "POST /sign-out": Op(),
    "POST /bind": Op(act="bind"),
    "GET /account": Op(act="account"),
    "GET /account/confirm": Op(act="account"),
    "POST /account/confirm": Op(act="account"),
    "POST /account/password": Op(act="account"),
    "POST /account/telephone": Op(act="account"),
    "POST /account/sessions/{mark}/end": Op(act="account"),
    "POST /account/recoveries": Op(act="ask_recovery"),
    "POST /account/recoveries/{recovery_id}": Op(act="agree_recovery"),
    "GET /api/v1/me": Op(),
    "POST /api/v1/bind": Op(act="bind"),
    # inspection
    "GET /audit": Op(act="see_audit"),
    "POST /audit": Op(act="see_audit"),
    "POST /audit/export": Op(act="export_audit"),
    # rules, units, accounts
    "GET /admin": Op(act="decide_rule"),
    "GET /admin/calendar": Op(act="administer"),
    "GET /admin/channels": Op(act="administer"),
    "POST /admin/channels/test": Op(act="administer"),
    "GET /admin/texts": Op(act="administer"),
    "GET /admin/routes": Op(act="administer"),
    "POST /admin/routes/test": Op(act="administer"),
    "GET /admin/clocks": Op(act="administer"),
    "GET /admin/rule": Op(act="propose_rule"),
    "POST /admin/rule": Op(act="propose_rule"),
    "GET /admin/changes": Op(act="decide_rule"),
    "POST /admin/changes": Op(act="decide_rule"),
    "GET /admin/units": Op(act="administer"),
    "POST /admin/units": Op(act="administer"),
    "GET /admin/units/one": Op(act="administer"),
    "POST /admin/units/change": Op(act="administer"),
    "POST /admin/units/retire": Op(act="administer"),
    "GET /admin/users": Op(act="administer"),
    "POST /admin/users": Op(act="administer"),
    "GET /admin/users/one": Op(act="administer"),
    "POST /admin/users/transfer": Op(act="administer"),
    "POST /admin/users/close": Op(act="administer"),
    "POST /admin/users/link": Op(act="administer"),
    "POST /admin/users/recovery": Op(act="administer"),
    # the desk and the inbox
    "GET /desk": Op(act="see_desk"),
    "GET /desk/enter": Op(act="add_contact"),
    "POST /desk/enter": Op(act="add_contact"),
    "POST /desk/tasks/{task_id}": Op(act="done", thing="task"),
    "GET /desk/held/{entry_id}": Op(act="see_held", thing="held"),
    "POST /desk/held/{entry_id}": Op(act="finish_held", thing="held"),
    "GET /desk/{number}": Op(act="see_desk", thing="request"),
    "POST /desk/{number}/{act}": Op(act="reveal", thing="request"),
    "GET /desk/rows": Op(act="see_desk"),
    "POST /desk/filters": Op(act="see_desk"),
    "GET /desk/{number}/panel": Op(act="see_desk", thing="request"),
    "GET /desk/{number}/facts": Op(act="see_desk", thing="request"),
    "GET /desk/calls": Op(act="see_held"),
    "POST /desk/calls/{call_id}/answer": Op(act="see_held", thing="call"),
    "POST /desk/calls/{call_id}/dismiss": Op(act="see_held", thing="call"),
    "POST /desk/enter/read": Op(act="add_contact"),
    "GET /live": Op(thing="stream"),
    "POST /here/{number}": Op(thing="lease"),
    "POST /drafts": Op(thing="draft"),
    "GET /simulator": Op("public", why="only in the demonstration; not found elsewhere"),
    "POST /simulator/sms": Op("public", why="only in the demonstration; not found elsewhere"),
    "POST /simulator/chat": Op("public", why="only in the demonstration; not found elsewhere"),
    "POST /simulator/call": Op("public", why="only in the demonstration; not found elsewhere"),
    "POST /api/v1/calls": Op("scope:calls:write"),
    "GET /inbox": Op(act="see_inbox"),
    "GET /inbox/{number}": Op(act="see_inbox", thing="request"),
    "POST /inbox/{number}/{act}": Op(act="reveal", thing="request"),
    # JSON
    "POST /api/v1/contacts": Op("scope:contacts:write"),
    "POST /api/v1/enter": Op(act="add_contact"),
    "GET /api/v1/requests": Op(act="see", partner="requests:read"),
    "GET /api/v1/requests/{number}": Op(act="see", thing="request", partner="requests:read"),
    "POST /api/v1/requests/{number}/reveal": Op(act="reveal", thing="request"),
    **{f"POST /api/v1/requests/{{number}}/{act}": Op(act=act, thing="request") for act in ACTS},
    "GET /api/v1/tasks": Op(act="see_tasks"),
    "POST /api/v1/tasks/{task_id}/done": Op(act="done", thing="task"),
    "GET /api/v1/handovers": Op(act="offer_handover"),
    "GET /api/v1/held": Op(act="see_held"),
    "POST /api/v1/held/{entry_id}/finish": Op(act="finish_held", thing="held"),
    "GET /api/v1/reports/quarter": Op(act="see_reports", thing="figure"),
    # supervision
    "GET /board": Op(act="see_board"),
    "GET /board/list": Op(act="see_board", thing="figure"),
    # attachments: a signed address of one person's session
    "GET /attachments/{token}": Op(thing="attachment"),
    # advance relief, its reserves, disasters
    "GET /relief": Op(act="see_relief"),
    "GET /relief/ledger.xlsx": Op(act="see_relief"),
    "GET /relief/report": Op(act="see_relief"),
    "GET /relief/report.xlsx": Op(act="see_relief"),
    "GET /relief/new": Op(act="propose_relief"),
    "GET /relief/{number}": Op(thing="relief"),
    "POST /relief/propose": Op(thing="relief"),
    "POST /relief/record_given": Op(thing="relief"),
    "POST /relief/file": Op(thing="relief"),
    "POST /relief/kin": Op(thing="relief"),
    "POST /relief/{number}/{name}": Op(thing="relief"),
    "GET /relief/reserves": Op(act="see_reserves"),
    "GET /relief/reserves/{unit}": Op(thing="reserve"),
    "POST /relief/reserves/{unit}/{name}": Op(thing="reserve"),
    "GET /events": Op(act="see_events"),
    "GET /events/{bundle}": Op(thing="event"),
    "POST /events/{bundle}/{number}": Op(thing="event"),
    "GET /api/v1/relief": Op(act="see_relief", partner="any"),
    "GET /api/v1/relief/report": Op(act="see_relief"),
    "GET /api/v1/relief/{number}": Op(thing="relief", partner="any"),
    "POST /api/v1/relief": Op("scope:relief:write"),
    "POST /api/v1/relief/file": Op(thing="relief"),
    "POST /api/v1/relief/kin": Op(thing="relief"),
    "POST /api/v1/relief/propose": Op(thing="relief"),
    "POST /api/v1/relief/record_given": Op(thing="relief"),
    **{f"POST /api/v1/relief/{{number}}/{act}": Op(thing="relief") for act in aid.ACTS},
    "GET /api/v1/reserves": Op(act="see_reserves"),
    "GET /api/v1/reserves/{unit}": Op(thing="reserve"),
    **{f"POST /api/v1/reserves/{{unit}}/{act}": Op(thing="reserve") for act in aid.RESERVE_ACTS},
    "GET /api/v1/events": Op(act="see_events"),
    "GET /api/v1/events/{bundle}": Op(thing="event"),
    "POST /api/v1/warnings": Op(thing="warning", partner="any"),
    # a citizen's own case
    "GET /status/case/file/{token}": Op("public", why="a signed pass of this browser"),
    "POST /status/case/rate": Op("public", why="a signed pass, same-site"),
    "POST /status/case/withdraw": Op("public", why="a signed pass, same-site"),
    # papers, households, imports, the field, discovery
    "POST /inbox": Op(act="sign", thing="several"),
    "GET /paper/{number}": Op(thing="paper"),
    "POST /paper/{number}": Op(thing="paper"),
    "GET /paper/{number}/code.svg": Op(thing="paper"),
    "GET /households": Op(act="see_household"),
    "GET /households/{household_id}": Op(thing="household"),
    "POST /households/{household_id}/reveal": Op(thing="household"),
    "GET /imports": Op(thing="import"),
    "GET /imports/template/{kind}": Op(thing="import"),
    "POST /imports": Op(thing="import"),
    "GET /imports/{batch_id}": Op(thing="import"),
    "GET /imports/{batch_id}/errors": Op(thing="import"),
    "POST /imports/{batch_id}/open/{line}": Op(thing="import"),
    "POST /imports/{batch_id}/confirm": Op(thing="import"),
    "POST /imports/{batch_id}/undo": Op(thing="import"),
    "GET /field": Op(act="see_field"),
    "POST /field": Op(thing="entry"),
    "GET /field/worker.js": Op("public", why="a script of ours without data"),
    "GET /field/session": Op(thing="entry"),
    "POST /field/entries": Op(thing="entry"),
    "GET /field/receipts/{key}": Op(thing="entry"),
    "POST /field/differences/{difference_id}": Op(thing="entry"),
    "GET /discovery": Op(act="see_discovery"),
    "GET /discovery/report": Op(act="see_discovery"),
    "GET /discovery/report.xlsx": Op(act="see_discovery"),
    "GET /discovery/{name}.xlsx": Op(thing="discovery"),
    "POST /discovery/modes": Op(act="switch_mode", thing="mode"),
    "POST /discovery/modes/{mode_id}/end": Op(act="switch_mode", thing="mode"),
}
