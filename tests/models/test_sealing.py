"""One value sealed: what opens it, what does not, and the published vectors of the algorithms."""

import hmac
from hashlib import sha256

import pytest
from cryptography.exceptions import InvalidTag
from sqlmodel import col

from models import sealing
from models.requests import Contact
from models.sealing import AES, SM4, Broken, DataKey

PLACE = b"contact.text"


@pytest.fixture(params=[AES, SM4])
def key(request):
    return DataKey(7, request.param, bytes(range(sealing.KEY_BYTES[request.param])))


def test_a_sealed_value_opens_with_its_key_place_and_record(key):
    head, sealed = key.seal(PLACE, "42", "断粮两天".encode())
    assert head == "v1|7|42|"
    assert key.open(PLACE, "42", sealed).decode() == "断粮两天"
    value = sealing.text_of(head, sealed)
    assert sealing.parts_of_text(value) == (7, "42", sealed)
    assert sealing.parts_of_bytes(head.encode() + sealed) == (7, "42", sealed)


def test_the_same_words_are_never_sealed_the_same(key):
    assert len({key.seal(PLACE, "42", b"same")[1] for _ in range(500)}) == 500


@pytest.mark.parametrize(("place", "record"), [(b"contact.name", "42"), (PLACE, "43"), (PLACE, "")])
def test_a_value_that_was_moved_does_not_open(key, place, record):
    _, sealed = key.seal(PLACE, "42", b"words")
    with pytest.raises(Broken):
        key.open(place, record, sealed)


def test_every_changed_bit_is_noticed(key):
    _, sealed = key.seal(PLACE, "42", b"words of a citizen")
    for at in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[at // 8] ^= 1 << at % 8
        with pytest.raises(Broken):
            key.open(PLACE, "42", bytes(changed))
    for cut in range(len(sealed)):
        with pytest.raises(Broken):
            key.open(PLACE, "42", sealed[:cut])


@pytest.mark.parametrize("length", [1, 2, 3, 4])
def test_another_spelling_of_the_same_sealed_value_is_noticed(length):
    value = sealing.text_of("v1|7|42|", b"x" * length)
    assert sealing.parts_of_text(value) == (7, "42", b"x" * length)
    for place in range(len("v1|"), len(value)):
        for bit in range(7):
            other = value[:place] + chr(ord(value[place]) ^ 1 << bit) + value[place + 1 :]
            try:
                assert sealing.parts_of_text(other) != (7, "42", b"x" * length)
            except Broken:
                continue
    for other in ("v1|07|42|", "v1| 7|42|", "v1|+7|42|"):
        with pytest.raises(Broken):
            sealing.parts_of_text(value.replace("v1|7|42|", other))


def test_the_name_for_looking_up_differs_by_field_and_key_and_not_by_spelling(key):
    name = key.blind("address.value", "+8613812345678")
    assert name == key.blind("address.value", " ＋8613812345678 "), "one form for one handle"
    assert name != key.blind("person.id", "+8613812345678")
    other = DataKey(8, key.algorithm, bytes(sealing.KEY_BYTES[key.algorithm]))
    assert name != other.blind("address.value", "+8613812345678")
    assert name != sealing.open_blind("address.value", "+8613812345678")
    assert len(name) == 32


def test_sm4_gcm_is_that_of_the_standard():
    """RFC 8998, A.1."""
    cipher = sealing._Sm4(bytes.fromhex("0123456789abcdeffedcba9876543210"))
    nonce = bytes.fromhex("00001234567800000000abcd")
    plain = bytes.fromhex(
        "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd"
        "eeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa"
    )
    bound = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    sealed = cipher.encrypt(nonce, plain, bound)
    assert sealed.hex() == (
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
        "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
        "83de3541e4c2b58177e065a9bf7b62ec"
    )
    assert cipher.decrypt(nonce, sealed, bound) == plain
    with pytest.raises(InvalidTag):
        cipher.decrypt(nonce, sealed, b"")


def test_the_macs_are_those_of_the_standards():
    """HMAC-SHA256 by RFC 4231, 2; SM3 by GM/T 0004 (the digest of "abc")."""
    digest = hmac.digest(b"Jefe", b"what do ya want for nothing?", sha256)
    assert digest.hex().startswith("5bdcc146bf60754e6a042426089575c7")
    from cryptography.hazmat.primitives import hashes

    sm3 = hashes.Hash(hashes.SM3())
    sm3.update(b"abc")
    assert sm3.finalize().hex().startswith("66c7f0f462eeedd9d1f2d46bdc10e4e2")


def test_a_data_key_opens_with_the_outside_key_that_wrapped_it():
    kek, other = bytes(32), bytes([1]) * 32
    wrapped = sealing.wrap(kek, 3, AES, bytes(range(32)))
    assert sealing.unwrap(kek, 3, AES, wrapped) == bytes(range(32))
    assert sealing.unwrap(other, 3, AES, wrapped) is None
    assert sealing.unwrap(kek, 4, AES, wrapped) is None, "nor under another number"


@pytest.mark.parametrize("ask", [
    lambda c: c == "断粮", lambda c: c.like("%断粮%"), lambda c: c.in_(["断粮"]),
    lambda c: c.desc(), lambda c: c < "x", lambda c: c.contains("断"),
])  # fmt: skip
def test_the_database_cannot_be_asked_to_judge_a_sealed_column(ask):
    with pytest.raises(TypeError, match="is sealed"):
        ask(col(Contact.text))
    assert col(Contact.text).is_(None) is not None
