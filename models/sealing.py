"""How one value is sealed so that a stolen database tells nothing of a person. Pure but for nonces.

A sealed text is ``v1|key id|record id|base64 of nonce, ciphertext and tag``; sealed bytes are the
same with the last part as it is. Table, column and record id are associated data: a value that is
moved to another column cannot be opened, one that is moved to another record names the wrong one.
``v1|`` and ``v0|`` at the beginning of words that nobody sealed are told apart by a ``v0|`` before
them.
"""

import hmac
import unicodedata
from binascii import Error as NotBase64
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable
from hashlib import sha256
from itertools import count
from os import urandom

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hmac import HMAC

AES, SM4 = "aes-256-gcm", "sm4-gcm"
KEY_BYTES = {AES: 32, SM4: 16}
SEALED, PLAIN = "v1|", "v0|"
MARKS = frozenset({SEALED, PLAIN})
_NONCE, _TAG = 12, 16
_LAST_DIGITS = ("", "AQgw", "AEIMQUYcgkosw048")
"""The digits of base64 that have no bit set behind the last byte, by how many bytes are over."""


class Broken(Exception):
    """A sealed value that was changed, moved, or sealed with a key that is not this one."""


class _Sm4:
    """SM4-GCM (GB/T 32907) in the form of ``AESGCM``."""

    def __init__(self, key: bytes) -> None:
        self._key = algorithms.SM4(key)

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        cipher = Cipher(self._key, modes.GCM(nonce)).encryptor()
        cipher.authenticate_additional_data(associated_data or b"")
        return cipher.update(data) + cipher.finalize() + cipher.tag

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        cipher = Cipher(self._key, modes.GCM(nonce, data[-_TAG:])).decryptor()
        cipher.authenticate_additional_data(associated_data or b"")
        return cipher.update(data[:-_TAG]) + cipher.finalize()


class DataKey:
    """One key of the data, opened: it seals, opens and makes the names for looking up."""

    def __init__(self, number: int, algorithm: str, key: bytes) -> None:
        if len(key) != KEY_BYTES[algorithm]:
            raise ValueError(f"a key of {algorithm} has {KEY_BYTES[algorithm]} bytes")
        self.number = number
        self.algorithm = algorithm
        self._cipher: AESGCM | _Sm4 = AESGCM(key) if algorithm == AES else _Sm4(key)
        self._key = key
        # A nonce is never used twice: eight random bytes for this object, then a count. After the
        # fork of a process both would count on, so that nobody forks who has opened a key.
        self._nonces: Callable[[], bytes] = _nonces()

    def seal(self, place: bytes, record: str, value: bytes) -> tuple[str, bytes]:
        """The head of the value and its sealed part."""
        nonce = self._nonces()
        bound = b"%b|%b" % (place, record.encode())
        head = f"{SEALED}{self.number}|{record}|"
        return head, nonce + self._cipher.encrypt(nonce, value, bound)

    def open(self, place: bytes, record: str, sealed: bytes) -> bytes:
        """The value. Raises ``Broken``."""
        bound = b"%b|%b" % (place, record.encode())
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], bound)
        except (InvalidTag, ValueError):
            raise Broken(f"a value of {place.decode()} was changed or moved") from None

    def blind(self, field: str, value: str) -> str:
        """The name under which a value of a field is looked up, 32 hex digits."""
        return self._mac(b"look up|" + field.encode(), normal(value)).hex()[:32]

    def secret_of(self, purpose: str) -> bytes:
        """A key of its own for one purpose, 32 bytes."""
        return self._mac(b"derive", purpose.encode())

    def _mac(self, purpose: bytes, value: bytes) -> bytes:
        """With a key that serves this purpose alone."""
        return mac(self.algorithm, mac(self.algorithm, self._key, b"index|" + purpose), value)


def mac(algorithm: str, key: bytes, value: bytes) -> bytes:
    """HMAC-SHA256 beside AES, HMAC-SM3 beside SM4."""
    if algorithm == AES:
        return hmac.digest(key, value, "sha256")
    made = HMAC(key, hashes.SM3())
    made.update(value)
    return made.finalize()


def _nonces() -> Callable[[], bytes]:
    prefix, number = urandom(8), count().__next__

    def following() -> bytes:
        return prefix + number().to_bytes(4)  # four thousand million values a start of a process

    return following


def normal(value: str) -> bytes:
    """A value as it is looked up: one form for what is one and the same handle."""
    return unicodedata.normalize("NFKC", value).strip().encode()


def open_blind(field: str, value: str) -> str:
    """The name for looking up where nothing is sealed: it hides nothing and need not."""
    return sha256(f"{field}\0".encode() + normal(value)).hexdigest()[:32]


def text_of(head: str, sealed: bytes) -> str:
    """A sealed value as text."""
    return head + b2a_base64(sealed, newline=False).decode()


def parts_of_text(value: str) -> tuple[int, str, bytes]:
    """Key id, record id and sealed part. Raises ``Broken``, also for another spelling of the same
    value: what is not as it was written has been changed."""
    pieces = value.split("|", 3)
    try:
        number, sealed = int(pieces[1]), a2b_base64(pieces[3], strict_mode=True)
    except (ValueError, IndexError, NotBase64):
        raise Broken("a value that begins like a sealed one is none") from None
    rest = len(sealed) % 3  # bits behind the last byte are the one thing that a2b lets pass
    if pieces[1] != str(number) or (rest and pieces[3][rest - 4] not in _LAST_DIGITS[rest]):
        raise Broken("a sealed value is not written as it was sealed")
    return number, pieces[2], sealed


def parts_of_bytes(value: bytes) -> tuple[int, str, bytes]:
    """Key id, record id and sealed part. Raises ``Broken``."""
    pieces = value.split(b"|", 3)
    try:
        number = int(pieces[1])
        if pieces[1] != str(number).encode():
            raise ValueError
        return number, pieces[2].decode(), pieces[3]
    except (ValueError, IndexError):
        raise Broken("bytes that begin like sealed ones are none") from None


def wrap(kek: bytes, number: int, algorithm: str, key: bytes) -> bytes:
    """A data key sealed with the key that stands outside the database."""
    nonce = urandom(_NONCE)
    return nonce + AESGCM(kek).encrypt(nonce, key, f"field key|{number}|{algorithm}".encode())


def unwrap(kek: bytes, number: int, algorithm: str, wrapped: bytes) -> bytes | None:
    """The data key, or None when it was sealed with another key."""
    bound = f"field key|{number}|{algorithm}".encode()
    try:
        return AESGCM(kek).decrypt(wrapped[:_NONCE], wrapped[_NONCE:], bound)
    except InvalidTag:
        return None
