"""``huiyin users add``"""

from gateway import accounts, house
from gateway.offices import Rules
from gateway.settings import utc_now
from gateway.state import open_database
from models.processes import enlist
from models.transaction import acting
from models.vocabulary import Role


def run(*, name: str, role: Role, unit: str, area: str) -> int:
    """Create the account and print its one-time sign-in link. ValueError for a name taken or a
    unit or area that does not exist."""
    settings = house.furnish()
    house.prepare(settings, Rules.load(settings.profile, settings.profile_dir))
    database = open_database(settings)
    mint = enlist(database, "users", utc_now())
    with acting(database, mint) as tx:
        accounts.add_staff(
            tx,
            login=name,
            name=name,
            role=role,
            unit=unit,
            area=area or None,
            now=utc_now(),
        )
    database.close()
    print(f"{name} ({role}, {unit}) signs in once within 24 hours at")
    print(house.sign_in_link(settings, name))
    return 0
