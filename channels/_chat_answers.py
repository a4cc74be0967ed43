"""Which message of a guided report answered what, and answers that another one follows. Pure."""

import json
from collections.abc import Mapping

_POINT = ("lat", "lon", "datum")


def answers(state: Mapping[str, str]) -> dict[str, str]:
    """By the id of a message what it answered."""
    try:
        return dict(json.loads(state.get("ids", "{}")))
    except (ValueError, TypeError):
        return {}


def set_aside(state: dict[str, str]) -> None:
    """There is another answer, or none is known: the first stands beside it, a point of the map as
    well, which would lead whoever goes there to the place that was meant before."""
    name = state.pop("redo")
    point = [state.pop(key) for key in _POINT if name == "where" and key in state][:2]
    first = (state.get("was"), state.pop(name, ""), ",".join(point))
    state["was"] = "，".join(text for text in first if text)
    ids = {one: what for one, what in answers(state).items() if what != name}
    state["ids"] = json.dumps(ids)
