"""docs/cities.md promises a page, a command or a test for each demand: they are all there."""

import re
from functools import cache
from pathlib import Path

import pytest
from fastapi.routing import iter_route_contexts

from gateway.__main__ import app as command_line
from gateway.app import create_app
from referral.policy import profiles
from tests import shipped

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "cities.md").read_text("utf-8")
NAMED = sorted(set(re.findall(r"`([^`\n]+)`", TEXT)))
_BEFORE, _, _AFTER = TEXT.partition("## The number register\n")
REGISTER = re.findall(r"^\| ([^|]+) \| (\S+) \| `([^`]+)` \| `?(\w+)`? \|$", _AFTER, re.MULTILINE)
_DEMANDS = _BEFORE + _AFTER.partition("\n## ")[2]
ROWS = [
    line for line in _DEMANDS.splitlines() if line.startswith("| ") and "| Demand |" not in line
]
CITIES = (
    "huzhou", "heihe", "weihai", "jilin", "tibet", "yuanjiang", "dezhou", "linfen", "taian",
)  # fmt: skip
GROUNDS = ("organisation", "finance", "benefit", "data", "is not made")


@cache
def policies():
    return [shipped.policy(name) for name in profiles()]


@cache
def codes() -> set[str]:
    """Every code of the rules that a row may name."""
    found = {"unknown-M-40-…", "supplied_by"}
    for policy in policies():
        found |= {*policy.values, *policy.categories, *profiles()}
        found |= {clock.name for clock in policy.clocks}
        found |= {route.service for route in policy.routes}
        found |= {ground.code for ground in policy.grounds}
        found |= {rule.kind for rule in policy.outreach.warnings}
    return found | {"advance", "item", "social", 'advance_relief_notice = "after"'}


def commands(group, before=()):
    for one in group.registered_commands:
        yield " ".join((*before, one.name or one.callback.__name__))
    for one in group.registered_groups:
        yield from commands(one.typer_instance, (*before, one.name))


@pytest.mark.parametrize("city", CITIES)
def test_each_city_has_a_section_and_a_journey(city: str) -> None:
    assert f"journey `tests/journeys/test_city_{city}.py`" in TEXT


def test_beijing_is_said_to_demand_nothing() -> None:
    section = TEXT.split("## Beijing 2005", 1)[1].split("\n## ", 1)[0]
    assert "no demand can be drawn from it" in section
    assert "|" not in section


def test_the_checklist_is_whole() -> None:
    assert re.findall(r"^\| (D-\d\d) \|", TEXT, re.MULTILINE) == [f"D-{n:02}" for n in range(1, 33)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip())
def test_each_demand_is_met_by_something_or_said_to_be_outside(row: str) -> None:
    topic, demand, met = (cell.strip() for cell in row.strip("|").split("|"))
    assert topic
    assert demand
    assert "`" in met or any(ground in met for ground in GROUNDS) or "route" in met


def test_everything_that_is_named_exists(state) -> None:
    routes = {
        (method, str(one.path))
        for one in iter_route_contexts(create_app(state).routes)
        for method in getattr(one, "methods", None) or ()
    }
    known = set(commands(command_line))
    missing = []
    for name in NAMED:
        if name.startswith("huiyin "):
            words = name.removeprefix("huiyin ")
            there = words in known
        elif name.startswith("/"):
            there = ("GET", name) in routes
        elif name.startswith("POST "):
            there = ("POST", name.removeprefix("POST ")) in routes
        elif "/" in name:
            there = bool(list(ROOT.glob(name)))
        else:
            there = name in codes()
        if not there:
            missing.append(name)
    assert missing == []


def test_the_register_holds_every_number_of_the_documents() -> None:
    assert len(REGISTER) == _AFTER.partition("\n## ")[0].count("\n| ") - 1


@pytest.mark.parametrize("row", REGISTER, ids=lambda row: f"{row[3]}-{row[2]}")
def test_each_number_is_a_row_of_its_profile_with_source_and_tag(
    row: tuple[str, str, str, str],
) -> None:
    _, told, key, profile = row
    names = sorted(profiles()) if profile == "every" else [profile]
    for name in names:
        policy = shipped.policy(name)
        if key.startswith("CLK-"):
            rule = policy.clock(key)
            kept, source, tag = f"{rule.amount:g}", rule.source, rule.tag
        else:
            value = policy.values[key]
            kept, source, tag = str(value.value), value.source, value.tag
        assert kept == told
        assert source
        assert tag in ("S", "R"), "the margin's digit is lost in the document"


def test_the_profiles_that_are_named_are_shipped() -> None:
    assert set(re.findall(r"Profile `(\w+)`", TEXT)) == set(profiles()) - {"national_baseline"}
