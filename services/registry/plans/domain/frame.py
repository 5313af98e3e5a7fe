"""The overall plan as a frame: what each unit plan takes of it, and whether that fits."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from services.registry.plans.domain.content import Content, Planned
from shared.errors import Fault, Kind
from shared.events.base import Record

OCCUPATIONS, LEVELS, NUMBERS, DAYS = (f"overall_plan.{name}" for name in ("occupations", "levels", "numbers", "days"))


class NoOverallPlan(Fault):
    """The authority has no overall plan on file that is in force."""

    slug, kind = "no-overall-plan", Kind.CONFLICT


class OutsideOverallPlan(Fault):
    """The plan reaches beyond the authority's overall plan."""

    slug, kind = "plan-outside-overall-plan", Kind.CONFLICT


class LeavesOutside(Fault):
    """The overall plan would no longer contain unit plans on file."""

    slug, kind = "overall-plan-leaves-outside", Kind.CONFLICT


class Claim(Record):
    """What one edition of a unit plan takes of the frame."""

    scopes: tuple[Planned, ...]
    valid_from: date
    valid_until: date

    @property
    def numbers(self) -> dict[str, int]:
        """Candidates by occupation."""
        return {scope.occupation: scope.numbers for scope in self.scopes}


class Share(Record):
    """What a unit plan takes: `held` by its edition on file, `coming` by the one that is being filed."""

    plan: str
    unit: str
    held: Claim | None = None
    coming: Claim | None = None

    @property
    def claims(self) -> tuple[Claim, ...]:
        """Both where there are both: until the amendment is on file, either may be the one that counts."""
        return tuple(claim for claim in (self.held, self.coming) if claim is not None)

    def numbers(self) -> "Counter[str]":
        """The most candidates this plan may take, by occupation."""
        return Counter(self.held.numbers if self.held else {}) | Counter(self.coming.numbers if self.coming else {})


def claim_of(content: Content) -> Claim:
    """What a plan with this content takes."""
    return Claim(scopes=content.scopes, valid_from=content.valid_from, valid_until=content.valid_until)


def must_fit(claim: Claim, frame: Content, others: Sequence[Share]) -> None:
    """Refuse what the frame does not leave beside the others, naming each excess."""
    if faults := list(excesses(claim, frame, taken_by(others))):
        raise OutsideOverallPlan(
            f"it reaches beyond the overall plan in {len(faults)} places; "
            "mend each, or ask your authority to amend its overall plan",
            further=faults,
        )


def must_contain(frame: Content, shares: Sequence[Share]) -> None:
    """Refuse a frame that leaves unit plans outside, naming each and in what."""
    if faults := list(_left_outside(frame, shares)):
        raise LeavesOutside(
            f"it would leave unit plans outside in {len(faults)} places; "
            "widen it, or have those plans amended or withdrawn first",
            further=faults,
        )


def taken_by(shares: Iterable[Share]) -> "Counter[str]":
    """What these unit plans take together, by occupation."""
    taken: Counter[str] = Counter()
    for share in shares:
        taken += share.numbers()
    return taken


def excesses(claim: Claim, frame: Content, taken: Mapping[str, int]) -> Iterator[Fault]:
    """Each thing in which a claim does not fit beside what is `taken`; pointers lead into the unit plan."""
    framed = {scope.occupation: scope for scope in frame.scopes}
    for place, scope in enumerate(claim.scopes):
        if scope.occupation not in framed:
            detail = f"{scope.occupation} is not in the overall plan; it names: {', '.join(sorted(framed))}"
            yield _excess(detail, f"/scopes/{place}/occupation", OCCUPATIONS)
        else:
            yield from _scope_excesses(
                scope, framed[scope.occupation], taken.get(scope.occupation, 0), f"/scopes/{place}"
            )
    if claim.valid_from < frame.valid_from:
        yield _excess(f"the overall plan begins on {frame.valid_from}; begin no earlier", "/valid_from", DAYS)
    if claim.valid_until > frame.valid_until:
        yield _excess(f"the overall plan ends on {frame.valid_until}; end no later", "/valid_until", DAYS)


def _scope_excesses(scope: Planned, framed: Planned, taken: int, pointer: str) -> Iterator[Fault]:
    if beyond := set(scope.levels) - set(framed.levels):
        named, offered = ", ".join(sorted(beyond)), ", ".join(framed.levels)
        detail = f"level {named} of {scope.occupation} is not in the overall plan; it names: {offered}"
        yield _excess(detail, f"{pointer}/levels", LEVELS)
    if scope.numbers > framed.numbers - taken:
        detail = (
            f"{scope.numbers} candidates of {scope.occupation} are too many: the overall plan expects "
            f"{framed.numbers}, other unit plans take {taken}, {max(framed.numbers - taken, 0)} are left"
        )
        yield _excess(detail, f"{pointer}/numbers", NUMBERS)


def _left_outside(frame: Content, shares: Sequence[Share]) -> Iterator[Fault]:
    before: Counter[str] = Counter()  # added up on the way: a line has hundreds of units, and a request waits
    for share in shares:
        for claim in share.claims:
            for fault in excesses(claim, frame, before):
                pointer = "/scopes" if str(fault.field).startswith("/scopes") else fault.field
                detail = f"plan {share.plan} of {share.unit} would be outside: {fault.detail}"
                yield LeavesOutside(detail, field=pointer, rule=fault.rule)
        before += share.numbers()


def _excess(detail: str, pointer: str, rule: str) -> Fault:
    return OutsideOverallPlan(detail, field=pointer, rule=rule)
