"""The citizen's form: nothing that was written is refused, nothing that was not ours is read."""

import asyncio
import json
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels import ChannelSettings, load
from channels.web import channel, e164, extension, form_token
from models.messages import (
    Forged,
    Inbound,
    Location,
    Outbound,
    Outcome,
    Raw,
    Undeliverable,
    Unreadable,
    spoken,
)
from models.vocabulary import Level

SECRET = "a secret of this test"
SETTINGS = ChannelSettings(
    public_url="https://help.example.cn", operator_number="12345", env={"SECRET_KEY": SECRET}
)
WEB = channel(SETTINGS)
TOKEN = form_token(SECRET, "n0nce-1")


def post(fields: dict[str, str], *, token: str | None = TOKEN) -> Raw:
    body = {**fields, **({} if token is None else {"key": token})}
    return Raw(
        url="https://help.example.cn/hook/web",
        body=urlencode(body).encode(),
        headers={"content-type": "application/x-www-form-urlencoded"},
    )


def post_json(body: object) -> Raw:
    return Raw(
        url="https://help.example.cn/hook/web",
        body=json.dumps(body).encode(),
        headers={"content-type": "application/json; charset=utf-8"},
    )


def contact(fields: dict[str, str]) -> Inbound:
    (found,) = WEB.parse(post(fields))
    return found


FILLED = {
    "what": "屋顶漏雨，\r\n孩子没有干被子",
    "how_urgent": "soon",
    "where": "清溪镇下湾村四组",
    "phone": "138 0013 8000",
    "name": "周阿婆",
    "confidential": "1",
    "language": "zh-CN",
    "latitude": "30.87",
    "longitude": "120.1",
}


def test_a_filled_form_is_one_contact_with_everything_in_it():
    found = contact(FILLED)
    assert found == Inbound(
        external_id=found.external_id,
        sender="+8613800138000",
        text="屋顶漏雨，\n孩子没有干被子",
        place="清溪镇下湾村四组",
        location=Location(30.87, 120.1),
        name="周阿婆",
        claims=Level.PRIORITY,
        confidential=True,
        language="zh-CN",
    )
    assert found.external_id.startswith("n0nce-1-")


def test_json_says_the_same_as_a_form():
    body = {**FILLED, "key": TOKEN, "confidential": True, "latitude": 30.87, "longitude": 120.1}
    assert WEB.parse(post_json(body)) == WEB.parse(post(FILLED))


@pytest.mark.parametrize(
    ("chip", "level"),
    [("danger", Level.LIFE_THREAT), ("soon", Level.PRIORITY), ("normal", None), ("?", None)],
)
def test_the_chip_declares_a_level_that_can_only_raise(chip, level):
    assert contact({"what": "求助", "how_urgent": chip}).claims is level


def test_a_second_click_is_a_repeat_and_changed_words_are_not():
    first = post(FILLED)
    assert WEB.key(first) == WEB.key(post(dict(reversed(FILLED.items()))))
    assert WEB.key(first) != WEB.key(post({**FILLED, "what": "老人摔倒了"}))
    assert WEB.key(first) == WEB.parse(first)[0].external_id


def test_two_forms_with_the_same_words_are_two_contacts():
    again = post(FILLED, token=form_token(SECRET, "n0nce-2"))
    assert WEB.key(again) != WEB.key(post(FILLED))


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(None, id="absent"),
        pytest.param("", id="empty"),
        pytest.param("n0nce-1", id="unsigned"),
        pytest.param(TOKEN[:-1] + ("A" if TOKEN[-1] != "A" else "B"), id="last character"),
        pytest.param("x" + TOKEN, id="other nonce"),
        pytest.param(form_token("another secret", "n0nce-1"), id="other secret"),
        pytest.param("编号。签名", id="not ASCII"),
    ],
)
def test_a_post_without_our_token_is_forged(token):
    with pytest.raises(Forged):
        WEB.verify(post(FILLED, token=token))


def test_our_own_token_is_accepted_and_stays_the_same_for_the_same_form():
    WEB.verify(post(FILLED))
    WEB.verify(post_json({"what": "求助", "key": TOKEN}))
    assert form_token(SECRET, "n0nce-1") == TOKEN


def test_without_a_secret_every_post_is_refused():
    bare = channel(ChannelSettings(public_url="https://h.example.cn", operator_number="12345"))
    with pytest.raises(Forged):
        bare.verify(post(FILLED))
    with pytest.raises(ValueError, match="HUIYIN_SECRET_KEY"):
        form_token("", "n")


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("13800138000", "+8613800138000"),
        ("１３８００１３８０００", "+8613800138000"),
        ("+86 138-0013-8000", "+8613800138000"),
        ("0086 13800138000", "+8613800138000"),
        ("0572-2123456", "+865722123456"),
        ("13800138000 找王会计", "+8613800138000"),
        ("邻居家 13800138000", "+8613800138000"),
        ("+852 9123 4567", "+85291234567"),
        ("010-6234-5678", "+861062345678"),
        ("138-0013-8000", "+8613800138000"),
        ("0572-1234567转801", "+865721234567"),
        ("0572-1234567-801", "+865721234567"),
        ("0572-1234567 ext 801", "+865721234567"),
        ("（0572）2123456－801", "+865722123456"),
        ("+86 572 2123456 转 801", "+865722123456"),
        ("010-62345678-8", "+861062345678"),
        ("0572-2123456（分机801）找李会计", "+865722123456"),
        ("13800138000转0012", "+8613800138000"),
        ("1381234567", ""),
        ("+86 138 1234 567", ""),
        ("138001380001", ""),
        ("电话1381234567", ""),
        ("12345", ""),
        ("没有电话", ""),
        ("", ""),
        ("1" * 4000, ""),
    ],
)
def test_a_telephone_number_is_understood_however_it_is_written(written, number):
    assert e164(written) == number


