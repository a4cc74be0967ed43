"""Pictures and recordings: looked into before they are kept, shown to whom the matter is shown.

A picture is decoded and written anew as JPEG, at most 1,280 pixels long, without what a camera
adds to it (place, device, a second picture): nothing that came from outside is served as it came.
A recording cannot be written anew here; it must begin like one, and is served as that and nothing
else. Neither is part of the path of a contact: a report is kept whatever becomes of its picture.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from io import BytesIO
from typing import Any

from sqlalchemy import delete, select
from sqlmodel import col

from gateway import access, recordings
from gateway.access import Actor, Viewer
from models.attachments import Attachment
from models.events import SYSTEM
from models.requests import Contact, HelpRequest
from models.transaction import Row, Transaction
from referral.casework import Refusal
from referral.office import Office

LONGEST_SIDE = 1280
LARGEST_BYTES = 12_582_912
"""What may come in; a telephone's own picture has up to ten million bytes."""
MOST_PIXELS = 64_000_000
QUALITY = 80
PATH = "/attachments/"
WITH_FILES = ("record_contact", "feedback", "submit_part", "reply")
"""The acts to which a member of staff may add photographs."""

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
_ORIENTATION = 0x0112
_UPRIGHT = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}
"""What sets a picture upright, by what the camera noted."""


@dataclass(frozen=True, slots=True)
class Content:
    """What is kept of a file."""

    content_type: str
    body: bytes
    width: int | None = None
    height: int | None = None


