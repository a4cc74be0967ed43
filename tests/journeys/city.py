"""A city of the founding documents: the invented county under its rules, everybody at work."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from gateway import warning_leads
from gateway.quarter import Quarter, report
from gateway.warning_leads import Result
from models.clocks import Clock
from models.events import Event
from referral.visiting import today
from tests.journeys.aid import Aid
from tests.journeys.walkers import Walkers

DIBAO = "我想申请低保，住在柳湾镇柳湾村，我家收入低"
TYPES = {
    "dibao": (DIBAO, "civil_affairs"),
    "medical": ("住院自费花了三万多，想申请医疗救助，住在柳湾镇柳湾村", "medical_insurance"),
    "education": ("孩子读高中，想申请教育救助，住在柳湾镇柳湾村", "education"),
    "housing": ("旧房漏雨，想申请危房改造，住在柳湾镇柳湾村", "housing"),
    "employment": ("一家没人有工作，想申请就业救助，住在柳湾镇柳湾村", "human_resources"),
    "legal_aid": ("打官司没有钱请律师，想申请法律援助，住在柳湾镇柳湾村", "justice"),
    "disaster": ("房子被暴雨冲坏，粮食都泡了，住在柳湾镇柳湾村", "emergency_management"),
}
"""An application of each kind, and the bureau that leads it today."""


class City(Aid, Walkers):
    """The county that gives aid, with its rounds, its lists and its quarters."""

    def asked(self, service: str) -> str:
        """An application of this kind, confirmed and on its way."""
        words, _ = TYPES[service]
        number = self.call(service, words, f"+86136{sorted(TYPES).index(service):08}")
        self.do("dispatch01", "confirm", number)
        return number

    def listed(self, row: Mapping[str, Any]) -> Result:
        """A row of another body's list."""
        office = self.state.offices.current()
        lead = warning_leads.read(row, office, today(self.now()))
        return warning_leads.take_in(
            self.state.database, self.state.mint, office, [lead], "super01", now=self.now()
        )

    def quarter(self, unit: str) -> Any:
        """The written report of a unit for the quarter in which it is now."""
        day = today(self.now())
        span = Quarter(day.year, (day.month + 2) // 3)
        with self.state.database.read() as session:
            office = self.state.offices.current()
            return report(session, office, unit, span, now=self.now())

    def notices(self, number: str) -> int:
        """How often somebody was told what their application takes."""
        return sum(row.kind == "notice_given" for row in self.rows(Event, number))

    def span(self, number: str, clock: str) -> timedelta:
        """How long a running clock allows."""
        row = self._clock(number, clock)
        return row.due_at - row.started_at  # type: ignore[no-any-return]

    def workdays(self, number: str, clock: str) -> int:
        """How many working days a running clock allows."""
        row = self._clock(number, clock)
        calendar = self.state.offices.current().policy.calendar
        return int(calendar.between(calendar.day_of(row.started_at), calendar.day_of(row.due_at)))

    def _clock(self, number: str, name: str) -> Any:
        """The target; a limit beyond it is another case of the same clock."""
        found = [row for row in self.rows(Clock, number) if row.name == name]
        return min(found, key=lambda row: row.due_at)
