"""The life of an edition: drafted, published for good, superseded by a newer one; and which is in force on a day."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from itertools import pairwise
from typing import TypeVar

from services.registry.standards.commands import Content, Occupation, Regime
from shared.entity import Entity
from shared.errors import Fault, Kind
from shared.events.base import Event
from shared.events.registry import StandardPublished, StandardSuperseded

Said = TypeVar("Said", StandardPublished, StandardSuperseded)
Line = tuple[str, Regime]
"""Editions of one occupation under one regime take each other's place."""


class State(StrEnum):
    """Where an edition stands."""

    DRAFT = "draft"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"


class WrongState(Fault):
    """The edition is not in a state that allows this."""

    slug, kind = "standard-state", Kind.CONFLICT


class WrongDay(Fault):
    """The edition cannot come into force on a day that is over."""

    slug, kind = "standard-effective", Kind.CONFLICT


class Standard(Entity, Content):
    """One edition for one occupation; national, so its line is `national`."""

    SCHEMA = 2

    state: State
    published_at: datetime | None = None
    superseded_on: date | None = None

    def mended(self, asked: Content) -> "tuple[Standard, Sequence[Event]]":
        """A draft takes another content."""
        self._must_be_a_draft("a published edition never changes; draft a new edition")
        return self.having(**content_of(asked)), []

    def published(self, at: datetime, today: date) -> "tuple[Standard, Sequence[Event]]":
        """In force from its day on; nothing that has begun is touched, so that day cannot be over."""
        self._must_be_a_draft("only a draft can be published")
        if self.effective < today:
            raise WrongDay(
                f"its first day, {self.effective}, is over and an edition does not reach back; "
                f"mend the draft: {today} or later",
                field="/effective",
            )
        return self.in_print(at)

    def in_print(self, at: datetime) -> "tuple[Standard, Sequence[Event]]":
        """Published without a question, as the editions that come with the product are."""
        standard = self.having(state=State.PUBLISHED, published_at=at)
        return standard, [standard.saying(StandardPublished)]

    def superseded(self, on: date) -> "tuple[Standard, Sequence[Event]]":
        """A newer edition takes its place that day; a later day than the one known changes nothing."""
        if self.state is State.DRAFT:
            raise WrongState("a draft is not in force, so nothing takes its place")
        if self.superseded_on is not None and self.superseded_on <= on:
            return self, []
        standard = self.having(state=State.SUPERSEDED, superseded_on=on)
        return standard, [standard.saying(StandardSuperseded)]

    @property
    def line(self) -> Line:
        """Among which editions it has its place."""
        return self.occupation.id, self.regime

    def saying(self, kind: type[Said]) -> Said:
        """The event that tells everything of the edition."""
        return kind(
            standard=self.id,
            occupation=self.occupation.id,
            occupation_name=self.occupation.name,
            edition=self.edition,
            levels=self.levels,
            effective=self.effective,
            parts=self.parts,
            regime=self.regime,
            superseded_on=self.superseded_on,
            eligibility=self.eligibility,
            related=self.related,
            staffing=self.staffing,
            training=self.training,
        )

    def _must_be_a_draft(self, rule: str) -> None:
        if self.state is not State.DRAFT:
            raise WrongState(f"{rule}; this one is {self.state}")


def drafted(identity: str, authority: str, asked: Content) -> Standard:
    """A new draft; nobody but the Center sees it, so nothing is said."""
    return Standard(id=identity, authority=authority, state=State.DRAFT, **content_of(asked))


def content_of(asked: Content) -> dict[str, object]:
    """The content by field."""
    return {name: getattr(asked, name) for name in Content.model_fields}


def successions(editions: Iterable[Standard]) -> Mapping[str, date]:
    """On which day each edition gives way to the next newer one of its line; the newest are not named.

    Of two with the same first day the one published later is newer: that is how a mistake is mended in time.
    """
    return {older.id: newer.effective for row in _lines(editions).values() for older, newer in pairwise(row)}


def in_force(editions: Iterable[Standard], day: date) -> list[Standard]:
    """The edition of each line that is in force that day, by id."""
    begun = _lines(edition for edition in editions if edition.effective <= day)
    return sorted((row[-1] for row in begun.values()), key=lambda edition: edition.id)


def occupations(editions: Iterable[Standard], day: date) -> list[Occupation]:
    """Each occupation once, with the codes of its newest edition begun, or else of the first to come."""
    published = sorted((row for row in editions if row.state is not State.DRAFT), key=_age)
    coming = [row for row in reversed(published) if row.effective > day]
    begun = [row for row in published if row.effective <= day]
    known = {row.occupation.id: row.occupation for row in (*coming, *begun)}
    return [known[slug] for slug in sorted(known)]


def _lines(editions: Iterable[Standard]) -> dict[Line, list[Standard]]:
    lines: dict[Line, list[Standard]] = {}
    for edition in sorted((row for row in editions if row.state is not State.DRAFT), key=_age):
        lines.setdefault(edition.line, []).append(edition)
    return lines


def _age(edition: Standard) -> tuple[date, datetime, str]:
    assert edition.published_at is not None
    return edition.effective, edition.published_at, edition.id
