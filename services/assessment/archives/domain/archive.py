"""What is in the archive of a batch, until it is signed; and each viewing of it."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum

from pydantic import Field

from services.assessment.archives.commands import EnterDocument, ViewItem, WriteReport
from services.assessment.archives.domain.checklist import Checklist, Placed, Source
from services.assessment.archives.domain.lines import Hashed
from services.assessment.batches.domain import Batch, Manifest
from services.assessment.batches.domain import State as BatchState
from services.assessment.scores.domain import spelled
from shared.entity import Entity
from shared.errors import Fault, Kind
from shared.events.assessment import ArchiveBegun, ArchiveChecked, ArchiveChecking
from shared.events.base import Event, Record

MOST_DOCUMENTS = 500
NOT_YET = (BatchState.PLANNED, BatchState.CANCELLED)
Decided = tuple["Archive", Sequence[Event]]


class State(StrEnum):
    """Where an archive stands."""

    OPEN = "open"
    """Documents are entered."""
    HASHING = "hashing"
    """Complete; what is stored of the batch is being hashed."""
    SIGNED = "signed"
    """Its manifest is signed; nothing is added any more."""


class ArchiveClosed(Fault):
    """The archive takes nothing more."""

    slug, kind = "archive-closed", Kind.CONFLICT


class NotSigned(Fault):
    """The archive is not signed yet."""

    slug, kind = "archive-not-signed", Kind.CONFLICT


class WrongItem(Fault):
    """The checklist has no such item for this."""

    slug, kind = "archive-item", Kind.INVALID


class Missing(Fault):
    """This item of the archive is missing."""

    slug, kind = "archive-item-missing", Kind.CONFLICT


class Incomplete(Fault):
    """The archive is not complete."""

    slug, kind = "archive-incomplete", Kind.CONFLICT


class NotTheSupervisor(Fault):
    """Another supervisor was assigned to this batch."""

    slug, kind = "not-the-supervisor", Kind.FORBIDDEN


class SameWitness(Fault):
    """Two different people are present when an archive is viewed."""

    slug, kind = "same-witness", Kind.INVALID


class Document(Record):
    """A document kept elsewhere and known by its hash."""

    item: str
    name: str
    url: str
    sha256: str
    pages: int | None = None
    actor: str
    at: datetime


class Report(Record):
    """A supervisor's report on the batch."""

    text: str
    findings: tuple[str, ...] = ()
    url: str | None = None
    sha256: str | None = None
    supervisor: str = Field(description="id of the supervisor's card")
    actor: str
    at: datetime


class Check(Record):
    """When what is stored was last compared with the manifest, and which items differed."""

    at: datetime
    differing: tuple[str, ...]


