"""A unit or an area that a file puts below something is below something that there is."""

import pytest

from gateway import importing

FILES = {
    "units": ("单位代码,单位名称,职能,上级单位\n", "{0},局,民政局,{1}\n"),
    "areas": ("区划代码,名称,级别,上级代码\n", "{0},某村,村,{1}\n"),
}


@pytest.mark.parametrize(("kind", "above"), [("units", "hotline"), ("areas", "W")])
def test_what_is_above_is_in_the_county_or_in_the_file(state, kind, above):
    head, row = FILES[kind]
    pairs = [("n1", above), ("n2", "n3"), ("n3", ""), ("n4", "nosuch"), ("n5", "n5")]
    body = head + "".join(row.format(*pair) for pair in pairs)
    codes = importing.codes_of(state.offices.current())
    found = importing.look(kind, "u.csv", body.encode(), codes)
    importing.compare(state.database, found, codes, "admin01")
    assert [(one.line, one.key) for one in found.faults] == [
        (5, "import.fault.no_parent"),
        (6, "import.fault.no_parent"),
    ]
    _, written, _ = importing.write(
        state.database, state.mint, found, codes, by="admin01", now=state.now
    )
    assert written == 3


@pytest.mark.parametrize("kind", list(FILES))
def test_what_stands_below_a_line_that_is_not_written_is_named_too(state, kind):
    """Else it would be below nothing until somebody mends the other line."""
    head, row = FILES[kind]
    nameless = row.replace(",局,", ",,").replace(",某村,", ",,").format("n1", "")
    codes = importing.codes_of(state.offices.current())
    body = head + nameless + row.format("n2", "n1")
    found = importing.look(kind, "u.csv", body.encode(), codes)
    importing.compare(state.database, found, codes, "admin01")
    assert found.bad == {2, 3}
    assert [one.key for one in found.faults if one.line == 3] == ["import.fault.no_parent"]
    _, written, _ = importing.write(
        state.database, state.mint, found, codes, by="admin01", now=state.now
    )
    assert written == 0


@pytest.mark.parametrize("kind", list(FILES))
def test_what_stands_below_itself_over_others_is_named_with_all_that_hangs_on_it(state, kind):
    head, row = FILES[kind]
    pairs = [("n1", "n2"), ("n2", "n3"), ("n3", "n1"), ("n4", "n1"), ("n5", ""), ("n6", "n5")]
    codes = importing.codes_of(state.offices.current())
    body = head + "".join(row.format(*pair) for pair in pairs)
    found = importing.look(kind, "u.csv", body.encode(), codes)
    importing.compare(state.database, found, codes, "admin01")
    assert [(one.line, one.key) for one in found.faults] == [
        (line, "import.fault.circle") for line in (2, 3, 4, 5)
    ]
    _, written, _ = importing.write(
        state.database, state.mint, found, codes, by="admin01", now=state.now
    )
    assert written == 2


@pytest.mark.parametrize("kind", list(FILES))
def test_so_is_what_stands_below_itself_over_what_the_county_has(state, kind):
    head, row = FILES[kind]
    codes = importing.codes_of(state.offices.current())
    for pairs, lines in (([("n1", ""), ("n2", "n1"), ("n3", "n2")], 3), ([("n1", "n3")], 0)):
        body = head + "".join(row.format(*pair) for pair in pairs)
        found = importing.look(kind, "u.csv", body.encode(), codes)
        importing.compare(state.database, found, codes, "admin01")
        assert len(found.faults) == (lines == 0)
        _, written, _ = importing.write(
            state.database, state.mint, found, codes, by="admin01", now=state.now
        )
        assert written == lines
