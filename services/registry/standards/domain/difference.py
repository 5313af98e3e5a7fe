"""What differs between two editions, place by place, each with a sentence in Chinese and in English."""

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from services.registry.standards.commands import Content
from services.registry.standards.domain.words import Both, condition, level_name, number, part_name
from shared.events.registry import Conditions, Part, Staffing


class Fact(NamedTuple):
    """One thing an edition says: its value, how it is called and how the value is shown."""

    value: JsonValue
    called: Both
    shown: Both


Facts = Mapping[str, Fact]
"""By the place they stand at."""
Placed = tuple[str, Fact]


class Change(BaseModel):
    """One place at which two editions differ."""

    model_config = ConfigDict(frozen=True)

    place: str = Field(description="place in the edition; levels, parts, lines are named by what they are, not counted")
    what: Literal["added", "removed", "changed"] = Field(description="seen from the first edition to the other")
    before: JsonValue = Field(description="what the first edition says; null where it says nothing")
    after: JsonValue = Field(description="what the other edition says; null where it says nothing")
    sentence_zh: str = Field(description="the same as a sentence, in Chinese")
    sentence_en: str = Field(description="the same as a sentence, in English")


def difference(before: Content, after: Content) -> list[Change]:
    """Every place at which two editions differ, by place; empty when they say the same."""
    old, new = facts(before), facts(after)
    places = dict.fromkeys((*old, *new))
    return [
        _change(place, old.get(place), new.get(place))
        for place in places
        if _value(old.get(place)) != _value(new.get(place))
    ]


def _value(fact: Fact | None) -> JsonValue:
    return fact.value if fact else None


def _change(place: str, old: Fact | None, new: Fact | None) -> Change:
    if old and new:
        zh = f"变更：{new.called.zh}，由{old.shown.zh}改为{new.shown.zh}。"
        en = f"Changed: {new.called.en}, from {old.shown.en} to {new.shown.en}."
        return Change(place=place, what="changed", before=old.value, after=new.value, sentence_zh=zh, sentence_en=en)
    fact = old or new
    assert fact is not None
    zh, en = f"{fact.called.zh}，{fact.shown.zh}。", f"{fact.called.en}, {fact.shown.en}."
    if new:
        return Change(
            place=place,
            what="added",
            before=None,
            after=fact.value,
            sentence_zh=f"新增：{zh}",
            sentence_en=f"Added: {en}",
        )
    return Change(
        place=place,
        what="removed",
        before=fact.value,
        after=None,
        sentence_zh=f"取消：{zh}",
        sentence_en=f"Removed: {en}",
    )


def facts(edition: Content) -> Facts:
    """Everything an edition says, one fact to a place; what counts in no order has no place by number."""
    return dict(
        placed
        for group in (_about(edition), _levels(edition), _parts(edition), _conditions(edition), _beside(edition))
        for placed in group
    )


def _plain(place: str, value: str, zh: str, en: str) -> Placed:
    return place, Fact(value, Both(zh, en), Both(value, value))


def _level(place: str, level: str, zh: str, en: str) -> Placed:
    return place, Fact(level, Both(zh, en), level_name(level))


def _counted(place: str, value: float, called: Both, unit: Both) -> Placed:
    return place, Fact(value, called, Both(f"{number(value)}{unit.zh}", f"{number(value)} {unit.en}"))


def _about(edition: Content) -> Iterator[Placed]:
    row = edition.occupation
    codes = f"{row.classification} ({row.classification_edition})"
    yield _plain("/occupation/name", row.name, "职业", "occupation")
    yield _plain("/occupation/classification", codes, "职业分类大典编码", "code in the Occupational Classification")
    yield _plain("/occupation/work_type", row.work_type, "工种代码", "work-type code")
    yield _plain("/regime", edition.regime.value, "评价制度", "regime")
    yield _plain("/effective", edition.effective.isoformat(), "施行日期", "first day in force")


def _levels(edition: Content) -> Iterator[Placed]:
    for level in edition.levels:
        yield _level(f"/levels/{level}", level, "技能等级", "level")


def _parts(edition: Content) -> Iterator[Placed]:
    for part in edition.parts:
        place, name = f"/parts/{part.id}", part_name(part.id)
        points, minutes = Both("分", "points"), Both("分钟", "minutes")
        yield _counted(f"{place}/out_of", part.out_of, name.followed("的满分", "full marks of the"), points)
        yield _counted(f"{place}/pass_mark", part.pass_mark, name.followed("的合格线", "pass mark of the"), points)
        yield _counted(f"{place}/minutes", part.minutes, name.followed("的最短时间", "shortest length of the"), minutes)
        for level in part.levels:
            zh, en = name.followed("的考核等级", "level examined in the")
            yield _level(f"{place}/levels/{level}", level, zh, en)
        yield from _dimensions(part, name, place)


def _dimensions(part: Part, name: Both, place: str) -> Iterator[Placed]:
    for line in part.dimensions:
        at = f"{place}/dimensions/{line.id}"
        yield _plain(f"{at}/name", line.name, f"{name.zh}的评分项{line.id}", f"dimension {line.id} of the {name.en}")
        called = Both(f"{name.zh}评分项“{line.name}”的分值", f"points of {line.id} in the {name.en}")
        yield _counted(f"{at}/points", line.points, called, Both("分", "points"))


def _conditions(edition: Content) -> Iterator[Placed]:
    for row in edition.eligibility:
        yield from _alternatives(row)


def _alternatives(row: Conditions) -> Iterator[Placed]:
    level = level_name(row.level)
    called = Both(f"{level.zh}的申报条件", f"condition for {level.en}")
    for alternative in row.alternatives:
        shown = condition(alternative)
        value: JsonValue = sorted((item.model_dump(exclude_defaults=True) for item in alternative.all_of), key=str)
        yield f"/eligibility/{row.level}/{shown.en}", Fact(value, called, shown)


def _beside(edition: Content) -> Iterator[Placed]:
    for row in edition.staffing:
        yield from _staffing(row)
    for course in edition.training:
        level = level_name(course.level)
        called = Both(f"{level.zh}的培训学时", f"training for {level.en}")
        yield _counted(f"/training/{course.level}", course.hours, called, Both("学时", "hours"))
    for slug in edition.related:
        yield _plain(f"/related/{slug}", slug, "相关职业", "related occupation")


def _staffing(row: Staffing) -> Iterator[Placed]:
    place, part = f"/staffing/{row.part}/{row.role}", part_name(row.part)
    who = {"invigilator": Both("监考人员", "invigilators"), "assessor": Both("考评员", "assessors")}
    role = who.get(row.role, Both(row.role, row.role))
    least = Both(f"{part.zh}{role.zh}的最少人数", f"fewest {role.en} in the {part.en}")
    yield _counted(f"{place}/at_least", row.at_least, least, Both("人", "people"))
    if row.candidates is not None:
        ratio = Both(
            f"{part.zh}每名{role.zh}对应的考生上限", f"most candidates to one of the {role.en} in the {part.en}"
        )
        yield _counted(f"{place}/candidates", row.candidates, ratio, Both("人", "candidates"))
    if row.odd:
        yield (
            f"{place}/odd",
            Fact(
                value=True,
                called=Both(f"{part.zh}{role.zh}的人数", f"number of {role.en} in the {part.en}"),
                shown=Both("须为单数", "must be odd"),
            ),
        )
