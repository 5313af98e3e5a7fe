"""What an archive must hold, what it refuses, and what its hashes and manifest tell."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.assessment.archives.commands import EnterDocument, ViewItem, WriteReport
from services.assessment.archives.domain import (
    OF_BATCH,
    OF_ENTRY,
    Archive,
    ArchiveClosed,
    Incomplete,
    Item,
    Placed,
    Source,
    State,
    Sums,
    WrongItem,
    blank,
    digest_of,
    manifest_of,
    placed,
    viewed,
)
from services.assessment.archives.domain.archive import SameWitness
from services.assessment.archives.domain.checklist import PRESENT
from services.assessment.archives.domain.lines import line_of
from services.assessment.archives.storage import checklist_in
from services.assessment.batches.domain import Batch, Manifest
from services.assessment.batches.domain import State as BatchState
from services.assessment.entries.domain import Entry
from shared.events.assessment import ArchiveBegun, BatchArchived
from tests.assessment.examples import NOW
from tests.assessment.examples import batch as filed
from tests.assessment.made import examined, final

FILE = Path("services/assessment/data/archive.json")
CHECKLIST = checklist_in(FILE)
BATCH = final("unit-33-001", id="batch-1", state=BatchState.CERTIFIED)
DOCUMENTS = [row.item for row in CHECKLIST.items if row.source is Source.DOCUMENT and row.required]
TOLD = Manifest(digest="0" * 64, items=23, keep_until=date(2024, 10, 22), paper_until=date(2022, 10, 22))


def document(item: str, sha256: str = "a" * 64) -> EnterDocument:
    return EnterDocument(item=item, name=f"{item}.pdf", url=f"https://files.example.org/{item}.pdf", sha256=sha256)


def full() -> Archive:
    archive = blank(BATCH)
    for item in DOCUMENTS:
        archive, _ = archive.entered(document(item), CHECKLIST, "unit", NOW)
    return archive.reported(WriteReport(text="秩序良好"), "card-9", "supervisor", NOW)[0]


def items(archive: Archive, batch: Batch = BATCH) -> list[Placed]:
    return placed(CHECKLIST, batch, {row.item for row in archive.documents}, reported=bool(archive.reports))


def test_the_checklist_has_five_volumes_whose_items_each_say_where_they_come_from() -> None:
    assert [row.volume for row in CHECKLIST.volumes] == [1, 2, 3, 4, 5]
    assert {row.volume for row in CHECKLIST.items} == {1, 2, 3, 4, 5}
    assert len({row.item for row in CHECKLIST.items}) == len(CHECKLIST.items)
    statuses = json.loads(FILE.read_text(encoding="utf-8"))["statuses"]
    found = {row.status for row in CHECKLIST.items} | {row.status for row in CHECKLIST.volumes}
    assert found == set(statuses)
    report = next(row for row in CHECKLIST.items if row.item == "supervision_report")
    assert (report.volume, report.required) == (3, True)


def test_every_computed_item_has_lines_and_a_step_by_which_it_is_there() -> None:
    computed = {row.item for row in CHECKLIST.items if row.source is Source.COMPUTED}
    assert computed == set(PRESENT)
    assert computed == {*OF_BATCH, *OF_ENTRY, "objections"}


def test_an_archive_with_every_required_item_is_closed_and_said() -> None:
    archive, [said] = full().begun(BATCH, items(full()))
    assert archive.state is State.HASHING
    assert isinstance(said, ArchiveBegun)
    assert said.documents == len(DOCUMENTS)


@pytest.mark.parametrize("item", [*DOCUMENTS, "supervision_report"])
def test_an_archive_without_a_required_item_is_refused_by_that_item(item: str) -> None:
    archive = full()
    documents = tuple(row for row in archive.documents if row.item != item)
    reports = () if item == "supervision_report" else archive.reports
    archive = archive.having(documents=documents, reports=reports)
    with pytest.raises(Incomplete) as refused:
        archive.begun(BATCH, items(archive))
    assert [fault.field for fault in refused.value.further] == [f"/{item}"]


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"plan": ""}, {"plan"}),
        ({"seal": None}, {"sheets", "results", "attendance"}),
        ({"tickets": 0}, {"arrangement"}),
        ({"notice": None}, {"notice", "objections"}),
        ({"state": BatchState.FINALISED}, {"certificates", "filings"}),
        ({"begun_on": None}, {"announcement", "name_list", "eligibility"}),
    ],
)
def test_what_the_batch_has_not_reached_is_missing(changes: dict[str, Any], missing: set[str]) -> None:
    found = items(full(), BATCH.having(**changes))
    assert {row.item for row in found if row.required and not row.present} == missing


def test_a_document_is_entered_once_and_only_where_the_checklist_wants_one() -> None:
    archive, _ = blank(BATCH).entered(document("paper_custody"), CHECKLIST, "unit", NOW)
    assert archive.entered(document("paper_custody"), CHECKLIST, "unit", NOW)[0] is archive
    assert len(archive.entered(document("paper_custody", "b" * 64), CHECKLIST, "unit", NOW)[0].documents) == 2
    for item in ("sheets", "supervision_report", "no_such_item"):
        with pytest.raises(WrongItem):
            archive.entered(document(item), CHECKLIST, "unit", NOW)


def test_what_is_being_hashed_or_signed_takes_nothing_more() -> None:
    for state in (State.HASHING, State.SIGNED):
        archive = full().having(state=state)
        with pytest.raises(ArchiveClosed):
            archive.entered(document("training_plan"), CHECKLIST, "unit", NOW)
        with pytest.raises(ArchiveClosed):
            archive.reported(WriteReport(text="补充"), "card-9", "supervisor", NOW)


def test_a_batch_that_was_not_filed_has_no_archive() -> None:
    for state in (BatchState.PLANNED, BatchState.CANCELLED):
        with pytest.raises(ArchiveClosed):
            blank(filed(state=state))


def test_a_certified_batch_is_archived_once_and_no_other() -> None:
    archived, [said] = BATCH.archived(TOLD, NOW)
    assert isinstance(said, BatchArchived)
    assert (archived.state, said.digest, said.keep_until) == (BatchState.ARCHIVED, TOLD.digest, TOLD.keep_until)
    assert archived.archived(TOLD, NOW) == (archived, [])
    with pytest.raises(Exception, match="archived once"):
        BATCH.having(state=BatchState.FINALISED).archived(TOLD, NOW)


def test_a_viewing_names_two_people_who_are_present() -> None:
    about: dict[str, Any] = {"item": "sheets", "reason": "复核", "approved_by": "站长"}
    who = ("unit@unit-33-001", "unit", "unit-33-001")
    seen = viewed("view-1", BATCH, ViewItem(**about, witnesses=("甲", "乙")), CHECKLIST, who, NOW)
    assert (seen.view.actor, seen.view.witnesses, seen.batch) == ("unit@unit-33-001", ("甲", "乙"), "batch-1")
    for other in ("甲 乙 ", "甲\u3000乙", "甲乙"):
        with pytest.raises(SameWitness):
            viewed("view-1", BATCH, ViewItem(**about, witnesses=("甲乙", other)), CHECKLIST, who, NOW)
    with pytest.raises(WrongItem):
        viewed("view-1", BATCH, ViewItem(**{**about, "item": "x"}, witnesses=("甲", "乙")), CHECKLIST, who, NOW)


# -- hashes --------------------------------------------------------------------------------------------


def sums_of(*entries: Entry) -> dict[str, str]:
    sums = Sums(OF_ENTRY)
    for row in entries:
        stored = {"_id": row.id, **row.model_dump(exclude={"id"})}
        for item, of_entry in OF_ENTRY.items():
            sums.add(item, of_entry(stored))
    return {row.item: row.sha256 for row in sums.hashed()}


ENTRY = examined(BATCH, 1)


@pytest.mark.parametrize(
    ("changes", "items_changed"),
    [
        ({"sheets": ENTRY.sheets[1:]}, {"sheets"}),
        ({"scores": ENTRY.scores[1:]}, {"results"}),
        ({"attendance": ()}, {"attendance"}),
        ({"ticket": "T9"}, {"arrangement"}),
        ({"eligibility": None}, {"eligibility"}),
        ({"holder": "王*"}, {"name_list"}),
        ({"number": "1"}, {"certificates"}),
        ({"chunk": 4}, {"filings"}),
        ({"objection": "objection-1", "version": 9}, set()),
    ],
)
def test_a_change_of_what_is_stored_changes_the_hash_of_its_item_alone(
    changes: dict[str, Any], items_changed: set[str]
) -> None:
    before, after = sums_of(ENTRY), sums_of(ENTRY.having(**changes))
    assert {item for item in before if before[item] != after[item]} == items_changed


def test_no_line_tells_whom_a_sealed_person_is() -> None:
    stored = {"_id": ENTRY.id, **ENTRY.model_dump(exclude={"id"})}
    lines = b"".join(line_of(of_entry(stored)) for of_entry in OF_ENTRY.values())
    assert b"v1.sealed" not in lines
    assert b"index-1" not in lines


def test_a_line_is_the_same_whatever_the_order_of_its_fields_and_whatever_empty_field_is_added() -> None:
    assert line_of({"b": [{"y": 1, "x": ""}], "a": "中"}) == line_of(
        {"a": "中", "b": [{"y": 1}], "new": None, "more": []}
    )
    assert line_of({"a": "中"}) == '{"a":"中"}\n'.encode()
    assert line_of({"a": 0}) != line_of({})


def test_the_order_of_entries_counts() -> None:
    other = examined(BATCH, 2)
    assert sums_of(ENTRY, other)["sheets"] != sums_of(other, ENTRY)["sheets"]


def test_the_manifest_names_every_item_with_its_hashes_and_until_when_it_is_kept() -> None:
    sums = Sums(row.item for row in CHECKLIST.items if row.source is not Source.DOCUMENT)
    made = manifest_of(full(), BATCH, CHECKLIST, sums.hashed(), (TOLD.keep_until, TOLD.paper_until), NOW)
    assert [row["item"] for row in made["items"]] == [row.item for row in CHECKLIST.items]
    named = {row["item"]: row for row in made["items"]}
    assert named["paper_custody"]["documents"][0]["sha256"] == "a" * 64
    assert len(named["sheets"]["sha256"]) == 64
    assert (made["keep_until"], made["paper_until"]) == ("2024-10-22", "2022-10-22")
    later = {**made, "keep_until": (TOLD.keep_until + timedelta(days=1)).isoformat()}
    assert digest_of(made) == digest_of(dict(reversed(made.items())))
    assert digest_of(later) != digest_of(made)


def test_an_item_is_not_required_only_where_the_data_say_so() -> None:
    optional = [row.item for row in CHECKLIST.items if not row.required]
    assert optional == ["training_plan", "work_pieces"]
    assert all(isinstance(row, Item) for row in items(full()))
