"""Invented closed orders of three bureaus, and a model learned from them, for the tests."""

from dataclasses import replace
from functools import cache
from itertools import product
from random import Random

from models.vocabulary import Level
from triage.learning import Order, learn
from triage.opinion import Model

WHO = (
    "您好，",
    "请问",
    "我是本县居民，",
    "反映一个情况：",
    "",
    "麻烦你们，",
    "我想说，",
    "领导好，",
)
END = ("请尽快处理。", "谢谢。", "希望有人来看看。", "已经一个多月了。", "什么时候能解决？", "")
MATTERS = {
    "transport": (
        "公交车总是不按点来", "站台的公交线路牌坏了", "公路上的大坑没人补", "班车半路甩客",
        "出租车司机拒载", "红绿灯时间太短", "客运站不退票", "乡道公路塌了半边",
    ),
    "schools": (
        "小学不给孩子办入学", "老师让学生交补课费", "幼儿园的饭菜不新鲜", "学校食堂太贵",
        "中学宿舍没有热水", "老师体罚学生", "学区划分不公平", "孩子转学手续办不下来",
    ),
    "wages": (
        "工地拖欠农民工工资", "厂里不发加班费", "老板扣了三个月工资", "公司不缴社保",
        "单位不签劳动合同", "包工头跑了工资没结", "辞退我不给补偿金", "工伤了单位不管",
    ),
}  # fmt: skip


def orders(seed: int = 7) -> list[Order]:
    """The same ones for the same seed, in an order that tells nothing."""
    found = [
        Order((who + matter + "，" + end,), label)
        for label, matters in MATTERS.items()
        for matter, who, end in product(matters, WHO, END)
    ]
    Random(seed).shuffle(found)
    return found[:600]


@cache
def _learned() -> Model:
    return learn(orders())[0]


def model(**names: str) -> Model:
    """A model whose labels are called otherwise where ``names`` says so: learned once, as learning
    takes a second and the same words weigh the same under any name."""
    found = _learned()
    labels = tuple(names.get(label, label) for label in found.labels)
    return replace(found, labels=labels, urgent=frozenset(labels) & {Level.URGENT.value})
