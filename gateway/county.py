"""Areas, units, staff and rosters into the database: a county's own, or the invented one."""

import csv
from collections.abc import Iterator
from datetime import datetime
from importlib import resources
from typing import Any

import tomli
from sqlalchemy import select
from sqlmodel import col

from gateway import registry
from gateway.offices import changed
from models.places import AreaRow, Duty, Staff, UnitRow
from models.transaction import Transaction
from referral.directory import HOTLINE
from referral.policy import Policy

DEMO = "gateway.demo"


def has_units(tx: Transaction) -> bool:
    """Whether somebody has already said who is there."""
    return tx.execute(select(col(UnitRow.code)).limit(1)).first() is not None


def seed_baseline(tx: Transaction, policy: Policy) -> None:
    """One unit for every authority of the profile, so that every route has somebody from the
    first minute; a county replaces them by its own (`huiyin import units`)."""
    for code, authority in policy.authorities.items():
        tx.add(
            UnitRow,
            code=code,
            name_zh=authority.name_zh,
            name_en=authority.name_en,
            authority=code,
            kind="desk" if code == HOTLINE else "bureau",
        )
    changed(tx)


def seed_demo(tx: Transaction, password: str, now: datetime) -> None:
    """The invented county. ``password`` is the hash that all its accounts share."""
    for row in _rows("areas.csv"):
        point = [float(row["latitude"]), float(row["longitude"])] if row["latitude"] else None
        tx.add(
            AreaRow,
            code=row["code"],
            kind=row["kind"],
            name=row["name"],
            parent=row["parent"] or None,
            aliases=_list(row["aliases"]),
            centre=point,
        )
    for row in _rows("units.csv"):
        values = {name: value or None for name, value in row.items()}
        values["public_phone"], values["duty_phone"] = row["public_phone"], row["duty_phone"]
        tx.add(UnitRow, **values)
    for row in _rows("staff.csv"):
        tx.add(
            Staff,
            **{**row, "area": row["area"] or None},
            password=password,
            demo=True,
            created_at=now,
        )
    for shift in _shifts():
        tx.add(Duty, id=tx.mint(), **shift)
    registry.write_missing_keys(tx)
    for row in _rows("households.csv"):
        registry.enrol(
            tx,
            household_id=row["household_id"],
            head_name=row["head_name"],
            members=_list(row["members"]),
            phones=_list(row["phones"]),
            address=row["address"],
            area=row["area"] or None,
            categories=_list(row["categories"]),
        )
    changed(tx)


def demo_file(name: str) -> str:
    """The text of a file of the invented county."""
    return resources.files(DEMO).joinpath(name).read_text("utf-8")


def _rows(name: str) -> Iterator[dict[str, Any]]:
    yield from csv.DictReader(demo_file(name).splitlines())


def _list(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(";") if part.strip()]


def _shifts() -> Iterator[dict[str, Any]]:
    rosters = tomli.loads(demo_file("rosters.toml"))
    for duty in rosters["duty"]:
        shifts = rosters["pattern"][duty["pattern"]]["shifts"]
        for (begin, end), logins in zip(shifts, duty["staff"], strict=True):
            for login in logins:
                yield {
                    "unit": duty["unit"],
                    "login": login,
                    "from_minute": _minute(begin),
                    "to_minute": _minute(end),
                }


def _minute(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)
