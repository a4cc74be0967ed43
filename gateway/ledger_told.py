"""What the entries of the ledger say of one request, taken together, entry after entry."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from models import notes
from models.vocabulary import ReferralRole, Status

_STATUSES = frozenset(Status)
_CARRIED = frozenset(("merged", "joined", "merge_undone", "parted"))
"""Acts that carry orders from one request to another."""
SILENT = ("assessed", "promised")
"""Kinds of entries that say nothing to ``Told``. Each request has them, they are the longest, and
what is not read need not be opened."""


@dataclass(slots=True)
class Told:
    """``lead`` is the unit that leads, ``orders`` how many were given at least, ``carried`` whether
    some were brought from or to another request, ``barred`` who must not have to do with it,
    ``notes`` the marks of what was typed, by row. None: no entry says."""

    status: str | None = None
    level: str | None = None
    lead: str | None = None
    confidential: bool | None = None
    orders: int = 0
    carried: bool = False
    barred: set[str] = field(default_factory=set)
    notes: dict[int, str] = field(default_factory=dict)

    def hear(self, kind: str, detail: Mapping[str, Any]) -> None:
        """Take in the next entry about the request."""
        if detail.get("now") in _STATUSES:
            self.status = detail["now"]
        if kind == "received":
            self.status, self.level = detail.get("status"), detail.get("level")
            self.confidential = detail.get("confidential")
        elif kind == "kept_confidential":
            self.confidential = True
        elif kind in ("level_raised", "level_lowered"):
            self.level = detail.get("level") or detail.get("now")
        elif kind == "barred":
            self.barred |= {f"unit:{one}" for one in detail["units"]} | set(detail["logins"])
        if found := notes.named(detail):
            self.notes[found[0]] = found[1]
        self.carried = self.carried or kind in _CARRIED
        self._hear_of_orders(kind, detail)

    def _hear_of_orders(self, kind: str, detail: Mapping[str, Any]) -> None:
        lead = detail.get("lead")
        if kind == "dispatched":
            if "holder" in detail:  # the first; later ones bring in somebody beside the lead
                self.orders += 1 + len(detail["cooperating"])
            self.lead = lead
        elif kind == "brought_in":
            self.orders += 1
        elif kind == "succeeded" and lead is True:
            self.lead = detail["successor"]
        elif kind == "signed" and detail.get("role") == ReferralRole.LEAD:
            self.lead = detail["unit"]  # the successor of a retired unit signs for itself
        if "lead_bureau" in detail:
            self.lead = detail["lead_bureau"]
        elif kind in ("route_corrected", "taken_upward", "reopened"):
            self.lead = lead
