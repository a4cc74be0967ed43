"""How people write a place: with its suffix, with another, or without any. Pure."""

from collections.abc import Iterable

COMMON_WORDS = frozenset(
    (
        *("和平", "建设", "光明", "团结", "胜利", "幸福", "新建", "前进", "红旗", "东风", "和谐"),
        *("健康", "希望", "平安", "文明", "民主", "解放", "友谊", "先锋", "永安", "长安", "太平"),
        *("中心", "新华", "人民", "中山", "城关", "城东", "城西", "城南", "城北", "东街", "西街"),
        *("南街", "北街", "新城", "老城", "新村", "东方", "星火", "富强", "兴旺", "安全", "朝阳"),
        *("向阳", "繁荣", "振兴", "跃进", "大桥", "工农", "新民", "保安", "新生", "高中", "学府"),
        *("医院", "车站", "市场", "学校", "政府", "花园", "广场", "公园", "南门", "北门", "东门"),
        *("西门", "纺织", "铁道", "打鱼", "冷水", "古树", "泉眼", "羊圈", "磨盘", "草场", "红土"),
        *("松林", "竹园", "望月", "沙洲", "石门", "断崖", "半坡", "马头", "杨树", "回龙", "锦绣"),
        *("滨河", "河边", "山上", "水库", "码头", "果园", "林场", "农场", "工地", "新街", "老街"),
    )
)
"""Words that are no place when they stand alone, though villages and streets bear them."""

_SUFFIXES = (
    *("街道办事处", "街道办", "街道", "社区居委会", "居委会", "社区", "村民委员会", "村委会"),
    *("乡", "镇", "村", "县"),
)
_ALSO_CALLED = {
    "村": ("村委会", "大队"),
    "社区": ("居委会", "小区"),
    "街道": ("街道办", "办事处"),
}
_GOES_ON = (
    *("路", "大道", "巷", "道", "桥", "街", "区", "市", "省", "县", "镇", "乡", "村", "社区", "口"),
    *("小区", "花园", "公园", "家园", "苑", "国际", "新城", "广场", "大厦", "小学", "中学", "医院"),
    *("酒店", "超市", "商场", "学院", "大学", "站", "厂", "湖", "河", "江", "山", "岭", "铺", "店"),
)
_BEGAN_BEFORE = frozenset("大小上下东西南北新老前后中")


def full_names(name: str, aliases: Iterable[str] = ()) -> Iterable[str]:
    """The official name, the aliases and the name under its other titles (柳湾村, 柳湾大队)."""
    yield name
    yield from (alias for alias in aliases if len(alias) > 1)
    for suffix, others in _ALSO_CALLED.items():
        if name.endswith(suffix) and len(name) > len(suffix) + 1:
            yield from (name[: -len(suffix)] + other for other in others)


def short_names(name: str, aliases: Iterable[str] = ()) -> Iterable[str]:
    """The names without 镇, 村 and the like, when two characters or more are left."""
    for full in (name, *aliases):
        suffix = next((ending for ending in _SUFFIXES if full.endswith(ending)), "")
        if suffix and len(full) - len(suffix) > 1:
            yield full[: -len(suffix)]


def is_part(text: str, begin: int, end: int) -> bool:
    """Whether a short name is only part of another: 柳湾 in 柳湾路, 石桥 in 大石桥 or 石桥新村."""
    return text.startswith(_GOES_ON, end) or (begin > 0 and text[begin - 1] in _BEGAN_BEFORE)
