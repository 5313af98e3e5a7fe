"""What each caller may see."""

import pytest

from shared.act import EVERYTHING, Scope, scope_of
from shared.auth import Caller, Role

LINE = Scope(authority="33")
OWN = Scope(authority="33", unit="org-1")


@pytest.mark.parametrize(
    ("role", "line", "scope"),
    [
        (Role.CENTER, None, EVERYTHING),
        (Role.AUDITOR, None, EVERYTHING),
        (Role.AUDITOR, "33", LINE),
        (Role.AUTHORITY, "33", LINE),
        (Role.SUBSCRIBER, "33", LINE),
        (Role.UNIT, "33", OWN),
        (Role.ASSESSOR, "33", OWN),
        (Role.SUPERVISOR, "33", OWN),
    ],
)
def test_a_caller_sees_everything_its_line_or_its_own(role: Role, line: str | None, scope: Scope) -> None:
    assert scope_of(Caller(subject="li", role=role, organisation="org-1", authority=line)) == scope


@pytest.mark.parametrize(
    ("scope", "admitted"),
    [(EVERYTHING, [True] * 4), (LINE, [True, True, True, False]), (OWN, [True, False, False, False])],
)
def test_a_scope_admits_what_its_query_finds(scope: Scope, admitted: list[bool]) -> None:
    things: list[tuple[str, str | None]] = [("33", "org-1"), ("33", "org-2"), ("33", None), ("44", "org-1")]
    assert [scope.admits(*thing) for thing in things] == admitted
    named = [{"authority": line, "unit": unit} for line, unit in things]
    assert [scope.query().items() <= thing.items() for thing in named] == admitted
