"""The levels of skill, from apprentice to chief technician: five of the appraisal, eight of the level system."""

from enum import StrEnum


class Level(StrEnum):
    """A level's code; the five of appraisal have digits, the three that 人社部发〔2022〕14号 added have names."""

    APPRENTICE = "apprentice"
    """学徒工"""
    JUNIOR = "5"
    """初级工"""
    INTERMEDIATE = "4"
    """中级工"""
    SENIOR = "3"
    """高级工"""
    TECHNICIAN = "2"
    """技师"""
    SENIOR_TECHNICIAN = "1"
    """高级技师"""
    SPECIAL_GRADE = "special_grade"
    """特级技师"""
    CHIEF = "chief"
    """首席技师"""

    @property
    def rank(self) -> int:
        """How high it is; apprentice is 0."""
        return list(Level).index(self)
