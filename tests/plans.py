"""How a database means to answer a query."""

from typing import Any

from sqlalchemy import text

from models.db import Database


def plan(database: Database, query: Any) -> str:
    """Its plan, line by line. Without statistics a planner may still read a small table whole, so
    it is told not to."""
    with database.read() as session:
        connection = session.connection()
        if not database.is_sqlite:
            connection.execute(text("SET enable_seqscan = off"))
            connection.execute(text("SET enable_bitmapscan = off"))
        explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
        sql = query.compile(connection.engine, compile_kwargs={"literal_binds": True}).string
        return "\n".join(str(row) for row in connection.execute(text(explain + sql)))


def ranges(database: Database, query: Any, index: str) -> bool:
    """Whether it is answered from one range of this index, in its order."""
    found = plan(database, query)
    return index in found and "Sort" not in found and "TEMP B-TREE" not in found
