"""``huiyin users reset``"""

from gateway import house, recovering, sentences
from gateway.settings import load, utc_now
from gateway.state import open_current
from models.phrases import Phrasebook
from models.processes import enlist
from models.transaction import acting
from referral.casework import Refusal


def run(*, name: str, reason: str, alone: bool) -> int:
    """Ask that the account be let in anew; with ``alone``, where nobody else could agree, print
    its one-time link at once. ValueError in one sentence for what cannot be."""
    settings = load()
    database = open_current(settings)
    mint = enlist(database, "users", utc_now())
    try:
        with acting(database, mint) as tx:
            if alone:
                token = recovering.alone(tx, name, reason, now=utc_now())
            else:
                recovering.ask(tx, name, reason, by=recovering.CONSOLE, now=utc_now())
    except Refusal as refusal:
        raise ValueError(sentences.sentence(Phrasebook.load(), refusal, "en")) from None
    finally:
        database.close()
    if alone:
        print(f"{name} sets a new password and a new second factor once within 24 hours at")
        print(house.link_of(settings, token))
    else:
        print(
            f"asked: within 24 hours an administrator or supervisor other than {name} agrees at "
            f"{settings.public_url.rstrip('/')}/account"
        )
    return 0
