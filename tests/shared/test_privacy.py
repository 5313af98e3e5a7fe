"""Sealing, indexing, masking and scrubbing of personal data."""

import base64
import re
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Kind
from shared.privacy import (
    CannotOpen,
    InvalidResidentId,
    Sealer,
    check_resident_id,
    mask_id,
    mask_name,
    scrub,
)

KEYS = {name: base64.b64encode(bytes([number]) * 32).decode() for number, name in enumerate(("v1", "v2", "i"))}
NEW = Sealer(f"v2:{KEYS['v2']}, v1:{KEYS['v1']}", KEYS["i"])
OLD = Sealer(f"v1:{KEYS['v1']}", KEYS["i"])
TODAY = date(2026, 4, 1)
SAMPLES = ("11010519491231002X", "440524188001010014")  # printed in GB 11643-1999


def with_check_digit(first_17: str) -> str:
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(digit) * weight for digit, weight in zip(first_17, weights, strict=True))
    return first_17 + "10X98765432"[total % 11]


born = st.dates(date(1880, 1, 1), date(1899, 12, 31))
resident_ids = st.builds(
    lambda region, day, order: with_check_digit(f"{region}{day:%Y%m%d}{order:03}"),
    st.sampled_from(["110105", "440524", "650102", "310101", "110103"]),
    born,
    st.integers(0, 999),
)


@given(plain=st.text(st.characters(exclude_categories=["Cs"])), bound_to=st.text(st.characters(codec="ascii")))
def test_what_is_sealed_can_be_opened(plain: str, bound_to: str) -> None:
    assert NEW.open(NEW.seal(plain, bound_to=bound_to), bound_to=bound_to) == plain


def test_a_sealed_value_says_its_key_version_and_nothing_else() -> None:
    sealed = NEW.seal("张三", bound_to="entry-1")
    assert re.fullmatch(r"v2\.[A-Za-z0-9_-]+", sealed)
    assert sealed != NEW.seal("张三", bound_to="entry-1")


def test_a_value_sealed_for_one_entry_cannot_be_opened_for_another() -> None:
    with pytest.raises(CannotOpen):
        NEW.open(NEW.seal("张三", bound_to="entry-1"), bound_to="entry-2")


def test_no_byte_of_a_sealed_value_can_be_changed() -> None:
    version, _, text = NEW.seal("张三丰", bound_to="entry-1").partition(".")
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    for at in range(len(raw)):
        changed = base64.urlsafe_b64encode(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]).decode()
        with pytest.raises(CannotOpen, match="changed"):
            NEW.open(f"{version}.{changed.rstrip('=')}", bound_to="entry-1")


@pytest.mark.parametrize("text", ["", "v2", "v2.", "v2.A", "v2.张三", "v2.AAAA", "v2.AAAA AAAA", "AAAA", "."])
def test_what_was_never_sealed_cannot_be_opened(text: str) -> None:
    with pytest.raises(CannotOpen):
        NEW.open(text, bound_to="entry-1")


def test_a_replaced_key_still_opens_and_no_longer_seals() -> None:
    assert NEW.open(OLD.seal("张三", bound_to="e"), bound_to="e") == "张三"
    assert NEW.seal("张三", bound_to="e").startswith("v2.")


def test_a_value_whose_key_is_not_configured_cannot_be_opened() -> None:
    with pytest.raises(CannotOpen, match="version") as refused:
        OLD.open(NEW.seal("张三", bound_to="e"), bound_to="e")
    assert refused.value.kind is Kind.UNFORESEEN


@given(plain=st.binary(max_size=300), bound_to=st.text(max_size=20))
def test_bytes_are_sealed_as_texts_are(plain: bytes, bound_to: str) -> None:
    sealed = OLD.seal_bytes(plain, bound_to=bound_to)
    assert NEW.open_bytes(sealed, bound_to=bound_to) == plain
    assert NEW.seal_bytes(plain, bound_to=bound_to).startswith(b"v2.")
    for wrong, bound in ((sealed, f"{bound_to}?"), (sealed[:-1], bound_to), (b"", bound_to), (b"v1.", bound_to)):
        with pytest.raises(CannotOpen):
            NEW.open_bytes(wrong, bound_to=bound)


def test_the_error_shows_neither_the_value_nor_the_sealed_text() -> None:
    sealed = NEW.seal(SAMPLES[0], bound_to="e")
    with pytest.raises(CannotOpen) as refused:
        NEW.open(sealed, bound_to="f")
    assert SAMPLES[0] not in str(refused.value)
    assert sealed[3:] not in f"{refused.value} {refused.value.__cause__}"


