"""The rules hold together, carry their sources, and refuse what they do not understand."""

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.overlay import Change, Overlay
from models.vocabulary import ClockUnit
from referral import clocks
from referral.calendars import SHANGHAI
from referral.policy import ClockRule, PolicyError, load_policy, profiles
from referral.rows import NOT_LAW, TAGS
from tests import shipped

BASE = shipped.policy()
DAY = date(2026, 11, 24)


def overlay(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder


def test_the_shipped_profiles_are_those_of_the_note() -> None:
    assert profiles() == (
        "dezhou", "heihe", "huzhou", "linfen", "national_baseline", "taian", "weihai_shandong",
        "yuanjiang",
    )  # fmt: skip


@pytest.mark.parametrize("profile", profiles())
def test_a_shipped_profile_is_sound(profile: str) -> None:
    assert shipped.policy(profile).check(DAY) == []


TABLE_OF_CLOCKS = [
    ("CLK-ANSWER", "", 15, "second", "R"),
    ("CLK-MISSED-CALL", "", 15, "minute", "P"),
    ("CLK-MISSED-CALL", "urgent", 5, "minute", "P"),
    ("CLK-LISTEN", "", 10, "minute", "P"),
    ("CLK-FIRST-REPLY", "", 3, "minute", "R"),
    ("CLK-FIRST-REPLY", "mail", 24, "hour", "R"),
    ("CLK-FIRST-REPLY", "web_form", 2, "hour", "R"),
    ("CLK-FIRST-REPLY", "grid_app", 2, "hour", "R"),
    ("CLK-FIRST-REPLY", "grid_urgent", 10, "minute", "P"),
    ("CLK-TRIAGE", "danger", 10, "minute", "P"),
    ("CLK-TRIAGE", "phone", 15, "minute", "P"),
    ("CLK-TRIAGE", "", 2, "hour", "P"),
    ("CLK-CLARIFY", "", 24, "hour", "P"),
    ("CLK-CLARIFY", "danger", 30, "minute", "P"),
    ("CLK-HANDOFF", "proposal", 60, "second", "P"),
    ("CLK-HANDOFF", "", 3, "minute", "P"),
    ("CLK-SILENCE", "", 3, "minute", "P"),
    ("CLK-SILENCE", "unanswered", 3, "minute", "P"),
    ("CLK-SAFETY-CONFIRM", "", 30, "minute", "P"),
    ("CLK-SAFETY-CONFIRM", "second", 2, "hour", "R"),
    ("CLK-SAFETY-CONFIRM", "third", 24, "hour", "P"),
    ("CLK-DISPATCH", "urgent", 10, "minute", "P"),
    ("CLK-DISPATCH", "", 2, "hour", "P"),
    ("CLK-SIGN", "urgent", 30, "minute", "P"),
    ("CLK-SIGN", "", 1, "working_day", "L"),
    ("CLK-URGENT-CONTACT", "", 1, "hour", "P"),
    ("CLK-URGENT-CONTACT", "on_site", 2, "hour", "P"),
    ("CLK-CONTACT", "", 1, "working_day", "P"),
    ("CLK-RELIEF", "", 24, "hour", "R"),
    ("CLK-RELIEF", "limit", 3, "day", "V"),
    ("CLK-DISASTER", "", 24, "hour", "S"),
    ("CLK-EXPLAIN", "", 5, "working_day", "L"),
    ("CLK-EXPLAIN", "maximum", 10, "working_day", "GK"),
    ("CLK-CONSULT", "", 2, "working_day", "L"),
    ("CLK-HANDLE", "", 5, "working_day", "V"),
    ("CLK-HANDLE", "extension", 10, "working_day", "R"),
    ("CLK-HANDLE", "utilities", 24, "hour", "R"),
    ("CLK-TEMP-AID", "", 15, "working_day", "L"),
    ("CLK-DIBAO", "", 30, "working_day", "R"),
    ("CLK-DIBAO", "special", 45, "working_day", "R"),
    ("CLK-TEKUN", "", 30, "working_day", "P"),
    ("CLK-NOTICE", "", 7, "day", "R"),
    ("CLK-REFUSAL-NOTICE", "", 3, "working_day", "L"),
    ("CLK-COOP", "", 1, "working_day", "P"),
    ("CLK-COOP", "urgent", 0.5, "share", "P"),
    ("CLK-RETURN", "", 2, "working_day", "R"),
    ("CLK-RETURN", "urgent", 30, "minute", "P"),
    ("CLK-RETURN", "outer", 5, "working_day", "V"),
    ("CLK-ARBITRATE", "", 1, "working_day", "P"),
    ("CLK-ARBITRATE", "urgent", 1, "hour", "P"),
    ("CLK-LEAVE", "", 1, "working_day", "P"),
    ("CLK-LEAVE", "pause", 1, "working_day", "P"),
    ("CLK-SUSPEND", "", 10, "working_day", "P"),
    ("CLK-CALLBACK", "", 1, "working_day", "L"),
    ("CLK-CALLBACK", "urgent", 24, "hour", "P"),
    ("CLK-CALLBACK", "again", 1, "working_day", "P"),
    ("CLK-CALLBACK", "urgent_again", 24, "hour", "P"),
    ("CLK-REHANDLE", "", 3, "working_day", "P"),
    ("CLK-AFTERCARE", "", 30, "day", "P"),
    ("CLK-AFTERCARE", "urgent", 24, "hour", "P"),
    ("CLK-AFTERCARE", "urgent_second", 7, "day", "P"),
    ("CLK-AFTERCARE", "urgent_third", 30, "day", "P"),
    ("CLK-GRIEVANCE-ACK", "", 15, "day", "V"),
    ("CLK-GRIEVANCE-RESULT", "", 15, "day", "V"),
    ("CLK-GRIEVANCE-RESULT", "petition", 60, "day", "V"),
    ("CLK-GRIEVANCE-RESULT", "petition_extension", 30, "day", "V"),
    ("CLK-DISCOVERY", "", 24, "hour", "P"),
    ("CLK-DISCOVERY", "urgent", 0, "minute", "P"),
    ("CLK-DISCOVERY-FEEDBACK", "", 3, "working_day", "P"),
    ("CLK-WARNING", "red", 24, "hour", "P"),
    ("CLK-WARNING", "orange", 3, "working_day", "P"),
    ("CLK-WARNING", "yellow", 7, "working_day", "P"),
    ("CLK-VISIT", "", 90, "day", "R"),
    ("CLK-VISIT", "minor", 30, "day", "R"),
    ("CLK-TRACE-NOTICE", "", 24, "hour", "R"),
    ("CLK-DNA", "", 7, "working_day", "R"),
    ("CLK-STRANDED", "", 10, "day", "R"),
    ("CLK-LEGAL-AID", "", 7, "day", "V"),
    ("CLK-LEGAL-AID", "lawyer", 3, "day", "V"),
    ("CLK-MINOR-REPORT", "", 15, "minute", "P"),
    ("CLK-REPORT-QUARTER", "", 10, "working_day", "P"),
]


@pytest.mark.parametrize(("name", "case", "amount", "measure", "tag"), TABLE_OF_CLOCKS)
def test_the_table_of_service_clocks_is_complete(
    name: str, case: str, amount: float, measure: str, tag: str
) -> None:
    rule = BASE.clock(name, case)
    assert (rule.case, rule.amount, rule.measure, rule.tag) == (case, amount, measure, tag)


def test_every_clock_of_the_data_is_a_clock_of_the_note() -> None:
    assert {rule.name for rule in BASE.clocks} == {name for name, *_ in TABLE_OF_CLOCKS}


def test_life_food_and_shelter_run_on_calendar_time_only() -> None:
    """Domain note 3c.1 (3)."""
    urgent = [rule for rule in BASE.clocks if "urgent" in rule.case and rule.measure != "share"]
    touching = {
        "CLK-RELIEF", "CLK-DISASTER", "CLK-HANDOFF", "CLK-SAFETY-CONFIRM", "CLK-SILENCE",
    }  # fmt: skip
    rules = urgent + [rule for rule in BASE.clocks if rule.name in touching]
    assert len(rules) > 15
    assert {clocks.unit(rule.measure) for rule in rules} == {ClockUnit.CALENDAR}


def test_a_case_without_a_row_takes_the_row_for_the_rest() -> None:
    assert BASE.clock("CLK-DIBAO", "urgent") == BASE.clock("CLK-DIBAO")
    assert BASE.cases("CLK-SIGN") == ("", "urgent")
    with pytest.raises(KeyError):
        BASE.clock("CLK-NONE")


def test_a_recorded_case_of_any_year_has_its_clock() -> None:
    for rule in BASE.clocks:
        for day in (date(1995, 1, 1), DAY, date(2060, 1, 1)):
            assert BASE.clock(rule.name, rule.case, day).name == rule.name


def test_nothing_weakly_sourced_is_shown_as_law() -> None:
    shown = [rule for rule in BASE.clocks if rule.is_law]
    assert shown
    assert {rule.tag for rule in shown} <= set(TAGS) - set(NOT_LAW)


def test_profiles_change_what_they_say_and_nothing_else() -> None:
    yuanjiang, weihai, linfen = map(shipped.policy, ("yuanjiang", "weihai_shandong", "linfen"))
    assert [p.clock("CLK-DIBAO").amount for p in (BASE, yuanjiang, weihai)] == [30, 25, 30]
    assert yuanjiang.clock("CLK-TEKUN").tag == "S"
    assert yuanjiang.clock("CLK-TEKUN").stops == BASE.clock("CLK-TEKUN").stops
    explain = weihai.clock("CLK-EXPLAIN")
    assert (explain.amount, explain.measure) == (5, "day")
    assert weihai.clock("CLK-RETURN").amount == 2
    assert weihai.values["township_reserve_min"].value == 50000
    assert weihai.values["county_reserve_min_per_resident"].value == 5
    assert linfen.values["temp_aid_cap_person_year"].value == 5000
    assert linfen.values["temp_aid_cap_family_year"].value == 10000
    assert "temp_aid_cap_person_year" not in BASE.values
    assert len({p.hash for p in (BASE, yuanjiang, weihai, linfen)}) == 4


def test_an_explanation_is_due_by_the_profile() -> None:
    """AS-11 and domain note 2.3: five working days here, five calendar days in Shandong."""
    lifted = datetime(2026, 2, 13, 12, 0, tzinfo=SHANGHAI)
    found = {}
    for name in ("national_baseline", "weihai_shandong"):
        policy = shipped.policy(name)
        rule = policy.clock("CLK-EXPLAIN")
        due = clocks.due(lifted, rule.amount, rule.measure, policy.calendar)
        found[name] = due.at.astimezone(SHANGHAI).strftime("%m-%d %H:%M")
    assert found == {"national_baseline": "02-27 17:30", "weihai_shandong": "02-18 12:00"}


def test_the_seven_assistance_authorities_are_those_of_article_4() -> None:
    assert {code for code, body in BASE.authorities.items() if body.is_assistance_authority} == {
        "civil_affairs",
        "education",
        "human_resources",
        "housing",
        "health",
        "emergency_management",
        "medical_insurance",
    }


def test_the_line_for_psychological_aid_is_never_the_only_target() -> None:
    sole = {line.number for line in BASE.lines if line.for_danger}
    assert sole == {"110", "119", "120", "122"}
    assert "12356" in {line.number for line in BASE.lines}


def test_a_county_overrides_single_fields_and_the_hash_knows(tmp_path: Path) -> None:
    row = '[[clock]]\nname = "CLK-RELIEF"\namount = 12\nsource = "本县规定"\ntag = "L"\n'
    changed = load_policy("linfen", overlay(tmp_path, clocks=row))
    assert changed.clock("CLK-RELIEF").amount == 12
    assert changed.clock("CLK-RELIEF").measure == "hour"
    assert changed.clock("CLK-RELIEF", "limit").amount == 3
    assert changed.hash != shipped.policy("linfen").hash
    assert changed.check(DAY) == []


def test_a_county_may_change_a_rule_from_a_day_on(tmp_path: Path) -> None:
    row = (
        '[[clock]]\nname = "CLK-HANDLE"\namount = 4\neffective_from = 2026-12-01\n'
        'source = "本县规定"\ntag = "L"\n'
    )
    changed = load_policy(overlay=overlay(tmp_path, clocks=row))
    assert changed.clock("CLK-HANDLE", on=date(2026, 11, 30)).amount == 5
    assert changed.clock("CLK-HANDLE", on=date(2026, 12, 1)).amount == 4
    assert changed.clock("CLK-HANDLE").amount == 4
    ended = changed.clock("CLK-HANDLE", on=date(2026, 11, 30))
    assert ended.effective_until == date(2026, 11, 30)


GAP = """
[[value]]
key = "aid_never_stopped"
effective_until = 2026-12-31
source = "x"
tag = "L"
[[value]]
key = "aid_never_stopped"
value = "food"
effective_from = 2027-02-01
source = "x"
tag = "L"
"""


def test_between_two_versions_of_a_value_the_earlier_one_goes_on(tmp_path: Path) -> None:
    """Else a warning could stop a meal in the weeks that the file forgot."""
    changed = load_policy(overlay=overlay(tmp_path, values=GAP))
    before, between, after = (
        changed.value("aid_never_stopped", day)
        for day in (date(2026, 12, 31), date(2027, 1, 31), date(2027, 2, 1))
    )
    assert before == between
    assert before.value == BASE.values["aid_never_stopped"].value
    assert after.value == "food"
    assert any("2026-12-31 and begins again on 2027-02-01" in said for said in changed.check())


def test_a_value_that_ended_without_another_binds_nobody(tmp_path: Path) -> None:
    ended = GAP[: GAP.index("[[value]]", 3)]
    changed = load_policy(overlay=overlay(tmp_path, values=ended))
    assert changed.value("aid_never_stopped", date(2027, 1, 1)) is None
    assert changed.on(date(2027, 1, 1)).values["aid_never_stopped"], "what the code reads stays"


def test_a_value_for_a_later_day_waits_for_it(tmp_path: Path) -> None:
    changed = load_policy(overlay=overlay(tmp_path, values=GAP))
    found = [
        changed.on(day).values["aid_never_stopped"].value
        for day in (date(2026, 12, 1), date(2027, 1, 10), date(2027, 2, 1))
    ]
    assert found == [BASE.values["aid_never_stopped"].value] * 2 + ["food"]
    assert BASE.on(DAY) is BASE


def test_a_gap_between_two_versions_of_a_clock_is_named(tmp_path: Path) -> None:
    row = '[[clock]]\nname = "CLK-HANDLE"\nsource = "x"\ntag = "L"\n'
    gap = f"{row}effective_until = 2026-12-31\n{row}effective_from = 2027-02-01\namount = 4\n"
    changed = load_policy(overlay=overlay(tmp_path, clocks=gap))
    assert changed.clock("CLK-HANDLE", on=date(2027, 1, 10)).amount == 5
    assert any("clock CLK-HANDLE ends on 2026-12-31" in said for said in changed.check())


def test_a_change_of_the_running_system_after_a_gap_may_be(tmp_path: Path) -> None:
    """The earlier version goes on until then, as in files."""
    ends = '[[clock]]\nname = "CLK-HANDLE"\neffective_until = 2026-12-31\nsource = "x"\ntag = "L"\n'
    rules = Overlay(load_policy(overlay=overlay(tmp_path, clocks=ends)), tmp_path)
    later = Change(1, "clock", "CLK-HANDLE", {"amount": 4.0}, "x", "L", date(2027, 2, 1))
    assert rules.fault([], later) == ""
    changed, left_out = rules.over([later])
    assert left_out == ()
    found = [changed.clock("CLK-HANDLE", on=day).amount for day in (DAY, date(2027, 1, 10))]
    assert [*found, changed.clock("CLK-HANDLE", on=date(2027, 2, 1)).amount] == [5, 5, 4]
    assert rules.fault([], replace(later, after={"ladder": "nosuch"}))


def test_a_route_with_another_clock_leaves_the_case_that_this_has_not(tmp_path: Path) -> None:
    row = '[[route]]\nid = "RT-09"\nclock = "CLK-TEMP-AID"\nsource = "x"\ntag = "L"\n'
    before = next(one for one in BASE.routes if one.id == "RT-09")
    assert (before.clock_case, before.urgent_clock_case) == ("urgent", "urgent")
    changed = load_policy(overlay=overlay(tmp_path, routes=row))
    after = next(one for one in changed.routes if one.id == "RT-09")
    assert (after.clock, after.clock_case) == ("CLK-TEMP-AID", "")
    assert (after.urgent_clock, after.urgent_clock_case) == ("CLK-HANDLE", "urgent")
    assert changed.check() == []
    has_it = row.replace("CLK-TEMP-AID", "CLK-SIGN")
    kept = load_policy(overlay=overlay(tmp_path, routes=has_it))
    assert next(one for one in kept.routes if one.id == "RT-09").clock_case == "urgent"
    written = f'{row}clock_case = "urgent"\n'
    with pytest.raises(PolicyError, match="has no case 'urgent'"):
        load_policy(overlay=overlay(tmp_path, routes=written))


def test_a_changed_number_is_no_longer_shown_as_law(tmp_path: Path) -> None:
    assert BASE.clock("CLK-LEGAL-AID").is_law
    row = '[[clock]]\nname = "CLK-LEGAL-AID"\namount = 5\nsource = "本县规定"\ntag = "L"\n'
    assert not load_policy(overlay=overlay(tmp_path, clocks=row)).clock("CLK-LEGAL-AID").is_law


def test_a_new_year_is_one_file(tmp_path: Path) -> None:
    (tmp_path / "calendars").mkdir()
    (tmp_path / "calendars" / "2027.toml").write_text(
        'year = 2027\nnotice = "试"\nnumber = "试"\nissued = 2026-11-20\n'
        '[[holiday]]\nname_zh = "元旦"\nname_en = "New Year"\nfrom = 2027-01-01\nto = 2027-01-03\n',
        encoding="utf-8",
    )
    grown = load_policy(overlay=tmp_path)
    assert grown.calendar.loaded(2027)
    assert not grown.calendar.works(date(2027, 1, 1))
    assert grown.check(date(2026, 12, 2)) == []


def test_the_alarm_for_next_year_begins_in_december() -> None:
    assert BASE.check(date(2026, 11, 30)) == []
    (sentence,) = BASE.check(date(2026, 12, 1))
    assert "2027" in sentence


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("clocks", '[[clock]]\nname = "CLK-SIGN"\nammount = 3\nsource = "x"\ntag = "L"', "ammount"),
        ("clocks", '[[clock]]\nname = "CLK-HANDLE"\namount = 3', "names its own source"),
        ("clocks", '[[clock]]\nname = "CLK-SIGN"\namount = "3"\nsource = "x"\ntag = "L"', "number"),
        ("clocks", '[[clock]]\nname = "CLK-NEW"\namount = 3\nsource = "x"\ntag = "L"', "missing"),
        ("clocks", '[[clocks]]\nname = "CLK-HANDLE"', "unknown key 'clocks'"),
        ("clocks", "[[clock]\n", "clocks.toml"),
        ("routes", '[[route]]\nid = "RT-01"\nplace = "X"\nsource = "x"\ntag = "L"', "place"),
        ("ladders", '[[ladder]]\nname = "urgent"\nsource = "x"\ntag = "L"\n'
         'steps = [{ at = "sometimes", who = "holder", act = "breach" }]', "readable"),
        ("ladders", '[[ladder]]\nname = "urgent"\nsource = "x"\ntag = "L"\n'
         'steps = [{ at = "due", who = "mayor", act = "breach" }]', "mayor"),
        ("office", "close = 17:30:00\nsource = 'x'\ntag = 'L'", "unknown key 'close'"),
        ("office", 'opening = "half past eight"\nsource = "x"\ntag = "L"', "are times"),
        ("office", "opening = 19:00:00\nsource = 'x'\ntag = 'L'", "are times"),
        ("office", "closed_locally = [3]\nsource = 'x'\ntag = 'L'", "list of days"),
        ("office", "opening = 09:00:00", "their own source"),
        ("ladders", '[[ladder]]\nname = "urgent"\nsource = "x"\ntag = "L"\n'
         'steps = [{ at = "80%", who = "holder", act = "breach" }]', "breach"),
        ("routes", '[[route]]\nlead = "health"\nsource = "x"\ntag = "L"',
         r"routes.toml: \[\[route\]\] number 1: id is missing"),
        ("clock", "", "is no policy file"),
        ("clocks", "clock = 3", "rows are written"),
        ("clocks", "clock = [3]", "rows are written"),
        ("values", "[[value]]\nvalue = 3\nsource = 'x'\ntag = 'L'", "key is missing"),
        ("ladders", "[[ladder]]\nname = 'urgent'\nsteps = 3\nsource = 'x'\ntag = 'L'", "steps"),
        ("clocks", "[[clock]]\nname = 'CLK-SIGN'\neffective_from = 3\nsource = 'x'\ntag = 'L'",
         "effective_from is a day"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused_in_one_sentence(
    tmp_path: Path, file: str, text: str, words: str
) -> None:
    with pytest.raises(PolicyError, match=words) as refused:
        load_policy(overlay=overlay(tmp_path, **{file: text}))
    assert f"{file}.toml" in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ('ladder = "rope"', r"ladder: 'rope' does not exist; there are desk, .*urgent"),
        ('measure = "week"', r"measure: 'week' .* day, hour, minute"),
        ("amount = -1", r"amount: no clock runs -1 working_day"),
        ("amount = 1.5", r"amount: no clock runs 1.5 working_day"),
        ('relative_to = "moon"', r"relative_to: 'moon' .* before_lead_due"),
        ('relative_to = "share_of_lead_time"\namount = 2', r"amount: 2 is no share"),
    ],
)
def test_a_clock_that_would_remind_nobody_is_refused_when_it_is_read(
    tmp_path: Path, change: str, words: str
) -> None:
    """Else 'serve' begins by it: no step ever falls due, or every message is kept in the pen."""
    row = f'[[clock]]\nname = "CLK-SIGN"\n{change}\nsource = "x"\ntag = "L"\n'
    with pytest.raises(PolicyError, match=rf"clocks\.toml: CLK-SIGN: {words}"):
        load_policy(overlay=overlay(tmp_path, clocks=row))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ('lead = "rope"', r"lead: 'rope' does not exist; there are .*civil_affairs"),
        ('lead = ""', r"lead: '' does not exist"),
        ('danger_lead = "rope"', r"danger_lead: 'rope'"),
        ('cooperating = ["rope"]', r"cooperating: 'rope'"),
        ('clock = "CLK-ROPE"', r"clock: 'CLK-ROPE' does not exist; there are .*CLK-HANDLE"),
        ('clock = "CLK-SIGN"\nclock_case = "rope"', r"clock: CLK-SIGN has no case 'rope'.*urgent"),
        ('clock = "CLK-COOP"\nclock_case = "urgent"', "clock: CLK-COOP urgent is a share"),
        ('clocks = ["CLK-ROPE"]', r"clocks: 'CLK-ROPE'"),
        ('later_clocks = ["CLK-SIGN/rope"]', r"later_clocks: CLK-SIGN has no case 'rope'"),
        ('service = "rope"', r"service: 'rope' .* dibao"),
        ('family = "rope"', r"family: 'rope' .* urgent_hardship"),
        ('first_line = "rope"', r"first_line: 'rope' .* township"),
    ],
)
def test_a_route_that_leads_nowhere_is_refused_when_it_is_read(
    tmp_path: Path, change: str, words: str
) -> None:
    row = f'[[route]]\nid = "RT-01"\n{change}\nsource = "x"\ntag = "L"\n'
    with pytest.raises(PolicyError, match=rf"routes\.toml: RT-01: {words}"):
        load_policy(overlay=overlay(tmp_path, routes=row))


