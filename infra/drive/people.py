"""Generated candidates, born 1880 to 1899, so that no living person is hit."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from stdnum.cn import ric

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹"
GIVEN = "伟芳娜敏静强磊军洋勇艳杰娟涛明超霞平刚桂英华玉萍红建国文斌波辉力"
MISTYPED = "章"  # not among the surnames, so the mistake shows in the masked name too
REGIONS = ("110105", "330106", "320102", "440103", "510104", "650102", "610102", "420102")
CLAIMS = {"years": [{"years": 8, "kind": "continuous"}]}
"""Enough for levels 5 and 4 of every pilot standard."""
FIRST, DAYS = date(1880, 1, 1), 20 * 365


@dataclass(frozen=True, slots=True)
class Person:
    """One candidate, as a row of an enrolment."""

    name: str
    id_number: str

    def row(self) -> dict[str, Any]:
        return {"name": self.name, "id_number": self.id_number, "claims": CLAIMS}


def people(seed: int | str) -> Iterator[Person]:
    """Endless different people; the same seed gives the same ones."""
    chance = random.Random(seed)  # noqa: S311 - repeatable test data
    seen: set[str] = set()
    while True:
        born = FIRST + timedelta(days=chance.randrange(DAYS))
        stem = f"{chance.choice(REGIONS)}{born:%Y%m%d}{chance.randrange(1000):03d}"
        if stem in seen:
            continue
        seen.add(stem)
        name = chance.choice(SURNAMES) + "".join(chance.choices(GIVEN, k=chance.choice((1, 2))))
        yield Person(name, stem + ric.calc_check_digit(f"{stem}0"))


def with_wrong_check_digit(person: Person) -> Person:
    """The same person with a check digit that is not theirs."""
    wrong = "0" if person.id_number[-1] != "0" else "1"
    return Person(person.name, person.id_number[:-1] + wrong)


def misspelt(person: Person) -> Person:
    """The same person under a surname nobody here has, as somebody in a hurry types it."""
    return Person(MISTYPED + person.name[1:], person.id_number)
