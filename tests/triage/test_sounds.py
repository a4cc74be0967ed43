"""What is heard wrongly is repaired; what makes sense as it stands is left alone."""

import pytest

from triage.assess import Context, assess
from triage.policy import load_signals

POLICY = load_signals()

HEARD = [
    ("屋里断凉了地保还没批娃没奶粉", "断粮"),
    ("家里断凉水也没有了", "断粮"),
    ("煤气中度了,人叫不醒", "煤气中毒"),
    ("一氧化碳中度", "一氧化碳中毒"),
    ("锅里没米下过了", "没米下锅"),
    ("家里接不开过了", "揭不开锅"),
    ("喝要了在地上打滚", "喝药"),
    ("我爸没钱制病", "没钱治"),
    ("孩子没钱就命", "没钱救"),
    ("老人昏谜了", "昏迷"),
    ("想轻声不想活了", "轻生"),
    ("我爸两天没透西了", "透析"),
]

ORDINARY = """\
烧伤以后没钱植皮,想问医疗救助
村里没钱植树,想申请绿化补助
过年没钱置办年货
他没钱执行判决
没钱支付物业费怎么办
工程队没钱制作围挡
我没钱就不去旅游了
没钱就业培训能免费吗
厂里没钱救济我们吧
儿子在三中读高一
女儿在高中读书,学费多少
请小区广场舞轻声一点
图书馆里请轻声说话
楼上邻居应该轻声关门
再这样下去我就命令他搬走
他就命名权问题咨询
重点文物保护单位周边能盖房吗
无保护措施施工,请查处
工地电线裸露,无保护
耕地保护补贴什么时候发
当地保险公司不给理赔
到底保证金退不退
呼吸几口新鲜空气都难
呼吸疾病专科在哪家医院
供暖公司说管道泄漏气味是正常的
他们公司走私货被举报了
走势图网站是骗人的吗
水费按流量收,浏览网页看不到
我想问拿到证要几天
拿到居住证以后能上学吗
他性情古怪,邻里不和
性侵犯罪记录证明怎么开
我家孩子叫不听话
仓库起伙食费收据没盖章
一起伙食补助发了吗
着火车站广场的路灯坏了
跳和谐广场舞的太吵
身无分店的小超市
体校透气性差
残疾人联合会在哪办公
孤儿童院地址
想不开店了,怎么注销执照
他想不开车来
瘫在路边的摊贩
特困难的是停车
吸毒检测在哪里做
判断良种补贴标准
诊断良性结节要复查吗
推断粮价会涨
中断量表检测
停车场水泥路修好没
上级医院透析中心电话
自杀虫剂超标
没水合同怎么办
水流浪费严重,请检修
孩子该上学了,想问转学
这段路面断裂两年了
医药公司要求签合同
主要锻炼身体
他和农业局联系过
""".splitlines()


def repaired(text: str) -> set[str]:
    return {read for _, read in assess(text, Context(), POLICY).repaired}


@pytest.mark.parametrize(("text", "meant"), HEARD)
def test_a_word_that_was_heard_wrongly_is_repaired(text: str, meant: str) -> None:
    assert meant in repaired(text)


@pytest.mark.parametrize("text", ORDINARY)
def test_a_sentence_that_makes_sense_is_not_repaired(text: str) -> None:
    assert not repaired(text)
