"""Photographs that a unit adds to its contact record or its answer."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from sqlalchemy import select
from sqlmodel import col

from gateway import attachments, sessions
from gateway.web import kept_first
from gateway.web.kept_first import Written
from gateway.web.rendering import state_of
from gateway.web.staff import form_of, require_own_form
from models import numbers
from models.db import Busy
from models.requests import HelpRequest
from models.transaction import acting

_MULTIPART = "multipart/form-data"


async def written_of(request: Request) -> Written:
    """A form of staff, with files or without. Raises ``Refusal`` as ``form_of`` does."""
    if not request.headers.get("content-type", "").startswith(_MULTIPART):
        return Written(dict(await form_of(request)))
    require_own_form(request)
    found = await kept_first.written(request, state_of(request).settings.body_limit)
    request.state.sent = found.fields
    return found


WithFiles = Annotated[Written, Depends(written_of)]


def keep(
    request: Request,
    session: sessions.SignedIn,
    number: str,
    act: str,
    form: Written,
    answer: Response,
) -> Response:
    """Keep what came with an act that is done; the answer then names what could not be kept."""
    refused = [*form.refused]
    if act in attachments.WITH_FILES:
        refused += _kept(request, session, number, act, form.files)
    if unkept := kept_first.listed(refused):
        answer.headers["location"] += f"&unkept={unkept}"
    return answer


def _kept(
    request: Request,
    session: sessions.SignedIn,
    number: str,
    act: str,
    files: Sequence[tuple[str, bytes]],
) -> list[str]:
    """The phrases of what was not kept."""
    contents, refused = kept_first.looked_at(files, recordings=False)
    state = state_of(request)
    columns: Any = HelpRequest.__table__.columns  # type: ignore[attr-defined]
    try:
        with acting(state.database, state.mint) as tx:
            row = tx.execute(
                select(*columns).where(
                    col(HelpRequest.number) == (numbers.normal(number) or number)
                )
            ).one()
            about = attachments.about_act(row.id, act)
            for content in {content.body: content for content in contents}.values():
                attachments.keep(
                    tx, content, about="act", about_key=about, by=session.actor.login,
                    now=state.now(), request=dict(row._mapping),
                )  # fmt: skip
    except Busy:
        refused.append(kept_first.NOT_NOW)
    return refused