def test_a_number_that_is_not_understood_stays_among_the_words():
    found = contact({"what": "断电了", "phone": "村口小店 8431"})
    assert found.sender == ""
    assert found.text == "断电了\n〔留的电话：村口小店 8431〕"


@pytest.mark.parametrize(
    ("written", "asked_for"),
    [
        ("0572-1234567转801", "801"),
        ("0572-1234567-801", "801"),
        ("0572-1234567 ext 801", "801"),
        ("0572-2123456 转分机 8001", "8001"),
        ("+86 572 2123456#12", "12"),
        ("0572-2123456", ""),
        ("010-6234-5678", ""),
        ("138-0013-8000", ""),
        ("+86 138 0013 8000", ""),
        ("0572-2123456-13800138000", ""),
        ("", ""),
    ],
)
def test_an_extension_is_told_from_the_groups_of_a_number(written, asked_for):
    assert extension(written) == asked_for


def test_a_number_with_an_extension_is_rung_and_the_extension_stays_among_the_words():
    found = contact({"what": "断电了", "phone": "0572-1234567转801"})
    assert found.sender == "+865721234567"
    assert found.text == "断电了\n〔留的电话：0572-1234567转801〕"


def test_a_mobile_number_that_lacks_a_digit_is_nobodys_and_stays_as_it_was_written():
    found = contact({"what": "断电了", "phone": "1381234567"})
    assert found.sender == ""
    assert found.text == "断电了\n〔留的电话：1381234567〕"


def test_whoever_fills_it_in_for_somebody_else_says_so_in_the_words():
    found = contact({"what": "邻居老人三天没出门", "for_other": "1"})
    assert found.text == "邻居老人三天没出门\n〔代他人填写〕"
    assert found.reporter is None


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [("nan", "1"), ("1e999", "1"), ("91", "1"), ("1", "181"), ("", ""), ("一", "1")],
)
def test_an_impossible_point_is_no_point_and_no_reason_to_refuse(latitude, longitude):
    found = contact({"what": "求助", "latitude": latitude, "longitude": longitude})
    assert found.location is None
    assert found.text == "求助"


def test_the_datum_of_a_point_is_kept():
    point = {"latitude": "30.87", "longitude": "120.1", "datum": "GCJ-02"}
    assert contact({"what": "求助", **point}).location == Location(30.87, 120.1, "GCJ-02")


def test_an_empty_form_is_still_kept():
    assert contact({}).text == ""


@pytest.mark.parametrize("body", [b"[]", b"null", b"{", b'"x"', b"[" * 100_000])
def test_json_that_is_no_object_is_forged_and_unreadable(body):
    raw = Raw(url="u", body=body, headers={"content-type": "application/json"})
    with pytest.raises(Forged):
        WEB.verify(raw)
    with pytest.raises(Unreadable):
        WEB.parse(raw)


@given(st.binary(max_size=300), st.sampled_from(["", "application/json", "text/plain", "x"]))
def test_any_bytes_are_either_refused_in_words_or_read(body, kind):
    raw = Raw(url="u", body=body, headers={"content-type": kind} if kind else {})
    with pytest.raises(Forged):
        WEB.verify(raw)
    try:
        (found,) = WEB.parse(raw)
    except Unreadable:
        return
    assert found.text.encode("utf-8") is not None


@given(st.text(), st.text(), st.text())
def test_every_word_written_is_in_the_contact(what, where, name):
    body = {"what": what, "where": where, "name": name, "key": TOKEN}
    (found,) = WEB.parse(post_json(body))
    printable = what.replace("\r\n", "\n").strip().encode("utf-8", "replace").decode()
    assert found.text == printable


def test_the_answer_is_the_number_and_the_code_and_is_not_cached():
    own = Outcome(number="HY20261122-00431-8", code="583026", opened=True)
    answer = WEB.answer(post(FILLED), own)
    said = json.loads(answer.body)
    assert (said["number"], said["code"]) == ("HY20261122-00431-8", "583026")
    assert answer.headers["cache-control"] == "no-store"


def test_joining_the_request_of_a_telephone_tells_nothing_about_it():
    joined = Outcome(number="HY20261122-00431-8", code="583026", opened=False)
    said = json.loads(WEB.answer(post(FILLED), joined).body)
    assert said == {"number": None, "code": None, "kept": True}


def test_nothing_can_be_pushed_to_a_form():
    with pytest.raises(Undeliverable, match="status page"):
        asyncio.run(WEB.send(Outbound(key="k", address="+8613800138000", text="x")))


def test_it_is_loaded_by_its_name():
    assert load(["web"], SETTINGS)["web"].address_kind == "tel"


@pytest.mark.parametrize(
    ("way", "said"),
    [
        ("call", "\n〔希望打电话联系〕"),
        ("text", "\n〔希望发短信联系，不方便接电话〕"),
        ("", ""),
        ("pigeon", ""),
    ],
)
def test_how_somebody_wants_to_be_reached_stands_with_the_words(way: str, said: str) -> None:
    assert contact({"what": "家里没米了", "reach": way}).text == "家里没米了" + said


def test_a_telephone_as_written_stays_one_remark_whatever_is_in_it() -> None:
    found = contact({"what": "断电了", "phone": "村口〔小店〕\n8431"})
    assert spoken(found.text) == "断电了"
    assert found.text.endswith("\n〔留的电话：村口（小店） 8431〕")