def picture(given: bytes) -> Content:
    """A picture written anew. Raises ``Refusal`` (413, 422) in one sentence for anything else, and
    nothing but that: whatever a damaged or a crafted file makes the decoder say, it is this file
    that is refused and never what came along with it."""
    if len(given) > LARGEST_BYTES:
        raise Refusal("refusal.picture_large", {"limit": str(LARGEST_BYTES // 1_048_576)}, 413)
    from PIL import Image  # few messages bring one

    try:
        with Image.open(BytesIO(given), formats=_FORMATS) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise Refusal("refusal.picture_pixels", status=422)
            opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            turn = _turn(opened)
            upright = opened.transpose(Image.Transpose[turn]) if turn else opened.copy()
            upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            flat = Image.new("RGB", upright.size, "white")
            seen = upright.convert("RGBA")
            flat.paste(seen, mask=seen)
        written = BytesIO()
        flat.save(written, "JPEG", quality=QUALITY, optimize=True)
    except Refusal:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Refusal("refusal.picture_pixels", status=422) from None
    except Exception:  # decoders raise of every kind: struct.error, TypeError, IndexError, ...
        raise Refusal("refusal.picture", status=422) from None
    return Content("image/jpeg", written.getvalue(), flat.width, flat.height)


def _turn(opened: Any) -> str:
    """How the picture must be turned; "" where the camera's notes say nothing or are damaged:
    a picture that lies on its side is better than none. The notes are read and never rewritten."""
    try:
        return _UPRIGHT.get(opened.getexif().get(_ORIENTATION, 1), "")
    except Exception:
        return ""


def recording(given: bytes) -> Content:
    """A recording, by how it begins. Raises ``Refusal`` (413, 422)."""
    if len(given) > LARGEST_BYTES:
        raise Refusal("refusal.picture_large", {"limit": str(LARGEST_BYTES // 1_048_576)}, 413)
    kind = recordings.kind_of(given[:12])
    if kind is None:
        raise Refusal("refusal.recording", status=422)
    return Content(kind, given)


def about_contact(channel: str, external_id: str) -> str:
    """The key under which files of a contact are kept, before or after the contact is."""
    return f"{channel}:{external_id}"


def keep(
    tx: Transaction,
    content: Content,
    *,
    about: str,
    about_key: str,
    by: str | None,
    now: datetime,
    request: Row | None = None,
) -> Row:
    """Keep a file; the one already there when the same content came before for the same thing."""
    digest = sha256(content.body).hexdigest()
    same = (
        col(Attachment.about) == about,
        col(Attachment.about_key) == about_key,
        col(Attachment.digest) == digest,
    )
    found = tx.execute(select(*_WITHOUT_BODY).where(*same)).first()
    if found is not None:
        return dict(found._mapping)
    row = tx.add(
        Attachment,
        id=tx.mint(),
        token=secrets.token_urlsafe(24),
        about=about,
        about_key=about_key,
        digest=digest,
        content_type=content.content_type,
        size=len(content.body),
        width=content.width,
        height=content.height,
        kept_at=now,
        kept_by=by,
        body=content.body,
    )
    tx.event(
        "attachment_kept", at=now, by=by or SYSTEM, request=request, about=about, digest=digest
    )
    return row


def address(row: Mapping[str, Any]) -> str:
    """Where a file is served."""
    return PATH + str(row["token"])


def of(connection: Any, about: str, *keys: str) -> list[Row]:
    """The files of one thing or of several, without their content, the oldest first."""
    found = connection.execute(
        select(*_WITHOUT_BODY)
        .where(col(Attachment.about) == about, col(Attachment.about_key).in_(keys))
        .order_by(col(Attachment.kept_at), col(Attachment.id))
    )
    return [dict(row._mapping) for row in found]


def of_contacts(connection: Any, request_id: int) -> dict[str, list[Row]]:
    """What was sent along with each contact of a request, by ``about_contact``."""
    said = connection.execute(
        select(col(Contact.channel), col(Contact.external_id)).where(
            col(Contact.request_id) == request_id
        )
    )
    keys = [about_contact(row.channel, row.external_id) for row in said]
    found: dict[str, list[Row]] = {}
    for row in of(connection, "contact", *keys):
        found.setdefault(row["about_key"], []).append(row)
    return found


def about_act(request_id: int, act: str) -> str:
    """The key under which files that were added to an act on a request are kept."""
    return f"{request_id}:{act}"


def of_acts(connection: Any, request_id: int) -> list[tuple[str, Row]]:
    """What members of staff added to their acts on a request: the act and the file."""
    keys = {about_act(request_id, act): act for act in WITH_FILES}
    return [(keys[row["about_key"]], row) for row in of(connection, "act", *keys)]


def forget(tx: Transaction, requests: Sequence[int], contacts: Sequence[Any]) -> None:
    """Erase every file of these requests, of the acts on them and of these contacts."""
    acts = [about_act(one, act) for one in requests for act in WITH_FILES]
    said = [about_contact(row.channel, row.external_id) for row in contacts]
    for about, keys in (("contact", said), ("act", acts)):
        tx.execute(
            delete(Attachment).where(
                col(Attachment.about) == about, col(Attachment.about_key).in_(keys)
            )
        )


@dataclass(frozen=True, slots=True)
class Served:
    """A file that the viewer may see. ``request_id`` is the request it belongs to, if any."""

    content_type: str
    body: bytes
    request_id: int | None


def fetch(connection: Any, viewer: Viewer, office: Office, token: str, now: datetime) -> Served:
    """A file by its address. Raises ``Refusal`` (404) alike for a missing one and one that
    belongs to what the viewer may not see."""
    row = connection.execute(
        select(*Attachment.__table__.columns).where(col(Attachment.token) == token)  # type: ignore[attr-defined]
    ).first()
    shown = _SHOWN.get(row.about) if row is not None else None
    if row is None or shown is None:
        raise Refusal("refusal.not_found", status=404)
    request_id = shown(connection, viewer, office, row, now)
    return Served(row.content_type, bytes(row.body), request_id)


Shown = Callable[[Any, Viewer, Office, Any, datetime], int | None]


def _of_contact(
    connection: Any, viewer: Viewer, office: Office, row: Any, now: datetime
) -> int | None:
    """Who may read the words and know who says them may see and hear it: a voice and a face tell.
    So may the member of staff who sent it."""
    channel, _, external_id = row.about_key.partition(":")
    request = connection.execute(
        select(*HelpRequest.__table__.columns)  # type: ignore[attr-defined]
        .join(Contact, col(Contact.request_id) == col(HelpRequest.id))
        .where(
            col(Contact.channel) == channel,
            col(Contact.external_id) == external_id,
            *access.scope(viewer, office, now),
        )
    ).first()
    sees = access.sight(viewer, request._mapping) if request is not None else None
    if sees is not None and sees.words and sees.person:
        found: int = request.id
        return found
    if isinstance(viewer, Actor) and viewer.login == row.kept_by:
        return None
    raise Refusal("refusal.not_found", status=404)


def _of_act(connection: Any, viewer: Viewer, office: Office, row: Any, now: datetime) -> int | None:
    """Who may read the words and know who says them may see what was added to an act on the
    request: a door and a face tell. So may the member of staff who added it."""
    meant, _, _ = row.about_key.partition(":")
    request = connection.execute(
        select(*HelpRequest.__table__.columns).where(  # type: ignore[attr-defined]
            col(HelpRequest.id) == int(meant), *access.scope(viewer, office, now)
        )
    ).first()
    sees = access.sight(viewer, request._mapping) if request is not None else None
    own = isinstance(viewer, Actor) and viewer.login == row.kept_by
    if sees is None or not ((sees.words and sees.person) or (sees.gist and own)):
        raise Refusal("refusal.not_found", status=404)
    found: int = request.id
    return found


_SHOWN: Mapping[str, Shown] = {"contact": _of_contact, "act": _of_act}
"""Who sees the files of what; what is not named here is shown to nobody."""

_WITHOUT_BODY = tuple(
    column
    for column in Attachment.__table__.columns  # type: ignore[attr-defined]
    if column.name != "body"
)
