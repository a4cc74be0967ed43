"""``huiyin migrate``"""

from gateway import house
from gateway.state import open_database
from models.migrations import is_current, upgrade


def run() -> int:
    """Apply what is missing."""
    database = open_database(house.furnish())
    fresh = is_current(database)
    upgrade(database)
    print("The database was up to date." if fresh else "The database is up to date now.")
    database.close()
    return 0
