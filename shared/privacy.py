"""Personal data: sealed for keeping, indexed for finding, masked for showing, scrubbed from free text."""

import base64
import binascii
import hmac
import os
import re
from datetime import date

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from stdnum.cn.ric import calc_check_digit

from shared.errors import Fault, Kind

_KEY_BYTES = 32
_NONCE_BYTES = 12
_CODE_LENGTH = 10


class CannotOpen(Fault):
    """A sealed value cannot be opened: its key is not configured, it was changed, or it belongs elsewhere."""

    slug, kind = "sealed-value-unreadable", Kind.UNFORESEEN


class InvalidResidentId(Fault):
    """This is not a resident ID number; `rule` names the part of GB 11643-1999 it breaks."""

    slug, kind = "invalid-resident-id", Kind.INVALID


class Sealer:
    """Seals and indexes personal values with the keys of the settings.

    `seal_keys` is `version:base64(32 bytes)`, comma-separated: the first key seals, every key opens, so a key
    is replaced by putting a new one in front. One key is good for about four billion values (random nonces).
    """

    def __init__(self, seal_keys: str, index_key: str) -> None:
        self._ciphers = _ciphers(seal_keys)
        self._version, self._cipher = next(iter(self._ciphers.items()))
        secret = _key(index_key, "the index key")
        # One subkey per use, so that an index value never equals a fingerprint of the same bytes.
        self._index_key = hmac.digest(secret, b"resident id index", "sha256")
        self._body_key = hmac.digest(secret, b"request body fingerprint", "sha256")
        self._code_key = hmac.digest(secret, b"certificate check code", "sha256")
        self._alias_key = hmac.digest(secret, b"keys of aliases", "sha256")

    def seal(self, plain: str, *, bound_to: str) -> str:
        """Encrypt with AES-256-GCM; only who names the same `bound_to` (say, the entry's id) can open it."""
        sealed = self._encrypted(plain.encode(), bound_to)
        return f"{self._version}.{base64.urlsafe_b64encode(sealed).rstrip(b'=').decode()}"

    def seal_bytes(self, plain: bytes, *, bound_to: str) -> bytes:
        """The same for bytes that are kept as bytes: a piece of a file that holds personal data."""
        return self._version.encode() + b"." + self._encrypted(plain, bound_to)

    def _encrypted(self, plain: bytes, bound_to: str) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, bound_to.encode())

    def open(self, sealed: str, *, bound_to: str) -> str:
        """The value that was sealed.

        Raises:
            CannotOpen: unknown key version, changed text, or sealed for something else.
        """
        version, _, text = sealed.partition(".")
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
            return self._decrypted(version, raw, bound_to).decode()
        except ValueError as cause:
            raise _changed() from cause

    def open_bytes(self, sealed: bytes, *, bound_to: str) -> bytes:
        """The bytes that were sealed; `CannotOpen` as for a text."""
        version, _, raw = sealed.partition(b".")
        return self._decrypted(version.decode("ascii", "replace"), raw, bound_to)

    def _decrypted(self, version: str, raw: bytes, bound_to: str) -> bytes:
        cipher = self._ciphers.get(version)
        if cipher is None:
            raise CannotOpen("no key of the sealed value's version is configured; add it to the seal keys")
        try:
            return cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], bound_to.encode())
        except (ValueError, InvalidTag) as cause:
            raise _changed() from cause

    def index(self, id_number: str) -> str:
        """The keyed HMAC-SHA256 (hex) under which an ID number is found; `x` counts as `X`."""
        return hmac.digest(self._index_key, id_number.strip().upper().encode(), "sha256").hex()

    def code(self, number: str) -> str:
        """The check code printed beside a certificate's number: 10 characters A-Z and 2-7, 50 bits of a keyed HMAC.

        Who knows it has held the paper (or its QR code); it cannot be worked out from the number.
        """
        return base64.b32encode(hmac.digest(self._code_key, number.encode(), "sha256"))[:_CODE_LENGTH].decode()

    def alias_key(self, of: str) -> bytes:
        """A key of 32 bytes, another one for each `of`, by which numbers are made that stand for people (a batch's)."""
        return hmac.digest(self._alias_key, of.encode(), "sha256")

    def fingerprint(self, body: bytes) -> str:
        """The keyed HMAC-SHA256 (hex) by which a repeated request body is recognised."""
        return hmac.digest(self._body_key, body, "sha256").hex()


def _changed() -> CannotOpen:
    return CannotOpen("the sealed value was changed or belongs to something else")


def _ciphers(seal_keys: str) -> dict[str, AESGCM]:
    ciphers: dict[str, AESGCM] = {}
    for entry in seal_keys.split(","):
        version, _, secret = entry.strip().partition(":")
        # Short, so that a key given without its version is never taken for a version and shown in an error.
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,16}", version) or version in ciphers:
            raise ValueError("each seal key needs a version of its own, letters and digits: v2:base64,v1:base64")
        ciphers[version] = AESGCM(_key(secret, f"seal key {version}"))
    return ciphers


