"""``huiyin tokens list``"""

from sqlalchemy import select
from sqlmodel import col

from gateway.settings import load
from gateway.state import open_current
from models.access import ApiToken


def run() -> int:
    """Print whose tokens there are, since when, what they may do, and which are closed."""
    database = open_current(load())
    try:
        with database.read() as session:
            query = select(
                col(ApiToken.name),
                col(ApiToken.scope),
                col(ApiToken.created_at),
                col(ApiToken.disabled_at),
            ).order_by(col(ApiToken.name))
            rows = session.connection().execute(query).all()
    finally:
        database.close()
    for name, scope, since, closed in rows:
        until = f"closed {closed:%Y-%m-%d}" if closed else "open"
        print(f"{name}  {scope}  since {since:%Y-%m-%d}  {until}")
    return 0
