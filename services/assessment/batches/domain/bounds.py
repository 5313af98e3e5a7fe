"""What a batch must keep within: the sites and modes of its sittings, and the numbers of its plan."""

from collections.abc import Iterator, Mapping

from services.assessment.batches.domain.life import Batch
from services.assessment.batches.domain.modes import Modes, Pointing, too_far_apart, unfit
from services.assessment.batches.domain.quota import TooManyPlanned
from services.assessment.mirrors.domain import NoStandard, Site, SiteRefused, Standard
from shared.errors import Fault, Kind
from shared.events.assessment import Sitting
from shared.events.registry import Grant

Sites = Mapping[str, Site]


class OutOfBounds(Fault):
    """The batch reaches beyond what its unit may do; each place is named with its rule."""

    slug, kind = "batch-out-of-bounds", Kind.CONFLICT


def must_be_possible(batch: Batch, grant: Grant, sites: Sites, modes: Modes, at: Pointing) -> None:
    """Refuse to plan what can never be filed, whatever becomes of its sites."""
    found = [*_numbers(batch, grant), *_manner(batch, modes, at)]
    for sitting, field in _placed(batch, at):
        site = sites.get(sitting.site)
        found += _unknown(sitting, field) if site is None else site.never_serves(batch.unit, sitting.on, field)
    _refuse(found)


def must_be_within(batch: Batch, grant: Grant, standard: Standard, sites: Sites, modes: Modes) -> None:
    """Refuse to file what is not within numbers, sites, modes and edition as they now stand."""
    index = {sitting.part: place for place, sitting in enumerate(batch.sittings)}

    def at(part: str, name: str) -> str:
        return f"/sittings/{index[part]}/{name}"

    found = [*_edition(batch, standard), *_numbers(batch, grant), *_manner(batch, modes, at)]
    for sitting, field in _placed(batch, at):
        site = sites.get(sitting.site)
        found += _unknown(sitting, field) if site is None else _lacking(batch, site, sitting, field)
    _refuse(found)


def must_still_hold(batch: Batch, sites: Sites) -> None:
    """Refuse to begin where a site does not hold any more for its day."""
    index = {sitting.part: place for place, sitting in enumerate(batch.sittings)}
    found: list[Fault] = []
    for sitting, field in _placed(batch, lambda part, name: f"/sittings/{index[part]}/{name}"):
        if site := sites.get(sitting.site):  # one from before sites were registered is not known here
            found += _lacking(batch, site, sitting, field)
    _refuse(found)


def _lacking(batch: Batch, site: Site, sitting: Sitting, field: str) -> Iterator[Fault]:
    return site.lacks(batch.unit, batch.occupation, batch.level, sitting.on, field)


def _manner(batch: Batch, modes: Modes, at: Pointing) -> Iterator[Fault]:
    for sitting in batch.sittings:
        yield from unfit(sitting, modes, at)
    last = max(batch.sittings, key=lambda sitting: sitting.on)
    yield from too_far_apart(batch.mode, batch.exam_on, last, modes, at)


def _placed(batch: Batch, at: Pointing) -> Iterator[tuple[Sitting, str]]:
    return ((sitting, at(sitting.part, "site")) for sitting in batch.sittings if sitting.site)


def _unknown(sitting: Sitting, field: str) -> list[Fault]:
    detail = f"no site {sitting.site} is known here; register it, or repeat this once it is"
    return [SiteRefused(detail, field=field, rule="site-unknown")]


def _numbers(batch: Batch, grant: Grant) -> Iterator[Fault]:
    number = grant.numbers.get(batch.occupation, 0)
    if 0 < number < batch.planned:
        detail = f"the filed plan expects {number} candidates of {batch.occupation} in all; plan fewer, or amend it"
        yield TooManyPlanned(detail, field="/planned", rule="plan-numbers")


def _edition(batch: Batch, standard: Standard) -> Iterator[Fault]:
    if standard.id != batch.standard:
        detail = f"edition {standard.id} is in force on {batch.exam_on} by now; plan another batch"
        yield NoStandard(detail, field="/standard", rule="standard-superseded")


def _refuse(found: list[Fault]) -> None:
    once = list({(fault.field, fault.rule): fault for fault in found}.values())
    if once:
        raise OutOfBounds(f"mend each of {len(once)} places, or plan another batch", further=once)
