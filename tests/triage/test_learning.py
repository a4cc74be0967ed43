"""Learning from closed orders: right, calibrated, explained, and honest about what it does not
know."""

import dataclasses
import json
import subprocess
import sys
from random import Random

import pytest
from hypothesis import strategies as st

from models.vocabulary import Level
from tests.drawn import for_all
from tests.triage.closed_orders import MATTERS, model, orders
from triage.assess import Context, assess
from triage.folds import folds, near_identical
from triage.learning import MOST_LABELS, Order, TooLittle, learn
from triage.opinion import FORMAT, VERSION, BadModel, Model
from triage.policy import load_signals
from triage.reliability import Checked


def test_it_learns_where_orders_went_and_applies_it_to_words_it_never_saw() -> None:
    learned = model()
    assert learned.labels == ("schools", "transport", "wages")
    said = {
        "末班公交车提前开走了": "transport",
        "老师收了学生的资料费": "schools",
        "包工头一直拖着工资不给": "wages",
    }
    assert {text: learned.opinion(text).label for text in said} == said


def test_it_explains_with_words_of_the_text_itself() -> None:
    text = "大家 好，我们村的 公 交 车 已经停了，站台也拆了"
    opinion = model().opinion(text)
    assert opinion.label == "transport"
    written = "".join(text.split())
    assert opinion.why
    assert all(word in written for word in opinion.why)
    assert any("公交" in word for word in opinion.why)


def test_traditional_and_full_width_writing_is_read_and_quoted_as_written() -> None:
    opinion = model().opinion("老闆拖欠農民工工資")
    assert opinion.label == "wages"
    assert any("工資" in word for word in opinion.why)


@pytest.mark.parametrize("text", ["", " \n", "🙂🙂", "Hello there, how are you?", "\x00\ud800"])
def test_of_what_it_knows_nothing_about_it_is_not_sure_and_still_names_a_label(text: str) -> None:
    opinion = model().opinion(text)
    assert not opinion.sure
    assert opinion.label in model().labels
    assert 0 < opinion.confidence < 1


@for_all(st.lists(st.text(max_size=60), max_size=3))
def test_any_text_gets_an_opinion_and_the_same_one_each_time(texts: list[str]) -> None:
    first = model().opinion(*texts)
    assert first == model().opinion(*texts)
    assert first.confidence >= max((share for _, share in first.others), default=0)
    assert sum(share for _, share in first.others) + first.confidence == pytest.approx(1, abs=1e-3)


def test_a_very_long_text_is_read_at_both_ends() -> None:
    assert model().opinion("嗯" * 50_000 + "厂里拖欠工资不发").label == "wages"
    assert model().opinion("厂里拖欠工资不发" + "嗯" * 50_000).label == "wages"


@pytest.mark.thorough
def test_a_title_counts_beside_the_text() -> None:
    given_orders = [
        Order(("关于" + order.label, order.texts[0]), order.label) for order in orders()
    ]
    learned, _ = learn(given_orders, ("title", "text"))
    assert learned.columns == ("title", "text")
    neutral = "请尽快处理。谢谢。"
    assert learned.opinion("关于wages", neutral).label == "wages"
    assert learned.opinion("关于schools", neutral).label == "schools"


@pytest.mark.thorough
def test_the_same_orders_give_the_same_model() -> None:
    assert learn(orders())[0].as_json() == learn(orders())[0].as_json()


# Confidence.


def noisy(seed: int) -> list[Order]:
    """Orders of which every fourth went somewhere by accident."""
    random = Random(seed)
    return [
        dataclasses.replace(order, label=random.choice(list(MATTERS)))
        if random.random() < 0.25
        else order
        for order in orders(seed)
    ]


@pytest.mark.thorough
def test_confidence_is_as_high_as_it_is_right_on_orders_it_never_saw() -> None:
    learned, checked = learn(noisy(1)[:400])
    unseen = noisy(2)[400:]
    opinions = [learned.opinion(*order.texts) for order in unseen]
    said = sum(opinion.confidence for opinion in opinions) / len(unseen)
    right = sum(o.label == order.label for o, order in zip(opinions, unseen, strict=True))
    assert said == pytest.approx(right / len(unseen), abs=0.1)
    assert said < 0.95, "a quarter went by accident: it must not claim certainty"
    bands = checked.bands()
    assert sum(band.orders for band in bands) == 400
    off = sum(band.orders * abs(band.confidence - band.right) for band in bands) / 400
    assert off < 0.12


def test_labels_that_mean_nothing_leave_it_unsure() -> None:
    random = Random(3)
    given_orders = [
        dataclasses.replace(order, label=random.choice(["a", "b"])) for order in orders()[:200]
    ]
    learned, checked = learn(given_orders)
    assert checked.right_from(learned.sure_from)[0] < 60
    assert not learned.opinion("公交车总是不按点来").sure


def test_the_table_counts_what_was_right_and_what_was_said() -> None:
    checked = Checked(("a", "a", "b", "b"), ("a", "b", "b", "b"), (0.9, 0.55, 0.92, 1.0))
    assert [(b.low, b.orders, b.right) for b in checked.bands()] == [
        (0.5, 1, 0.0), (0.9, 2, 1.0), (0.95, 1, 1.0),
    ]  # fmt: skip
    assert checked.f1("a") == pytest.approx(2 / 3)
    assert checked.macro_f1 == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert checked.right_from(0.6) == (3, 1.0)


