"""``huiyin migrate``"""

from gateway import house, one_secret
from gateway.settings import utc_now
from gateway.state import open_database
from models.migrations import is_current, upgrade
from models.processes import enlist


def run(*, new_secret: bool = False) -> int:
    """Apply what is missing; ``new_secret`` where HUIYIN_SECRET_KEY was changed on purpose."""
    settings = house.furnish()
    database = open_database(settings)
    fresh = is_current(database)
    upgrade(database)
    if new_secret:
        mint = enlist(database, "migrate", utc_now())
        one_secret.replace(database, mint, settings, utc_now())
    print("The database was up to date." if fresh else "The database is up to date now.")
    database.close()
    return 0
