"""Forms that carry files: the fields as text, each file as its bytes, nothing beyond the limit."""

import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from gateway import hooks
from gateway.attachments import LARGEST_BYTES
from gateway.web.rendering import MOST_FIELDS, fields_in
from models.messages import Unreadable

MOST_FILES = 4
AROUND_THE_FILES = 262_144


@dataclass(slots=True)
class Upload:
    """What a form brought: the first filled value of each field, trimmed; the files by field."""

    fields: dict[str, str]
    files: dict[str, list[bytes]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    """The name under which the first file of each field came, without its folder."""


async def upload_of(request: Request, *, most_files: int = MOST_FILES) -> Upload:
    """A posted form, with or without files. Raises ``TooLarge`` or ``Unreadable``."""
    limit = LARGEST_BYTES * most_files + AROUND_THE_FILES
    body = await hooks.limited(request, limit)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        return Upload(fields_in(body))

    async def once() -> AsyncGenerator[bytes, None]:
        yield body

    parser = MultiPartParser(request.headers, once(), max_files=most_files, max_fields=MOST_FIELDS)
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError, ValueError):
        raise Unreadable("the form is not as a browser sends it") from None
    found = Upload({})
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            content = await value.read()
            if content:  # a browser sends a nameless empty file for a field left alone
                found.files.setdefault(name, []).append(content)
                called = re.split(r"[/\\\\]", value.filename or "")[-1].replace("\0", "")
                found.names.setdefault(name, called[:120])
        else:
            text = value.replace("\r\n", "\n").replace("\0", "").strip()
            found.fields[name] = found.fields.get(name) or text
    await form.close()
    return found
