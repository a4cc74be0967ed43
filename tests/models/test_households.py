"""Households and their people are rows of their own; nothing was lost when they became that."""

import json

import pytest
from sqlalchemy import create_engine, select, text
from sqlmodel import col

from gateway import registry
from models.db import Database
from models.households import Household, HouseholdCategory, HouseholdPhone, Resident
from models.migrations import upgrade, upgrade_to


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request, tmp_path):
    """A database without a table."""
    if request.param == "sqlite":
        found = Database(f"sqlite:///{tmp_path / 'old.db'}")
        yield found
        found.close()
        return
    server = request.getfixturevalue("postgresql")
    admin = create_engine(
        server.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT"
    )
    with admin.connect() as connection:
        connection.execute(text("CREATE DATABASE old_households"))
    found = Database(admin.url.set(database="old_households").render_as_string(hide_password=False))
    yield found
    found.close()
    with admin.connect() as connection:
        connection.execute(text("DROP DATABASE old_households WITH (FORCE)"))
    admin.dispose()


def test_households_of_an_older_version_keep_members_telephones_and_categories(empty):
    old = "INSERT INTO household VALUES ('A1', '甘霖', :m, :p, '东门街3号', NULL, :c)"
    lists = {
        "m": json.dumps(["甘霖", "甘小雨"]),
        "p": json.dumps(["19900001111", "19900002222"]),
        "c": json.dumps(["dibao"]),
    }
    with empty.write() as connection:
        upgrade_to(connection, "0007_the_referral_loop")
        connection.execute(text(old), lists)
    upgrade(empty)
    with empty.read() as session:
        (row,) = registry.rows(session.connection())
        relations = session.execute(
            select(col(Resident.relation), col(Resident.name)).order_by(col(Resident.id))
        ).all()
    assert (row["members"], row["phones"], row["categories"]) == (
        "甘霖;甘小雨",
        "19900001111;19900002222",
        "dibao",
    )
    assert (row["version"], row["note"], row["ended_at"]) == (1, "", None)
    assert [tuple(one) for one in relations] == [("head", "甘霖"), (None, "甘小雨")]


def test_the_invented_county_has_its_people_telephones_and_categories(database):
    with database.read() as session:
        head = session.get(Household, "HH00001")
        people = session.scalars(
            select(Resident).where(col(Resident.household_id) == "HH00001")
        ).all()
        phones = session.scalars(
            select(col(HouseholdPhone.number)).where(col(HouseholdPhone.household_id) == "HH00001")
        ).all()
        codes = set(session.scalars(select(col(HouseholdCategory.code))))
    assert head.head_name == "贺芳"
    assert {one.name for one in people} == {"贺芳", "贺小满"}
    assert phones == ["19900000535"]
    assert {"dibao", "tekun", "elderly_alone"} <= codes


def test_who_died_or_moved_away_is_no_member_any_more(database):
    with database.write() as connection:
        connection.execute(text("UPDATE resident SET died_at = '2026-01-02' WHERE name = '贺小满'"))
    with database.read() as session:
        rows = {row["household_id"]: row for row in registry.rows(session.connection())}
    assert rows["HH00001"]["members"] == "贺芳"