class Archive(Entity):
    """The archive of one batch, whose id it has.

    `hashed` are the items of the stored data, `manifest` the compact JWS over all of it. It is kept until
    `keep_until`, what is on paper until `paper_until`; nothing here takes anything out of it.
    """

    unit: str
    batch: str
    state: State = State.OPEN
    documents: tuple[Document, ...] = ()
    reports: tuple[Report, ...] = ()
    hashed: tuple[Hashed, ...] = ()
    manifest: str = ""
    digest: str = ""
    keep_until: date | None = None
    paper_until: date | None = None
    check: Check | None = None

    def entered(self, asked: EnterDocument, checklist: Checklist, actor: str, now: datetime) -> Decided:
        """A document more; the same one again changes nothing."""
        self._must_be_open()
        if not checklist.is_from(asked.item, Source.DOCUMENT):
            known = ", ".join(row.item for row in checklist.items if row.source is Source.DOCUMENT)
            raise WrongItem(f"documents are entered for: {known}", field="/item")
        if any((row.item, row.sha256) == (asked.item, asked.sha256) for row in self.documents):
            return self, []
        if len(self.documents) >= MOST_DOCUMENTS:
            raise ArchiveClosed(f"an archive names {MOST_DOCUMENTS} documents; enter a bundle of the others as one")
        document = Document(**asked.model_dump(), actor=actor, at=now)
        return self.having(documents=(*self.documents, document)), []

    def reported(self, asked: WriteReport, supervisor: str, actor: str, now: datetime) -> Decided:
        """A supervisor's report; those before it stay."""
        self._must_be_open()
        report = Report(**asked.model_dump(), supervisor=supervisor, actor=actor, at=now)
        return self.having(reports=(*self.reports, report)), []

    def begun(self, batch: Batch, items: Sequence[Placed]) -> Decided:
        """It is complete: the stored data are hashed next. Asked again, it is begun again, for a crash's sake."""
        if batch.state is BatchState.ARCHIVED:
            return self, []
        missing = [row for row in items if row.required and not row.present]
        if missing:
            raise Incomplete(
                f"{len(missing)} items are missing; enter them, then close the archive",
                further=[Missing(f"{row.item}: {row.zh} ({row.en})", field=f"/{row.item}") for row in missing],
            )
        return self.having(state=State.HASHING), [ArchiveBegun(**batch.named(), documents=len(self.documents))]

    def reopened(self) -> Decided:
        """An entry of the batch was filed again meanwhile: the archive is closed anew when that has ended."""
        return (self, []) if self.state is State.OPEN else (self.having(state=State.OPEN), [])

    def signed(self, hashed: Sequence[Hashed], manifest: str, told: Manifest) -> Decided:
        """The manifest is signed."""
        days = {"keep_until": told.keep_until, "paper_until": told.paper_until}
        held = {"hashed": tuple(hashed), "manifest": manifest, "digest": told.digest}
        return self.having(state=State.SIGNED, **held, **days), []

    def checking(self, batch: Batch) -> Decided:
        """It is hashed anew and compared."""
        if self.state is not State.SIGNED:
            raise NotSigned("there is no manifest to compare with; close the archive first")
        return self.having(check=None), [ArchiveChecking(**batch.named())]

    def checked(self, batch: Batch, differing: Sequence[str], now: datetime) -> Decided:
        """What the comparison came to."""
        said = ArchiveChecked(**batch.named(), unchanged=not differing, differing=tuple(differing))
        return self.having(check=Check(at=now, differing=tuple(differing))), [said]

    def told(self, items: int) -> Manifest:
        """What is told of its manifest."""
        assert self.keep_until is not None
        assert self.paper_until is not None
        return Manifest(digest=self.digest, items=items, keep_until=self.keep_until, paper_until=self.paper_until)

    def _must_be_open(self) -> None:
        if self.state is not State.OPEN:
            raise ArchiveClosed(f"this archive is {self.state}; turn to the Center with what is missing in it")


def blank(batch: Batch) -> Archive:
    """The archive of a batch that has been filed, with nothing in it."""
    if batch.state in NOT_YET:
        raise ArchiveClosed(f"this batch is {batch.state}; a batch has an archive once it is filed")
    return Archive(id=batch.id, authority=batch.authority, unit=batch.unit, batch=batch.id)


class View(Record):
    """Who viewed what, when and why, and who was present."""

    item: str
    reason: str
    approved_by: str
    witnesses: tuple[str, str]
    after: str = Field(default="", description="entry after which the rows went on")
    actor: str
    role: str
    organisation: str
    at: datetime


class Viewing(Entity):
    """One viewing of an archive; nothing changes it."""

    unit: str
    batch: str
    view: View


def viewed(
    identity: str, batch: Batch, asked: ViewItem, checklist: Checklist, who: tuple[str, str, str], now: datetime
) -> Viewing:
    """A viewing; `who` is the subject, role and organisation of whoever views."""
    if asked.item not in {row.item for row in checklist.items}:
        raise WrongItem("the checklist has no such item; read the archive", field="/item")
    if spelled(asked.witnesses[0]) == spelled(asked.witnesses[1]):
        raise SameWitness("name the two people who are present", field="/witnesses/1")
    actor, role, organisation = who
    view = View(**asked.model_dump(), actor=actor, role=role, organisation=organisation, at=now)
    return Viewing(id=identity, authority=batch.authority, unit=batch.unit, batch=batch.id, view=view)
