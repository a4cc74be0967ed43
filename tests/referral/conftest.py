"""Settings of the property tests: a shared machine may be slow, a rule may not be wrong."""

from hypothesis import settings

settings.register_profile("referral", deadline=None)
settings.load_profile("referral")
