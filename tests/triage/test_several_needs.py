"""Several needs in one message: each comes out with its service and its words."""

import pytest

from triage.assess import Context, assess
from triage.policy import load_signals

POLICY = load_signals()


@pytest.mark.parametrize(
    ("text", "services"),
    [
        ("低保停了,孩子学费也交不起", {"dibao", "education"}),
        ("我妈的残疾证怎么办,家里房子还漏雨", {"disability", "housing"}),
        (
            "老板欠我三个月工资,现在交不起房租也没钱看病",
            {"wage_arrears", "housing", "medical"},
        ),
        ("取暖费交不起,药费也报不了", {"utilities_relief", "medical"}),
        ("我家停水三天,物业也不管,孩子学校又乱收费", {"utilities_relief", "education"}),
        ("灾后房子倒了要重建,孩子上学的贫困补助也没发", {"disaster", "education"}),
        ("残疾车补贴没发,我还想办低保", {"disability", "dibao"}),
        ("我想请律师没钱,老板跑了工钱没给", {"legal_aid", "wage_arrears"}),
        ("女儿被丈夫打回娘家,孩子入学也没办法", {"domestic_violence", "education"}),
        ("孤儿每月生活费没到,住的房子也漏", {"child", "housing"}),
        ("出了车祸对方逃逸没赔,住院押金交不起", {"traffic_fund", "medical"}),
        ("想给妈妈申请护工,她的假肢也坏了", {"service_aid", "disability"}),
        ("菜涨价补贴发了没有,还有我家危改的钱", {"price_subsidy", "housing"}),
        ("离婚后前夫不给抚养费,我想找个工作", {"legal_aid", "employment"}),
        ("妈妈抑郁了想做心理咨询,爸爸欠薪没拿到钱", {"mental_crisis", "wage_arrears"}),
        ("父亲尿毒症透析费报销,低保申请,房子是危房", {"medical", "dibao", "housing"}),
        ("房租交不起了,工作也丢了", {"housing", "employment"}),
        ("爷爷走了火化要多少钱,奶奶的五保还能办吗", {"funeral", "tekun"}),
    ],
)
def test_each_need_comes_out_with_its_words(text: str, services: set[str]) -> None:
    assessment = assess(text, Context(), POLICY)
    needs = {need.service: need.quote for need in assessment.needs}
    assert services <= needs.keys()
    assert all(quote and quote in text for quote in needs.values())
    assert assessment.service is not None


@pytest.mark.parametrize(
    ("text", "service"),
    [
        ("学校门口的路裂了", "education"),
        ("心理素质好的人先来", "mental_crisis"),
        ("打工地点在哪", "wage_arrears"),
    ],
)
def test_a_word_in_passing_is_no_need(text: str, service: str) -> None:
    assert service not in {need.service for need in assess(text, Context(), POLICY).needs}
