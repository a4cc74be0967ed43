"""The keys under which the end of the ledger stands, and what stands there (``keyed_ledger``)."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from gateway.checkpoints import Checkpoint
from gateway.settings import Settings
from models.events import KeyedEnd
from models.sealing import AES, SM4, mac

_NAME_BYTES = 6
_ROW = select(col(KeyedEnd.seq), col(KeyedEnd.hash), col(KeyedEnd.key), col(KeyedEnd.mac))


@dataclass(frozen=True, slots=True)
class LedgerKey:
    """A key for the end of the ledger, and the name by which it is known again."""

    name: str
    algorithm: str
    value: bytes

    @classmethod
    def of(cls, root: bytes, algorithm: str) -> "LedgerKey":
        """The key that is derived from a root."""
        own = mac(algorithm, root, b"the end of the ledger")
        return cls(mac(algorithm, own, b"name")[:_NAME_BYTES].hex(), algorithm, own)

    def mac(self, seq: int, digest: str) -> str:
        """What only who has the key can write of an entry and its hash."""
        return mac(self.algorithm, self.value, f"{seq} {digest}".encode()).hex()


def keys_of(settings: Settings) -> list[LedgerKey]:
    """The key of today, then those that may have been before."""
    roots = settings.field_keys or [settings.secret_key.encode()]
    ciphers = sorted((AES, SM4), key=lambda one: one != settings.field_cipher)
    return [LedgerKey.of(root, cipher) for root in roots for cipher in ciphers]


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands under the key: the row, the end as far as a key of ours made it, and what does
    not hold about it ("" if nothing)."""

    row: Any = None
    end: Checkpoint | None = None
    fault: str = ""


def standing(connection: Any, keys: Sequence[LedgerKey]) -> Standing:
    """What stands there, not held against the ledger itself yet."""
    row = connection.execute(_ROW).first()
    made = next((key for key in keys if row is not None and key.name == row.key), None)
    if made is None:
        return Standing(row)
    if not hmac.compare_digest(made.mac(row.seq, row.hash), row.mac):
        return Standing(row, fault="what stands under the key of the ledger was changed")
    return Standing(row, Checkpoint(row.seq, row.hash))