def test_a_letter_sent_again_is_never_on_both_sides_of_a_check() -> None:
    letter = "小区门口的公交站台拆了半年没有重建，老人等车没有地方坐，请交通局来看看"
    others = [
        f"另一件事：学校食堂第{n}次涨价，家长{n * 7}人都不知道{chr(0x4E00 + n * 37) * 9}"
        for n in range(60)
    ]
    groups = near_identical([letter, *others, letter + "！", letter[1:]])
    assert groups[0] == groups[61] == groups[62] != groups[1]
    of = folds([1, 2, 1, 1, 3, 4], [0, 0, 0, 0, 1, 1], 2)
    assert of[0] == of[2] == of[3]
    assert set(of) == {0, 1}


def test_a_form_that_many_filled_in_does_not_hide_a_whole_label_from_the_learner() -> None:
    given_orders = [
        Order(
            (f"来件类别：{order.label}，请承办单位按时限办理并回复。{order.texts[0]}",), order.label
        )
        for order in orders()[:120]
    ]
    _, checked = learn(given_orders)
    assert checked.macro_f1 > 0.9


# Hurry.


@pytest.mark.thorough
def test_a_label_that_means_hurry_is_flagged_and_none_other() -> None:
    given_orders = [
        Order(order.texts, "urgent" if order.label == "wages" else order.label)
        for order in orders()
    ]
    learned, _ = learn(given_orders, urgent=("schools",))
    assert learned.opinion("老板扣了三个月工资").urgent, "the word of a level speaks for itself"
    assert learned.opinion("老师体罚学生").urgent
    assert not learned.opinion("公交车总是不按点来").urgent


@pytest.mark.thorough
def test_no_opinion_changes_what_the_rules_say() -> None:
    policy = load_signals()
    alone = assess("家里断粮两天了", Context(), policy)
    beside = dataclasses.replace(alone, opinion=model().opinion("家里断粮两天了"))
    assert beside.level is alone.level is Level.URGENT
    assert {k: v for k, v in beside.as_json().items() if k != "opinion"} == alone.as_json()


# What cannot be learned from.


@pytest.mark.parametrize(
    ("given_orders", "named"),
    [
        (orders()[:3], "only 3 orders"),
        ([], "only 0 orders"),
        ([Order(order.texts, "one") for order in orders()[:20]], "'one'"),
        ([Order(("同一句话",), label) for label in "abab"], "the same text"),
        (
            [Order(order.texts, str(n)) for n, order in enumerate(orders()[: MOST_LABELS + 1])],
            "different labels",
        ),
    ],
    ids=["three", "none", "one label", "one text", "another column"],
)
def test_too_little_is_said_in_one_sentence(given_orders: list[Order], named: str) -> None:
    with pytest.raises(TooLittle, match=named) as refused:
        learn(given_orders)
    assert "\n" not in str(refused.value)


def test_an_urgent_label_that_no_order_has_is_named() -> None:
    with pytest.raises(TooLittle, match="'hurry'"):
        learn(orders()[:40], urgent=("hurry",))


def test_a_handful_of_orders_gives_a_model_that_does_not_boast() -> None:
    few = [Order((f"{matter}",), label) for label, ms in MATTERS.items() for matter in ms[:2]]
    learned, _ = learn(few)
    assert learned.opinion("今天天气不错").confidence < 0.7


# The file.


def test_a_model_survives_its_file() -> None:
    learned = model()
    again = Model.from_json(json.loads(json.dumps(learned.as_json())))
    for text in ("公交车不来", "老师收费", "拖欠工资三个月", ""):
        assert again.opinion(text) == learned.opinion(text)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"format": "something"}, "no model"),
        ({"version": VERSION + 1}, "version"),
        ({"weights": [[1, 2], [3, 4], [5, 6]]}, "damaged"),
        ({"labels": ["a"]}, "damaged"),
        ({"labels": ["a", "a", "b"]}, "damaged"),
        ({"labels": None}, "damaged"),
        ({"bias": [0, 0, "x"]}, "damaged"),
        ({"slope": None}, "damaged"),
        ({"slope": float("nan")}, "damaged"),
        ({"offset": [0, 0, float("inf")]}, "damaged"),
        ({"scale": []}, "damaged"),
        ({"grams": [1, 2]}, "damaged"),
        ({"learned": 7}, "damaged"),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, dict) else None,
)
def test_a_model_that_is_damaged_or_of_another_version_is_refused(change, named) -> None:
    with pytest.raises(BadModel, match=named) as refused:
        Model.from_json({**model().as_json(), **change})
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("given_json", [None, [], "x", {}, {"format": FORMAT}])
def test_what_is_no_model_at_all_is_refused(given_json: object) -> None:
    with pytest.raises(BadModel):
        Model.from_json(given_json)


@pytest.mark.thorough
def test_a_missing_part_is_named() -> None:
    whole = model().as_json()
    for name in set(whole) - {"format", "version"}:
        with pytest.raises(BadModel, match=f"'{name}' is missing"):
            Model.from_json({key: value for key, value in whole.items() if key != name})


@pytest.mark.thorough
def test_an_opinion_needs_nothing_that_learns() -> None:
    code = (
        "import sys, gateway.__main__, gateway.commands.suggest, gateway.intake, gateway.state\n"
        "assert not {'triage.learning', 'triage.machine', 'triage.schooling'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
