"""Bulk bodies are read row by row, and nothing of a bad row is repeated."""

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from services.assessment.entries.commands import EnrolRow
from services.assessment.scores.commands import SheetRow
from services.assessment.scores.domain import marks_of, plain_paper
from shared.errors import Malformed
from shared.http.bulk import bulk_body
from shared.http.rows import CSV, JSON, MOST_ROWS, NDJSON, Refused, rows_in, runs, table
from shared.privacy import check_resident_id
from tests.assessment.examples import batch, person, resident_id

ROW = person(1)


def _read(body: Any, media: str = JSON) -> list[Any]:
    return list(rows_in(body if isinstance(body, bytes) else json.dumps(body).encode(), media, EnrolRow))


def test_an_array_and_its_lines_read_the_same() -> None:
    rows = [person(number) for number in range(3)]
    lines = "\n".join(map(json.dumps, rows)).encode()
    assert _read(rows) == _read(lines, f"{NDJSON}; charset=utf-8")


def test_empty_lines_are_passed_over_and_counted() -> None:
    (line, _), (last, _) = _read(
        b"\n".join([b"", json.dumps(ROW).encode(), b"  \r", json.dumps(ROW).encode(), b""]), NDJSON
    )
    assert (line, last) == (2, 4)


@pytest.mark.parametrize(
    ("row", "field", "rule"),
    [
        ({"name": "张三"}, "/id_number", "missing"),
        ({"name": " ", "id_number": "1"}, "/name", "empty"),
        ({"name": 7, "id_number": "1"}, "/name", "not-text"),
        ({"name": "张" * 101, "id_number": "1"}, "/name", "too-long"),
        ({**ROW, resident_id(5): 1}, "", "unknown-field"),
        ([ROW], "", "malformed"),
        ("text", "", "malformed"),
        (None, "", "malformed"),
    ],
)
def test_a_row_of_the_wrong_shape_is_refused_by_itself(row: Any, field: str, rule: str) -> None:
    first, good = _read([row, ROW])
    assert isinstance(first, Refused)
    assert (first.line, first.field, first.rule) == (1, field, rule)
    assert good[0] == 2


def test_a_broken_line_is_refused_by_itself() -> None:
    broken, good = _read(b'{"name": \n' + json.dumps(ROW).encode(), NDJSON)
    assert (broken.line, broken.rule, good[0]) == (1, "malformed", 2)


TEXT = st.text("张王李欧阳0123456789X", min_size=4)


@given(st.dictionaries(TEXT, TEXT | st.integers(1000) | st.none(), min_size=1))
def test_nothing_of_a_refused_row_is_repeated(row: dict[str, Any]) -> None:
    [refused] = _read([row])
    told = f"{refused.field} {refused.detail}"
    assert not any(str(text) in told for pair in row.items() for text in pair if text is not None)


@pytest.mark.parametrize("body", [b"", b"{", b"{}", b"7", b"\xff\xfe", b"[" * 10_000])
def test_a_body_that_is_no_array_cannot_be_read(body: bytes) -> None:
    with pytest.raises(Malformed):
        _read(body)


def test_another_content_type_cannot_be_read() -> None:
    with pytest.raises(Malformed) as refused:
        _read(b"name,id_number", "text/plain")
    assert refused.value.field == "Content-Type"


@pytest.mark.parametrize(
    ("body", "media"), [(b"[" + b"0," * MOST_ROWS + b"0]", JSON), (b"0\n" * (MOST_ROWS + 1), NDJSON)]
)
def test_too_many_rows_are_not_even_begun(body: bytes, media: str) -> None:
    with pytest.raises(Malformed, match="10000"):
        rows_in(body, media, EnrolRow)


def test_rows_are_handed_on_in_runs_of_five_hundred() -> None:
    assert [len(run) for run in runs(range(1201))] == [500, 500, 201]


@pytest.mark.parametrize("kind", [EnrolRow, SheetRow])
def test_the_documented_body_is_one_that_is_taken(kind: type[BaseModel]) -> None:
    for media, content in bulk_body(kind)["requestBody"]["content"].items():
        body = content["example"] if isinstance(content["example"], str) else json.dumps(content["example"])
        [(line, row)] = rows_in(body.encode(), media, kind)
        assert (line, isinstance(row, kind)) == (2 if media == CSV else 1, True)  # a table begins with its header


@pytest.mark.parametrize("cards", ["A33190001;A33190002", "A33190001、A33190002", '["A33190001", "A33190002"]'])
def test_a_table_holds_every_field_of_a_candidate_in_its_cells(cards: str) -> None:
    cells = {
        **ROW,
        "born": "1880-03-01",
        "resit": "true",
        "teachers": cards,
        "claims.years": '[{"years": 7}]',
        "claims.apprenticeship_done": "true",
        "claims.training_hours": "240",
    }
    [(_, row)] = _read(table([*cells], [cells]).encode(), CSV)
    whole = {**ROW, "born": "1880-03-01", "resit": True, "teachers": ["A33190001", "A33190002"]}
    claims = {"years": [{"years": 7}], "apprenticeship_done": True, "training_hours": 240}
    [(_, same)] = _read([{**whole, "claims": claims}])
    assert row == same


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"sex": "yes"}, "/sex"),
        ({"mobile": "12"}, "/mobile"),
        ({"email": "nobody"}, "/email"),
        ({"photo": "A" * 64}, "/photo"),
        ({"born": "19-3-1"}, "/born"),
        ({"resit": "perhaps"}, "/resit"),
        ({"teachers": ["x"] * 21}, "/teachers"),
        ({"relatives": [""]}, "/relatives/0"),
        ({"claims": {"certificates": [{}]}}, "/claims/certificates/0/level"),
    ],
)
def test_a_field_that_cannot_be_right_is_named(change: dict[str, Any], field: str) -> None:
    [refused] = _read([{**ROW, **change}])
    assert (refused.line, refused.field) == (1, field)


def test_an_id_number_in_a_text_of_a_row_is_masked() -> None:
    number = resident_id(9)
    claims = {"certificates": [{"level": "5", "number": number, "issued_on": "2015-01-01"}]}
    [(_, row)] = _read([{**ROW, "teachers": [number], "claims": claims}])
    assert number not in row.model_dump_json()


def test_the_documented_candidate_has_a_right_number_and_the_documented_sheet_fits() -> None:
    [(_, candidate)] = _read(bulk_body(EnrolRow)["requestBody"]["content"][JSON]["example"])
    check_resident_id(candidate.id_number, today=date(2019, 10, 1))
    sheet = SheetRow.model_validate(bulk_body(SheetRow)["requestBody"]["content"][JSON]["example"][0])
    paper = plain_paper(batch(), batch().parts[1], 0.5)
    assert len(marks_of(paper, sheet.points, sheet.remarks)) == len(paper.elements)
