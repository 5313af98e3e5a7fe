"""What verification answers, signs and prints, as pure rules."""

import json
import os
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, date, datetime, timedelta
from hashlib import pbkdf2_hmac
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.registry.certificates.domain import Change, ChangeKind, Status
from services.registry.verification.commands import VerifyCertificate
from services.registry.verification.domain.answer import Holder, NotYet, fits, moment, notes, told_id, verified
from services.registry.verification.domain.credential import (
    Digest,
    Issuer,
    NoLongerHolds,
    check_holds,
    credential,
    status_list,
)
from services.registry.verification.domain.particulars import Particulars
from services.registry.verification.domain.sheet import NotPrintable, Sheet, sheet
from services.registry.verification.domain.statuslist import BITS, Purpose, encoded, place_of
from services.registry.verification.signing import Signer
from services.registry.verification.storage import papers
from shared.privacy import Sealer
from shared.signing import NoCredentialKeys
from tests.live import INDEX_KEY, SEAL_KEYS
from tests.registry.examples_verification import (
    DATA,
    FILED_AT,
    ID_NUMBER,
    UNIT,
    WORDS,
    bit,
    certificate,
    checked,
    unpacked,
)

NOW = datetime(2020, 6, 1, 3, 0, tzinfo=UTC)
NUMBER = "1999332001500007"
CODE = "K7QF2MZ3TA"
HOLDER = Holder("欧阳 明", ID_NUMBER, "index")
ISSUER = Issuer("https://cert.example.org", "住房和城乡建设部执业资格注册中心")
DIGEST = Digest.of(ID_NUMBER, b"salt", 1000)


def asked(**fact: str) -> VerifyCertificate:
    return VerifyCertificate.model_validate({"number": NUMBER, **fact})


def fitting(command: Particulars, index: str = "") -> bool:
    return fits(command, CODE, index, HOLDER)


# -- who is answered -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["欧阳明", "欧阳 明", " 欧阳明 ", "欧阳\u3000明"])
def test_a_name_fits_however_it_is_spaced(name: str) -> None:
    assert fitting(asked(name=name))


@pytest.mark.parametrize("name", ["欧阳", "欧阳明明", "欧阳*", "明欧阳", "*"])
def test_another_name_does_not_fit(name: str) -> None:
    assert not fitting(asked(name=name))


def test_the_dots_of_transcribed_names_are_one() -> None:
    holder = Holder("阿依古丽·买买提", ID_NUMBER, "index")
    assert all(fits(asked(name=f"阿依古丽{dot}买买提"), CODE, "", holder) for dot in "·•‧・")


def test_an_id_number_fits_by_its_index_and_a_code_in_either_case() -> None:
    assert fitting(asked(id_number=ID_NUMBER), index="index")
    assert not fitting(asked(id_number=ID_NUMBER), index="another")
    assert fitting(asked(code=CODE.lower()))
    assert not fitting(asked(code="A" * 10))


def test_a_fact_that_is_not_given_never_fits() -> None:
    nameless = Holder("", "", "index")
    assert not fits(asked(code="A" * 10), CODE, "index", nameless)
    assert not fits(asked(name="\u3000"), CODE, "index", HOLDER)