def test_the_route_of_what_fits_no_other_cannot_be_given_away(tmp_path: Path) -> None:
    last = next(row.id for row in BASE.routes if row.service == "unclear")
    row = f'[[route]]\nid = "{last}"\nservice = "dibao"\nsource = "x"\ntag = "L"\n'
    with pytest.raises(PolicyError, match="no route is for the service 'unclear'"):
        load_policy(overlay=overlay(tmp_path, routes=row))


def test_what_only_concerns_style_is_left_to_the_check(tmp_path: Path) -> None:
    row = '[[clock]]\nname = "CLK-SIGN"\nsource = " "\ntag = "L"\n'
    loaded = load_policy(overlay=overlay(tmp_path, clocks=row))
    assert any("names no source" in sentence for sentence in loaded.check())


SCALARS = st.sampled_from(
    ['""', '"x"', "3", "-1", "0.5", "true", "[]", '["x"]', "2026-01-01", "{}"]
)
KEYS = st.sampled_from(
    ["name", "case", "amount", "measure", "ladder", "tag", "source", "is_law", "effective_from"]
)


@pytest.mark.thorough
@given(st.dictionaries(KEYS, SCALARS, max_size=9))
def test_a_county_file_loads_or_is_refused_in_a_sentence(row: dict[str, str]) -> None:
    text = "[[clock]]\n" + "\n".join(f"{key} = {value}" for key, value in row.items())
    with TemporaryDirectory() as folder:
        try:
            sentences = load_policy(overlay=overlay(Path(folder), clocks=text)).check(DAY)
        except PolicyError as refused:
            sentences = [str(refused)]
    assert all(len(sentence) > 10 for sentence in sentences)


