"""The queue costs the same however many requests are open."""

from typing import Any

import pytest
from sqlalchemy import event

from gateway.state import State
from referral import handing_over
from tests.gateway.people import QUESTION, said


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_one_has_in_hand_is_found_by_whose_it_is_not_among_all_that_is_open(
    state: State,
) -> None:
    said(state, "q", QUESTION)
    asked: list[tuple[str, Any]] = []

    def hear(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    with state.database.read() as session:
        connection = session.connection()
        event.listen(state.database.engine, "before_cursor_execute", hear)
        handing_over.kept_by(connection, "op01", 30)
        event.remove(state.database.engine, "before_cursor_execute", hear)
        ((statement, parameters),) = asked
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    steps = [str(row[-1]) for row in plan]
    assert "SEARCH request USING INDEX ix_request_in_hand (first_responder=?)" in steps
    assert "SEARCH handover USING INDEX ix_handover_taken_by (taken_by=?)" in steps
    assert [step for step in steps if step.startswith("SCAN ") and "anon" not in step] == []
