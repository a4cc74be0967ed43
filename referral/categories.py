"""What a household or a person can be known as: the closed list of codes, which is data. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Category:
    """One kind of object of assistance or care.

    ``family`` is the branch of the law (basic, special, emergency) or care. ``per_person``: it is
    a person's own (a disability), not the household's."""

    code: str
    name_zh: str
    name_en: str
    family: str
    source: str
    tag: str
    per_person: bool = False
    aliases: tuple[str, ...] = ()