def test_what_belongs_to_others_in_a_county_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "signals").mkdir()
    (tmp_path / "signals" / "words.toml").write_text("not ours = [", encoding="utf-8")
    assert load_policy(overlay=tmp_path).hash == BASE.hash


def test_a_typhoon_day_of_the_county_moves_a_deadline(tmp_path: Path) -> None:
    text = 'closed_locally = [2026-07-21]\nsource = "本县防汛指挥部通告"\ntag = "L"\n'
    closed = load_policy(overlay=overlay(tmp_path, office=text)).calendar
    start = datetime(2026, 7, 20, 9, 0, tzinfo=SHANGHAI)
    found = [clocks.due(start, 1, "working_day", c).at for c in (BASE.calendar, closed)]
    assert [at.astimezone(SHANGHAI).day for at in found] == [21, 22]


def test_a_profile_or_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="there is no profile 'atlantis'"):
        load_policy("atlantis")
    with pytest.raises(PolicyError, match="is not a folder"):
        load_policy(overlay=tmp_path / "gone")


def first(**changes: object) -> ClockRule:
    return replace(BASE.clock("CLK-SIGN"), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (first(source=" "), "names no source"),
        (first(tag="X"), "tag"),
        (first(tag="P", is_law=True), "shown as law"),
        (first(ladder="rope"), "ladder 'rope'"),
        (first(measure="week"), "measured in 'week'"),
        (first(amount=-1.0), "cannot run"),
        (first(amount=1.5), "cannot run"),
        (first(case="odd", name="CLK-ODD"), "no row for the rest"),
        (first(effective_from=date(2026, 2, 1), effective_until=date(2026, 1, 1)), "ends before"),
    ],
)
def test_an_unsound_clock_is_named(rule: ClockRule, words: str) -> None:
    spoiled = replace(BASE, clocks=(*BASE.clocks, rule))
    assert any(words in sentence for sentence in spoiled.check())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"lead": "ministry_of_magic"}, "authority 'ministry_of_magic'"),
        ({"lead": "township"}, "pushes"),
        ({"clock": "CLK-NEVER"}, "clock CLK-NEVER"),
        ({"cooperating": ("civil_affairs",)}, "twice"),
        ({"service": "magic"}, "no type of assistance"),
        ({"family": "magic"}, "family"),
        ({"first_line": "moon"}, "first line"),
    ],
)
def test_an_unsound_route_is_named(change: dict[str, object], words: str) -> None:
    row = replace(BASE.routes[0], **change)  # type: ignore[arg-type]
    spoiled = replace(BASE, routes=(row, *BASE.routes[1:]))
    assert any(words in sentence for sentence in spoiled.check())


def test_a_missing_type_is_named() -> None:
    spoiled = replace(BASE, routes=BASE.routes[1:])
    assert any("no route for the type dibao" in sentence for sentence in spoiled.check())
