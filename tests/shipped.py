"""The rules and phrases as they are shipped: read once by all tests that only look at them."""

from functools import cache

from models.phrases import Phrasebook
from referral.policy import BASELINE, Policy, load_policy


@cache
def policy(profile: str = BASELINE) -> Policy:
    """The policy of a shipped profile; it is a value, nobody can change it for another."""
    return load_policy(profile)


@cache
def phrases() -> Phrasebook:
    """The phrases of all languages."""
    return Phrasebook.load()