@pytest.mark.parametrize(
    "fact", [{}, {"name": "张伟", "code": CODE}, {"name": "张伟", "id_number": ID_NUMBER}, {"name": "张伟", "x": "y"}]
)
def test_exactly_one_fact_is_given_beside_the_number(fact: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        asked(**fact)


def test_a_row_of_many_knows_no_check_code() -> None:
    with pytest.raises(ValidationError):
        Particulars.model_validate({"number": NUMBER, "code": CODE})


def test_the_check_code_follows_from_the_number_and_the_key_alone() -> None:
    sealer = Sealer(SEAL_KEYS, INDEX_KEY)
    other = Sealer(SEAL_KEYS, b64encode(b"o" * 32).decode())
    code = sealer.code(NUMBER)
    assert code == Sealer(SEAL_KEYS, INDEX_KEY).code(NUMBER)
    assert len({code, other.code(NUMBER), sealer.code("1999332001500008")}) == 3
    assert asked(code=code).code == code


# -- as of when ----------------------------------------------------------------------------------------


def test_a_day_means_its_end_in_shanghai_and_an_instant_itself() -> None:
    assert moment(None, NOW) == NOW
    assert moment(date(2020, 3, 1), NOW) == datetime(2020, 3, 1, 15, 59, 59, 999_999, tzinfo=UTC)
    instant = datetime(2020, 3, 1, 9, 30, tzinfo=UTC)
    assert moment(instant, NOW) == instant


def test_today_is_answered_as_of_now_and_tomorrow_not_at_all() -> None:
    late = datetime(2020, 6, 1, 17, 0, tzinfo=UTC)  # 2 June in Shanghai
    assert moment(date(2020, 6, 2), late) == late
    for future in (date(2020, 6, 3), late + timedelta(seconds=1), date.max):
        with pytest.raises(NotYet) as refused:
            moment(future, late)
        assert refused.value.field == "/as_of"


@pytest.mark.parametrize(
    ("text", "kind"),
    [("2019-12-31", date), ("2019-12-31T00:00:00Z", datetime), ("2019-12-31T09:30:00+08:00", datetime)],
)
def test_a_day_and_an_instant_are_told_apart(text: str, kind: type) -> None:
    assert type(asked(name="张伟", as_of=text).as_of) is kind


@pytest.mark.parametrize("text", ["2019-12-31T09:30:00", "2019-12-31T00:00:00", "2019-02-30", "31.12.2019"])
def test_an_instant_without_a_zone_or_another_day_is_refused(text: Any) -> None:
    with pytest.raises(ValidationError):
        asked(name="张伟", as_of=text)


def changed(kind: ChangeKind, at: datetime, **more: Any) -> Change:
    return Change(kind=kind, at=at, status=Status.VALID, reason="r", basis="b", actor="a", **more)


def test_corrections_and_reissues_are_noted_up_to_the_instant_and_nothing_else() -> None:
    changes = (
        changed(ChangeKind.CORRECTED, datetime(2020, 1, 1, 20, tzinfo=UTC)),
        changed(ChangeKind.SUSPENDED, datetime(2020, 1, 2, tzinfo=UTC)),
        changed(ChangeKind.REISSUED, datetime(2020, 1, 3, tzinfo=UTC), print_serial="S-2"),
        changed(ChangeKind.CORRECTED, datetime(2020, 1, 4, tzinfo=UTC)),
    )
    told = [(row.kind, row.on, row.print_serial) for row in notes(changes, datetime(2020, 1, 3, 12, tzinfo=UTC))]
    assert told == [("corrected", date(2020, 1, 2), ""), ("reissued", date(2020, 1, 3), "S-2")]


def test_the_answer_has_words_from_the_data_and_no_id_number_of_its_own() -> None:
    found = certificate()
    standing = found.as_of(NOW)
    assert standing is not None
    answer = verified(found, standing, WORDS, UNIT, NOW, NOW)
    assert (answer.occupation.zh, answer.level.print, answer.unit.zh) == ("钢筋工", "五级/初级工", "示例鉴定站")
    assert ID_NUMBER not in answer.model_dump_json()
    assert told_id(answer, asked(name="x"), HOLDER).id_number is None
    for fact in (asked(id_number=ID_NUMBER), asked(code=CODE)):
        assert told_id(answer, fact, HOLDER).id_number == "110105********0021"


# -- status lists --------------------------------------------------------------------------------------


@given(st.sets(st.integers(0, BITS - 1), max_size=50), st.integers(0, BITS - 1))
def test_exactly_the_bits_of_the_serials_are_set(serials: set[int], other: int) -> None:
    claims = {"credentialSubject": {"encodedList": encoded(serials)}}
    assert all(bit(claims, serial) for serial in serials)
    assert bit(claims, other) == (other in serials)


def test_a_serial_beyond_a_block_has_its_bit_in_the_next_one() -> None:
    assert (place_of(BITS - 1), place_of(BITS)) == ((0, BITS - 1), (1, 0))
    assert encoded([BITS + 3]) == encoded([3])


def test_the_same_list_has_the_same_text() -> None:
    assert encoded([1, 2]) == encoded([2, 1])


def test_the_w3cs_own_example_is_read_as_the_same_list_with_no_bit_set() -> None:
    example = "uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA"
    ours, theirs = ({"credentialSubject": {"encodedList": text}} for text in (encoded([]), example))
    assert unpacked(ours) == unpacked(theirs) == bytes(BITS // 8)


# -- credentials ---------------------------------------------------------------------------------------


def keys(*ids: str) -> str:
    return ",".join(f"{name}:{b64encode(os.urandom(32)).decode()}" for name in ids)


def made(**changes: Any) -> dict[str, Any]:
    return credential(certificate(**changes), ISSUER, WORDS, UNIT, DIGEST)


def test_another_library_takes_the_signature_and_refuses_every_change() -> None:
    signer = Signer(keys("k1"), ISSUER)
    token = signer.sign(made())
    assert checked(token, signer.jwks()) == made()
    header, payload, signature = token.split(".")
    claims = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    claims["credentialSubject"]["level"]["code"] = "1"
    forged = urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    with pytest.raises(jwt.InvalidSignatureError):
        checked(f"{header}.{forged}.{signature}", signer.jwks())
    with pytest.raises(jwt.InvalidSignatureError):
        checked(token, {"keys": [{**Signer(keys("k1"), ISSUER).jwks()["keys"][0]}]})


def test_after_a_rotation_the_new_key_signs_and_the_old_one_still_checks() -> None:
    old = keys("k1")
    token = Signer(old, ISSUER).sign(made())
    rotated = Signer(f"{keys('k2')},{old}", ISSUER)
    assert checked(token, rotated.jwks()) == made()
    assert jwt.get_unverified_header(rotated.sign(made()))["kid"] == f"{ISSUER.id}#k2"
    assert [row["kid"] for row in rotated.jwks()["keys"]] == [f"{ISSUER.id}#k2", f"{ISSUER.id}#k1"]


def test_only_public_halves_are_published_under_the_issuers_own_address() -> None:
    signer = Signer(keys("k1", "k2"), ISSUER)
    document = signer.controlled_identifier()
    assert '"d"' not in json.dumps([signer.jwks(), document])
    assert document["id"] == made()["issuer"]["id"]
    assert document["assertionMethod"] == [row["kid"] for row in signer.jwks()["keys"]]


@pytest.mark.parametrize("wrong", ["k1", "k1:AAAA", f"{'k' * 40}:{'A' * 43}=", keys("k1", "k1"), f":{'A' * 43}="])
def test_malformed_keys_are_refused_without_showing_them(wrong: str) -> None:
    with pytest.raises(ValueError, match="key") as refused:
        Signer(wrong, ISSUER)
    assert "AAAA" not in str(refused.value)


def test_without_keys_nothing_is_signed_and_no_key_published() -> None:
    signer = Signer("", ISSUER)
    assert signer.jwks() == {"keys": []}
    with pytest.raises(NoCredentialKeys):
        signer.sign(made())


def test_a_credential_is_one_of_the_w3cs_and_tells_no_personal_number() -> None:
    claims = made()
    assert claims["@context"][0] == "https://www.w3.org/ns/credentials/v2"
    assert claims["type"][0] == "VerifiableCredential"
    assert datetime.fromisoformat(claims["validFrom"]) == FILED_AT
    assert "vc" not in claims
    text = json.dumps(claims, ensure_ascii=False)
    assert ID_NUMBER not in text
    assert claims["credentialSubject"]["level"]["printed"] == "五级/初级工"
    assert {row["statusPurpose"] for row in claims["credentialStatus"]} == {"revocation", "suspension"}


def test_who_is_shown_the_id_card_can_check_the_digest() -> None:
    said = made()["credentialSubject"]["idNumberDigest"]
    salt, digest = (urlsafe_b64decode(said[part] + "=" * (-len(said[part]) % 4)) for part in ("salt", "digest"))
    assert pbkdf2_hmac("sha256", ID_NUMBER.encode(), salt, said["iterations"]) == digest
    assert pbkdf2_hmac("sha256", b"110105188912310013", salt, said["iterations"]) != digest


def test_the_credential_names_the_bit_that_the_list_holds() -> None:
    serial = BITS + 41
    status = {row["statusPurpose"]: row for row in made(serial=serial)["credentialStatus"]}
    entry = status["revocation"]
    assert entry["statusListCredential"].endswith("/v1/credentials/status/revocation/99332001-2019-5/1")
    claims = status_list(entry["statusListCredential"], ISSUER, Purpose.REVOCATION, encoded([serial]), NOW, 60)
    assert claims["id"] == entry["statusListCredential"]
    assert claims["credentialSubject"]["statusPurpose"] == "revocation"
    assert claims["credentialSubject"]["ttl"] == 60_000
    assert bit(claims, int(entry["statusListIndex"]))


@pytest.mark.parametrize("status", [Status.REVOKED, Status.VOIDED])
def test_nothing_new_is_signed_or_printed_of_what_has_ended(status: Status) -> None:
    with pytest.raises(NoLongerHolds):
        check_holds(certificate(status=status))
    with pytest.raises(NotPrintable):
        paper(status=status)


def test_a_suspended_certificate_is_signed_but_not_printed() -> None:
    check_holds(certificate(status=Status.SUSPENDED))
    with pytest.raises(NotPrintable):
        paper(status=Status.SUSPENDED)


# -- paper ---------------------------------------------------------------------------------------------


def paper(**changes: Any) -> Sheet:
    found = certificate(**changes)
    words = papers(DATA)
    return sheet(found, HOLDER, words, WORDS, UNIT, print_serial="S-2", page="https://x/1", code=CODE, lookup="x")


def test_the_paper_has_every_field_and_says_that_there_is_no_trade() -> None:
    made = paper()
    assert made.words.name.zh == "职业资格证书"
    assert paper(regime="recognition").words.name.zh == "职业技能等级证书"
    assert (made.trade, made.level.print, made.occupation.zh) == ("--", "五级/初级工", "钢筋工")
    assert (made.reissued, made.corrected) == (None, None)
    assert not made.words.official, "while a part of the wording is ours it is printed as a sample"


def test_a_reissue_has_a_new_print_serial_and_its_date() -> None:
    again = changed(ChangeKind.REISSUED, datetime(2020, 1, 3, tzinfo=UTC), print_serial="S-2")
    made = paper(changes=(again,), prints=2)
    assert (made.print_serial, made.number) == ("S-2", NUMBER)
    assert made.reissued is not None
    assert made.reissued.on == date(2020, 1, 3)