@pytest.mark.parametrize(
    "seal_keys",
    [
        *["", "v1", "v1:", "v1:short", f":{KEYS['v1']}", KEYS["v1"], f"v1:{KEYS['v1']},", f"v.1:{KEYS['v1']}"],
        *[f"v1:{KEYS['v1']},v1:{KEYS['v2']}", f"v1:{KEYS['v1'][:-1]}", f"v1:*{KEYS['v1'][1:]}", "v1:QUJD"],
        KEYS["v1"].rstrip("="),
    ],
)
def test_malformed_seal_keys_are_refused_without_being_shown(seal_keys: str) -> None:
    with pytest.raises(ValueError, match="key") as refused:
        Sealer(seal_keys, KEYS["i"])
    assert not [key for key in KEYS.values() if key[:40] in str(refused.value)]


@pytest.mark.parametrize("index_key", ["", "short", "QUJD", KEYS["i"][:-1]])
def test_a_malformed_index_key_is_refused(index_key: str) -> None:
    with pytest.raises(ValueError, match="index key"):
        Sealer(f"v1:{KEYS['v1']}", index_key)


def test_an_id_number_has_one_index_however_it_is_typed() -> None:
    assert NEW.index(" 11010519491231002x\n") == NEW.index(SAMPLES[0])
    assert NEW.index(SAMPLES[0]) != NEW.index(SAMPLES[1])
    assert re.fullmatch(r"[0-9a-f]{64}", NEW.index(SAMPLES[0]))


def test_the_index_depends_on_its_key_and_not_on_the_seal_keys() -> None:
    assert OLD.index(SAMPLES[0]) == NEW.index(SAMPLES[0])
    assert Sealer(f"v1:{KEYS['v1']}", KEYS["v2"]).index(SAMPLES[0]) != NEW.index(SAMPLES[0])


def test_a_fingerprint_is_never_an_index_of_the_same_text() -> None:
    assert NEW.fingerprint(SAMPLES[0].encode()) != NEW.index(SAMPLES[0])
    assert NEW.fingerprint(b"{}") == OLD.fingerprint(b"{}") != NEW.fingerprint(b"{ }")


def test_each_thing_has_a_key_of_its_own_for_aliases_which_outlasts_a_new_seal_key() -> None:
    assert NEW.alias_key("batch-1") == OLD.alias_key("batch-1") != NEW.alias_key("batch-2")
    assert len(NEW.alias_key("batch-1")) == 32
    assert NEW.alias_key(SAMPLES[0]).hex() != NEW.index(SAMPLES[0])


@pytest.mark.parametrize("number", SAMPLES)
def test_the_samples_of_the_standard_are_right(number: str) -> None:
    check_resident_id(number, today=TODAY)


@given(resident_ids)
def test_every_number_made_by_the_standard_is_right(number: str) -> None:
    check_resident_id(number, today=TODAY)


@pytest.mark.parametrize(
    ("number", "rule"),
    [
        ("", "length"),
        ("110105491231002", "length"),
        (" 440524188001010014", "length"),
        ("11010519491231002x", "characters"),
        ("X10105194912310021", "characters"),
        ("１４０５２４188001010014", "characters"),
        ("4405241880010100-4", "characters"),
        ("44052418800101001\n", "characters"),
        (with_check_digit("66010118950101001"), "region"),
        (with_check_digit("00010118950101001"), "region"),
        (with_check_digit("44052418990229001"), "birth_date"),
        (with_check_digit("44052400000101001"), "birth_date"),
        (with_check_digit("44052418951301001"), "birth_date"),
        (with_check_digit("44052420260402001"), "future"),
        ("440524188001010015", "check_digit"),
        ("44052418800101001X", "check_digit"),
    ],
)
def test_a_wrong_number_is_refused_by_the_rule_it_breaks(number: str, rule: str) -> None:
    with pytest.raises(InvalidResidentId) as refused:
        check_resident_id(number, today=TODAY)
    assert refused.value.rule == rule
    assert refused.value.kind is Kind.INVALID
    assert not number or number not in str(refused.value)


def test_a_birth_date_of_today_is_not_in_the_future() -> None:
    number = with_check_digit("44052418960229001")
    check_resident_id(number, today=date(1896, 2, 29))
    with pytest.raises(InvalidResidentId, match="future"):
        check_resident_id(number, today=date(1896, 2, 29) - timedelta(days=1))


@pytest.mark.parametrize("region", ["110103", "119999", "810000", "820000", "830000", "710000"])
def test_an_abolished_or_unknown_region_of_a_known_province_is_accepted(region: str) -> None:
    check_resident_id(with_check_digit(f"{region}18950101001"), today=TODAY)


