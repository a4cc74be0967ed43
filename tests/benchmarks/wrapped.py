"""What people put around a matter: who calls, where, a number, courtesy, how it was noted down, a
second matter. None of it makes danger smaller or calm greater: what teaches, teaches with it too.
"""

import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from models.vocabulary import Level
from tests.benchmarks.triage_scores import DATA, Sentence

AROUND = (
    "{},麻烦你们了,谢谢",
    "您好,{},请帮忙处理一下",
    "来电人称{},请核实处理",
    "{},电话13800000001",
    "喂,12345吗,{},怎么办",
    "{},我在滨河小区8栋2单元1103,电话13900000002",
    "市民王女士反映,{},希望相关部门尽快处理",
    "{},地址城关镇东街村四组27号",
    "我是网格员,{},石桥社区6栋1单元302",
    "{},请问这种情况能申请救助吗",
    "{},诉求人希望尽快派人",
    "我叫李明,{}",
    "{},你们管不管",
    "同志你好,{},能帮忙吗",
    "{} 13700000003",
    "柳树村五组,{}",
    "{},打哪个电话,我该找谁",
    "反映:{}。请尽快回复。",
    "{},好的,再见",
    "{}!!!",
    "尊敬的领导您好:{}。盼复。",
    "{}之前都好好的",
    "昨天还好好的,{}",
    "{}。上次的事解决了,谢谢你们。",
)
SECOND = (
    "小区路灯坏了三个月了没人修",
    "我想咨询一下低保怎么申请",
    "公交车老是不准点,等了半个小时",
    "楼下烧烤店油烟太大,晚上还吵",
    "医保卡在外地怎么用",
    "物业费涨了也没人通知",
    "路边的垃圾桶好几天没倒了",
    "社保交满十五年能领多少",
    "门口那条路坑坑洼洼的",
    "孩子上小学要什么材料",
    "前几天反映的停水已经来了,谢谢",
    "快递放在门卫丢了",
)
_TIMES = 8  # things around each of them
_LONG = 160  # characters from which on a text is left as it is


def wrapped(sentences: Iterable[Sentence]) -> Iterator[Sentence]:
    """The sentences, and of those that stand on one side some once more: every third with something
    around it, every fourth before or after a second, ordinary matter. The same each time."""
    for n, one in enumerate(sentences):
        yield one
        if len(one.text) > _LONG or not (one.level.is_urgent or one.is_decoy):
            continue
        bare = one.text.rstrip("。!！,，;； ")
        if n % 3 == 0:
            yield replace(one, id=f"{one.id}+", text=_of(AROUND, n // 3).format(bare), pair=None)
        if n % 4 == 1:
            other = _of(SECOND, n // 4)
            mark = _of(("。", ",", "\n", " "), n // 48)
            both = (bare, other) if n // 4 % 2 else (other, bare)
            yield replace(
                one, id=f"{one.id}&", text=mark.join(both), pair=None, services=None, service=None
            )


def plain() -> Iterator[Sentence]:
    """The plainest words of danger and of calm, by themselves and with eight things around them."""
    said = tomllib.loads((DATA.parent / "plain.toml").read_text("utf-8"))
    told = [(text, cls) for cls, texts in said["danger"].items() for text in texts]
    told += [(text, "decoy:municipal") for text in said["calm"]]
    for n, (text, cls) in enumerate(told):
        level = {"D": Level.LIFE_THREAT, "U": Level.URGENT}.get(cls[0], Level.STANDARD)
        ok = frozenset({level, Level.URGENT if level.is_urgent else Level.NONE})
        around = ["{}", *(_of(AROUND, n * 5 + k * 3) for k in range(_TIMES))]
        for k, frame in enumerate(around):
            yield Sentence(
                f"plain-{n}-{k}", frame.format(text), level, ok, cls, "plain", None, None
            )


def _of(choices: Sequence[str], n: int) -> str:
    return choices[n % len(choices)]
