"""``huiyin migrate``"""

from gateway import house, one_secret
from gateway.state import open_database
from models.migrations import is_current, upgrade


def run(*, new_secret: bool = False) -> int:
    """Apply what is missing; ``new_secret`` where HUIYIN_SECRET_KEY was changed on purpose."""
    settings = house.furnish()
    database = open_database(settings)
    fresh = is_current(database)
    upgrade(database)
    if new_secret:
        one_secret.replace(database, settings)
    print("The database was up to date." if fresh else "The database is up to date now.")
    database.close()
    return 0
