"""How a request stands, as a dialogue says it: one sentence for each fact that there is. Pure."""

from collections.abc import Mapping

from models.messages import Say

FACTS: Mapping[str, str] = {
    "joined": "",
    "held": "due",
    "late": "",
    "late_reminded": "unit",
    "unit": "unit",
    "phone": "unit_phone",
    "responder": "responder",
    "contact_by": "due",
    "contact_unreachable": "due",
    "contact_late": "due",
    "due": "due",
    "moved": "due",
    "answer": "answer",
}
"""What may be told, in this order, each with the parameter of its phrase that it fills."""


def said(known: Mapping[str, str], prefix: str) -> tuple[Say, ...]:
    """The sentences, phrases under this prefix. The answer comes with the name of the message that
    keeps it."""
    found = []
    for fact, parameter in FACTS.items():
        if known.get(fact):
            params = {parameter: known[fact]} if parameter else {}
            if fact == "answer" and known.get("kept"):
                params["kept"] = known["kept"]
            found.append(Say(f"{prefix}{fact}", params))
    return tuple(found)
