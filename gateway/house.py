"""Making a data directory fit to take a message: migrated, with units and somebody to answer."""

from sqlalchemy import select
from sqlmodel import col

from gateway import accounts, county
from gateway.offices import Rules
from gateway.settings import Settings, utc_now
from gateway.state import open_database
from models.migrations import upgrade
from models.places import Staff
from models.processes import enlist
from models.transaction import acting
from models.vocabulary import Role
from referral.directory import HOTLINE

DEMO_PASSWORD = "huiyin-demo"  # noqa: S105 known on purpose; `huiyin serve` refuses such accounts
ADMINISTRATOR = "admin"


def prepare(settings: Settings, rules: Rules, *, demo: bool = False) -> bool:
    """Bring the database up to date and, the first time, say who is there; True that time.

    Without the demonstration there is one unit an authority and one administrator, who answers
    for everything until the county's own units and staff are loaded.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = open_database(settings)
    upgrade(database)
    mint = enlist(database, "prepare", utc_now())
    with acting(database, mint) as tx:
        fresh = not county.has_units(tx)
        if fresh and demo:
            county.seed_demo(tx, accounts.hash_password(DEMO_PASSWORD), utc_now())
        elif fresh:
            county.seed_baseline(tx, rules.policy)
    with acting(database, mint) as tx:
        if tx.execute(select(col(Staff.login)).limit(1)).first() is None:
            accounts.add_staff(
                tx,
                login=ADMINISTRATOR,
                name="管理员",
                role=Role.ADMINISTRATOR,
                unit=HOTLINE,
                area=None,
                now=utc_now(),
            )
    database.close()
    return fresh


def sign_in_link(settings: Settings, login: str = ADMINISTRATOR) -> str:
    """A one-time address at which an account is taken into use."""
    database = open_database(settings)
    mint = enlist(database, "prepare", utc_now())
    with acting(database, mint) as tx:
        token = accounts.one_time_link(tx, login, utc_now())
    database.close()
    return f"{settings.public_url.rstrip('/')}/sign-in/{token}"
