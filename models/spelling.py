"""Numbers as they are said aloud, figure by figure. Pure."""

import re
from collections.abc import Mapping, Sequence

NAMES, PAUSE = "call_digits", "call_pause"
"""The phrases that name the ten figures, and that stand between two groups of them."""
FIGURES = ("number", "code", "hotline", "responder_phone", "unit_phone")
"""Parameters whose figures are named one by one: a voice would read them as millions."""
_RUN = re.compile("[0-9](?:[0-9-]*[0-9])?")
_BARE = ("number", "code")
"""Of these only the figures are said: those are what is keyed to ask how a request stands."""


def spoken(params: Mapping[str, str], names: Sequence[str], pause: str) -> dict[str, str]:
    """Parameters of a phrase as they are said aloud. ``names`` are those of the ten figures,
    ``pause`` stands between groups of them."""
    return {
        name: _spelt(value, names, pause, bare=name in _BARE) if name in FIGURES else value
        for name, value in params.items()
    }


def _spelt(said: str, names: Sequence[str], pause: str, *, bare: bool) -> str:
    def one(run: str) -> str:
        groups = re.findall("[0-9]+", run)
        return pause.join(" ".join(names[int(figure)] for figure in group) for group in groups)

    if bare and _RUN.search(said):
        return one(said)
    return _RUN.sub(lambda run: f" {one(run[0])} ", said).strip()
