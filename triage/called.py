"""People as texts name them: stated, called by an honorific, or misheard by sound. Pure."""

import re
from collections.abc import Iterable
from functools import lru_cache

from triage.sounds import heard

SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛"
    "奚范彭郎鲁韦昌马苗凤花方俞任袁柳唐罗薛伍余米贝姚孟顾尹江钟傅皮卞康史霍岑费廉雷贺倪汤滕殷"
    "毕郝邬安常乐于时齐梁杜阮蓝闵席季麻强贾路娄危童颜郭梅盛林刁徐邱骆高夏蔡田樊胡凌虞万支柯管"
    "卢莫经房裘缪干解应宗丁宣邓郁单杭洪包诸左石崔吉龚程邢裴陆荣翁荀羊惠甄曲封储靳段富巫乌焦巴"
    "牧隗谷车侯宓蓬全班仰秋仲伊宫宁仇栾暴甘厉戎祖武符刘景詹束龙叶司韶黎蓟薄印宿白怀蒲鄂索咸籍"
    "赖卓蔺屠蒙池乔阴胥苍闻莘党翟谭贡劳逄姬申扶堵冉宰郦雍桑桂牛寿通边扈燕冀浦尚农温别庄晏柴瞿"
    "阎充慕连茹习宦艾鱼容向古易慎戈廖庾终暨居衡步都耿满弘匡国文寇广禄阙东欧沃利蔚越夔隆师巩聂"
    "晁勾敖融冷辛阚那简饶曾沙养鞠须丰关查后荆游竺权盖益桓公肖覃付代闫邰岳涂"
    "黄宋董汪熊毛邵戴庞兰祝舒纪鲍祁屈牟穆芦臧苟佟佘隋丛苑楚鄢谌粟冼湛狄茅禹萧谈茹"
)
RARER = (
    "项成明和商麦迟邝官南原栗楼盘位仝区郜海豆朴练井漆卿平计晋初门敬来芮普伏鹿邸辜阿母亓修赫况鲜诺战玉银亢"
    "哈宾於但尉冶斯元檀衣信展昝智幸奉植尧闭由阳巢弓揭殳毋洛山"
)
"""Surnames that are everyday words as well: names where a field holds a name and nothing else."""
_NOT_GIVEN = (
    "不了的在是有没我你他她它这那被把和与就也都还要能会很得地着过吗呢吧啊呀去来到给对从向说问请"
    "住号楼路街村区市县省镇乡州岁年月日时分个名位司灯急人先女男妈爸爷奶姨叔婶嫂伯医院烧病热咳"
)
_GIVEN = rf"(?:[\u4e00-\u9fa5](?<![{_NOT_GIVEN}元]))"
_NAME = rf"[{SURNAMES}]{_GIVEN}{{1,2}}(?![爷妈娘叔婶姨伯])"
_NAME_OF_THREE = rf"[{SURNAMES}]{_GIVEN}{{2}}"
_KIN = (
    "我妈妈|我爸爸|我妈|我爸|妈妈|爸爸|母亲|父亲|奶奶|爷爷|外公|外婆|姥姥|姥爷|老公|丈夫|妻子|老婆|儿子|女儿"
    "|邻居|老人|患者|病人|姓名|联系人|求助人|求助者|失联者|当事人|村民|居民|业主|户主|本人|名叫|叫做|我叫|叫|我是|学生"
)
_CUED = re.compile(rf"(?:{_KIN})[】\])]?[:是为叫,，、 ]{{0,2}}({_NAME})")
_SET_OFF = re.compile(
    rf"(?:^|[\s,，。;；:：、（(!！\d室号])(?:"
    rf"({_NAME})(?=住|家住|家里|电话|手机|的电话|今年|老人|老太"
    rf"|[,，:： ]{{0,2}}(?:1[3-9]\d{{9}}|\d{{1,3}}岁|[男女][,， ]))"
    rf"|({_NAME_OF_THREE})(?=[\s,，。;；:：、（()）]))"
    rf"|^({_NAME})(?=[\s,，:：、])"
)
_HONORED = re.compile(
    rf"([{SURNAMES}])(?:大妈|大爷|大娘|大叔|阿姨|奶奶|爷爷|婆婆|老师|女士|先生|师傅|某某|某|老太|老汉|姐|哥|嫂|婶|伯|叔)"
    rf"|老([{SURNAMES}])(?=[,，。 家住说的]|$)"
)
by_ear = lru_cache(16_384)(heard)
"""``heard``, remembered: the same names and streets come again and again."""
_WHOLE = re.compile(_NAME)
_LOOKED = 3000  # code points in which names are looked for


def stated_names(flat: str, known: Iterable[str] = ()) -> tuple[str, ...]:
    """Names that a folded text gives, those already ``known`` first."""
    found = dict.fromkeys(name for name in known if _WHOLE.fullmatch(name))
    for pattern in (_CUED, _SET_OFF):
        for match in pattern.finditer(flat[:_LOOKED]):
            found.setdefault(next(name for name in match.groups() if name))
    return tuple(found)[:12]


def honored(flat: str) -> frozenset[str]:
    """Surnames of people whom a folded text calls by an honorific: 张大妈, 老王, 李女士."""
    return frozenset(match[1] or match[2] for match in _HONORED.finditer(flat[:_LOOKED]))


def alike(a: str, b: str) -> bool:
    """Two writings that sound the same to somebody who writes down what is heard."""
    return len(a) == len(b) and by_ear(a) == by_ear(b)
