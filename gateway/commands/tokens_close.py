"""``huiyin tokens close``"""

from gateway import accounts
from gateway.settings import load, utc_now
from gateway.state import open_current
from models.processes import enlist
from models.transaction import acting


def run(*, name: str, reason: str) -> int:
    """Close the token. ValueError where there is none, or no reason."""
    database = open_current(load())
    mint = enlist(database, "tokens", utc_now())
    try:
        with acting(database, mint) as tx:
            accounts.close_token(tx, name, reason, utc_now())
    finally:
        database.close()
    print(f"{name} is let in no more")
    return 0
