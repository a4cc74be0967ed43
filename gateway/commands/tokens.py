"""``huiyin tokens add``"""

from gateway import accounts, house
from gateway.offices import Rules
from gateway.settings import utc_now
from gateway.state import open_database
from models.processes import enlist
from models.transaction import acting


def run(*, name: str, scope: str) -> int:
    """Create the token and print it; only its hash is kept. ValueError for a name taken."""
    settings = house.furnish()
    house.prepare(settings, Rules.load(settings.profile, settings.profile_dir))
    database = open_database(settings)
    mint = enlist(database, "tokens", utc_now())
    with acting(database, mint) as tx:
        token = accounts.add_token(tx, name, scope, utc_now())
    database.close()
    print(token)
    return 0
