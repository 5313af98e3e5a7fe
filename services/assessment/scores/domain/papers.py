"""The paper of a part: tasks with elements, which together fill the part and each of its dimensions exactly."""

from collections.abc import Iterator, Sequence
from hashlib import blake2b

from services.assessment.batches.domain import BEFORE_EXAM, Batch
from services.assessment.scores.commands import SetPaper, TaskAsked
from shared.entity import Entity
from shared.errors import Fault, Kind
from shared.events.base import Event, Record
from shared.events.registry import Part

ONLY = "points"
"""The one element of a part that has no dimensions."""


class WrongPaper(Fault):
    """The paper does not fill the part as the edition of the batch wants it; `rule` says how."""

    slug, kind = "paper-refused", Kind.INVALID


class Element(Record):
    """One element of a score sheet."""

    id: str
    title: str
    points: float
    dimension: str = ""
    deduction: str = ""


class Task(Record):
    """One task with its elements."""

    id: str
    title: str
    points: float
    elements: tuple[Element, ...]


class Paper(Entity):
    """What one part of a batch is scored by; `step` is what points are multiples of.

    A paper never changes: its id is made of what stands on it, and the batch names the one that counts.
    """

    unit: str
    batch: str
    part: str
    step: float
    tasks: tuple[Task, ...]

    @property
    def elements(self) -> tuple[Element, ...]:
        """All its elements, in the order of the sheet."""
        return tuple(element for task in self.tasks for element in task.elements)


def part_of(batch: Batch, part: str) -> Part:
    """A part that is examined in the batch."""
    found = next((row for row in batch.parts if row.id == part), None)
    if found is None:
        known = ", ".join(row.id for row in batch.parts)
        raise WrongPaper(f"the parts of this level are: {known}", field="/part", rule="part-unknown")
    return found


def plain_paper(batch: Batch, part: Part, step: float) -> Paper:
    """The paper of a part for which none was named: an element for each dimension, or one for all points."""
    rows = [Element(id=row.id, title=row.name, points=row.points, dimension=row.id) for row in part.dimensions]
    elements = tuple(rows) or (Element(id=ONLY, title=part.id, points=part.out_of),)
    return _paper(batch, part, step, (Task(id=part.id, title=part.id, points=part.out_of, elements=elements),))


def paper_asked(batch: Batch, asked: SetPaper, step: float) -> Paper:
    """The paper that a unit names, once it is found to fill the part."""
    part = part_of(batch, asked.part)
    paper = _paper(batch, part, step, tuple(_task(place, task) for place, task in enumerate(asked.tasks)))
    _must_be_named_once(paper)
    _must_be_steps(paper)
    _must_fill(part, paper)
    return paper


def scored_by(batch: Batch, paper: Paper) -> tuple[Batch, Sequence[Event]]:
    """The batch with the paper of a part; in one write with the check of its state, so that no exam begins between."""
    batch.must_be(BEFORE_EXAM, "a paper is named before the exam")
    if batch.papers.get(paper.part) == paper.id:
        return batch, []
    return batch.having(papers={**batch.papers, paper.part: paper.id}), []


def _paper(batch: Batch, part: Part, step: float, tasks: tuple[Task, ...]) -> Paper:
    content = "".join(task.model_dump_json() for task in tasks)
    return Paper(
        id=f"{batch.id}.{part.id}.{blake2b(f'{step} {content}'.encode(), digest_size=8).hexdigest()}",
        authority=batch.authority,
        unit=batch.unit,
        batch=batch.id,
        part=part.id,
        step=step,
        tasks=tasks,
    )


def _task(place: int, asked: TaskAsked) -> Task:
    elements = tuple(Element(**row.model_dump()) for row in asked.elements)
    total = sum(element.points for element in elements)
    if asked.points is not None and asked.points != total:
        raise WrongPaper(
            f"its elements have {total:g} points; make both the same",
            field=f"/tasks/{place}/points",
            rule="task-points",
        )
    return Task(id=asked.id, title=asked.title, points=total, elements=elements)


def _placed(paper: Paper) -> Iterator[tuple[str, Element]]:
    for place, task in enumerate(paper.tasks):
        for at, element in enumerate(task.elements):
            yield f"/tasks/{place}/elements/{at}", element


def _must_be_named_once(paper: Paper) -> None:
    if len({task.id for task in paper.tasks}) < len(paper.tasks):
        raise WrongPaper("two tasks have the same id; name each once", field="/tasks", rule="task-twice")
    if len({element.id for element in paper.elements}) < len(paper.elements):
        raise WrongPaper("two elements have the same id; name each once", field="/tasks", rule="element-twice")


def _must_be_steps(paper: Paper) -> None:
    for field, element in _placed(paper):
        if element.points % paper.step:
            raise WrongPaper(f"points are multiples of {paper.step:g}", field=f"{field}/points", rule="not-a-step")


def _must_fill(part: Part, paper: Paper) -> None:
    known = {row.id: row.points for row in part.dimensions}
    for field, element in _placed(paper):
        if element.dimension not in (known or {""}):
            told = f"the dimensions are: {', '.join(known)}" if known else "this part has no dimensions; leave it out"
            raise WrongPaper(told, field=f"{field}/dimension", rule="dimension-unknown")
    for dimension, points in known.items():
        if (total := _sum(paper.elements, dimension)) != points:
            told = f"the elements of {dimension} have {total:g} points; they must have {points:g}"
            raise WrongPaper(told, field="/tasks", rule="dimension-points")
    if (total := sum(element.points for element in paper.elements)) != part.out_of:
        told = f"its elements have {total:g} points; the part has {part.out_of:g}"
        raise WrongPaper(told, field="/tasks", rule="part-points")


def _sum(elements: Sequence[Element], dimension: str) -> float:
    return sum(element.points for element in elements if element.dimension == dimension)
