"""Aid of others on its way into the books: from bureaus by page, from partner systems by key;
and the register of near relatives."""

from datetime import datetime
from hashlib import sha256

from gateway import access, offices
from gateway.access import Actor, Partner, Viewer
from gateway.aid import standing, told
from gateway.aid_bodies import FiledBody, KinEntry
from gateway.state import State
from models.transaction import Row, acting
from referral import drafting, filing
from referral.casework import Refusal


def file(
    state: State,
    viewer: Viewer,
    body: FiledBody,
    *,
    key: str | None = None,
    now: datetime,
) -> tuple[Row, bool]:
    """File aid that a bureau or a charity has given; whether it is new. The same key with the same
    content is the same item. Raises ``Refusal``: 409 for a key used for other content."""
    office = state.offices.current()
    given = told(body)
    once = given.pop("once")
    number, giver = given.pop("request"), given.pop("giver")
    if isinstance(viewer, Partner):
        if "relief:write" not in viewer.scopes:
            raise Refusal("refusal.scope", {"scope": "file_relief"}, 403)
        if not key or not key.strip() or len(key) > 200:
            raise Refusal("refusal.key_missing", status=422)
        by, unit, whole = f"partner:{viewer.name}", viewer.name, f"partner:{viewer.name}:{key}"
    else:
        access.allow(viewer, "file_relief")
        by, unit = viewer.login, viewer.unit
        whole = f"{viewer.login}:{once}" if once else ""
    digest = sha256(body.model_dump_json().encode()).hexdigest()
    with acting(state.database, state.mint) as tx:
        if whole and (known := standing(tx, whole)) is not None:
            if known["digest"] != digest:
                raise Refusal("refusal.key_reused", status=409)
            return known, False
        request: Row | None = None
        if number and isinstance(viewer, Actor):
            request = access.admit(tx, viewer, office, number, act="file_relief", now=now)
        elif number:
            request = access.admit(tx, viewer, office, number, act="see", now=now)
        if isinstance(viewer, Actor):
            given["household_id"], given["recipient"] = drafting.whose(
                tx, given["household_id"], given["resident_id"], given["recipient"]
            )
        row = filing.file_item(
            tx,
            office,
            by,
            request,
            giver=giver or unit,
            unit=unit,
            need_code=given.pop("need"),
            once=whole or None,
            digest=digest,
            **given,
            now=now,
        )
        return row, True


def register_kin(state: State, actor: Actor, entry: KinEntry, *, now: datetime) -> Row:
    """Enter a near relative into the register. Raises ``Refusal``."""
    access.allow(actor, "file_relief")
    office = state.offices.current()
    with acting(state.database, state.mint) as tx:
        offices.changed(tx)  # whose case names a relative is seen from the next message on
        return filing.register_kin(tx, office, actor, **entry.model_dump(), now=now)
