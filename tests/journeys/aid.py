"""The people of the invented county who give aid: acts as the pages do them."""

from typing import Any

from gateway import aid, aid_filing
from gateway.aid_bodies import FiledBody
from models.relief import Relief
from models.reserves import AidEntry
from tests.journeys.county import County

THREE = {"urgent": True, "small": True, "immediate": True}
TOWN = "township_w01.1"


class Aid(County):
    """Aid beside the requests of the county."""

    def propose(self, login: str, request: str = "", **told: Any) -> str:
        body = {**THREE, "need": "food", "cause": "income_lost", "request": request or None, **told}
        return self._begin("propose", login, body)

    def given(self, login: str, request: str = "", **told: Any) -> str:
        body = {**THREE, "need": "food", "cause": "income_lost", "request": request or None, **told}
        return self._begin("record_given", login, body)

    def _begin(self, act: str, login: str, body: dict[str, Any]) -> str:
        chosen = aid.BEGINS[act]
        if not body.get("goods") and "amount" not in body:
            body["goods"] = "米面油一份"
        if "amount" in body:
            body.setdefault("form", "money")
        row = aid.begin(
            self.state, self.actor(login), chosen, chosen.body.model_validate(body), now=self.now()
        )
        return str(row["number"])

    def on(self, login: str, act: str, number: str, **body: Any) -> Any:
        chosen = aid.ACTS[act]
        given = chosen.body.model_validate(body)
        return aid.perform(self.state, self.actor(login), number, chosen, given, now=self.now())

    def keep(self, login: str, unit: str, act: str, **body: Any) -> Any:
        chosen = aid.RESERVE_ACTS[act]
        given = chosen.body.model_validate(body)
        return aid.keep(self.state, self.actor(login), unit, chosen, given, now=self.now())

    def file(self, login: str, **body: Any) -> str:
        told = {"given_at": self.now(), "service": "medical", "need": "medical",
                "standard": "据实", **body}  # fmt: skip
        row, _ = aid_filing.file(
            self.state, self.actor(login), FiledBody.model_validate(told), now=self.now()
        )
        return str(row["number"])

    def aid(self, number: str) -> Any:
        return next(row for row in self.every(Relief) if row.number == number)

    def entries(self, number: str) -> list[tuple[str, int]]:
        of = self.aid(number).id
        return [(e.kind, e.amount_fen) for e in self.every(AidEntry) if e.relief_id == of]

    def warned(self, number: str) -> set[str]:
        return {one["key"] for one in self.aid(number).guards}
