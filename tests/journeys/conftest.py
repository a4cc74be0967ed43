"""What the journeys of the cities stand on: the city's profile, and its county on a Tuesday."""

from datetime import UTC, datetime

import pytest

from gateway.settings import Settings
from gateway.state import State
from tests.conftest import Clock as Watch
from tests.journeys.city import City

TUESDAY = datetime(2026, 10, 20, 2, 0, tzinfo=UTC)


@pytest.fixture
def settings(settings: Settings, request: pytest.FixtureRequest) -> Settings:
    """The settings, with the profile that the module names in ``PROFILE``."""
    profile = getattr(request.module, "PROFILE", "")
    return settings.model_copy(update={"profile": profile}) if profile else settings


@pytest.fixture
def county(state: State, now: Watch) -> City:
    """The county as a city's journeys walk it, on Tuesday 20 October 2026, 10:00."""
    now.at = TUESDAY
    return City(state, now)
