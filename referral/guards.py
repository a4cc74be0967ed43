"""The guards of aid: limits, caps, repeats. They warn, ask for a reason and name who may decide;
they never stop food, water, clothing, shelter or medicine, and never refuse anybody. Pure.

Every number is a row of the register with its source and tag; what is tagged L, GK or P is never
shown as law.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from referral.policy import Policy, Value
from referral.rows import NOT_LAW

REASON, DECISION, NOTE = "reason", "decision", "note"
"""What a guard asks for: a reason, the word of who decides, or only to be seen."""
TEMPORARY = "temp_"
"""The types of temporary assistance, whose sums of a year the caps count."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What is to be given, as far as a guard looks at it. Money in fen."""

    amount_fen: int
    service: str
    need: str
    cause: str
    fund: str
    by_township: bool
    kin: str = ""


@dataclass(frozen=True, slots=True)
class Earlier:
    """Aid of this year to the same household; ``same_person`` when to the same person."""

    number: str
    day: date
    amount_fen: int
    service: str
    cause: str
    unit: str
    same_person: bool


@dataclass(frozen=True, slots=True)
class Guard:
    """One warning as it stood. ``limit_fen`` and ``sum_fen`` are 0 where it counts no money;
    ``earlier`` are the numbers it rests on; ``decides`` is the authority whose word it needs, ""
    where a reason is enough."""

    key: str
    asks: str
    decides: str
    source: str
    tag: str
    is_law: bool
    limit_fen: int = 0
    sum_fen: int = 0
    earlier: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """For the record, and for the page that shows it."""
        return {name: getattr(self, name) for name in self.__slots__} | {
            "earlier": list(self.earlier)
        }


def fen(yuan: Any) -> int:
    """Yuan of the register, or as typed, in fen. Raises ValueError for parts of a fen."""
    amount = Decimal(str(yuan)) * 100
    if not amount.is_finite() or amount != amount.to_integral_value():
        raise ValueError(f"{yuan!r} is no sum of money to the fen")
    return int(amount)


def essential(policy: Policy, need: str, on: date) -> bool:
    """Whether nothing may stop this kind of help."""
    found = policy.value("aid_never_stopped", on)
    return found is not None and need in str(found.value).split()


def guards(
    policy: Policy,
    grant: Grant,
    earlier: Sequence[Earlier],
    *,
    on: date,
    left_fen: int | None = None,
) -> tuple[Guard, ...]:
    """Every warning about a grant on a day. ``left_fen`` is what the reserve holds that is not
    promised yet, None where the aid comes from elsewhere."""
    stops = not essential(policy, grant.need, on)
    look = _Look(policy, grant, earlier, on, stops)
    found = [*look.limit(), *look.caps(), *look.repeats()]
    if grant.fund == "reserve" and left_fen is not None and grant.amount_fen > left_fen:
        found.append(
            _guard(
                "reserve_short",
                DECISION if stops else NOTE,
                look.decides("decides_reserve"),
                look.rule("decides_reserve"),
                limit=left_fen,
                total=grant.amount_fen,
            )
        )
    if grant.kin:
        rule = look.rule("near_relative_registration")
        decides = look.decides("decides_near_relative")
        found.append(_guard("near_relative", REASON if stops else NOTE, decides, rule))
    return tuple(found)


def asks(found: Sequence[Guard]) -> str:
    """The most that any of the warnings asks for."""
    return next((level for level in (DECISION, REASON) if any(g.asks == level for g in found)), "")


@dataclass(frozen=True, slots=True)
class _Look:
    policy: Policy
    grant: Grant
    earlier: Sequence[Earlier]
    on: date
    stops: bool

    def rule(self, key: str) -> Value | None:
        return self.policy.value(key, self.on)

    def decides(self, key: str) -> str:
        found = self.rule(key)
        return str(found.value) if found else "civil_affairs"

    def limit(self) -> Iterator[Guard]:
        """What a township may give alone: the profile's limit, and the most of small fast aid."""
        if not self.grant.by_township:
            return
        limit = self.rule("township_approval_limit")
        months, dibao = self.rule("small_aid_max_dibao_months"), self.rule("dibao_month")
        small = fen(dibao.value) * int(months.value) if months and dibao else None
        sums: list[tuple[int, str, Value | None]] = []
        if limit:
            sums = [(fen(limit.value), "township_limit", limit)]
        elif small is not None:
            sums = [(small, "small_aid", months)]
        for most, key, rule in sums:
            if self.grant.amount_fen > most:
                decides = self.decides("decides_township_limit")
                yield _guard(
                    key,
                    self._asks(DECISION),
                    decides,
                    rule,
                    limit=most,
                    total=self.grant.amount_fen,
                )

    def caps(self) -> Iterator[Guard]:
        """The year's sums of a person and of a family, this grant counted in."""
        if not self.grant.service.startswith(TEMPORARY):
            return
        family = [one for one in self.earlier if one.service.startswith(TEMPORARY)]
        person = [one for one in family if one.same_person]
        for key, mine in (
            ("temp_aid_cap_person_year", person),
            ("temp_aid_cap_family_year", family),
        ):
            if rule := self.rule(key):
                yield from self._cap(key, rule, mine)

    def _cap(self, key: str, rule: Value, mine: Sequence[Earlier]) -> Iterator[Guard]:
        total = self.grant.amount_fen + sum(one.amount_fen for one in mine)
        if total > fen(rule.value):
            yield _guard(
                key.removeprefix("temp_aid_"),
                self._asks(DECISION),
                self.decides("decides_cap"),
                rule,
                limit=fen(rule.value),
                total=total,
                earlier=mine,
            )

    def repeats(self) -> Iterator[Guard]:
        """The same cause again, and the same type in the same year."""
        for key, mine in (
            ("repeat_same_cause", [e for e in self.earlier if e.cause == self.grant.cause]),
            (
                "repeat_same_type_same_year",
                [e for e in self.earlier if e.service == self.grant.service],
            ),
        ):
            rule = self.rule(key)
            if rule is None or rule.value is False or not mine:
                continue
            reported = rule.value == "leading_group"
            decides = self.decides("decides_leading_group" if reported else "decides_repeat")
            level = DECISION if reported or key == "repeat_same_cause" else REASON
            yield _guard(key, self._asks(level), decides, rule, earlier=mine)

    def _asks(self, level: str) -> str:
        return level if self.stops else NOTE


def _guard(
    key: str,
    level: str,
    decides: str,
    rule: Value | None,
    *,
    limit: int = 0,
    total: int = 0,
    earlier: Sequence[Earlier] = (),
) -> Guard:
    tag = rule.tag if rule else "P"
    return Guard(
        key,
        level,
        decides,
        rule.source if rule else "",
        tag,
        is_law=bool(rule and rule.is_law and tag not in NOT_LAW),
        limit_fen=limit,
        sum_fen=total,
        earlier=tuple(one.number for one in earlier),
    )


def shown(guard: Mapping[str, Any]) -> str:
    """How a guard's source is introduced: as law, as a rule, or as a proposal of ours or a place's
    own practice, which is never shown as law."""
    if guard["is_law"]:
        return "law"
    return "own" if guard["tag"] in NOT_LAW else "rule"
