"""That an entry stands in the ledger, shown to somebody who sees nothing else of it.

The hashes of all entries are the leaves of a tree (RFC 6962, Certificate Transparency); its root
says what the whole ledger was at one size. An entry with the hashes beside its way up leads to the
root and to no other, so the root that was kept outside is all that a reader needs. Pure.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from models.events import seal

FORM = "huiyin-ledger-proof-1"
_FIELDS = ("seq", "at", "number", "kind", "by", "detail", "previous", "hash", "path")


class Tree:
    """The tree over hashes that come one after the other, of which only its full parts are kept:
    as many as the number of leaves has binary digits."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def add(self, leaf: bytes) -> None:
        """One more, behind the others."""
        node, size = _leaf(leaf), self._size
        while size & 1:
            node, size = _node(self._parts.pop(), node), size >> 1
        self._parts.append(node)
        self._size += 1

    def root(self) -> bytes:
        """The root over all so far; of none the hash of nothing."""
        if not self._parts:
            return sha256(b"").digest()
        node = self._parts[-1]
        for part in reversed(self._parts[:-1]):
            node = _node(part, node)
        return node


def root(leaves: Iterable[bytes]) -> bytes:
    """The root over the hashes of all entries, the oldest first; of none the hash of nothing."""
    tree = Tree()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root()


def paths(leaves: Sequence[bytes], wanted: Sequence[int]) -> list[list[bytes]]:
    """For each wanted index (from 0) the hashes beside its way to the root, the lowest first."""
    found: list[list[bytes]] = [[] for _ in wanted]
    places = list(wanted)
    level = [_leaf(leaf) for leaf in leaves]
    while len(level) > 1:
        for which, place in enumerate(places):
            beside = place ^ 1
            if beside < len(level):
                found[which].append(level[beside])
            places[which] = place // 2
        level = _above(level)
    return found


def leads_to(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that this way leads to, or None when a way of this length cannot be."""
    node, place, width, rest = _leaf(leaf), index, size, list(path)
    if not 0 <= index < size:
        return None
    while width > 1:
        if place ^ 1 < width:
            if not rest:
                return None
            beside = rest.pop(0)
            node = _node(beside, node) if place & 1 else _node(node, beside)
        place, width = place // 2, (width + 1) // 2
    return None if rest else node


def _above(level: Sequence[bytes]) -> list[bytes]:
    pairs = [_node(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
    return [*pairs, level[-1]] if len(level) % 2 else pairs


def _leaf(data: bytes) -> bytes:
    return sha256(b"\0" + data).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


def fault(proof: Any) -> str:
    """Why this proof proves nothing, in one sentence; "" when every entry leads to its root."""
    if not isinstance(proof, Mapping) or proof.get("form") != FORM:
        return f"this is no proof of the form {FORM}"
    size, wanted, entries = proof.get("size"), proof.get("root"), proof.get("entries")
    if not isinstance(size, int) or not isinstance(wanted, str) or not isinstance(entries, list):
        return "size, root or entries are missing"
    if not entries:
        return "it holds no entry"
    before = 0
    for entry in entries:
        if not isinstance(entry, Mapping) or any(name not in entry for name in _FIELDS):
            return f"an entry after {before} has not all of {', '.join(_FIELDS)}"
        said = _entry_fault(entry, proof.get("number"), size, wanted)
        if said:
            return f"entry {entry['seq']} {said}"
        if entry["seq"] <= before:
            return f"entry {entry['seq']} stands after entry {before}"
        before = entry["seq"]
    return ""


def _entry_fault(entry: Mapping[str, Any], number: Any, size: int, wanted: str) -> str:
    try:
        at = datetime.fromisoformat(entry["at"])
        if at.isoformat() != entry["at"]:
            return "has a time that is not written as the ledger writes it"
        sealed = seal(entry["previous"], {**entry, "at": at})
        path = [bytes.fromhex(one) for one in entry["path"]]
        reached = leads_to(bytes.fromhex(entry["hash"]), entry["seq"] - 1, size, path)
    except (ValueError, TypeError, AttributeError):
        return "cannot be read"
    if entry["number"] != number:
        return f"belongs to {entry['number']}, not to {number}"
    if sealed != entry["hash"]:
        return "does not have the hash that it names"
    if reached is None or reached.hex() != wanted:
        return "does not lead to the root"
    return ""
