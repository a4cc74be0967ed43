"""A column cannot be declared without saying how sensitive it is."""

from datetime import date

import pytest
from sqlalchemy import JSON, BigInteger, LargeBinary
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel

import models.tables
from models import columns
from models.sealed import SealedBytes, SealedJson
from models.vocabulary import Protection

CLASSED = {
    "operational": Protection.OPERATIONAL,
    "personal": Protection.PERSONAL,
    "sensitive": Protection.SENSITIVE,
    "secret": Protection.SECRET,
}


@pytest.mark.parametrize(("name", "protection"), CLASSED.items())
def test_the_way_to_declare_a_column_names_its_class(name, protection):
    found = getattr(columns, name)("")
    assert found.sa_column_kwargs["info"] == {"protection": protection.value}


def test_keys_are_operational_documents_and_bytes_are_what_they_are_declared():
    assert columns.key().sa_column_kwargs["info"]["protection"] == Protection.OPERATIONAL
    document = columns.document(columns.sensitive)
    assert isinstance(document.sa_type, SealedJson)
    assert document.sa_column_kwargs["info"]["protection"] == Protection.SENSITIVE
    assert columns.document(columns.operational).sa_type is JSON
    assert isinstance(columns.bytes_of(columns.secret).sa_type, SealedBytes)
    assert columns.bytes_of(columns.operational).sa_type is LargeBinary


def test_an_id_has_64_bits_on_both_databases():
    column = SQLModel.metadata.tables["request"].c.id
    assert isinstance(column.type, BigInteger)
    assert column.type.compile(postgresql.dialect()) == "BIGINT"
    assert column.type.compile(sqlite.dialect()) == "INTEGER", "SQLite's own row id"


@pytest.mark.parametrize(
    ("column", "protection"),
    [
        ("contact.text", Protection.SENSITIVE),
        ("contact.sender", Protection.PERSONAL),
        ("contact.location", Protection.SENSITIVE),
        ("journal.body", Protection.SENSITIVE),
        ("outbox.text", Protection.SENSITIVE),
        ("outbox.address", Protection.PERSONAL),
        ("request.code", Protection.SECRET),
        ("staff.password", Protection.SECRET),
        ("person.name", Protection.PERSONAL),
        ("household.head_name", Protection.PERSONAL),
        ("resident.name", Protection.PERSONAL),
        ("resident.identity", Protection.SENSITIVE),
        ("household_phone.number", Protection.PERSONAL),
        ("request.level", Protection.OPERATIONAL),
    ],
)
def test_what_a_person_said_or_is_known_by_is_not_operational(column, protection):
    table, _, name = column.partition(".")
    assert SQLModel.metadata.tables[table].c[name].info["protection"] == protection.value


def test_every_constraint_and_index_has_a_name_of_our_making():
    """A constraint without a name cannot be changed by a migration on both databases."""
    unnamed = [
        f"{table.name}: {constraint!r}"
        for table in SQLModel.metadata.sorted_tables
        for constraint in (*table.constraints, *table.indexes)
        if not constraint.name
    ]
    assert unnamed == []
    assert models.tables.MODULES


def test_no_column_holds_a_time_without_a_zone():
    naive = [
        f"{table.name}.{column.name}"
        for table in SQLModel.metadata.sorted_tables
        for column in table.columns
        if column.type.python_type.__name__ == "datetime"
        and not getattr(column.type, "timezone", True)
    ]
    assert naive == []
    assert SQLModel.metadata.tables["unit"].c.valid_from.type.python_type is date
