"""A message that goes by another way than it was meant for is worded anew: an SMS read out to
somebody as it stands is hard to follow, and says less than the spoken notice."""

from types import SimpleNamespace
from typing import Any

from channels import Channel
from gateway.routes import may_have, tried
from models import outbox
from models.transaction import Transaction
from models.vocabulary import OutboxState
from referral import wording
from referral.office import Office


def reworded(tx: Transaction, office: Office, row: Any, route: str, channel: Channel | None) -> Any:
    """A message that was just claimed, in the form of the channel by which it goes now; what is
    said is kept as it is sent. What a provider may have taken is asked for by its own words."""
    meant = route == row.channel and not tried(row)
    if channel is None or meant or row.state == OutboxState.SENT or may_have(row):
        return row
    text = wording.anew(office, row, channel.form)
    if text == row.text:
        return row
    outbox.reword(tx, row.id, text)
    return SimpleNamespace(**{**row._mapping, "text": text})
