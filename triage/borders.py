"""From where on what was weighed speaks, and what else a county may set beside experience."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Borders:
    """From where on what was weighed speaks; values of signals.toml. Above ``alarm`` a text brings
    a person by itself, and a weak row counts as it is written; below ``against``, in a plea below
    ``plea``, no row brings more than a person's look, unless its own sentence alone is above
    ``part`` or, of a row that is not weak, its own clause above ``clause``; above ``life`` an
    alarm is one of danger to life; above ``averted`` what would have come but for somebody has
    come all the same. A text of no more than ``cry`` characters, of which ``bare`` say something
    else than the danger, who, where and a call for help, is a cry: there is too little of it to
    speak against; a frame's words must stand within ``frame`` characters for that. In the choice
    of a service ``route``, ``particular`` and ``named`` are what the rows' word and the text's own
    weigh beside experience."""

    alarm: float
    against: float
    plea: float
    part: float
    clause: float
    life: float
    averted: float
    cry: int
    bare: int
    frame: int
    route: float
    particular: float
    named: float
    cite: str
    tag: str
