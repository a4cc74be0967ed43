"""Many tell of one event in one place, with nobody's name or telephone in common."""

from datetime import datetime, timedelta

import pytest

from triage.assess import Context, assess
from triage.cli import duplicate_lines
from triage.matter import Matter, read_matter
from triage.occurrences import occurrences, read_events
from triage.policy import load_signals
from triage.same_matter import Relation, causes, compare, shipped_scale

POLICY = load_signals()
NOON = datetime.fromisoformat("2026-11-22T12:00:00+08:00")


def matter(text: str, at: datetime | None = None) -> Matter:
    assessment = assess(text, Context(), POLICY)
    return read_matter(text, assessment.facts, causes(assessment), at=at)


ONE = [
    ("幸福里小区停电了两小时", "幸福里3栋没电了"),
    ("幸福里小区停水,什么时候来", "幸福里小区5栋水龙头没水"),
    ("和平路路灯坏了一盏,晚上很黑", "和平路上有个路灯不亮"),
    ("人民路大树倒了挡住路", "人民路上一棵树被风刮倒了"),
    ("石桥镇柳树村停电了", "柳树村没电两天了"),
    ("建设街路口红绿灯坏了", "建设街红绿灯不亮"),
    ("幸福里小区暖气不热", "幸福里3号楼没暖气"),
    ("中山路水管爆了", "中山路自来水管破裂,水流满地"),
    ("春风小区天然气停了", "春风小区没气做不了饭"),
]
TWO = [
    ("幸福里小区停电了两小时", "春风小区停电了"),
    ("幸福里小区停电了", "幸福里小区孩子上学没钱交学费"),
    ("幸福里小区停电了", "幸福里小区停水了"),
    ("和平路路灯坏了", "和平路井盖丢了"),
    ("和平路28号路灯坏了", "和平路300号路灯坏了"),
    ("幸福里3栋电梯坏了", "幸福里8栋电梯坏了"),
    ("幸福里3栋没钱交电费断电了", "幸福里小区停电"),
    ("幸福里小区想申请电费减免", "幸福里小区低保户水费减免怎么办"),
    ("人民路大树倒了", "解放路大树倒了"),
    ("路灯坏了", "路灯不亮"),
]


@pytest.mark.parametrize(("a", "b"), ONE)
def test_one_event_of_one_place_is_proposed_with_its_words(a: str, b: str) -> None:
    found = compare(matter(a), matter(b))
    assert found.relation is Relation.EVENT
    assert compare(matter(b), matter(a)).relation is Relation.EVENT
    words = {one.kind: (one.mine, one.theirs) for one, _ in found.findings}["event"]
    assert words[0] in a
    assert words[1] in b


@pytest.mark.parametrize(("a", "b"), TWO)
def test_two_places_two_kinds_or_ones_own_bill_are_no_event(a: str, b: str) -> None:
    assert compare(matter(a), matter(b)).relation is None


def test_an_outage_weeks_later_is_another_one() -> None:
    a, b = ONE[0]
    assert compare(matter(a, NOON), matter(b, NOON)).relation is Relation.EVENT
    assert compare(matter(a, NOON), matter(b, NOON + timedelta(days=20))).relation is None


def test_what_an_event_says_of_itself_is_read() -> None:
    kinds = occurrences()[0]
    for kind in kinds.values():
        for text in kind.examples:
            assert kind.id in dict(read_events(text)), text
        for text in kind.counter_examples:
            assert kind.id not in dict(read_events(text)), text


def test_lines_of_one_event_keep_their_own_group_and_name_the_first() -> None:
    texts = ["幸福里小区停电了两小时", "春风小区停电了", "幸福里3栋没电了", "幸福里8栋也停电了"]
    lines = [f'{{"id": "{at}", "text": "{text}"}}' for at, text in enumerate(texts)]
    assert list(duplicate_lines(lines, "in.jsonl", POLICY, shipped_scale())) == [
        {"id": "0", "group": "0", "event": "0"},
        {"id": "1", "group": "1"},
        {"id": "2", "group": "2", "event": "0"},
        {"id": "3", "group": "3", "event": "0"},
    ]
