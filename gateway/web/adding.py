"""补充情况: words added on the status page are a contact of the same person, same request; only a
complaint among them begins a request of its own (I9)."""

from collections.abc import Mapping
from hashlib import sha256

from sqlalchemy import select
from sqlmodel import col

from gateway import progress, recorded
from gateway.intake import Call
from gateway.state import State
from models import people
from models.messages import Inbound
from models.people import BY_NUMBER, Address
from models.transaction import Row, Transaction, acting


def call_of(state: State, proven: Mapping[str, str], fields: Mapping[str, str]) -> Call | None:
    """The call that carries the words; None when the number no longer leads to a request.

    Sent twice, the same words of the same page are one contact. Raises ``Busy``.
    """
    with state.database.read() as session:
        request = progress.find(session.connection(), proven["number"], proven["code"])
    if not isinstance(request, dict):
        return None
    with acting(state.database, state.mint) as tx:
        kind, handle = _handle(tx, request)
    words = fields["what"]
    said = sha256(words.encode("utf-8", "replace")).hexdigest()[:12]
    inbound = Inbound(
        external_id=f"{request['number']}-{fields.get('nonce', '')[:32]}-{said}",
        sender=handle,
        text=words,
        about=request["number"],
    )
    body = recorded.of(inbound, "web")
    record = recorded.read(body)
    url = f"{state.settings.public_url.rstrip('/')}/status/case"
    call = recorded.call_of(record, body, state.now(), kinds={"web": kind}, url=url)
    call.source = "web_form"  # the channel word that the clocks know
    return call


def _handle(tx: Transaction, request: Row) -> tuple[str, str]:
    """A handle under which intake knows this request's person; made from the number if none is."""
    kinds = {
        row.kind: row.value
        for row in tx.execute(
            select(col(Address.kind), col(Address.value))
            .where(col(Address.person_id) == request["person_id"], col(Address.staff).is_(None))
            .order_by(col(Address.id).desc())
        )
    }
    for kind in ("tel", BY_NUMBER, *kinds):
        if kind in kinds:
            return kind, kinds[kind]
    people.introduce(tx, request["person_id"], BY_NUMBER, request["number"])
    return BY_NUMBER, request["number"]
