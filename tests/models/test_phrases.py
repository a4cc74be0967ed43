"""Every sentence fits its form, in every language, and no citizen's words become a template."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.phrases import SMS_UNITS, Phrasebook, units
from models.vocabulary import Form
from tests import shipped

BOOK = shipped.phrases()
VALUES = {
    "number": "HY20261122-00431-8",
    "code": "583026",
    "hotline": "望河12345",
    "responder": "工号330502",
    "responder_phone": "0572-12345678",
    "unit": "望河县民政局",
    "unit_phone": "0572-12345678",
    "due": "11月27日18:00",
    "understood": "家里断粮",
    "lines": "120",
    "answer": "棉被今天下午送到。",
    **dict.fromkeys(
        (
            "kind",
            "conditions",
            "papers",
            "checked",
            "where",
            "limit",
            "decides",
            "departments",
            "remedies",
            "sources",
            "version",
        ),
        "救助申请",
    ),
}
NOTICES = [
    "receipt",
    "receipt_code",
    "handoff",
    "urgent_accepted",
    "standard_accepted",
    "dispatched",
    "reporter_told",
    "attached",
    "attached_late",
    "attached_goes_on",
    "unheard",
    "held",
    "urgent_joined",
    "call_back_promised",
    "staff_new_referral",
    "staff_reminder",
    "staff_breach",
    "reply_to_citizen",
    "completed",
    "opted_out",
    "opted_in",
]


def written(tmp_path: Path, text: str, language: str = "zh-CN", name: str = "own.toml") -> Path:
    folder = tmp_path / language
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, "utf-8")
    return tmp_path


def test_the_shipped_phrases_have_no_fault():
    assert BOOK.check() == []
    assert BOOK.languages() == ("zh-CN", "en")


@pytest.mark.parametrize("language", BOOK.languages())
@pytest.mark.parametrize("form", list(Form))
@pytest.mark.parametrize("key", NOTICES)
def test_every_notice_can_be_said_in_every_form_with_the_agreed_parameters(key, form, language):
    text = BOOK.say(key, VALUES, form, language)
    assert "{" not in text
    if form is Form.SMS:
        assert text.startswith("【望河12345】")
        assert units(text) <= BOOK.room(key, language)


@pytest.mark.parametrize("language", BOOK.languages())
@pytest.mark.parametrize(
    "key",
    [
        "receipt",
        "handoff",
        "urgent_accepted",
        "standard_accepted",
        "dispatched",
        "attached",
        "held",
    ],
)
def test_a_citizen_is_told_by_when_who_and_where_to_complain(key, language):
    text = BOOK.say(key, VALUES, Form.FULL, language)
    assert VALUES["due"] in text
    assert VALUES["hotline"] in text
    assert VALUES["number"] in text


def test_an_sms_of_two_segments_is_the_exception_that_its_phrase_names():
    """English cannot say in 70 units what N3, N9 with a new date and N16 must: those take two
    joined segments."""
    long = {
        (language, key)
        for language in BOOK.languages()
        for key in sorted(BOOK.keys())
        if Form.SMS in BOOK.forms(key, language) and BOOK.room(key, language) > SMS_UNITS
    }
    assert long == {
        ("en", "urgent_accepted"),
        ("en", "handed_over_later"),
        ("en", "reporter_told"),
    }
    assert {BOOK.room(key, language) for language, key in long} == {134}


@pytest.mark.parametrize("language", BOOK.languages())
def test_an_sms_that_tells_of_another_unit_names_it_with_the_date_and_why(language):
    """N9: "now with another unit" leaves nobody whom one could ask."""
    told = {**VALUES, "reason": "等检测"}
    text = BOOK.say("handed_over_later", told, Form.SMS, language)
    assert all(part in text for part in (VALUES["unit"], VALUES["due"], "等检测"))


@pytest.mark.parametrize(
    ("key", "language", "parts"),
    [
        ("urgent_accepted", "zh-CN", ["不用材料", "保持畅通", "没人联系拨热线"]),
        ("urgent_accepted", "en", ["no papers", "keep your phone on", "If nobody comes, call 望"]),
        ("reporter_told", "zh-CN", ["谢谢", "已转有关单位核实", "身份保密"]),
        ("reporter_told", "en", ["Thanks", "received and passed on", "confidential"]),
    ],
)
def test_an_sms_says_what_must_be_told(key, language, parts):
    """N3 and N16 of domain note 3f: the SMS too, not only the full text."""
    text = BOOK.say(key, VALUES, Form.SMS, language)
    assert all(part in text for part in [*parts, VALUES["due"], VALUES["number"]])


def test_the_reporter_of_somebody_else_is_told_no_private_details():
    """N16: a neighbour learns neither what was found nor who is responsible for the household."""
    assert BOOK.parameters("reporter_told") <= {"number", "unit", "due", "hotline"}


def test_words_of_a_citizen_are_never_read_as_a_template():
    words = "{number} {0} {} {__class__} {{x}} %s {"
    text = BOOK.say("receipt", {**VALUES, "understood": words}, Form.FULL, "zh-CN")
    assert words in text


@given(st.text(max_size=400))
def test_an_answer_of_any_length_leaves_one_segment_and_keeps_the_number(answer):
    text = BOOK.say("reply_to_citizen", {**VALUES, "answer": answer}, Form.SMS, "zh-CN")
    assert units(text) <= SMS_UNITS
    assert VALUES["number"] in text
    full = BOOK.say("reply_to_citizen", {**VALUES, "answer": answer}, Form.FULL, "zh-CN")
    assert answer in full


def test_a_rare_character_takes_two_units_and_is_never_halved():
    assert units("𠮷") == 2
    text = BOOK.say("reply_to_citizen", {**VALUES, "answer": "𠮷" * 60}, Form.SMS, "zh-CN")
    assert units(text) <= SMS_UNITS
    assert text.encode("utf-16-le").decode("utf-16-le") == text


def test_an_unknown_language_hears_chinese():
    assert BOOK.say("held", VALUES, Form.FULL, "bo") == BOOK.say("held", VALUES, Form.FULL, "zh-CN")


@pytest.mark.parametrize("form", [Form.SMS, Form.SPOKEN])
def test_a_missing_form_falls_back_to_the_full_text(tmp_path, form):
    book = Phrasebook.load(written(tmp_path, '[only_full]\nfull = "编号 {number}"\n'))
    assert book.say("only_full", VALUES, form, "zh-CN") == "编号 HY20261122-00431-8"


def test_an_unknown_phrase_and_a_missing_parameter_are_named():
    with pytest.raises(KeyError, match="no_such"):
        BOOK.say("no_such", VALUES, Form.FULL, "zh-CN")
    with pytest.raises(KeyError, match=r"receipt.*code"):
        BOOK.say("receipt", {k: v for k, v in VALUES.items() if k != "code"}, Form.FULL, "en")


def test_a_county_replaces_one_variant_and_keeps_the_others(tmp_path):
    book = Phrasebook.load(written(tmp_path, '[held]\nfull = "已收到 {number}"\n'))
    assert book.say("held", VALUES, Form.FULL, "zh-CN") == "已收到 HY20261122-00431-8"
    assert book.say("held", VALUES, Form.SMS, "zh-CN") == BOOK.say(
        "held", VALUES, Form.SMS, "zh-CN"
    )


def test_a_name_space_joins_its_names_with_dots(tmp_path):
    book = Phrasebook.load(written(tmp_path, '[menu.start]\nspoken = "请讲"\n'))
    assert book.say("menu.start", {}, Form.SPOKEN, "zh-CN") == "请讲"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param('[held]\nsms = "【{hotline}】' + "长" * 61 + '"\n', "71 units", id="too long"),
        pytest.param('[fresh]\nsms = "{stranger}"\n', "no longest value", id="unmeasured"),
        pytest.param('[held]\nfull = "{number}"\n', "not the Chinese parameters", id="parameters"),
        pytest.param('[fresh]\nfull = "x"\n', "en: phrase 'fresh' is missing", id="untranslated"),
        pytest.param(
            '[fresh]\nsms = "x"\n', "en: phrase 'fresh' is missing", id="untranslated sms"
        ),
    ],
)
def test_a_faulty_wording_is_found_by_the_check(tmp_path, text, said):
    assert any(said in fault for fault in Phrasebook.load(written(tmp_path, text)).check())


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('[held]\nfull = "{number.__class__}"\n', id="an attribute"),
        pytest.param('[held]\nfull = "{number!r}"\n', id="a conversion"),
        pytest.param('[held]\nfull = "{number:>900}"\n', id="a width"),
        pytest.param('[held]\nfull = "{0}"\n', id="a position"),
        pytest.param('[held]\nfull = "{number"\n', id="an open brace"),
        pytest.param('[held]\nfull = ""\n', id="silence"),
        pytest.param('[held]\nloud = "x"\n', id="an unknown form"),
        pytest.param("[held]\nsegments = 3\n", id="too many segments"),
        pytest.param('[held]\nsegments = "2"\n', id="segments in words"),
        pytest.param('[held]\nsms = "{stranger}"\n', id="a parameter that nobody fills in"),
        pytest.param('held = "x"\n', id="no table"),
        pytest.param("[held\n", id="no TOML"),
    ],
)
def test_a_file_that_is_no_phrase_file_is_refused_by_name(tmp_path, text):
    with pytest.raises(ValueError, match=r"own\.toml"):
        Phrasebook.load(written(tmp_path, text))


def test_a_mistyped_parameter_is_named_with_those_that_there_are(tmp_path):
    """Else a process begins by it, and every message that it should answer waits to be read."""
    with pytest.raises(ValueError, match=r"'held' names \{numbr\}.*\{hotline\}, \{number\}"):
        Phrasebook.load(written(tmp_path, '[held]\nfull = "已收到 {numbr}"\n'))


def test_a_countys_own_sentence_may_use_what_any_notice_is_given(tmp_path):
    """Or a hotline that was sound would not begin after an upgrade. Where it is not given, what is
    shipped is said: nobody waits for an answer because of a sentence."""
    text = '[urgent_joined]\nfull = "{number} {unit_phone}"\n'
    own = Phrasebook.load(written(tmp_path, text))
    given = {"number": "1", "hotline": "12345", "due": "8:00", "responder": "7", "lines": "110"}
    given["responder_phone"] = "7654321"
    plain = BOOK.say("urgent_joined", given, Form.FULL, "zh-CN")
    assert own.say("urgent_joined", given, Form.FULL, "zh-CN") == plain
    given["unit_phone"] = "2345678"
    assert own.say("urgent_joined", given, Form.FULL, "zh-CN") == "1 2345678"
