"""Every operation of the application and what it asks of who calls it: one row each.

A route that has no row here fails ``test_rights_matrix``. ``act`` names the right
(``gateway.access.RIGHTS``); ``thing`` is what the path names: a request, a task, a held call.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.acts import ACTS


@dataclass(frozen=True, slots=True)
class Op:
    """One operation. ``who``: public, half_way, staff, or scope:<scope> of a partner's token;
    ``partner`` is the scope by which a partner may call what staff may."""

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
    # the desk and the inbox
    "GET /desk": Op(act="see_desk"),
    "GET /desk/enter": Op(act="add_contact"),
    "POST /desk/enter": Op(act="add_contact"),
    "POST /desk/tasks/{task_id}": Op(act="done", thing="task"),
    "GET /desk/held/{entry_id}": Op(act="see_held", thing="held"),
    "POST /desk/held/{entry_id}": Op(act="finish_held", thing="held"),
    "GET /desk/{number}": Op(act="see_desk", thing="request"),
    "POST /desk/{number}/{act}": Op(act="reveal", thing="request"),
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
}