@given(number=resident_ids, at=st.integers(0, 16), by=st.integers(1, 9))
def test_one_wrong_digit_is_always_refused(number: str, at: int, by: int) -> None:
    wrong = f"{number[:at]}{(int(number[at]) + by) % 10}{number[at + 1 :]}"
    with pytest.raises(InvalidResidentId):
        check_resident_id(wrong, today=TODAY)


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("11010519491231002X", "110105********002X"),
        ("110105********002X", "110105********002X"),
        ("110105491231002", "110105******002"),
        ("H12345678", "*******78"),
        ("1234567", "*******"),
        ("", ""),
    ],
)
def test_an_id_number_is_shown_without_its_birth_date(number: str, shown: str) -> None:
    assert mask_id(number) == shown


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        *[("张三", "张*"), ("张三丰", "张*"), ("欧阳修", "欧阳*"), ("司马相如", "司马*"), ("諸葛亮", "諸葛*")],
        *[("欧阳", "欧*"), ("李", "李*"), ("买买提·艾力", "买*"), ("𠮷田一", "𠮷*"), (" 张三 ", "张*")],
        *[("John Smith", "J*"), ("张*", "张*"), ("欧阳*", "欧阳*"), ("", "*")],
    ],
)
def test_a_name_is_shown_by_its_surname(name: str, shown: str) -> None:
    assert mask_name(name) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("11010519491231002X", "110105********002X"),
        ("id=11010519491231002x.", "id=110105********002x."),
        ("身份证11010519491231002X号", "身份证110105********002X号"),
        ('{"id":"440524188001010014","n":1}', '{"id":"440524********0014","n":1}'),
        ("ID440524188001010014", "ID440524********0014"),
        ("_440524188001010014_440524188001010014", "_440524********0014_440524********0014"),
        ("/v1/people?id=%20440524188001010014&x=1", "/v1/people?id=%20440524********0014&x=1"),
        (r'"\u8bc1\u53f7440524188001010014"', r'"\u8bc1\u53f7440524********0014"'),
        (r"b'\xe5\x8f\xb7440524188001010014\n440524188001010014'", None),
        ("100%440524188001010014", "100%440524********0014"),
        ("1.440524188001010014", "1.440524********0014"),
        ("４４０５２４１８８００１０１００１４", "４４０５２４********００１４"),
        ("440524 mistyped 990524188013010014", "440524 mistyped 990524********0014"),
        ("old 440524880101001, old", "old 440524******001, old"),
        ("440524188001010014 d4bf92f3577b34da6a3ce929d0e0e473", None),
    ],
)
def test_an_id_number_inside_a_text_is_masked(text: str, shown: str | None) -> None:
    scrubbed = scrub(text)
    assert "188001" not in scrubbed
    assert shown is None or scrubbed == shown


@pytest.mark.parametrize(
    "text",
    [
        "certificate 1944052488010100 and 2610003010140001",
        "level certificate Y000123440524195000001",
        "%201944052488010100",
        r"\u5f111944052488010100",
        "social credit code 91350100M000100Y43",
        "old form without a date 440524881301001, or a region 990524880101001",
        "a fraction 0.440524880101001",
        "0.005263157894736842",
        "20261122123456789 2026-11-22T12:34:56.123456+08:00 1763814896123456 1763814896123456789",
        "5e1a440524188001010014bc",
        "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        "a440524880101001",
        "0123456789012345678901234567890123456789",
        "",
    ],
)
def test_other_numbers_are_left_alone(text: str) -> None:
    assert scrub(text) == text


@given(st.uuids() | st.datetimes() | st.dates())
def test_uuids_and_times_are_left_alone(value: object) -> None:
    assert scrub(f"x {value} y") == f"x {value} y"


@given(st.integers(0, 2**128 - 1), st.sampled_from([16, 24, 32, 64]))
def test_hexadecimal_ids_are_left_alone(number: int, width: int) -> None:
    text = f"id={number:0{width}x}"[: width + 3]
    assert text[3:].isdigit() or scrub(text) == text


@given(number=resident_ids, before=st.text(), after=st.text())
def test_no_text_around_it_lets_an_id_number_through(number: str, before: str, after: str) -> None:
    before, after = re.sub(r"\d+$", "", before), re.sub(r"^\d+", "", after)
    assert number not in scrub(f"{before}{number}{after}")


@given(st.text())
def test_scrubbing_twice_changes_nothing_more(text: str) -> None:
    assert scrub(scrub(text)) == scrub(text)
