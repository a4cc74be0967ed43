"""The one-time notice of every kind of help, in every profile and language."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from models.phrases import SMS_UNITS, units
from models.vocabulary import Form
from referral.notices import compose, faults, parts, row_of
from referral.policy import profiles
from referral.routing import SERVICES
from referral.rows import NOT_LAW
from tests import shipped

BOOK = shipped.phrases()
TODAY = date(2026, 11, 25)
BASE = shipped.policy()
COMMON = {"number": "HY20261122-00431-8", "hotline": "望河县12345"}


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("profile", profiles())
def test_nothing_that_a_data_check_supplies_is_ever_asked_for(profile, service):
    policy = shipped.policy(profile)
    for language in BOOK.languages():
        notice = compose(policy, BOOK, (service,), TODAY, language)
        held = {paper.name(language) for paper in policy.papers.values() if paper.supplied_by_zh}
        assert not held & set(notice.papers)
        assert not any(name in notice.params["papers"] for name in held)
        assert all(notice.params.values()), "nothing is left unsaid"


@pytest.mark.parametrize("service", SERVICES)
def test_nothing_without_the_force_of_law_is_shown_as_law(service):
    for policy in map(shipped.policy, profiles()):
        row = row_of(policy, service, TODAY)
        notice = compose(policy, BOOK, (service,), TODAY, "zh-CN")
        if row.tag in NOT_LAW:
            assert row.source not in notice.params["sources"]
        for paper in policy.papers.values():
            assert paper.source not in notice.params["sources"]
        for rule in policy.clocks:
            if rule.tag in NOT_LAW:
                assert rule.source not in notice.params["sources"]


@pytest.mark.parametrize("language", BOOK.languages())
@pytest.mark.parametrize("service", SERVICES)
def test_every_paper_arrives_whole_in_messages_of_one_segment(service, language):
    notice = compose(BASE, BOOK, (service,), TODAY, language)
    found = parts(notice, BOOK, language, **COMMON)
    texts = [BOOK.say("notice_part", {**COMMON, **one}, Form.SMS, language) for one in found]
    assert all(units(text) <= SMS_UNITS for text in texts)
    assert all(any(paper in text for text in texts) for paper in notice.papers)


def test_several_kinds_are_told_in_one_go_and_nothing_twice():
    one = compose(BASE, BOOK, ("dibao", "medical", "housing"), TODAY, "zh-CN")
    assert len(one.papers) == len(set(one.papers))
    for service in ("dibao", "medical", "housing"):
        assert set(compose(BASE, BOOK, (service,), TODAY, "zh-CN").papers) <= set(one.papers)
    assert one.params["kind"].count("、") == 2


def test_a_changed_row_is_a_new_version_from_its_day_on():
    old = row_of(BASE, "dibao", TODAY)
    begins = TODAY + timedelta(days=10)
    ended = replace(old, effective_until=begins - timedelta(days=1))
    new = replace(old, papers=("application",), effective_from=begins)
    rest = tuple(row for row in BASE.notices if row.service != "dibao")
    policy = replace(BASE, notices=(*rest, ended, new))
    before = compose(policy, BOOK, ("dibao",), TODAY, "zh-CN")
    after = compose(policy, BOOK, ("dibao",), begins, "zh-CN")
    assert len(before.papers) > len(after.papers) == 1
    assert before.version != after.version
    assert begins.isoformat() in after.version


def test_the_version_is_the_same_in_every_language_and_moves_with_the_clock():
    chinese = compose(BASE, BOOK, ("dibao",), TODAY, "zh-CN").version
    assert compose(BASE, BOOK, ("dibao",), TODAY, "en").version == chinese
    assert compose(shipped.policy("yuanjiang"), BOOK, ("dibao",), TODAY, "zh-CN").version != chinese


def test_a_notice_that_asks_for_what_is_on_record_is_refused_by_the_check():
    bad = replace(row_of(BASE, "dibao", TODAY), papers=("id_card", "nothing"), where="moon")
    said = " ".join(faults(replace(BASE, notices=(bad,)), SERVICES))
    assert "'id_card', which a data check supplies" in said
    assert "'nothing', which does not exist" in said
    assert "'moon'" in said
    assert "no one-time notice for the type medical" in said
