"""How a part can be held: the modes of the rule `exam.modes`, by which work and learning do not collide (工学矛盾)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date

from pydantic import Field

from services.assessment.mirrors.domain import SiteRefused
from shared.errors import Fault, Kind
from shared.events.assessment import Sitting
from shared.events.base import Record

Pointing = Callable[[str, str], str]
"""Where in the input a field of a part's sitting stands: part and field to JSON pointer."""


class Mode(Record):
    """One mode: what is held so, whether at a site and a named place, from when on, within how many days."""

    id: str = Field(description="slug that a batch or sitting names", examples=["evening"])
    zh: str = Field(description="Chinese name", examples=["夜间考核"])
    en: str = Field(description="what it is, in English")
    parts: tuple[str, ...] = Field(description="parts that can be held so")
    site: bool = Field(description="whether a part is held at a site; else it has none")
    place: bool = Field(description="whether the place must be named")
    begins_from: str = Field(description="earliest local time of the beginning, Asia/Shanghai", examples=["17:30"])
    days: int = Field(description="days within which all parts of a batch of this mode lie")


Modes = Mapping[str, Mode]
"""The modes in force, by id."""


class WrongMode(Fault):
    """A part cannot be held in this mode; `rule` says why."""

    slug, kind = "batch-mode", Kind.CONFLICT


def known_as(modes: Sequence[Mode]) -> Modes:
    """Modes by their ids."""
    return {mode.id: mode for mode in modes}


def unfit(sitting: Sitting, modes: Modes, at: Pointing) -> Iterator[Fault]:
    """In what a sitting does not fit its mode."""
    mode = modes.get(sitting.mode)
    if mode is None:
        yield _wrong(
            f"there is no mode {sitting.mode}; choose {_named(modes)}", at(sitting.part, "mode"), "mode-unknown"
        )
        return
    if sitting.part not in mode.parts:
        detail = f"{mode.id} is for {', '.join(mode.parts)}, not {sitting.part}; choose another mode for it"
        yield _wrong(detail, at(sitting.part, "mode"), "mode-part")
    if mode.place and not sitting.place:
        detail = f"{mode.id} needs the place where {sitting.part} is held; name it"
        yield _wrong(detail, at(sitting.part, "place"), "mode-place")
    if sitting.begins < mode.begins_from:
        detail = f"{mode.id} begins at {mode.begins_from} or later; move {sitting.part}, or choose another mode"
        yield _wrong(detail, at(sitting.part, "begins"), "mode-begins")
    yield from _about_site(sitting, mode, at(sitting.part, "site"))


def _about_site(sitting: Sitting, mode: Mode, field: str) -> Iterator[Fault]:
    if mode.site and not sitting.site:
        yield SiteRefused(f"{sitting.part} is held at a site; name one of your unit", field=field, rule="site-missing")
    if sitting.site and not mode.site:
        yield SiteRefused(f"{mode.id} has no site; leave it empty", field=field, rule="site-online")


def too_far_apart(mode: str, first: date, last: Sitting, modes: Modes, at: Pointing) -> Iterator[Fault]:
    """Whether all parts lie within the days of the batch's mode."""
    found = modes.get(mode)
    if found is None:
        yield _wrong(f"there is no mode {mode}; choose {_named(modes)}", "/mode", "mode-unknown")
    elif (last.on - first).days >= found.days:
        detail = f"a {found.id} batch ends within {found.days} days; choose another day, or a mode that takes longer"
        yield _wrong(detail, at(last.part, "on"), "mode-days")


def _named(modes: Modes) -> str:
    return ", ".join(sorted(modes))


def _wrong(detail: str, field: str, rule: str) -> WrongMode:
    return WrongMode(detail, field=field, rule=rule)