def _key(text: str, name: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != _KEY_BYTES:
        raise ValueError(f"{name} is not the base64 of {_KEY_BYTES} bytes")
    return key


# First two digits of the region, GB/T 2260; 71, 81, 82 and 83 are the residence permits of
# Taiwan (71 on the oldest, 83), Hong Kong and Macao. 66 is an authority (XPCC), never a region.
_GB_T_2260 = """
11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83
"""
_PROVINCES = frozenset(_GB_T_2260.split())
_ID_LENGTH = 18
_OLD_ID_LENGTH = 15


def check_resident_id(number: str, *, today: date) -> None:
    """Check a resident ID number by GB 11643-1999.

    A region is known by its province: region codes change, and numbers with abolished ones stay valid
    (so python-stdnum's own `validate`, which wants the county to have existed at birth, is not used).

    Raises:
        InvalidResidentId: `rule` is length, characters, region, birth_date, future or check_digit.
    """
    if len(number) != _ID_LENGTH:
        raise InvalidResidentId("a resident ID number has 18 characters", rule="length")
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number):
        raise InvalidResidentId("17 digits and a digit or a capital X are expected", rule="characters")
    if number[:2] not in _PROVINCES:
        raise InvalidResidentId("the first two digits name no province", rule="region")
    born = _birth_date(number)
    if born is None:
        raise InvalidResidentId("digits 7 to 14 are no calendar date", rule="birth_date")
    if born > today:
        raise InvalidResidentId("the birth date is in the future", rule="future")
    if calc_check_digit(number) != number[-1]:
        raise InvalidResidentId("the last character does not fit the others", rule="check_digit")


def _birth_date(number: str) -> date | None:
    digits = number[6:14] if len(number) == _ID_LENGTH else f"19{number[6:12]}"
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


_SHOWN = {_ID_LENGTH: (6, 4), _OLD_ID_LENGTH: (6, 3)}
_SHORTEST_WITH_END = 8
# Surnames of two characters in use, after the Hundred Family Surnames; traditional forms at the end.
_TWO_CHARACTERS = """
欧阳 太史 端木 上官 司马 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 澹台 皇甫 宗政 濮阳 公冶
太叔 申屠 公孙 慕容 仲孙 钟离 长孙 宇文 司徒 鲜于 司空 闾丘 子车 亓官 司寇 巫马 公西 颛孙 壤驷 公良
漆雕 乐正 宰父 谷梁 拓跋 夹谷 轩辕 令狐 段干 百里 呼延 东郭 南门 羊舌 微生 梁丘 左丘 西门 第五 南荣
东里 东宫 仲长 即墨 淳于 单于 完颜 纳兰 叶赫 那拉 富察
歐陽 東方 獨孤 南宮 聞人 諸葛 尉遲 赫連 澹臺 濮陽 公孫 慕容 鍾離 長孫 鮮于 司馬 軒轅 單于 納蘭
"""
_DOUBLE_SURNAMES = frozenset(_TWO_CHARACTERS.split())


def mask_id(id_number: str) -> str:
    """An identity document's number for showing: `110105********002X`, the eight birth digits masked.

    Of any other document's number only the last two characters stay, and none of a short one.
    """
    length = len(id_number)
    first, last = _SHOWN.get(length, (0, 2 if length >= _SHORTEST_WITH_END else 0))
    return id_number[:first] + "*" * (length - first - last) + id_number[length - last :]


def mask_name(name: str) -> str:
    """A name for showing, cut to its surname or its first Latin letter: `张*`, `欧阳*`, `J*`."""
    name = name.strip()
    surname = 2 if len(name) > 2 and name[:2] in _DOUBLE_SURNAMES else 1  # noqa: PLR2004 - two characters
    return f"{name[:surname]}*"


# `other` takes escapes and the ids of traces and documents out of the way, whose last digits would otherwise
# run into a number. `alone` stands free of letters and digits, save an escape as in logged JSON, bytes and
# URLs. `stuck` touches letters, or a percent sign that may be the start of an escape.
_NUMBERS = re.compile(
    r"""
    (?P<other> \\u[0-9A-Fa-f]{4} | \\x[0-9A-Fa-f]{2}
      | (?<![0-9A-Za-z]) (?=[0-9]*[A-Fa-f]) [0-9A-Fa-f]{24,} (?![0-9A-Za-z]) )
    | (?: (?<![\dA-Za-z%])(?<!\d\.)
        | (?<=\\[nrt]) | (?<=\\u[0-9A-Fa-f]{4}) | (?<=\\x[0-9A-Fa-f]{2}) | (?<=%[0-9A-Fa-f]{2}) )
      (?P<alone> \d{17}[\dXx] | \d{15} ) (?![\dA-Za-z])
    | (?P<stuck> (?<!\d) \d{17}[\dXx] (?!\d) )
    """,
    re.VERBOSE,
)
_LONG_NUMBER = re.compile(r"\d{15}")


def scrub(text: str) -> str:
    """The text with every resident ID number in it masked.

    A free-standing 18-character number is masked even if it is mistyped; an old one of 15 digits, or one that
    touches letters, only when its region and birth date are possible.
    """
    return _NUMBERS.sub(_masked, text) if _LONG_NUMBER.search(text) else text


def _masked(found: re.Match[str]) -> str:
    if found.lastgroup == "other":
        return found[0]
    certain = found.lastgroup == "alone" and len(found[0]) == _ID_LENGTH
    return mask_id(found[0]) if certain or _looks_issued(found[0]) else found[0]


def _looks_issued(number: str) -> bool:
    born = _birth_date(number)
    return born is not None and 1800 <= born.year < 2100 and number[:2] in _PROVINCES  # noqa: PLR2004
