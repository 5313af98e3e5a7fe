"""How levels, parts and conditions are called in Chinese and English."""

from typing import NamedTuple

from shared.events.registry import Alternative, Predicate
from shared.levels import Level


class Both(NamedTuple):
    """The same words in Chinese and English."""

    zh: str
    en: str

    def followed(self, zh: str, en: str) -> "Both":
        """Something of it: the Chinese puts it behind, the English before."""
        return Both(f"{self.zh}{zh}", f"{en} {self.en}")


LEVELS = {
    Level.APPRENTICE: Both("学徒工", "apprentice"),
    Level.JUNIOR: Both("五级/初级工", "level 5 (junior worker)"),
    Level.INTERMEDIATE: Both("四级/中级工", "level 4 (intermediate worker)"),
    Level.SENIOR: Both("三级/高级工", "level 3 (senior worker)"),
    Level.TECHNICIAN: Both("二级/技师", "level 2 (technician)"),
    Level.SENIOR_TECHNICIAN: Both("一级/高级技师", "level 1 (senior technician)"),
    Level.SPECIAL_GRADE: Both("特级技师", "special-grade technician"),
    Level.CHIEF: Both("首席技师", "chief technician"),
}
PARTS = {
    "theory": Both("理论知识考试", "theory exam"),
    "practical": Both("技能考核", "practical exam"),
    "review": Both("综合评审", "comprehensive review"),
}
KINDS = {
    "cumulative": Both("累计", "cumulative"),
    "continuous": Both("连续", "continuous"),
    "technical_school": Both("技工学校或中等职业学校", "technical or vocational school"),
    "senior_technical_school": Both("高级技工学校、技师学院或高等职业学校", "senior technical school"),
    "college": Both("大专及以上", "college"),
    "junior": Both("初级", "junior"),
    "intermediate": Both("中级", "intermediate"),
    "senior": Both("高级", "senior"),
}
SCOPES = {
    "this": Both("本职业", "in this occupation"),
    "related": Both("本职业或相关职业", "in this or a related occupation"),
}


def level_name(level: str) -> Both:
    """As it is printed on a certificate; a code that is no level as it stands (预备技师 certificates)."""
    if level == "pre_technician":
        return Both("预备技师", "pre-technician")
    return LEVELS[Level(level)] if level in set(Level) else Both(level, level)


def part_name(part: str) -> Both:
    """The name of a part; one of an edition's own as it stands."""
    return PARTS.get(part, Both(part, part))


def number(value: float | None) -> str:
    """Without a needless point."""
    return "" if value is None else repr(float(value)).removesuffix(".0")


def condition(alternative: Alternative) -> Both:
    """One line of the conditions in words, in the order in which its predicates sort."""
    said = sorted({_said(item) for item in alternative.all_of}, key=lambda both: both.en)
    return Both("，且".join(both.zh for both in said), " and ".join(both.en for both in said))


def _said(asked: Predicate) -> Both:
    years, kind = number(asked.years), KINDS.get(asked.kind or "", Both(asked.kind or "", asked.kind or ""))
    scope = SCOPES.get(asked.scope or "", Both(asked.scope or "", asked.scope or ""))
    level = level_name(asked.level or "")
    hours = Both(f"{number(asked.hours)}学时", f"{number(asked.hours)} hours")
    course = hours if asked.hours else Both("本标准规定学时", "the standard's own course")
    final = Both("（含毕业年度）", ", the final year counting") if asked.graduating_year else Both("", "")
    words = {
        "min_years": Both(f"{kind.zh}从事{scope.zh}{years}年", f"{years} {kind.en} years {scope.en}"),
        "holds_certificate": Both(f"持有{level.zh}证书", f"a certificate of {level.en}"),
        "years_since_certificate": Both(
            f"取得{level.zh}证书后从事{years}年", f"{years} years since a certificate of {level.en}"
        ),
        "diploma": Both(f"{kind.zh}毕业{final.zh}", f"a diploma of a {kind.en}{final.en}"),
        "training_hours": Both(f"完成正规培训{course.zh}", f"training of {course.en}"),
        "apprenticeship_done": Both("学徒期满", "a finished apprenticeship"),
        "title": Both(f"{kind.zh}专业技术职称满{years}年", f"a {kind.en} professional title for {years} years"),
        "age_min": Both(f"年满{years}周岁", f"an age of {years} years"),
    }
    return words.get(asked.predicate, Both(asked.predicate, asked.predicate))
