"""Every table, imported once: for migrations, and for the test that each column is classed."""

from models import (
    access,
    clocks,
    counters,
    dialogues,
    disputes,
    events,
    journal,
    outbox,
    people,
    places,
    processes,
    referrals,
    requests,
    tasks,
)

MODULES = (
    access,
    clocks,
    counters,
    dialogues,
    disputes,
    events,
    journal,
    outbox,
    people,
    places,
    processes,
    referrals,
    requests,
    tasks,
)
